// Copies the text of an element: <button data-copy="its id" hidden>. Without this, no button.
addEventListener("DOMContentLoaded", () => {
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.parentElement.querySelector("[role=status]").textContent = "Copied.";
  });
}
});
