/** The columns of the catalog list: what each cell shows, how wide it is, and what the server can sort by. */
import { IconAlertTriangle } from "@tabler/icons-react";
import { columnVisibilityFeature, createColumnHelper, tableFeatures } from "@tanstack/react-table";
import type { EntityRow } from "../../api/types";
import { codeWord } from "../../lib/codes";
import { canHaveOwner, kindWord, sentence, typeWord } from "../../lib/ref";
import { plural } from "../../lib/time";
import { Age } from "../../ui/Age";
import { EntityLink } from "../../ui/EntityLink";
import { BrokenIcon, EvidenceIcon, evidenceWord, KindIcon } from "../../ui/icons";
import c from "../../ui/list.module.css";

/** What the table does itself; sorting and filtering are the server's. */
export const FEATURES = tableFeatures({ columnVisibilityFeature });

const column = createColumnHelper<typeof FEATURES, EntityRow>();

export function ownerName(owner: NonNullable<EntityRow["owner"]>): string {
  return owner.title ?? owner.name;
}

export function Owner({ row }: { row: EntityRow }) {
  const { owner } = row;
  if (!owner && !canHaveOwner(row.kind)) return null;
  if (!owner || owner.evidence === "missing") {
    return (
      <span className="row g6 t3">
        <EvidenceIcon evidence="missing" />
        No owner found
      </span>
    );
  }
  return (
    <span className="row g6" title={owner.detail}>
      <EvidenceIcon evidence={owner.evidence} />
      <span className={owner.exists ? "cut" : "cut t3"}>{ownerName(owner)}</span>
      <span className="t3 xs nowrap">{owner.exists ? evidenceWord(owner.evidence, owner.detail) : "unknown"}</span>
    </span>
  );
}

/** `aged`: with how old a stale row is. The worst first, in a word where one code says it, in a number where several do. */
export function Problems({ row, aged = false }: { row: EntityRow; aged?: boolean }) {
  const { error, warning, note, codes } = row.problems;
  const onlyStale = row.stale && codes.every((code) => code === "stale");
  if (onlyStale) return <StaleMark row={row} aged={aged} />;
  if (error + warning + note === 0) return <span className="t3">None</span>;
  const alone = error + warning + note === 1 && codes[0] ? codeWord(codes[0]) : null;
  if (alone && codes[0] === "conflict") {
    return (
      <span className="row g6 red nowrap">
        <IconAlertTriangle className="icon-s" aria-hidden="true" />
        {alone}
        {row.stale ? <StaleMark row={row} bare /> : null}
      </span>
    );
  }
  return (
    <span className="row g12" title={codes.map(codeWord).join(", ")}>
      {error > 0 ? (
        <span className="row g6 red nowrap">
          <BrokenIcon />
          {alone ?? plural(error, "error")}
        </span>
      ) : null}
      {warning > 0 ? (
        <span className="row g6 nowrap">
          <IconAlertTriangle className="icon-s" aria-hidden="true" />
          {alone ?? plural(warning, "warning")}
        </span>
      ) : null}
      {error + warning === 0 ? <span className="t2 nowrap">{alone ?? plural(note, "note")}</span> : null}
      {row.stale ? <StaleMark row={row} bare /> : null}
    </span>
  );
}

/** Beside another problem the icon says it alone; where there is no column for it, the age stands with the word. */
function StaleMark({ row, bare = false, aged = false }: { row: EntityRow; bare?: boolean; aged?: boolean }) {
  // Later servers may only say that it is so.
  const why = (row.stale as { reason?: string } | boolean | null) ?? null;
  const reason = typeof why === "object" ? why?.reason : undefined;
  return (
    <span className="row g6 amber nowrap" title={reason ? `Stale: ${reason}` : "Stale"}>
      <IconAlertTriangle
        className="icon-s"
        {...(bare ? { role: "img", "aria-label": "Stale" } : { "aria-hidden": true })}
      />
      {bare ? null : "Stale"}
      {aged ? <Age time={row.readAt} /> : null}
    </span>
  );
}

/** When GitLab last confirmed what the row shows. The epoch means that nothing has yet. */
function Confirmed({ row }: { row: EntityRow }) {
  if (row.stale) {
    return (
      <span className="row g6 amber">
        <IconAlertTriangle className="icon-s" role="img" aria-label="Stale," />
        <Age time={row.readAt} />
      </span>
    );
  }
  return <span className="t3">{Date.parse(row.readAt) > 0 ? <Age time={row.readAt} /> : "Not known"}</span>;
}

/** `sort` is the name the API sorts by; `desc`: the first click sorts downwards. */
export type ColumnMeta = { label: string; width?: number; sort?: string; desc?: boolean; always?: boolean };

export const COLUMNS = [
  column.display({
    id: "name",
    header: "Name",
    meta: { label: "Name", sort: "name", always: true } satisfies ColumnMeta,
    cell: ({ row: { original: row } }) => (
      <EntityLink to={row.ref} className={c.open ?? ""}>
        <KindIcon kind={row.kind} type={row.type} label />
        <span className="cut">{row.title ?? row.name}</span>
      </EntityLink>
    ),
  }),
  column.display({
    id: "type",
    header: "Type",
    meta: { label: "Type", width: 104, sort: "type" } satisfies ColumnMeta,
    cell: ({ row: { original: row } }) => (
      <span className={row.type === "unknown" ? "t3" : "t2"}>
        {row.kind.toLowerCase() === "component" && row.type
          ? typeWord(row.type)
          : row.type && row.kind.toLowerCase() === "api"
            ? typeWord(row.type)
            : kindWord(row.kind)}
      </span>
    ),
  }),
  column.display({
    id: "system",
    header: "System",
    meta: { label: "System", width: 116, sort: "system" } satisfies ColumnMeta,
    cell: ({ row: { original: row } }) => (
      <span className="t2">{row.system ? (row.system.title ?? row.system.name) : ""}</span>
    ),
  }),
  column.display({
    id: "owner",
    header: "Owner",
    meta: { label: "Owner", width: 232, sort: "owner" } satisfies ColumnMeta,
    cell: ({ row: { original: row } }) => <Owner row={row} />,
  }),
  column.display({
    id: "lifecycle",
    header: "Lifecycle",
    meta: { label: "Lifecycle", width: 108, sort: "lifecycle" } satisfies ColumnMeta,
    cell: ({ row: { original: row } }) => (
      <span className={row.lifecycle === "deprecated" || row.lifecycle === "unknown" ? "t3" : undefined}>
        {row.lifecycle ? sentence(row.lifecycle) : ""}
      </span>
    ),
  }),
  column.display({
    id: "language",
    header: "Language",
    meta: { label: "Language", width: 104, sort: "language" } satisfies ColumnMeta,
    cell: ({ row: { original: row } }) => <span className="t2">{row.language ?? ""}</span>,
  }),
  column.display({
    id: "changed",
    header: "Changed",
    meta: { label: "Changed", width: 88, sort: "changed", desc: true } satisfies ColumnMeta,
    cell: ({ row: { original: row } }) => (
      <span className="t2">
        <Age time={row.changedAt} />
      </span>
    ),
  }),
  column.display({
    id: "confirmed",
    header: "Confirmed",
    meta: { label: "Confirmed", width: 96 } satisfies ColumnMeta,
    cell: ({ row: { original: row } }) => <Confirmed row={row} />,
  }),
  column.display({
    id: "problems",
    header: "Problems",
    meta: { label: "Problems", width: 184, sort: "problems", desc: true } satisfies ColumnMeta,
    cell: ({ row: { original: row } }) => <Problems row={row} />,
  }),
];

export const ALL_COLUMNS = COLUMNS.map((def) => def.id ?? "");
export const DEFAULT_COLUMNS = ALL_COLUMNS.filter((id) => id !== "language");

/** `cols=name,owner`: unknown names are dropped, and without any the default stands. */
export function readColumns(cols: string | undefined): string[] {
  const wanted = (cols ?? "").split(",").filter((id) => ALL_COLUMNS.includes(id));
  return wanted.length > 0 ? ["name", ...wanted.filter((id) => id !== "name")] : DEFAULT_COLUMNS;
}

/** The name needs this much to be read (px). */
export const NAME_WIDTH = 200;
/** What goes first when the window is narrow. */
const DROPPED = ["language", "changed", "confirmed", "system", "type", "lifecycle"];

/** Pixels that these columns need. */
export function neededWidth(shown: readonly string[]): number {
  return COLUMNS.reduce((sum, def) => {
    const width = (def.meta as ColumnMeta).width ?? NAME_WIDTH;
    return shown.includes(def.id ?? "") ? sum + width : sum;
  }, 0);
}

/**
 * Leaves out columns until the rest fits, that by which the rows are sorted last. What the address names is never left
 * out: then the table scrolls.
 */
export function fitColumns(cols: string | undefined, width: number, sort?: string): string[] {
  let shown = readColumns(cols);
  if (cols !== undefined || width === 0) return shown;
  const by = sort?.replace(/^-/, "");
  for (const id of DROPPED.toSorted((a, b) => Number(a === by) - Number(b === by))) {
    if (neededWidth(shown) <= width) break;
    shown = shown.filter((column) => column !== id);
  }
  return shown;
}

export function writeColumns(shown: readonly string[]): string | undefined {
  const ordered = ALL_COLUMNS.filter((id) => shown.includes(id));
  return ordered.join() === DEFAULT_COLUMNS.join() ? undefined : ordered.join(",");
}

/** The sort after a click on a column: first its own direction, then the other, then none. */
export function nextSort(meta: ColumnMeta, now: string | undefined): string | undefined {
  const up = meta.sort;
  if (!up) return now;
  const down = `-${up}`;
  const order = meta.desc ? [down, up] : [up, down];
  const at = order.indexOf(now ?? (up === "name" ? "name" : ""));
  return order[at + 1];
}
