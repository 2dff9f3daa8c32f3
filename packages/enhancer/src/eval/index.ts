/** Apart from the package's index: what only evaluations need is not loaded by those who serve. */
export { evaluateRetrieval, type RetrievalReport } from "./retrieval.ts";
