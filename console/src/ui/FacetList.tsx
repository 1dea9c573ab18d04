/** Facets: what the list can be narrowed by, with how many each leaves. A column beside the list, a drawer on a phone. */
import "@mantine/core/styles/Checkbox.layer.css";
import { Button, Checkbox, UnstyledButton } from "@mantine/core";
import { IconFilter } from "@tabler/icons-react";
import { lazy, memo, Suspense, useState } from "react";
import type { FacetValue } from "../api/types";
import { holds } from "../lib/filters";
import { shortRef } from "../lib/ref";
import { count } from "../lib/time";
import c from "./list.module.css";

const Sheet = lazy(() => import("./Sheet"));

export type FacetSpec<K extends string> = {
  key: K;
  title: string;
  /** Words for a value; the server's label when absent. */
  word?: (value: FacetValue) => string;
  /** Written in lower case into the address. */
  lower?: boolean;
  /** Values that are no choice of their own here. */
  hide?: readonly string[];
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
  const known = values.map((v) => v.value);
  const gone = chosen.filter((v) => !holds(known, v)).map((value) => ({ value, label: value, count: 0 }));
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
  const hide = spec.hide ?? [];
  const all = arranged(values, chosen).filter((v) => !hide.includes(v.value) || holds(chosen, v.value));
  if (all.length === 0) return null;
  // Two groups may have one title: then the reference tells them apart.
  const labels = all.map((v) => v.label);
  const twice = new Set(labels.filter((label, i) => labels.indexOf(label) !== i));
  const first = spec.first ?? 6;
  const shown =
    open || all.length <= first + 1
      ? all
      : all.filter((v, i) => i < first || holds(chosen, v.value) || v.value === "none");
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
            checked={holds(chosen, value.value)}
            onChange={() => toggle(spec.key, spec.lower ? value.value.toLowerCase() : value.value)}
          />
          <span className="cut" title={value.value}>
            {spec.word?.(value) ?? value.label}
            {twice.has(value.label) ? <span className="t3"> {shortRef(value.value).replace(/^.*:/, "")}</span> : null}
          </span>
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

function Facets<K extends string>({ specs, facets, chosen, toggle }: Props<K>) {
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

/** Rendered again when the facets change, not when the list beside them scrolls. */
export const FacetList = memo(Facets) as typeof Facets;

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
