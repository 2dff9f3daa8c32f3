import { countsOf, type Finding } from "./finding.ts";

/** The findings as a JUnit test suite, as CI servers read it. A warning passes, with its words. */
export function junitOf(name: string, findings: readonly Finding[], seconds: number): string {
  const { fail, skip } = countsOf(findings);
  const suite = `name="${escaped(name)}" tests="${findings.length}" failures="${fail}" errors="0" skipped="${skip}" time="${seconds.toFixed(3)}"`;
  const cases = findings.map(
    (finding) =>
      `    <testcase classname="${escaped(name)}" name="${escaped(finding.id)}" time="0">\n${bodyOf(finding)}    </testcase>\n`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n  <testsuite ${suite}>\n${cases.join("")}  </testsuite>\n</testsuites>\n`;
}

function bodyOf({ status, detail, remedy }: Finding): string {
  const text = remedy === undefined ? detail : `${detail}\n${remedy}`;
  if (status === "fail")
    return `      <failure message="${escaped(detail)}" type="fail">${escaped(text)}</failure>\n`;
  if (status === "skip") return `      <skipped message="${escaped(detail)}"/>\n`;
  return `      <system-out>${escaped(text)}</system-out>\n`;
}

function escaped(text: string): string {
  const names: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return (
    text
      .replace(/[&<>"]/g, (character) => names[character] ?? "")
      // XML 1.0 has no place for them, not even escaped.
      .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD]/g, "?")
  );
}
