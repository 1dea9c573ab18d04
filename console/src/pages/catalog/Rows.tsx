/** The rows of the catalog: a real table whose rows are rendered only where they can be seen. */
import { UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { flexRender, type Row, useTable } from "@tanstack/react-table";
import type { Virtualizer } from "@tanstack/react-virtual";
import { memo, useMemo } from "react";
import type { EntityRow } from "../../api/types";
import { canHaveOwner, kindWord, sentence, typeWord } from "../../lib/ref";
import { EntityLink } from "../../ui/EntityLink";
import { KindIcon } from "../../ui/icons";
import c from "../../ui/list.module.css";
import { Bone } from "../../ui/parts";
import { ALL_COLUMNS, COLUMNS, type ColumnMeta, FEATURES, neededWidth, nextSort, Owner, Problems } from "./columns";

type Props = {
  rows: EntityRow[];
  total: number;
  shown: readonly string[];
  sort: string | undefined;
  setSort: (sort: string | undefined) => void;
  cursor: number;
  virtual: Virtualizer<HTMLDivElement, Element>;
};

function ariaSort(meta: ColumnMeta, sort: string): "ascending" | "descending" | undefined {
  if (!meta.sort) return undefined;
  if (sort === meta.sort) return "ascending";
  return sort === `-${meta.sort}` ? "descending" : undefined;
}

export function TableRows({ rows, total, shown, sort, setSort, cursor, virtual }: Props) {
  const columnVisibility = useMemo(
    () => Object.fromEntries(ALL_COLUMNS.map((id) => [id, shown.includes(id)])),
    [shown],
  );
  const table = useTable({
    features: FEATURES,
    data: rows,
    columns: COLUMNS,
    state: { columnVisibility },
    getRowId: (row) => row.ref,
  });
  const model = table.getRowModel().rows;
  const columns = table.getVisibleLeafColumns();
  const items = virtual.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  const now = sort ?? "name";
  const layout = shown.join();
  return (
    <table className={c.table} style={{ minWidth: neededWidth(shown) }} aria-rowcount={total + 1} aria-label="Catalog">
      <colgroup>
        {columns.map((column) => (
          <col key={column.id} style={{ width: (column.columnDef.meta as ColumnMeta).width }} />
        ))}
      </colgroup>
      <thead>
        <tr aria-rowindex={1}>
          {columns.map((column) => {
            const meta = column.columnDef.meta as ColumnMeta;
            const sorted = ariaSort(meta, now);
            return (
              <th key={column.id} scope="col" aria-sort={sorted}>
                {meta.sort ? (
                  <UnstyledButton
                    className={c.sorter}
                    onClick={() => setSort(nextSort(meta, sort))}
                    {...(sorted ? { "data-sorted": true } : {})}
                  >
                    {meta.label}
                    {sorted === "ascending" ? <IconArrowUp className="icon-s" aria-hidden="true" /> : null}
                    {sorted === "descending" ? <IconArrowDown className="icon-s" aria-hidden="true" /> : null}
                  </UnstyledButton>
                ) : (
                  meta.label
                )}
              </th>
            );
          })}
        </tr>
      </thead>
      <tbody>
        {before > 0 ? <Spacer height={before} columns={columns.length} /> : null}
        {items.map((item) => {
          const row = model[item.index];
          return (
            <Line
              key={row?.id ?? item.index}
              row={row}
              index={item.index}
              columns={columns.length}
              layout={layout}
              current={item.index === cursor}
            />
          );
        })}
        {after > 0 ? <Spacer height={after} columns={columns.length} /> : null}
      </tbody>
    </table>
  );
}

type LineProps = {
  row: Row<typeof FEATURES, EntityRow> | undefined;
  index: number;
  columns: number;
  /** The columns by name: a row is rendered again only when it, they or the cursor changed, not when one scrolls. */
  layout: string;
  current: boolean;
};

const Line = memo(function Line({ row, index, columns, current }: LineProps) {
  return (
    <tr className={c.line} data-row={index} aria-rowindex={index + 2} {...(current ? { "data-cursor": true } : {})}>
      {row ? (
        row
          .getVisibleCells()
          .map((cell) => <td key={cell.id}>{flexRender(cell.column.columnDef.cell, cell.getContext())}</td>)
      ) : (
        <td colSpan={columns}>
          <Bone width={`${24 + ((index * 37) % 31)}%`} />
        </td>
      )}
    </tr>
  );
});

function Spacer({ height, columns }: { height: number; columns: number }) {
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it can have the focus
    <tr className={c.spacer} aria-hidden="true">
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}

/** On a phone: two lines a row, the name and what is wrong above, whose and what below. */
export function PhoneRows({ rows, cursor, virtual }: Pick<Props, "rows" | "cursor" | "virtual">) {
  return (
    <ul style={{ height: virtual.getTotalSize(), position: "relative" }} aria-label="Catalog">
      {virtual.getVirtualItems().map((item) => {
        const row = rows[item.index];
        return (
          <li
            key={row?.ref ?? item.index}
            className={c.twoLines}
            data-row={item.index}
            {...(item.index === cursor ? { "data-cursor": true } : {})}
            style={{
              position: "absolute",
              top: 0,
              left: 0,
              right: 0,
              height: item.size,
              transform: `translateY(${item.start}px)`,
            }}
          >
            {row ? <PhoneRow row={row} /> : <Bone width="60%" />}
          </li>
        );
      })}
    </ul>
  );
}

function PhoneRow({ row }: { row: EntityRow }) {
  const what = row.type ? typeWord(row.type) : kindWord(row.kind);
  const wrong = row.problems.error + row.problems.warning > 0 || row.stale != null;
  return (
    <>
      <span className={c.lead}>
        <KindIcon kind={row.kind} type={row.type} />
      </span>
      <div className="grow">
        <div className="row">
          <EntityLink to={row.ref} className={`${c.open} grow`}>
            <span className="cut">{row.title ?? row.name}</span>
          </EntityLink>
          {wrong ? (
            <span className="sm">
              <Problems row={row} aged />
            </span>
          ) : null}
        </div>
        <div className={`${c.sub} row g6`} style={{ marginTop: 2 }}>
          <span className="nowrap">
            {what}
            {row.lifecycle ? ` · ${sentence(row.lifecycle)}` : ""}
          </span>
          {row.owner || canHaveOwner(row.kind) ? (
            <span className="row g6">
              · <Owner row={row} />
            </span>
          ) : null}
        </div>
      </div>
    </>
  );
}
