/** The small parts that every page uses. */
import { Button } from "@mantine/core";
import { IconAlertTriangle, IconInfoCircle } from "@tabler/icons-react";
import { type ReactNode, useEffect, useState } from "react";
import { ApiError } from "../api/client";
import { plural } from "../lib/time";
import { BrokenIcon } from "./icons";
import c from "./parts.module.css";

/** A severity or state: icon and word, never a colour alone. `partial` is the red triangle of what is incomplete. */
export function Severity({ severity, word, bare }: { severity: string; word?: string; bare?: boolean }) {
  const text = word ?? severity.charAt(0).toUpperCase() + severity.slice(1);
  const said = bare ? ({ role: "img", "aria-label": text } as const) : ({ "aria-hidden": true } as const);
  const tone = severity === "error" || severity === "partial" ? "red" : severity === "note" ? "t2" : "";
  return (
    <span className={`${c.status} ${tone}`} title={bare ? text : undefined}>
      {severity === "error" ? (
        <BrokenIcon {...(bare ? { label: text } : {})} />
      ) : severity === "note" ? (
        <IconInfoCircle className="icon-s t3" {...said} />
      ) : (
        <IconAlertTriangle className="icon-s" {...said} />
      )}
      {bare ? null : text}
    </span>
  );
}

export function Kbd({ children }: { children: ReactNode }) {
  return <kbd className={c.kbd}>{children}</kbd>;
}

export function Section(props: {
  title: string;
  number?: ReactNode;
  side?: ReactNode;
  children: ReactNode;
  id?: string;
}) {
  return (
    <section className={c.section} aria-label={props.title} id={props.id}>
      <div className={c.head}>
        <h2>{props.title}</h2>
        {props.number === undefined ? null : <span className={c.number}>{props.number}</span>}
        {props.side ? <div className={c.side}>{props.side}</div> : null}
      </div>
      {props.children}
    </section>
  );
}

export function Tag({ children, title }: { children: ReactNode; title?: string }) {
  return (
    <span className={c.tag} title={title}>
      {children}
    </span>
  );
}

export const tagClass = c.tag;

export function Note({ tone, children }: { tone?: "red" | "amber"; children: ReactNode }) {
  return (
    <div className={c.note} data-tone={tone}>
      {tone ? <IconAlertTriangle className="icon-s" aria-hidden="true" /> : <IconInfoCircle className="icon-s t3" />}
      <div className="grow">{children}</div>
    </div>
  );
}

/** One line what is empty, one line why, one thing to do. */
export function Empty({ what, why, action }: { what: string; why?: ReactNode; action?: ReactNode }) {
  return (
    <div className={c.empty}>
      <strong>{what}</strong>
      {why ? <p>{why}</p> : null}
      {action}
    </div>
  );
}

/** What went wrong with a request, with what the server said to do. */
export function Failure({ error, retry }: { error: Error; retry?: (() => void) | undefined }) {
  const api = error instanceof ApiError ? error : null;
  return (
    <div role="alert">
      <Note tone="red">
        <strong>{error.message}</strong>
        {api?.detail && api.detail !== api.message ? <div>{api.detail}</div> : null}
        {api?.requestId ? <div className="t3">Request {api.requestId}</div> : null}
        {retry ? (
          <Button size="xs" mt={8} onClick={retry}>
            Try again
          </Button>
        ) : null}
      </Note>
    </div>
  );
}

/** True after `ms`: skeletons wait, so that a fast answer does not flash. */
export function useLate(active: boolean, ms = 150): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!active) {
      setLate(false);
      return;
    }
    const timer = setTimeout(() => setLate(true), ms);
    return () => clearTimeout(timer);
  }, [active, ms]);
  return active && late;
}

export function Bone({ width }: { width: number | string }) {
  return <span className={c.bone} style={{ width }} />;
}

/** Rows of the real height that do not shimmer. */
export function Bones({ rows, height = 36 }: { rows: number; height?: number }) {
  const late = useLate(true);
  return (
    <div aria-busy="true" style={{ height: rows * height }}>
      {late
        ? Array.from({ length: rows }, (_, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike and never move
            <div key={i} className="row" style={{ height, borderBottom: "1px solid var(--line)" }}>
              <Bone width={`${28 + ((i * 37) % 41)}%`} />
            </div>
          ))
        : null}
    </div>
  );
}

export function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  const first = words[0]?.charAt(0) ?? "?";
  const last = words.length > 1 ? (words.at(-1)?.charAt(0) ?? "") : "";
  return (first + last).toUpperCase();
}

export function Avatar({ name }: { name: string }) {
  return (
    <span className={c.avatar} aria-hidden="true">
      {initials(name)}
    </span>
  );
}

export function problemSummary(p: { error: number; warning: number; note: number }): string {
  const parts = [];
  if (p.error > 0) parts.push(plural(p.error, "error"));
  if (p.warning > 0) parts.push(plural(p.warning, "warning"));
  if (p.note > 0) parts.push(plural(p.note, "note"));
  return parts.join(", ") || "no problems";
}
