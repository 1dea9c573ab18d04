/** Text with line numbers, only the visible lines rendered, problems marked on their lines and said below them. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useMemo, useRef } from "react";
import type { Problem } from "../api/types";
import c from "./code.module.css";
import { Severity } from "./parts";
import { type Token, yamlTokens } from "./yaml";

type Item = { line: number; text: string } | { problem: Problem };

/** Pixels. Each line number is a link, and a target is at least 24 high (WCAG 2.5.8). */
const LINE = 24;

function itemsOf(text: string, problems: readonly Problem[]): Item[] {
  const byLine = Map.groupBy(
    problems.filter((problem) => problem.line != null),
    (problem) => problem.line,
  );
  return text.split("\n").flatMap((content, i): Item[] => {
    const here = byLine.get(i + 1) ?? [];
    return [{ line: i + 1, text: content.replace(/\r$/, "") }, ...here.map((problem) => ({ problem }))];
  });
}

const CLASS: Record<Token["kind"], string | undefined> = {
  key: c.key,
  string: c.string,
  comment: c.comment,
  plain: undefined,
};

type Props = {
  text: string;
  problems?: readonly Problem[];
  label: string;
  /** The line the address names. */
  target?: number | undefined;
  lineLink: (line: number, children: ReactNode) => ReactNode;
};

export function CodeView({ text, problems = [], label, target, lineLink }: Props) {
  const items = useMemo(() => itemsOf(text, problems), [text, problems]);
  const marked = useMemo(
    () => new Map(problems.filter((p) => p.line != null).map((p) => [p.line, p.severity])),
    [problems],
  );
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE,
    overscan: 20,
    paddingStart: 4,
    paddingEnd: 4,
  });
  useEffect(() => {
    if (!target) return;
    const at = items.findIndex((item) => "line" in item && item.line === target);
    if (at >= 0) virtual.scrollToIndex(at, { align: "center" });
  }, [target, items, virtual]);
  const widest = useMemo(
    () => items.reduce((most, item) => ("text" in item ? Math.max(most, item.text.length) : most), 0),
    [items],
  );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
    <section ref={scroller} className={c.code} aria-label={label} tabIndex={0}>
      <div className={c.lines} style={{ height: virtual.getTotalSize(), minWidth: `calc(${widest}ch + 72px)` }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const item = items[index];
          if (!item) return null;
          const style = { transform: `translateY(${start}px)` };
          if ("problem" in item) {
            return (
              <div key={index} className={`${c.line} ${c.said}`} data-severity={item.problem.severity} style={style}>
                <span className={c.number} />
                <span className={c.message}>
                  <Severity severity={item.problem.severity} bare /> {item.problem.message}{" "}
                  <span className="t2">{item.problem.remedy}</span>
                </span>
              </div>
            );
          }
          const severity = marked.get(item.line);
          return (
            <div
              key={index}
              className={c.line}
              data-severity={severity}
              {...(item.line === target ? { "data-target": true } : {})}
              style={style}
            >
              <span className={c.number}>{lineLink(item.line, item.line)}</span>
              <span>
                {yamlTokens(item.text).map((token, i) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: tokens of a line have no other name and no state
                  <span key={i} className={CLASS[token.kind]}>
                    {token.text}
                  </span>
                ))}
              </span>
            </div>
          );
        })}
      </div>
    </section>
  );
}
