/** What differs between two readings of one entity, in words: "owner, relations". Pure. */
import type { EntityPage } from "../../api/types";

const PARTS: [string, (page: EntityPage) => unknown][] = [
  ["title", (p) => p.row.title ?? null],
  ["description", (p) => p.row.description ?? null],
  ["owner", (p) => [p.owner?.ref ?? null, p.owner?.evidence ?? null]],
  ["system", (p) => p.row.system?.ref ?? null],
  ["type", (p) => p.row.type ?? null],
  ["lifecycle", (p) => p.row.lifecycle ?? null],
  ["tags", (p) => p.row.tags],
  ["links", (p) => p.entity.metadata.links ?? null],
  ["relations", (p) => p.relations.map((r) => `${r.type} ${r.target.ref} ${r.target.exists}`).toSorted()],
  ["problems", (p) => p.problems.map((x) => `${x.code} ${x.pointer} ${x.message}`).toSorted()],
  ["conflicts", (p) => p.conflicts.map((x) => `${x.project} ${x.file} ${x.holds}`).toSorted()],
  ["definition", (p) => p.entity.spec?.definition ?? null],
];

export function changedParts(before: EntityPage, after: EntityPage): string[] {
  const parts = PARTS.filter(([, read]) => JSON.stringify(read(before)) !== JSON.stringify(read(after))).map(
    ([name]) => name,
  );
  if (parts.length === 0 && before.source?.text !== after.source?.text) return ["source"];
  return parts;
}
