/** How the reading of a connection goes: what runs, what failed, what was left out, and the figures. */
import "@mantine/core/styles/Progress.layer.css";
import { Progress } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ConnectionStatus } from "../../api/types";
import { isBusy, phaseText, progress } from "../../lib/freshness";
import { count, plural, span } from "../../lib/time";
import { Age } from "../../ui/Age";
import { useNow } from "../../ui/now";
import { Note, Severity } from "../../ui/parts";
import { Refresh } from "../../ui/Refresh";
import s from "./settings.module.css";

const WHOSE: Record<string, string> = {
  ours: "Stagedoor's fault",
  upstream: "GitLab's side",
  caller: "The configuration",
};

/** `said`: why it fails stands above already. */
export function Reading({ connection: c, said = false }: { connection: ConnectionStatus; said?: boolean }) {
  const part = progress(c);
  return (
    <>
      {isBusy(c) ? (
        <div className={s.progress} aria-live="polite">
          <Progress value={part === null ? 100 : part * 100} size={4} color="gray.7" aria-label={`Reading ${c.name}`} />
          <span className="sm t2">{phaseText(c)}</span>
        </div>
      ) : null}
      {c.error && !said ? (
        <Note tone="red">
          <strong>{c.error.message}</strong>
          <div>{c.error.remedy}</div>
          <div className="t2">
            {WHOSE[c.error.whose] ?? c.error.whose} · <code>{c.error.code}</code> ·{" "}
            {c.error.retry ? "it is tried again by itself" : "it is not tried again before something changes"}
          </div>
        </Note>
      ) : null}
      {c.partial.map((part) => (
        <div key={part.what} className="sm">
          <Severity severity="partial" /> {part.what}: {part.reason}{" "}
          <span className="t3">
            since <Age time={part.since} />
          </span>
        </div>
      ))}
    </>
  );
}

/** Rows of a list of facts. */
export function Facts({ connection: c, webhooks = true }: { connection: ConnectionStatus; webhooks?: boolean }) {
  const now = useNow();
  const next = c.nextAt ? (Date.parse(c.nextAt) - now) / 1000 : null;
  return (
    <>
      <dt>State</dt>
      <dd className={s.act}>
        {phaseText(c)}
        <Refresh target={{ connection: c.name }} label="Read everything again" />
      </dd>
      <dt>Last complete read</dt>
      <dd>
        <Age time={c.lastGoodAt} suffix=" ago" />
      </dd>
      <dt>Next</dt>
      <dd>
        {next === null ? "–" : next <= 0 ? "now" : `in ${span(next)}`}
        <span className="t3"> · every {span(c.intervalSeconds)}</span>
      </dd>
      <dt>Projects</dt>
      <dd>{count(c.projectsSeen)}</dd>
      <dt>Entities</dt>
      <dd>
        <Link to="/catalog" className="quiet-hover">
          {count(c.entities)}
        </Link>
      </dd>
      <dt>Requests since the start</dt>
      <dd>{count(c.requests)}</dd>
      {webhooks ? (
        <>
          <dt>Webhooks</dt>
          <dd>
            {c.webhooks.received === 0 ? (
              "None received: changes show after the next read"
            ) : (
              <>
                {plural(c.webhooks.received, "event")}, last <Age time={c.webhooks.lastReceivedAt} suffix=" ago" />
              </>
            )}
          </dd>
        </>
      ) : null}
    </>
  );
}
