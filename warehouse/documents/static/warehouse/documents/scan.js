// Lines gather in the browser, without a page for each. The form is the one that works without this:
// what cannot be done here is left to the server, with a plain submit.
"use strict";
const form = document.querySelector("form.scan");
const [sku, quantity, asked, reference] = ["new_sku", "new_quantity", "new_asked", "reference"]
  .map((name) => form.elements[name]);
const table = form.querySelector("table.lines");
const rows = table.querySelector("tbody");
const pattern = form.querySelector("template").content.querySelector("tr");

// What the server would take without a question; anything else it is asked.
const isPlain = (text) => /^\s*(0|[1-9][0-9]{0,3})\s*$/.test(text) && Number(text) >= form.dataset.least;

function number() {
  [...rows.children].forEach((row, index) => {
    const line = index + 1;
    row.querySelector("th").textContent = line;
    row.querySelector("[name=sku]").ariaLabel = `SKU of line ${line}`;
    row.querySelector("[name=quantity]").ariaLabel = `Quantity of line ${line}`;
    const remove = row.querySelector("button");
    remove.value = line;
    remove.querySelector("span").textContent = ` line ${line}`;
  });
  table.hidden = !rows.children.length;
  table.querySelector("output").textContent =
    `${rows.children.length} line${rows.children.length === 1 ? "" : "s"}`;
}

function add() {
  const row = document.importNode(pattern, true);
  row.querySelector("[name=sku]").value = sku.value.trim();
  row.querySelector("[name=quantity]").value = quantity.value.trim();
  rows.append(row);
  number();
  for (const field of [sku, quantity]) {
    field.value = "";
    field.removeAttribute("aria-invalid");
  }
  asked.value = "";
  form.querySelector("#new_error").textContent = "";
  sku.focus();
}

const canAdd = () =>
  sku.value.trim() && isPlain(quantity.value) && rows.children.length < form.dataset.most;

form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.target.type === "submit") return;
  if (event.target === quantity && !canAdd()) return;
  event.preventDefault();
  if (event.target === quantity) add();
  else if (event.target === reference) form.requestSubmit(form.querySelector("[value=record]:not(.hidden)"));
  else if (event.target !== sku) sku.focus();
  else if (sku.value.trim()) quantity.focus();
  else if (rows.children.length) reference.focus();
});

form.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.name === "remove") {
    event.preventDefault();
    button.closest("tr").remove();
    number();
    sku.focus();
  } else if (button?.value === "add" && canAdd()) {
    event.preventDefault();
    add();
  }
});
