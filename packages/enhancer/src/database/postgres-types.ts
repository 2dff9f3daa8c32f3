/** Of PostgreSQL's type `bigint`, in pg_type. */
const bigintType = 20;

type GetTypeParser = (id: number, format?: "text" | "binary") => (value: string) => unknown;

/** Times and counts fit a double; pg would hand bigint out as text. */
export function bigintParser(others: GetTypeParser): GetTypeParser {
  return (id, format) => (id === bigintType ? Number : others(id, format));
}
