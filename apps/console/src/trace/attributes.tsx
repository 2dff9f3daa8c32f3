import { Link } from "@tanstack/react-router";
import type { Attribute } from "@throughline/api";
import { useState } from "react";
import { formatTag } from "../api/tags.ts";
import { CopyButton } from "../ui/copy-button.tsx";
import { formatCount } from "../ui/format.ts";
import { Icon } from "../ui/icons.tsx";

/** A value of a megabyte would stop the page; who wants it all asks for it. */
const shownAtFirst = 2_000;
/** How the redactor ends a value that it cut before it was stored (docs/redaction.md). */
const cutEnd = /… \[cut: (\d+) more characters\]$/;
const searchableTypes: ReadonlySet<Attribute["type"]> = new Set(["string", "bool", "int", "double"]);
const searchableLength = 500;

export function Attributes({
  attributes,
  isSearchable = false,
}: {
  attributes: readonly Attribute[];
  isSearchable?: boolean;
}) {
  return (
    <table className="attributes">
      <tbody>
        {attributes.map((attribute, at) => (
          <AttributeRow key={`${at} ${attribute.key}`} attribute={attribute} isSearchable={isSearchable} />
        ))}
      </tbody>
    </table>
  );
}

function AttributeRow({ attribute, isSearchable }: { attribute: Attribute; isSearchable: boolean }) {
  const { key, type, value } = attribute;
  const [isWhole, setWhole] = useState(false);
  const text = typeof value === "string" ? value : type === "empty" ? "" : JSON.stringify(value ?? null);
  const isCut = text.length > shownAtFirst && !isWhole;
  const lost = text.length > shownAtFirst ? cutEnd.exec(text)?.[1] : undefined;
  return (
    <tr>
      <th scope="row">
        <bdi>{key}</bdi>
      </th>
      <td className={`value-${type}`}>
        <div
          className={text.includes("\n") ? "value stack" : "value"}
          tabIndex={text.includes("\n") ? 0 : undefined}
        >
          <bdi>{isCut ? text.slice(0, shownAtFirst) : text}</bdi>
        </div>
        {isCut && (
          <button type="button" className="link" onClick={() => setWhole(true)}>
            Show all {formatCount(text.length)} characters
          </button>
        )}
        {lost !== undefined && (
          <p className="muted small">
            Cut before it was stored: {formatCount(Number(lost))} more characters came.
          </p>
        )}
      </td>
      <td className="actions">
        <CopyButton text={text} what={key} />
        {isSearchable && searchableTypes.has(type) && text.length <= searchableLength && (
          <>
            <Link
              to="/search"
              search={{ tags: formatTag({ key, value: text }) }}
              className="icon-button"
              title={`Search by this ${key}`}
              aria-label={`Search by this ${key}`}
            >
              <Icon name="search" />
            </Link>
            <Link
              to="/search"
              search={{ where: `not ${quoted(key)} = ${quoted(text)}` }}
              className="icon-button"
              title={`Search without this ${key}`}
              aria-label={`Search without this ${key}`}
            >
              <Icon name="dash" />
            </Link>
          </>
        )}
      </td>
    </tr>
  );
}

/** A name or value of the condition language, whatever it holds. */
function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
