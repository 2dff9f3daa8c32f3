/** Apart from the package's index: parsers of documents and tables are loaded by those who import, not by those who serve. */
export { importDocuments } from "./import-documents.ts";
export { importHistory } from "./import-history.ts";
export { importInventory } from "./import-inventory.ts";
export { storeTickets } from "./store-tickets.ts";
