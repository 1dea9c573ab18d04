/**
 * The search field of a list. Filters stand in it as tokens (`kind: service, website`), the rest is free text. A token
 * can be typed (`owner:checkout` and a space) or taken from the suggestions below the field. The list of suggestions is
 * ours: Mantine's Combobox would bring a positioning library (25 kB) before the first page.
 */
import "@mantine/core/styles/Pill.layer.css";
import "@mantine/core/styles/PillsInput.layer.css";
import { Pill, PillsInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { memo, useEffect, useId, useImperativeHandle, useRef, useState } from "react";
import type { FacetValue } from "../api/types";
import { countFilters, type Filters, mergeFilters, takeTokens } from "../lib/filters";
import { count } from "../lib/time";
import c from "./list.module.css";
import { Kbd } from "./parts";
import { type Suggestion, suggest } from "./suggest";

type Props<K extends string> = {
  ref?: React.Ref<{ focus: () => void }>;
  keys: readonly K[];
  filters: Filters<K>;
  text: string;
  placeholder: string;
  facets: Record<string, FacetValue[]> | undefined;
  /** Called with both, whichever changed. `typing`: the address is replaced, not added to. */
  change: (filters: Filters<K>, text: string, typing: boolean) => void;
};

const TYPING_PAUSE = 180;

function labelOf(facets: Props<string>["facets"], key: string, value: string): string {
  if (value === "none") return "none";
  return facets?.[key]?.find((v) => v.value.toLowerCase() === value.toLowerCase())?.label ?? value;
}

function Field<K extends string>(props: Props<K>) {
  const { keys, filters, facets, change } = props;
  const input = useRef<HTMLInputElement>(null);
  useImperativeHandle(props.ref, () => ({ focus: () => input.current?.focus() }));
  const [text, setText] = useState(props.text);
  const sent = useRef(props.text);
  // The address may change from outside (a link, Back): then it decides; while typing, the field does.
  useEffect(() => {
    if (props.text !== sent.current) {
      sent.current = props.text;
      setText(props.text);
    }
  }, [props.text]);
  useEffect(() => {
    if (text.trim() === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = text.trim();
      change(filters, text.trim(), true);
    }, TYPING_PAUSE);
    return () => clearTimeout(timer);
  }, [text, filters, change]);

  const id = useId();
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const options = open ? suggest(keys, text, facets, filters) : [];
  const close = () => {
    setOpen(false);
    setAt(-1);
  };

  const apply = (next: Filters<K>, rest: string) => {
    sent.current = rest.trim();
    setText(rest);
    change(next, rest.trim(), false);
  };
  const typed = (value: string, all = false) => {
    const taken = takeTokens(keys, value, all);
    if (countFilters(taken.filters) > 0) apply(mergeFilters(filters, taken.filters), taken.rest);
    else setText(value);
    setOpen(!all);
    setAt(-1);
  };
  const choose = (option: Suggestion) => {
    const value = option.key === "kind" ? option.value.toLowerCase() : option.value;
    const added = { [option.key]: [value] } as Filters<K>;
    apply(mergeFilters(filters, added), option.rest);
    close();
  };
  const drop = (key: K) => {
    const { [key]: _gone, ...rest } = filters;
    apply(rest as Filters<K>, text);
    input.current?.focus();
  };
  const onKey = (event: React.KeyboardEvent<HTMLInputElement>) => {
    const chosen = options[at];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (options.length === 0) return;
      event.preventDefault();
      const by = event.key === "ArrowDown" ? 1 : -1;
      setAt((at + by + options.length + (at < 0 && by < 0 ? 1 : 0)) % options.length);
    } else if (event.key === "Enter") {
      if (chosen) choose(chosen);
      else typed(text, true);
    } else if (event.key === "Escape") {
      if (options.length > 0) close();
      else input.current?.blur();
    } else if (event.key === "Backspace" && text === "") {
      const last = Object.keys(filters).at(-1) as K | undefined;
      if (last) drop(last);
    }
  };
  return (
    <div className={`grow ${c.searchBox}`}>
      <PillsInput
        className={c.pills ?? ""}
        classNames={{ input: c.pillsInput ?? "" }}
        onClick={() => input.current?.focus()}
        leftSection={<IconSearch className="icon t3" aria-hidden="true" />}
        rightSection={
          <span className="not-phone">
            <Kbd>/</Kbd>
          </span>
        }
      >
        <Pill.Group>
          {(Object.entries(filters) as [K, string[]][]).map(([key, values]) => (
            <Pill
              key={key}
              withRemoveButton
              onRemove={() => drop(key)}
              removeButtonProps={{ "aria-label": `Remove the filter ${key}`, "aria-hidden": false, tabIndex: 0 }}
              className={c.pill ?? ""}
            >
              {key}: {values.map((v) => labelOf(facets, key, v)).join(", ")}
            </Pill>
          ))}
          <PillsInput.Field
            ref={input}
            value={text}
            placeholder={props.placeholder}
            aria-label="Search the list"
            role="combobox"
            aria-expanded={options.length > 0}
            aria-controls={`${id}-options`}
            aria-autocomplete="list"
            aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
            onChange={(event) => typed(event.currentTarget.value)}
            onKeyDown={onKey}
            onBlur={close}
          />
        </Pill.Group>
      </PillsInput>
      <div
        id={`${id}-options`}
        role="listbox"
        aria-label="Filters that fit"
        className={c.options}
        hidden={options.length === 0}
      >
        {options.map((option, i) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus and names the active option
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field handles the keys
          <div
            key={option.id}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === at}
            className={c.suggestion}
            // The press must not take the focus from the field, or the list would close before the click.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => choose(option)}
          >
            <span className="t3">{option.key}:</span> <span className="cut">{option.label}</span>
            <span className={c.optionCount}>{count(option.count)}</span>
          </div>
        ))}
      </div>
    </div>
  );
}

export const TokenSearch = memo(Field) as typeof Field;
