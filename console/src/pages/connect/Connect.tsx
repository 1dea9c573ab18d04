/** The first run, and every further GitLab: address and token beside the checks, then the catalog fills. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import {
  addConnection,
  type Connection,
  connectionsQuery,
  type Imported,
  type ImportedDraft,
  importConfig,
  previewDraft,
  reportOf,
  testDraft,
} from "../../api/connections";
import { statusQuery } from "../../api/queries";
import { draftOf, EMPTY, type Fields, missing, shownName, testedPart, withDraft } from "../../lib/draft";
import { faultsOf, NO_FAULTS } from "../../lib/faults";
import { isFilling } from "../../lib/freshness";
import { Checks } from "../../ui/Checks";
import { usePreview } from "../../ui/DiscoveryFields";
import { Failure, Note } from "../../ui/parts";
import { useTest } from "../../ui/useTest";
import { Connected } from "./Connected";
import p from "./connect.module.css";
import { FillingLive } from "./FillingLive";
import { ConnectForm } from "./Form";

export function Connect() {
  const client = useQueryClient();
  const right = useRef<HTMLDivElement>(null);
  const [fields, setFields] = useState<Fields>(EMPTY);
  const test = useTest();
  /** What the shown result is about. */
  const [tested, setTested] = useState("");
  const [correctedFrom, setCorrectedFrom] = useState<string | null>(null);
  const [lacking, setLacking] = useState<"url" | "token" | null>(null);
  const [refusal, setRefusal] = useState<Error | null>(null);
  const [connected, setConnected] = useState<Connection | null>(null);
  const [imported, setImported] = useState<{ got: Imported; chosen: number } | null>(null);
  const { data: kept } = useQuery(connectionsQuery);
  const { data: status } = useQuery(statusQuery);
  const now = testedPart(fields);
  const preview = usePreview(JSON.stringify(draftOf(fields)));
  const current = test.report !== null && tested === now;

  const change = useCallback(
    (patch: Partial<Fields>) => {
      const next = { ...fields, ...patch };
      // What is running would speak of an address or a token that is not there any more.
      if (testedPart(next) !== testedPart(fields)) test.stop();
      if (test.error) test.clear();
      if (patch.url !== undefined) setCorrectedFrom(null);
      setLacking(null);
      setRefusal(null);
      setFields(next);
    },
    [fields, test.stop, test.clear, test.error],
  );

  /** Focuses what is missing; true when nothing is. */
  const complete = (): boolean => {
    const lacks = missing(fields);
    setLacking(lacks);
    if (lacks) document.getElementById(`connect-${lacks}`)?.focus();
    return lacks === null;
  };

  const runTest = async () => {
    if (!complete()) return;
    setRefusal(null);
    setTested(now);
    // Where the checks stand below the form, they are what one wants to see now.
    if (matchMedia("(max-width: 68.74em)").matches) right.current?.scrollIntoView({ block: "start" });
    const report = await test.run(testDraft(draftOf(fields)));
    if (!report?.corrected || report.url === fields.url) return;
    const next = { ...fields, url: report.url };
    setCorrectedFrom(fields.url);
    setFields(next);
    setTested(testedPart(next));
  };

  const connect = async () => {
    setRefusal(null);
    try {
      const added = await addConnection(draftOf(fields));
      // The token stays nowhere in the page.
      setFields(EMPTY);
      setConnected(added);
      await Promise.all([
        client.invalidateQueries({ queryKey: ["connections"] }),
        client.invalidateQueries({ queryKey: statusQuery.queryKey }),
      ]);
    } catch (cause) {
      const report = reportOf(cause);
      if (report) {
        setTested(now);
        test.show(report);
        return;
      }
      setRefusal(cause instanceof Error ? cause : new Error(String(cause)));
      const field = ["name", "url"].find((name) => faultsOf(cause).has(name));
      if (field) document.getElementById(`connect-${field}`)?.focus();
    }
  };

  const takeFile = async (yaml: string) => {
    setRefusal(null);
    try {
      const got = await importConfig(yaml);
      setImported({ got, chosen: 0 });
      const first = got.drafts[0];
      if (first) takeDraft(first);
    } catch (cause) {
      setImported(null);
      setRefusal(cause instanceof Error ? cause : new Error(String(cause)));
    }
  };
  const takeDraft = (draft: ImportedDraft) => change(withDraft(fields, draft));

  const again = () => {
    test.clear();
    setConnected(null);
    setCorrectedFrom(null);
    setImported(null);
  };

  // The last refusal that names fields, wherever it came from.
  const faults = [refusal, test.error, preview.error].map(faultsOf).find((found) => found.size > 0) ?? NO_FAULTS;
  const testError = test.error && faultsOf(test.error).size === 0 ? test.error : null;
  const firstOne = kept?.items.length === 0;
  const filling = connected?.name ?? status?.connections.find(isFilling)?.name;
  return (
    <div className={p.page}>
      <div className={p.columns}>
        <div className={p.left}>
          <h1>{firstOne || connected ? "Connect your GitLab" : "Connect another GitLab"}</h1>
          <p className={`t2 ${p.lead}`}>Reading comes first. Nothing is written to GitLab until you allow an action.</p>
          {connected ? (
            <Connected connection={connected} again={again} />
          ) : (
            <ConnectForm
              fields={fields}
              change={change}
              name={shownName(fields)}
              report={current ? test.report : null}
              tested={test.phase !== "idle"}
              running={test.phase === "running"}
              correctedFrom={correctedFrom}
              lacking={lacking}
              faults={faults}
              refusal={faultsOf(refusal).size > 0 ? null : refusal}
              runTest={runTest}
              connect={connect}
              preview={preview.preview}
              previewError={preview.error}
              runPreview={() => (complete() ? preview.ask(() => previewDraft(draftOf(fields))) : undefined)}
              imported={imported}
              takeFile={takeFile}
              choose={(i) => {
                if (!imported) return;
                setImported({ ...imported, chosen: i });
                const draft = imported.got.drafts[i];
                if (draft) takeDraft(draft);
              }}
            />
          )}
          {filling ? <FillingLive name={filling} /> : null}
        </div>
        <div className={p.right} ref={right}>
          <Stopped phase={test.phase} error={testError} stale={test.report !== null && !current && !connected} />
          <Checks phase={test.phase} checks={test.checks} before={test.before} report={test.report} />
        </div>
      </div>
    </div>
  );
}

/** Why the result beside is not the last word. */
function Stopped({ phase, error, stale }: { phase: string; error: Error | null; stale: boolean }) {
  if (error) return <Failure error={error} />;
  return (
    <div role="status" className={p.note}>
      {phase === "stopped" ? (
        <Note>The form changed while it was tested, so the test was stopped. Test again.</Note>
      ) : stale ? (
        <Note>The form changed since this was tested. Test again.</Note>
      ) : null}
    </div>
  );
}
