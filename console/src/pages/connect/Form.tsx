/** The left side: what is asked of the person. */
import { IconRefresh } from "@tabler/icons-react";
import type { Imported, Preview, Report } from "../../api/connections";
import { daysLeftText, type Fields, tokenKindWord } from "../../lib/draft";
import type { Faults } from "../../lib/faults";
import { Act } from "../../ui/Act";
import { DiscoveryFields, PreviewBox } from "../../ui/DiscoveryFields";
import { Choice, Field, Lines, More } from "../../ui/Field";
import { FilePick } from "../../ui/FilePick";
import { Failure } from "../../ui/parts";
import { TokenField, tokenFault } from "../../ui/TokenField";
import p from "./connect.module.css";

type Props = {
  fields: Fields;
  change: (patch: Partial<Fields>) => void;
  name: string;
  /** Of the test of just these fields; null without one. */
  report: Report | null;
  tested: boolean;
  running: boolean;
  correctedFrom: string | null;
  lacking: "url" | "token" | null;
  faults: Faults;
  refusal: Error | null;
  runTest: () => unknown;
  connect: () => unknown;
  preview: Preview | null;
  previewError: Error | null;
  runPreview: () => unknown;
  imported: { got: Imported; chosen: number } | null;
  takeFile: (yaml: string) => unknown;
  choose: (draft: number) => void;
};

const NETWORK = ["proxy", "noProxy", "ca"];
const ELSEWHERE = ["url", "token", "tokenFrom", "tokenFrom.file", "tokenFrom.env", "name"];

export function ConnectForm(props: Props) {
  const { fields: f, change, faults, lacking } = props;
  const inDiscovery = [...faults.keys()].some((key) => !NETWORK.includes(key) && !ELSEWHERE.includes(key));
  return (
    <form className={p.form} aria-label="Connection" noValidate onSubmit={(event) => event.preventDefault()}>
      <Field
        id="connect-url"
        label="GitLab address"
        inputMode="url"
        placeholder="https://gitlab.example.com"
        value={f.url}
        change={(url) => change({ url })}
        error={lacking === "url" ? "Which GitLab?" : faults.get("url")}
        hint={
          props.correctedFrom !== null ? (
            <span role="status">
              Corrected from <code>{props.correctedFrom}</code>
            </span>
          ) : null
        }
      />
      <Token {...props} />
      <Field
        id="connect-name"
        label="Name"
        hint="How it is called here; part of addresses, so it stays"
        value={props.name}
        change={(name) => change({ name, named: name !== "" })}
        error={faults.get("name")}
      />
      <Buttons {...props} />
      {props.refusal ? <Failure error={props.refusal} /> : null}
      <div className={p.mores}>
        <More title="Proxy and certificates" open={NETWORK.some((key) => faults.has(key))}>
          <Field
            label="Proxy"
            placeholder="http://user:password@proxy:3128"
            value={f.proxy}
            change={(proxy) => change({ proxy })}
            error={faults.get("proxy")}
            mono
          />
          <Lines
            label="Not through the proxy"
            hint="Hosts, .domains, networks, host:port; one a line"
            placeholder=".example.com"
            value={f.noProxy}
            change={(noProxy) => change({ noProxy })}
            error={faults.get("noProxy")}
          />
          <Lines
            label="Certificates to trust"
            hint="PEM or base64, besides those of the system"
            placeholder="-----BEGIN CERTIFICATE-----"
            rows={4}
            value={f.ca}
            change={(ca) => change({ ca })}
            error={faults.get("ca")}
          />
          <FilePick label="From a file" accept=".pem,.crt,.cer,.txt" take={(ca) => change({ ca })} />
        </More>
        <More title="What to read" open={inDiscovery}>
          <Import {...props} />
          <DiscoveryFields
            values={f.discovery}
            change={(patch) => change({ discovery: { ...f.discovery, ...patch } })}
            faults={faults}
          />
          <PreviewBox
            on={props.name}
            preview={props.preview}
            error={props.previewError}
            placed={inDiscovery}
            run={props.runPreview}
          />
        </More>
      </div>
    </form>
  );
}

function Token({ fields: f, change, report, lacking, faults }: Props) {
  const lacks = lacking === "token" ? (f.way === "token" ? "Which token?" : "Which one?") : undefined;
  return (
    <TokenField
      id="connect-token"
      value={f}
      change={change}
      error={lacks ?? tokenFault(faults)}
      known={<Whose report={report} />}
    />
  );
}

/** "Group token of sandrill, 90 days left." once it is known. */
function Whose({ report }: { report: Report | null }) {
  const facts = report?.facts;
  if (!facts?.tokenKind) return null;
  const owner = facts.tokenKind === "group" || facts.tokenKind === "project" ? facts.tokenName : facts.tokenOwner;
  return (
    <>
      {tokenKindWord(facts.tokenKind)}
      {owner ? (
        <>
          {" "}
          of <b>{owner}</b>
        </>
      ) : null}
      {facts.daysLeft === null ? "" : `, ${daysLeftText(facts.daysLeft)}`}.{" "}
    </>
  );
}

function Buttons({ report, name, tested, running, runTest, connect }: Props) {
  const ready = report?.reads ?? false;
  return (
    <div className={p.buttons}>
      {ready ? (
        <Act
          submit
          action="AddConnection"
          on={name}
          label={report?.acts ? "Connect" : "Continue, reading only"}
          variant="filled"
          size="md"
          run={connect}
        />
      ) : null}
      <Act
        submit={!ready}
        action="TestConnection"
        on={name}
        label={running ? "Testing" : tested ? "Test again" : "Test"}
        icon={IconRefresh}
        variant={ready ? "default" : "filled"}
        size="md"
        run={runTest}
      />
    </div>
  );
}

function Import({ imported, takeFile, choose }: Props) {
  return (
    <div className={p.import}>
      <div className="row wrap">
        <FilePick label="Import app-config.yaml" accept=".yaml,.yml" take={takeFile} />
        <span className="t3 sm">takes address and rules from it, never a token</span>
      </div>
      <div role="status">
        {imported ? (
          <>
            {imported.got.drafts.length > 1 ? (
              <Choice
                label="Which GitLab of the file"
                value={String(imported.chosen)}
                options={imported.got.drafts.map((draft, i) => ({ value: String(i), label: draft.url }))}
                change={(value) => choose(Number(value))}
              />
            ) : null}
            <p className="sm">
              {imported.got.drafts.length === 0 ? "No GitLab found in the file." : "Taken from the file."}
            </p>
            {imported.got.notes.map((note) => (
              <p key={note} className="sm t3">
                {note}
              </p>
            ))}
          </>
        ) : null}
      </div>
    </div>
  );
}
