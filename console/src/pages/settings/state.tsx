/** How a connection does, in words: the same on the list and on its own page. */
import { Button } from "@mantine/core";
import { IconCircleCheck, IconCircleDashed } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { Connection } from "../../api/connections";
import { beyond } from "../../lib/checks";
import { daysLeftText, discoverySummary, SOON_DAYS, tokenKindWord } from "../../lib/draft";
import { plural } from "../../lib/time";
import { Age } from "../../ui/Age";
import { RemedyBox } from "../../ui/Checks";
import { BrokenIcon } from "../../ui/icons";
import { Note } from "../../ui/parts";
import s from "./settings.module.css";

/** Icon and word, then since when or how long ago it was looked at. */
export function StateLine({ connection: c }: { connection: Connection }) {
  return (
    <div className={s.state}>
      <Word connection={c} />
      <span className="t3">
        {c.state === "failing" && c.failing ? (
          <>
            since <Age time={c.failing.since} />
            {" · "}
          </>
        ) : null}
        {c.checkedAt ? (
          <>
            tested <Age time={c.checkedAt} suffix=" ago" />
          </>
        ) : (
          "not tested yet"
        )}
      </span>
    </div>
  );
}

function Word({ connection: c }: { connection: Connection }) {
  if (c.state === "failing") {
    return (
      <span className="row g6 red md">
        <BrokenIcon /> Failing
      </span>
    );
  }
  if (c.state === "untested") {
    return (
      <span className="row g6 t2 md">
        <IconCircleDashed className="icon-s t3" aria-hidden="true" /> Untested
      </span>
    );
  }
  return (
    <span className="row g6 md">
      <IconCircleCheck className={`icon-s ${s.green}`} aria-hidden="true" />
      {c.report?.acts === false ? "Working, reading only" : "Working"}
    </span>
  );
}

/** Checks that a new token makes good. */
const OF_TOKEN = new Set(["token", "kind", "expiry", "scope-read"]);

export function tokenHelps(check: string | undefined): boolean {
  return check !== undefined && OF_TOKEN.has(check);
}

export function FailingNote({ connection: c }: { connection: Connection }) {
  const { failing } = c;
  if (!failing) return null;
  return (
    <Note tone="red">
      <strong>{failing.title}</strong>
      <div>{beyond(failing.title, failing.detail)}</div>
      {failing.workedUntil ? (
        <div className="t2">
          It worked until <Age time={failing.workedUntil} suffix=" ago" />. What is shown is from then.
        </div>
      ) : null}
      {failing.remedy ? <RemedyBox remedy={failing.remedy} plain /> : null}
    </Note>
  );
}

/** Said from two weeks before the end on. */
export function EndsSoon({ connection: c, bare = false }: { connection: Connection; bare?: boolean }) {
  const left = c.report?.facts.daysLeft;
  if (left == null || left > SOON_DAYS || c.state === "failing") return null;
  return (
    <Note tone="amber">
      <p>
        <strong>
          {left < 0 ? "The token has ended." : `The token ends ${left === 0 ? "today" : `in ${plural(left, "day")}`}.`}
        </strong>{" "}
        Nothing is read after that.{" "}
        {bare ? null : (
          <Link
            to="/settings/connections/$name"
            params={{ name: c.name }}
            search={canRotate(c) ? { act: "rotate" } : {}}
            className="link"
          >
            {canRotate(c) ? "Rotate it" : "See how to replace it"}
          </Link>
        )}
      </p>
    </Note>
  );
}

/** Only what is kept here can be written anew here, and only a token that works can ask for the next. */
export function canRotate(c: Connection): boolean {
  return !c.declared && c.tokenSource === "kept" && c.state !== "failing";
}

export function tokenText(c: Connection): string {
  const facts = c.report?.facts;
  const parts = [];
  if (facts?.tokenKind) {
    const name = facts.tokenName ? ` “${facts.tokenName}”` : "";
    parts.push(`${tokenKindWord(facts.tokenKind)}${name}${facts.tokenOwner ? ` of @${facts.tokenOwner}` : ""}`);
  }
  if (facts?.daysLeft != null) parts.push(daysLeftText(facts.daysLeft));
  if (parts.length > 0) return parts.join(", ");
  return c.state === "failing" ? "not known while it fails" : "not known yet";
}

export function placeOfToken(c: Connection): string {
  return c.tokenSource === "kept" ? "kept encrypted" : `from ${c.tokenPlace ?? c.tokenSource}`;
}

export function WebhookText({ connection: { webhooks: w } }: { connection: Connection }) {
  return (
    <>
      {w.mode === "listening" ? "Listening" : "Asking"}
      <span className="t3">
        {" "}
        · {w.why}
        {w.hooks > 0 ? ` · ${plural(w.hooks, "hook")}` : ""}
        {w.received > 0 ? (
          <>
            {" · "}
            {plural(w.received, "event")}, last <Age time={w.lastReceivedAt} suffix=" ago" />
          </>
        ) : null}
      </span>
    </>
  );
}

export const readText = (c: Connection) => discoverySummary(c.discovery);

/** What was done, and the row of the audit trail that tells of it. */
export function withPermit(text: string, { permit }: Connection): string {
  return permit ? `${text} · audit row ${permit}` : `${text}.`;
}

/** A button of a remedy that leads to where it can be done. */
export function ToConnection(props: { name: string; act?: "token"; label: string }) {
  return (
    <Button
      component={Link}
      to="/settings/connections/$name"
      params={{ name: props.name } as never}
      search={(props.act ? { act: props.act } : {}) as never}
      size="xs"
    >
      {props.label}
    </Button>
  );
}
