/** The catalog as it fills: how far, how long still, and what came in last. */
import "@mantine/core/styles/Progress.layer.css";
import { Progress } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { latestQuery, ownedServicesQuery, statusQuery } from "../../api/queries";
import type { ConnectionStatus, EntityRow } from "../../api/types";
import { leftText, secondsLeft } from "../../lib/estimate";
import { isFilling, phaseText, progress } from "../../lib/freshness";
import { count, plural } from "../../lib/time";
import { EntityLink } from "../../ui/EntityLink";
import { EvidenceIcon, evidenceWord } from "../../ui/icons";
import { useNow } from "../../ui/now";
import { Failure, Note } from "../../ui/parts";
import p from "./connect.module.css";

const SHOWN = 6;

export function FillingLive({ name }: { name: string }) {
  const { data: status, error } = useQuery(statusQuery);
  const connection = status?.connections.find((c) => c.name === name);
  const { data: services } = useQuery(ownedServicesQuery);
  const { data: latest } = useQuery(latestQuery(SHOWN));
  const filling = !connection || isFilling(connection);
  const owners = services?.facets.evidence ?? [];
  const missing = owners.find((value) => value.value === "missing")?.count ?? 0;
  return (
    <section className={p.filling} aria-label={filling ? "The catalog is filling" : "The catalog is filled"}>
      <div className="row">
        <h2 className="grow">{filling ? "The catalog is filling" : "The catalog is filled"}</h2>
        {connection && filling ? <Left connection={connection} /> : null}
      </div>
      <Bar connection={connection} filling={filling} />
      {error && !status ? <Failure error={error} /> : null}
      <div className={`row wrap sm t2 ${p.figures}`}>
        <Figures connection={connection} />
        {services ? (
          <>
            <span>
              <b>{count(services.total)}</b> {services.total === 1 ? "service" : "services"}
            </span>
            <span>
              <b>{count(services.total - missing)}</b> with owner
            </span>
          </>
        ) : null}
      </div>
      {connection?.error ? (
        <Note tone="red">
          <strong>{connection.error.message}</strong>
          <div>{connection.error.remedy}</div>
        </Note>
      ) : null}
      <ul className={p.latest} aria-label="Read last">
        {Array.from({ length: SHOWN }, (_, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: places of a list that stands still, filled from the top
          <li key={i}>{latest?.items[i] ? <Latest row={latest.items[i]} /> : null}</li>
        ))}
      </ul>
      <p className="sm t3">
        {filling ? "You may close this page, filling goes on. " : "Changes in GitLab show by themselves from now on. "}
        <Link to="/catalog" className="link">
          To the catalog
        </Link>
      </p>
    </section>
  );
}

function Left({ connection: c }: { connection: ConnectionStatus }) {
  const now = useNow();
  return <span className="t3 sm">{leftText(secondsLeft(c.startedAt, c.projectsSeen, c.projectsExpected, now))}</span>;
}

function Bar({ connection, filling }: { connection: ConnectionStatus | undefined; filling: boolean }) {
  const part = connection ? progress(connection) : null;
  return (
    <Progress
      value={filling ? (part ?? 0) * 100 : 100}
      size={4}
      color="gray.7"
      className={p.bar ?? ""}
      aria-label="Projects read"
      transitionDuration={200}
    />
  );
}

function Figures({ connection: c }: { connection: ConnectionStatus | undefined }) {
  if (!c || c.phase === "waiting") return <span>Waiting to start</span>;
  if (c.phase === "discovering" || !c.projectsExpected) return <span>{phaseText(c)}</span>;
  return (
    <span>
      <b>{count(c.projectsSeen)}</b> of {plural(c.projectsExpected, "project")}
    </span>
  );
}

function Latest({ row }: { row: EntityRow }) {
  const { owner } = row;
  const found = owner && owner.evidence !== "missing";
  return (
    <>
      <IconCheck className={`icon-s ${p.green}`} aria-hidden="true" />
      <EntityLink to={row.ref} className={`md cut ${p.name} quiet-hover`}>
        {row.title ?? row.name}
      </EntityLink>
      <span className="row g4 t2 grow">
        <EvidenceIcon evidence={found ? owner.evidence : "missing"} />
        <span className="cut">{found ? (owner.title ?? owner.name) : "No owner found"}</span>
      </span>
      <span className="t3 xs nowrap">{found ? evidenceWord(owner.evidence, owner.detail) : "in the queue"}</span>
    </>
  );
}
