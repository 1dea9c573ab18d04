/** A connection in the list of Settings: how it does and what it reads. Everything to be done is on its own page. */
import { IconExternalLink, IconPlugConnected } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type Connection, testKept } from "../../api/connections";
import type { ConnectionStatus } from "../../api/types";
import { shownUrl } from "../../lib/draft";
import { Act } from "../../ui/Act";
import { Checks } from "../../ui/Checks";
import { Failure, Tag } from "../../ui/parts";
import { useTest } from "../../ui/useTest";
import { Facts, Reading } from "./Reading";
import s from "./settings.module.css";
import {
  EndsSoon,
  FailingNote,
  placeOfToken,
  readText,
  StateLine,
  ToConnection,
  tokenHelps,
  tokenText,
  WebhookText,
} from "./state";

type Props = { name: string; connection: Connection | undefined; reading: ConnectionStatus | undefined };

export function Card({ name, connection: c, reading }: Props) {
  const client = useQueryClient();
  const test = useTest();
  const url = c?.url ?? reading?.url ?? "";
  const run = async () => {
    await test.run(testKept(name));
    await client.invalidateQueries({ queryKey: ["connections"] });
  };
  return (
    <article className={s.connection} aria-label={name}>
      <div className={s.top}>
        <h3 className={s.name}>
          <Link to="/settings/connections/$name" params={{ name }} className="quiet-hover">
            {name}
          </Link>
        </h3>
        <a href={url} target="_blank" rel="noreferrer" className="row g4 t2 quiet-hover cut">
          <span className="cut">{shownUrl(url)}</span> <IconExternalLink className="icon-s t3" aria-hidden="true" />
        </a>
        {c?.declared ? <Tag title="Declared in the configuration file">configuration</Tag> : null}
        <span className="grow" />
        {c ? (
          <span className="row">
            {c.state === "failing" && !c.declared && tokenHelps(c.failing?.check) ? (
              <ToConnection name={name} act="token" label="Update token" />
            ) : null}
            <Act action="TestConnection" on={name} label="Test again" icon={IconPlugConnected} size="xs" run={run} />
            <ToConnection name={name} label="Manage" />
          </span>
        ) : null}
      </div>
      {c ? (
        <>
          <StateLine connection={c} />
          <FailingNote connection={c} />
          <EndsSoon connection={c} />
        </>
      ) : null}
      {test.error ? <Failure error={test.error} /> : null}
      {test.phase === "running" || test.phase === "ended" ? (
        <div className={s.checks}>
          <Checks {...test} before={test.before.length > 0 ? test.before : (c?.report?.checks ?? [])} />
        </div>
      ) : null}
      {reading ? <Reading connection={reading} said={c?.state === "failing"} /> : null}
      <dl className={s.facts}>
        {c ? (
          <>
            <dt>Reads</dt>
            <dd>{readText(c)}</dd>
            <dt>Token</dt>
            <dd>
              {tokenText(c)} <span className="t3">· {placeOfToken(c)}</span>
            </dd>
            <dt>Webhooks</dt>
            <dd>
              <WebhookText connection={c} />
            </dd>
          </>
        ) : null}
        {reading ? <Facts connection={reading} webhooks={!c} /> : null}
      </dl>
    </article>
  );
}
