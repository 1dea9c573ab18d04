/** One connection: how it does, its checks, its token, what it reads, webhooks, and how to remove it. */
import { Button } from "@mantine/core";
import { IconExternalLink, IconPlugConnected } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { ApiError } from "../../api/client";
import { type Connection, changeDiscovery, connectionQuery, previewKept, testKept } from "../../api/connections";
import { statusQuery } from "../../api/queries";
import { discoveryOf, fieldsOf, sameDiscovery, shownUrl } from "../../lib/draft";
import { faultsOf } from "../../lib/faults";
import { exact } from "../../lib/time";
import type { ConnectionSearch } from "../../router";
import { Act } from "../../ui/Act";
import { Checks } from "../../ui/Checks";
import { DiscoveryFields, PreviewBox, usePreview } from "../../ui/DiscoveryFields";
import { Bones, Empty, Failure, Note, Section } from "../../ui/parts";
import { useTest } from "../../ui/useTest";
import { Facts, Reading } from "./Reading";
import s from "./settings.module.css";
import {
  canRotate,
  EndsSoon,
  FailingNote,
  placeOfToken,
  readText,
  StateLine,
  tokenText,
  WebhookText,
  withPermit,
} from "./state";

const Dialogs = lazy(() => import("./Dialogs"));
const FROM = "/settings/connections/$name";

export function ConnectionPage() {
  const { name } = useParams({ from: FROM });
  const { data, error, isPending, refetch } = useQuery(connectionQuery(name));
  const gone = error instanceof ApiError && error.status === 404;
  return (
    <div className={s.page}>
      <nav className={s.crumbs} aria-label="Crumbs">
        <Link to="/settings" className="quiet-link">
          Settings
        </Link>
        <span aria-hidden="true">/</span>
        <span>Connections</span>
      </nav>
      {data && !gone ? (
        <Loaded key={name} connection={data} />
      ) : (
        <>
          <h1>{name}</h1>
          {isPending ? <Bones rows={10} /> : null}
          {gone ? (
            <Empty
              what={`There is no connection ${name}.`}
              why="It was removed, or it never was."
              action={
                <Link to="/settings" className="link">
                  All connections
                </Link>
              }
            />
          ) : error ? (
            <Failure error={error} retry={() => void refetch()} />
          ) : null}
        </>
      )}
    </div>
  );
}

function Loaded({ connection: c }: { connection: Connection }) {
  const client = useQueryClient();
  const navigate = useNavigate({ from: FROM });
  const { act } = useSearch({ from: FROM });
  const { data: status } = useQuery(statusQuery);
  const reading = status?.connections.find((other) => other.name === c.name);
  const test = useTest();
  const [said, setSaid] = useState<string | null>(null);
  const open = (next: ConnectionSearch["act"]) => void navigate({ search: next ? { act: next } : {} });
  const run = async () => {
    setSaid(null);
    await test.run(testKept(c.name));
    await client.invalidateQueries({ queryKey: ["connections"] });
  };
  const shown =
    test.phase === "idle" && c.report
      ? { phase: "ended" as const, checks: c.report.checks, before: [], report: c.report }
      : { ...test, before: test.before.length > 0 ? test.before : (c.report?.checks ?? []) };
  return (
    <>
      <div className={s.pageHead}>
        <h1>{c.name}</h1>
        <a href={c.url} target="_blank" rel="noreferrer" className="row g4 t2 quiet-hover cut">
          <span className="cut">{shownUrl(c.url)}</span> <IconExternalLink className="icon-s t3" aria-hidden="true" />
        </a>
        <span className="grow" />
        <Act
          action="TestConnection"
          on={c.name}
          label={c.report ? "Test again" : "Test"}
          icon={IconPlugConnected}
          run={run}
        />
      </div>
      <div className={s.stack}>
        <StateLine connection={c} />
        <div role="status">{said ? <Note>{said}</Note> : null}</div>
        <FailingNote connection={c} />
        <EndsSoon connection={c} bare />
        {c.declared ? <Declared /> : null}
      </div>
      <Token connection={c} open={open} />
      <WhatIsRead connection={c} said={setSaid} />
      <Section title="Webhooks">
        <p>
          <WebhookText connection={c} />
        </p>
        <div className={s.actions}>
          <Act action="RegisterHook" on={c.name} label="Register webhooks…" run={() => open("webhooks")} />
        </div>
      </Section>
      {reading ? (
        <Section title="Reading">
          <div className={s.stack}>
            <Reading connection={reading} said={c.state === "failing"} />
            <dl className={s.facts}>
              <Facts connection={reading} webhooks={false} />
            </dl>
          </div>
        </Section>
      ) : null}
      <Section title="Checks">
        {test.error ? <Failure error={test.error} /> : null}
        <Checks {...shown} />
      </Section>
      {c.declared ? null : (
        <Section title="Remove">
          <p className="t2">Ends reading and deletes the token here. What it brought leaves the catalog.</p>
          <div className={s.actions}>
            <Act action="RemoveConnection" on={c.name} label="Remove…" run={() => open("remove")} />
          </div>
        </Section>
      )}
      <Suspense fallback={null}>
        {act ? (
          <Dialogs
            key={act}
            act={act}
            connection={c}
            reading={reading}
            close={() => open(undefined)}
            done={(next, text) => {
              if (next) client.setQueryData(connectionQuery(c.name).queryKey, next);
              test.clear();
              setSaid(text);
              open(undefined);
              void client.invalidateQueries({ queryKey: ["connections"] });
            }}
          />
        ) : null}
      </Suspense>
    </>
  );
}

function Declared() {
  return (
    <Note>
      <strong>Declared in the configuration file.</strong> There, under <code>gitlab:</code>, its address, token and
      rules are changed. Here it can be looked at and tested.
    </Note>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Token({ connection: c, open }: { connection: Connection; open: (act: "token" | "rotate") => void }) {
  const facts = c.report?.facts;
  return (
    <Section title="Token">
      <dl className={s.facts}>
        <Fact name="Whose">{tokenText(c)}</Fact>
        <Fact name="Scopes">
          {facts && facts.scopes.length > 0 ? <code>{facts.scopes.join(", ")}</code> : <span className="t3">–</span>}
        </Fact>
        <Fact name="Ends">
          {facts?.expiresOn ? (
            <time dateTime={facts.expiresOn} title={exact(facts.expiresOn)}>
              {facts.expiresOn}
            </time>
          ) : (
            <span className="t3">{facts?.tokenKind ? "never, or GitLab does not say" : "–"}</span>
          )}
        </Fact>
        <Fact name="Where it is">{placeOfToken(c)}</Fact>
        {c.proxy ? (
          <Fact name="Proxy">
            <code>{c.proxy}</code>
            {c.noProxy.length > 0 ? <span className="t3"> · not for {c.noProxy.join(", ")}</span> : null}
          </Fact>
        ) : null}
        {c.ca ? <Fact name="Certificates">its own, besides those of the system</Fact> : null}
      </dl>
      {c.declared ? null : (
        <div className={s.actions}>
          <Act action="UpdateToken" on={c.name} label="Update token…" run={() => open("token")} />
          {canRotate(c) ? (
            <Act action="RotateToken" on={c.name} label="Rotate token…" run={() => open("rotate")} />
          ) : null}
        </div>
      )}
    </Section>
  );
}

function WhatIsRead({ connection: c, said }: { connection: Connection; said: (text: string | null) => void }) {
  const client = useQueryClient();
  const [values, setValues] = useState<ReturnType<typeof fieldsOf> | null>(null);
  const [refusal, setRefusal] = useState<Error | null>(null);
  const preview = usePreview(JSON.stringify(values));
  if (!values) {
    return (
      <Section title="What is read">
        <p>{readText(c)}</p>
        {c.declared ? null : (
          <div className={s.actions}>
            <Act action="ChangeDiscovery" on={c.name} label="Change…" run={() => setValues(fieldsOf(c.discovery))} />
          </div>
        )}
      </Section>
    );
  }
  const faults = faultsOf(refusal ?? preview.error);
  const save = async () => {
    setRefusal(null);
    try {
      const next = await changeDiscovery(c.name, discoveryOf(values));
      client.setQueryData(connectionQuery(c.name).queryKey, next);
      setValues(null);
      said(withPermit("It is read so from now on", next));
      await client.invalidateQueries({ queryKey: ["connections"] });
    } catch (cause) {
      setRefusal(cause instanceof Error ? cause : new Error(String(cause)));
    }
  };
  return (
    <Section title="What is read">
      <form className={s.edit} onSubmit={(event) => event.preventDefault()} aria-label="What is read">
        <DiscoveryFields
          values={values}
          change={(patch) => {
            setRefusal(null);
            setValues({ ...values, ...patch });
          }}
          faults={faults}
        />
        <PreviewBox
          on={c.name}
          preview={preview.preview}
          error={preview.error}
          placed={faults.size > 0}
          run={() => preview.ask(() => previewKept(c.name, discoveryOf(values)))}
        />
        {refusal && faults.size === 0 ? <Failure error={refusal} /> : null}
        <div className="row">
          {preview.preview && !sameDiscovery(values, fieldsOf(c.discovery)) ? (
            <Act action="ChangeDiscovery" on={c.name} label="Save and read again" variant="filled" run={save} />
          ) : null}
          <Button onClick={() => setValues(null)}>Cancel</Button>
          {preview.preview ? null : <span className="t3 sm">Saved after a preview.</span>}
        </div>
      </form>
    </Section>
  );
}
