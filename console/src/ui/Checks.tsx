/** The checks of a connection as they end, each failed one with what to do about it. */
import { Button } from "@mantine/core";
import {
  IconAlertTriangle,
  IconChevronsRight,
  IconCircleCheck,
  IconCircleDashed,
  IconCopy,
  IconExternalLink,
  IconLoader2,
} from "@tabler/icons-react";
import { useRef, useState } from "react";
import type { Check, Remedy } from "../api/connections";
import { beyond, type Part, type Row, rowsOf, summary } from "../lib/checks";
import k from "./checks.module.css";
import { BrokenIcon } from "./icons";
import type { TestState } from "./useTest";

const PARTS: readonly { part: Part; title: string }[] = [
  { part: "read", title: "To read" },
  { part: "use", title: "To act and to hear" },
  { part: "extra", title: "Good to have" },
];

type Props = Pick<TestState, "phase" | "checks" | "before" | "report">;

export function Checks({ phase, checks, before, report }: Props) {
  const running = phase === "running";
  const failed = checks.some((check) => check.grade === "read" && check.state !== "passed" && check.state !== "note");
  const reads = report ? report.reads : failed ? false : null;
  const old = new Map(before.map((check) => [check.id, check]));
  return (
    <div aria-live="polite" aria-busy={running} className={k.parts}>
      {PARTS.map(({ part, title }) => {
        const rows = rowsOf(part, checks, running, phase === "ended");
        if (rows.length === 0) return null;
        return (
          <section key={part} aria-label={title}>
            <div className={k.head}>
              <h2>{title}</h2>
              <span className="t3 sm md">{summary(part, checks, reads, rows.length)}</span>
            </div>
            <ul>
              {rows.map((row, i) => (
                <li key={row.id} className={k.row} data-state={row.check?.state ?? "waiting"}>
                  {row.check ? (
                    <Ended check={row.check} again={row.check.detail === rows[i - 1]?.check?.detail} />
                  ) : (
                    <Waiting row={row} before={old.get(row.id)} />
                  )}
                </li>
              ))}
            </ul>
          </section>
        );
      })}
    </div>
  );
}

const WORD: Record<Check["state"], string> = {
  passed: "Passed",
  failed: "Failed",
  note: "Note",
  skipped: "Not reached",
};

function StateIcon({ state }: { state: Check["state"] }) {
  if (state === "failed") return <BrokenIcon />;
  if (state === "note") return <IconAlertTriangle className="icon" aria-hidden="true" />;
  if (state === "skipped") return <IconChevronsRight className="icon t3" aria-hidden="true" />;
  return <IconCircleCheck className={`icon ${k.green}`} aria-hidden="true" />;
}

/** `again`: the reason it was not reached stands in the row above already. */
function Ended({ check, again }: { check: Check; again: boolean }) {
  const said = check.state === "failed" || check.state === "note";
  return (
    <>
      <StateIcon state={check.state} />
      <div className={said ? k.said : k.line}>
        <span className={k.title}>{check.title}</span>
        {again && check.state === "skipped" ? null : <span className="t3 sm">{beyond(check.title, check.detail)}</span>}
      </div>
      <span className={`sm ${check.state === "failed" ? "red" : check.state === "note" ? "t2" : "t3"}`}>
        {WORD[check.state]}
      </span>
      {said && check.remedy ? <RemedyBox remedy={check.remedy} /> : null}
    </>
  );
}

function Waiting({ row, before }: { row: Extract<Row, { check: null }>; before: Check | undefined }) {
  const checking = row.turn === "checking";
  const said = before && (before.state === "failed" || before.state === "note");
  return (
    <>
      {checking ? (
        <IconLoader2 className="icon t2 turn" aria-hidden="true" />
      ) : (
        <IconCircleDashed className="icon t3" aria-hidden="true" />
      )}
      <div className={said ? k.said : k.line}>
        <span className={checking ? k.title : `${k.title} t3`}>{before?.title ?? row.title}</span>
        {before ? <span className="t3 sm">{before.detail}</span> : null}
      </div>
      <span className={`sm ${checking ? "t2" : "t3"}`}>{checking ? "Checking" : "Not yet"}</span>
      {said && before.remedy ? <RemedyBox remedy={before.remedy} /> : null}
    </>
  );
}

/** `plain`: inside a note, which has a ground of its own. */
export function RemedyBox({ remedy, plain = false }: { remedy: Remedy; plain?: boolean }) {
  return (
    <div className={k.remedy} {...(plain ? { "data-plain": true } : {})}>
      <p>{remedy.text}</p>
      {remedy.copy ? <Copy text={remedy.copy} /> : null}
      {remedy.link ? (
        <Button
          component="a"
          href={remedy.link.url}
          target="_blank"
          rel="noreferrer"
          size="xs"
          leftSection={<IconExternalLink className="icon-s" aria-hidden="true" />}
        >
          {remedy.link.label}
        </Button>
      ) : null}
    </div>
  );
}

export function Copy({ text }: { text: string }) {
  const code = useRef<HTMLElement>(null);
  const [said, setSaid] = useState("Copy");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("Copied");
    } catch {
      // Without https there is no clipboard: the text is marked, the keys do the rest.
      if (code.current) getSelection()?.selectAllChildren(code.current);
      setSaid("Marked: press Ctrl C");
    }
    setTimeout(setSaid, 2000, "Copy");
  };
  return (
    <div className={k.copy}>
      <code ref={code}>{text}</code>
      <Button
        size="xs"
        variant="subtle"
        color="gray"
        leftSection={<IconCopy className="icon-s" aria-hidden="true" />}
        onClick={() => void copy()}
        aria-label={said === "Copy" ? `Copy ${text}` : said}
      >
        {said}
      </Button>
    </div>
  );
}
