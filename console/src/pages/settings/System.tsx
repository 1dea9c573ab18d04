/** The processes that share the database, and what this Stagedoor is. */
import { IconCircleCheck, IconHourglass } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { instanceQuery } from "../../api/queries";
import { type Replica, replicasQuery } from "../../api/solid";
import { ageSeconds, plural } from "../../lib/time";
import { Age } from "../../ui/Age";
import { useNow } from "../../ui/now";
import { Bones, Failure, Note, Section, Tag } from "../../ui/parts";
import s from "./settings.module.css";
import t from "./system.module.css";
import { SettingsTabs } from "./Tabs";

export function System() {
  return (
    <div className={s.page}>
      <h1 className={s.title}>Settings</h1>
      <SettingsTabs />
      <Replicas />
      <About />
    </div>
  );
}

function Replicas() {
  const { data, error, isPending, refetch } = useQuery(replicasQuery);
  const items = data?.items ?? [];
  return (
    <Section title="Replicas" number={data ? items.length : undefined}>
      {isPending ? <Bones rows={3} /> : null}
      {error ? <Failure error={error} retry={() => void refetch()} /> : null}
      {items.length > 0 ? (
        <div className={t.scroll}>
          <table className={t.table} aria-label="Replicas">
            <thead>
              <tr>
                <th scope="col">Host</th>
                <th scope="col">Seen</th>
                <th scope="col">Changes of others</th>
                <th scope="col">Runs since</th>
                <th scope="col">Version</th>
              </tr>
            </thead>
            <tbody>
              {items.map((replica) => (
                <Row key={replica.id} replica={replica} />
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
      {data ? <Explained items={items} /> : null}
    </Section>
  );
}

function Explained({ items }: { items: Replica[] }) {
  if (items.length <= 1) {
    return (
      <p className={t.said}>
        One process does everything. Several can share the work, and one may fail, when the database is PostgreSQL; on
        SQLite there is always exactly one.
      </p>
    );
  }
  if (!items.some((replica) => replica.leader)) {
    return (
      <div className={t.said}>
        <Note tone="amber">
          <strong>No leader.</strong> Nobody reads everything by the timetable now; webhooks and jobs go on. Another
          takes over by itself within seconds.
        </Note>
      </div>
    );
  }
  return (
    <p className={t.said}>
      All of them answer pages, take webhooks and do jobs. The leader also reads everything by the timetable; when it is
      gone, another takes over by itself.
    </p>
  );
}

/** Each one says that it is there every few seconds. Above this it has probably gone (seconds). */
const GONE = 30;

function Row({ replica: r }: { replica: Replica }) {
  const now = useNow();
  const gone = (ageSeconds(r.seenAt, now) ?? 0) > GONE;
  return (
    <tr>
      <th scope="row">
        <span className="row g6">
          <span className="cut" title={`${r.host}, process ${r.id}`}>
            {r.host}
          </span>
          {r.leader ? <Tag title="Reads everything by the timetable">Leader</Tag> : null}
          {r.self ? <Tag title="The one that answers this page">This one</Tag> : null}
        </span>
        <code className="t3">{r.id}</code>
      </th>
      <td data-label="Seen">
        {gone ? (
          <span className="row g6">
            <IconHourglass className={`icon-s ${t.amber}`} aria-hidden="true" />
            <span>
              Not seen for <Age time={r.seenAt} />
            </span>
          </span>
        ) : (
          <span className="row g6">
            <IconCircleCheck className={`icon-s ${s.green}`} aria-hidden="true" />
            <span>
              <Age time={r.seenAt} suffix=" ago" />
            </span>
          </span>
        )}
      </td>
      <td data-label="Changes of others">
        {r.feedLag === 0 ? "Up to date" : <span className="md">{plural(r.feedLag, "change")} behind</span>}
      </td>
      <td data-label="Runs since">
        <Age time={r.startedAt} />
      </td>
      <td data-label="Version">
        <code>{r.version}</code>
      </td>
    </tr>
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
