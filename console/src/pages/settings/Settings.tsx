/** The connections and their state, and how the console looks. What the configuration file declares is read-only. */
import "@mantine/core/styles/InlineInput.layer.css";
import "@mantine/core/styles/Checkbox.layer.css";
import "@mantine/core/styles/Progress.layer.css";
import { Button, Checkbox, Progress, useMantineColorScheme } from "@mantine/core";
import { IconDeviceDesktop, IconExternalLink, IconMoon, IconSun } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { instanceQuery, statusQuery } from "../../api/queries";
import type { ConnectionStatus } from "../../api/types";
import { isBusy, phaseText, progress } from "../../lib/freshness";
import { setSingleKeys, singleKeysOn } from "../../lib/keys";
import { count, plural, span } from "../../lib/time";
import { Age } from "../../ui/Age";
import { useNow } from "../../ui/now";
import { Bones, Empty, Failure, Note, Section, Severity } from "../../ui/parts";
import { Refresh } from "../../ui/Refresh";
import s from "./settings.module.css";

export function Settings() {
  const { data: status, error, refetch, isPending } = useQuery(statusQuery);
  return (
    <div className={s.page}>
      <h1 className={s.title}>Settings</h1>
      <Section title="Connections" number={status?.connections.length}>
        {isPending ? <Bones rows={6} /> : null}
        {error && !status ? <Failure error={error} retry={() => void refetch()} /> : null}
        {status?.connections.map((connection) => (
          <Connection key={connection.name} connection={connection} />
        ))}
        {status?.connections.length === 0 ? (
          <Empty
            what="No connection."
            why="Name a GitLab address and a token under gitlab: in the configuration file."
          />
        ) : null}
      </Section>
      <Appearance />
      <About />
    </div>
  );
}

const WHOSE: Record<string, string> = {
  ours: "Stagedoor's fault",
  upstream: "GitLab's side",
  caller: "The configuration",
};

function Connection({ connection: c }: { connection: ConnectionStatus }) {
  const part = progress(c);
  return (
    <article className={s.connection} aria-label={c.name}>
      <div className="row">
        <h3 className={s.name}>{c.name}</h3>
        <a href={c.url} target="_blank" rel="noreferrer" className="row g4 t2 quiet-hover cut">
          <span className="cut">{c.url}</span> <IconExternalLink className="icon-s t3" aria-hidden="true" />
        </a>
        <span className="grow" />
        <Refresh target={{ connection: c.name }} label="Read everything again" />
      </div>
      {isBusy(c) ? (
        <div className={s.progress} aria-live="polite">
          <Progress value={part === null ? 100 : part * 100} size={4} color="gray.7" aria-label={`Reading ${c.name}`} />
          <span className="sm t2">{phaseText(c)}</span>
        </div>
      ) : null}
      {c.error ? (
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
      <Facts connection={c} />
    </article>
  );
}

function Facts({ connection: c }: { connection: ConnectionStatus }) {
  const now = useNow();
  const next = c.nextAt ? (Date.parse(c.nextAt) - now) / 1000 : null;
  return (
    <dl className={s.facts}>
      <dt>State</dt>
      <dd>{phaseText(c)}</dd>
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
    </dl>
  );
}

function Appearance() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [keys, setKeys] = useState(singleKeysOn);
  const choices = [
    ["auto", "System", IconDeviceDesktop],
    ["light", "Light", IconSun],
    ["dark", "Dark", IconMoon],
  ] as const;
  return (
    <Section title="Appearance and keys">
      <Button.Group aria-label="Colours">
        {choices.map(([scheme, label, Icon]) => (
          <Button
            key={scheme}
            size="md"
            aria-pressed={colorScheme === scheme}
            className={colorScheme === scheme ? (s.chosen ?? "") : ""}
            leftSection={<Icon className="icon-s" aria-hidden="true" />}
            onClick={() => setColorScheme(scheme)}
          >
            {label}
          </Button>
        ))}
      </Button.Group>
      <Checkbox
        mt={12}
        checked={keys}
        label="Single keys do something (they never do inside a field)"
        onChange={(event) => {
          setKeys(event.currentTarget.checked);
          setSingleKeys(event.currentTarget.checked);
        }}
      />
    </Section>
  );
}

function About() {
  const { data: instance } = useQuery(instanceQuery);
  if (!instance) return null;
  return (
    <Section title="About">
      <dl className={s.facts}>
        <dt>Version</dt>
        <dd>
          <code>{instance.version}</code>
        </dd>
        <dt>Acting as</dt>
        <dd>
          {instance.person.name} <span className="t3">({instance.person.id})</span>
        </dd>
        <dt>API</dt>
        <dd>
          <a href="/api/v1/openapi.json" className="link">
            OpenAPI description
          </a>
        </dd>
      </dl>
    </Section>
  );
}
