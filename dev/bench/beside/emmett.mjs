// Emmett beside ours, for `make bench`: `node emmett.mjs URL`, where its packages are installed.
//
// It reads lines from standard input, how many commands and over how many products, and answers
// each with the seconds that they took.
import { createInterface } from "node:readline";
import { performance } from "node:perf_hooks";
import { SQL } from "@event-driven-io/dumbo";
import { CommandHandler, projections } from "@event-driven-io/emmett";
import { getPostgreSQLEventStore, postgreSQLRawSQLProjection } from "@event-driven-io/emmett-postgresql";

const [, , url] = process.argv;

// The table of the stock, in the transaction of the events, as our projection has it.
const stock = postgreSQLRawSQLProjection({
  name: "stock",
  canHandle: ["Increased"],
  init: () => SQL`CREATE TABLE IF NOT EXISTS stock (sku text PRIMARY KEY, quantity bigint)`,
  evolve: ({ data }) => SQL`
    INSERT INTO stock VALUES (${data.sku}, ${data.quantity_on_hand})
    ON CONFLICT (sku) DO UPDATE SET quantity = excluded.quantity`,
});
const store = getPostgreSQLEventStore(url, { projections: projections.inline([stock]) });

const handle = CommandHandler({
  initialState: () => 0,
  evolve: (_, event) => event.data.quantity_on_hand,
  retry: { onVersionConflict: true },
});

const increase = (sku) =>
  handle(store, `product-${sku}`, (onHand) => ({
    type: "Increased",
    data: { sku, quantity: 1, quantity_on_hand: onHand + 1 },
  }));

await store.schema.migrate();
console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  const [commands, products] = line.split(" ").map(Number);
  const begin = performance.now();
  for (let n = 0; n < commands; n++) await increase(`b${1 + Math.floor(Math.random() * products)}`);
  console.log((performance.now() - begin) / 1000);
}
await store.close();
