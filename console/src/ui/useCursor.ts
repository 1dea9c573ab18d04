/** The row under the keyboard: j and k (or the arrows) move it and give its link the focus, so that Enter opens it. */
import { useCallback, useEffect, useRef, useState } from "react";
import { useKeys } from "../lib/keys";

/** Where each list was left, so that Back lands on the same row. Kept for as long as the page is loaded. */
const left = new Map<string, { row: number; top: number }>();

type Options = {
  /** The address of the list: the memory's key. */
  where: string;
  count: number;
  scrollTo: (row: number) => void;
  container: React.RefObject<HTMLElement | null>;
};

export function useCursor({ where, count, scrollTo, container }: Options) {
  const [row, setRow] = useState(() => left.get(where)?.row ?? -1);
  const wants = useRef(false);
  const restored = useRef("");
  const latest = useRef({ row, where });
  latest.current = { row, where };

  useEffect(() => {
    const element = container.current;
    if (!element || count === 0 || restored.current === where) return;
    restored.current = where;
    const before = left.get(where);
    element.scrollTop = before?.top ?? 0;
    setRow(before?.row ?? -1);
  }, [where, count, container]);

  useEffect(() => {
    const element = container.current;
    if (!element) return;
    const remember = () => left.set(latest.current.where, { row: latest.current.row, top: element.scrollTop });
    element.addEventListener("scroll", remember, { passive: true });
    element.addEventListener("click", remember);
    return () => {
      element.removeEventListener("scroll", remember);
      element.removeEventListener("click", remember);
    };
  }, [container]);

  // The row may only be rendered after scrolling: the focus follows as soon as it is there.
  useEffect(() => {
    if (!wants.current || row < 0) return;
    const link = container.current?.querySelector<HTMLElement>(`[data-row="${row}"] a, a[data-row="${row}"]`);
    if (!link) return;
    wants.current = false;
    link.focus({ preventScroll: true });
  });

  const move = useCallback(
    (by: number) => {
      if (count === 0) return;
      setRow((now) => {
        const next = Math.max(0, Math.min(count - 1, now + by));
        scrollTo(next);
        left.set(latest.current.where, { row: next, top: container.current?.scrollTop ?? 0 });
        return next;
      });
      wants.current = true;
    },
    [count, scrollTo, container],
  );
  const down = () => move(1);
  const up = () => move(-1);
  useKeys({ j: down, k: up, ArrowDown: down, ArrowUp: up });
  return { row, setRow };
}
