/** Facets: what the list can be narrowed by, with how many each leaves. A column beside the list, a drawer on a phone. */
import "@mantine/core/styles/Checkbox.layer.css";
import { Button, Checkbox, UnstyledButton } from "@mantine/core";
import { IconFilter } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import type { FacetValue } from "../api/types";
import { count } from "../lib/time";
import c from "./list.module.css";

const Sheet = lazy(() => import("./Sheet"));

export type FacetSpec<K extends string> = {
  key: K;
  title: string;
  /** Words for a value; the server's label when absent. */
  word?: (value: FacetValue) => string;
  /** Shown before "n more". */
  first?: number;
};

type Props<K extends string> = {
  specs: readonly FacetSpec<K>[];
  facets: Record<string, FacetValue[]> | undefined;
  chosen: Partial<Record<K, string[]>>;
  toggle: (key: K, value: string) => void;
};

/** Values that stand for "there is none" come last, whatever their number. */
function arranged(values: readonly FacetValue[], chosen: readonly string[]): FacetValue[] {
  const known = new Set(values.map((v) => v.value));
  const gone = chosen.filter((v) => !known.has(v)).map((value) => ({ value, label: value, count: 0 }));
  const all = [...values, ...gone];
  return [...all.filter((v) => v.value !== "none"), ...all.filter((v) => v.value === "none")];
}

function Facet<K extends string>({
  spec,
  values,
  chosen,
  toggle,
}: {
  spec: FacetSpec<K>;
  values: readonly FacetValue[];
  chosen: readonly string[];
  toggle: (key: K, value: string) => void;
}) {
  const [open, setOpen] = useState(false);
  const all = arranged(values, chosen);
  if (all.length === 0) return null;
  const first = spec.first ?? 6;
  const shown =
    open || all.length <= first + 1
      ? all
      : all.filter((v, i) => i < first || chosen.includes(v.value) || v.value === "none");
  const hidden = all.length - shown.length;
  return (
    <fieldset className={c.facet}>
      <legend>
        <h3>{spec.title}</h3>
      </legend>
      {shown.map((value) => (
        // biome-ignore lint/a11y/noLabelWithoutControl: the control inside is Mantine's checkbox
        <label key={value.value} className={c.option}>
          <Checkbox
            className={c.box}
            checked={chosen.includes(value.value)}
            onChange={() => toggle(spec.key, value.value)}
          />
          <span className="cut">{spec.word?.(value) ?? value.label}</span>
          <span className={c.optionCount}>{count(value.count)}</span>
        </label>
      ))}
      {hidden > 0 || (open && all.length > first + 1) ? (
        <UnstyledButton className={c.more} onClick={() => setOpen(!open)} aria-expanded={open}>
          {open ? "Fewer" : `${hidden} more`}
        </UnstyledButton>
      ) : null}
    </fieldset>
  );
}

export function FacetList<K extends string>({ specs, facets, chosen, toggle }: Props<K>) {
  return (
    <>
      {specs.map((spec) => (
        <Facet
          key={spec.key}
          spec={spec}
          values={facets?.[spec.key] ?? []}
          chosen={chosen[spec.key] ?? []}
          toggle={toggle}
        />
      ))}
    </>
  );
}

/** The same facets behind a button, for a phone. */
export function FacetDrawer<K extends string>(props: Props<K> & { active: number; total: number | undefined }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button
        className="only-phone"
        size="lg"
        leftSection={<IconFilter className="icon-s" aria-hidden="true" />}
        onClick={() => setOpen(true)}
      >
        Filters{props.active > 0 ? ` ${props.active}` : ""}
      </Button>
      {open ? (
        <Suspense fallback={null}>
          <Sheet title="Filters" close={() => setOpen(false)}>
            <div style={{ fontSize: "var(--fs-sm)" }}>
              <FacetList {...props} />
            </div>
            <Button fullWidth variant="filled" size="lg" mt={16} onClick={() => setOpen(false)}>
              Show {props.total === undefined ? "" : count(props.total)}
            </Button>
          </Sheet>
        </Suspense>
      ) : null}
    </>
  );
}
