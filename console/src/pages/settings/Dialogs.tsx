/** What is done to a connection, each in a dialog that says beforehand what happens. Their own chunk. */
import "@mantine/core/styles/Paper.layer.css";
import "@mantine/core/styles/Overlay.layer.css";
import "@mantine/core/styles/ModalBase.layer.css";
import "@mantine/core/styles/Modal.layer.css";
import "@mantine/core/styles/ScrollArea.layer.css";
import { Button, Modal } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconCircleCheck } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import {
  type Connection,
  type HookRow,
  type HookScope,
  type Registered,
  type Report,
  registerHooks,
  removeConnection,
  reportOf,
  rotateToken,
  updateToken,
} from "../../api/connections";
import type { ConnectionStatus } from "../../api/types";
import { listOf, shownUrl, tokenOf } from "../../lib/draft";
import { faultsOf } from "../../lib/faults";
import { plural } from "../../lib/time";
import { Act } from "../../ui/Act";
import { Checks } from "../../ui/Checks";
import { DialogHead } from "../../ui/DialogHead";
import { Choice, Field, Lines } from "../../ui/Field";
import { BrokenIcon } from "../../ui/icons";
import { Failure } from "../../ui/parts";
import { TokenField, type TokenValue, tokenFault } from "../../ui/TokenField";
import s from "./settings.module.css";
import { withPermit } from "./state";

type Of = {
  connection: Connection;
  close: () => void;
  /** With the connection as it is now, and what to say on the page. */
  done: (next: Connection | null, text: string) => void;
};
type Props = Of & { act: "token" | "rotate" | "remove" | "webhooks"; reading: ConnectionStatus | undefined };

export default function Dialogs({ act, reading, ...of }: Props) {
  const { declared } = of.connection;
  if (declared && act !== "webhooks") {
    return (
      <Dialog title={of.connection.name} close={of.close}>
        <p>
          The configuration file declares this connection: change it there, under <code>gitlab:</code>.
        </p>
        <div className={s.actions}>
          <Button onClick={of.close}>Close</Button>
        </div>
      </Dialog>
    );
  }
  if (act === "token") return <UpdateToken {...of} />;
  if (act === "rotate") return <Rotate {...of} />;
  if (act === "remove") return <Remove {...of} reading={reading} />;
  return <Webhooks {...of} />;
}

function Dialog({ title, close, children }: { title: string; close: () => void; children: ReactNode }) {
  const phone = useMediaQuery("(max-width: 47.99em)", undefined, { getInitialValueInEffect: false });
  return (
    <Modal
      opened
      onClose={close}
      withCloseButton={false}
      fullScreen={phone}
      attributes={{ content: { "aria-label": title } }}
      size={640}
    >
      <DialogHead title={title} close={close} />
      <form
        className={s.dialog}
        onSubmit={(event) => event.preventDefault()}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !(event.metaKey || event.ctrlKey)) return;
          event.currentTarget.querySelector<HTMLElement>("[type=submit]")?.click();
        }}
      >
        {children}
      </form>
    </Modal>
  );
}

const wrong = (cause: unknown) => (cause instanceof Error ? cause : new Error(String(cause)));

function UpdateToken({ connection: c, close, done }: Of) {
  const [value, setValue] = useState<TokenValue>({ way: "token", token: "", place: "" });
  const [lacks, setLacks] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const [report, setReport] = useState<Report | null>(null);
  const run = async () => {
    setError(null);
    setReport(null);
    const text = value.way === "token" ? value.token : value.place;
    setLacks(text.trim() === "");
    if (text.trim() === "") return;
    try {
      const next = await updateToken(c.name, tokenOf(value.way, value.token, value.place));
      done(next, withPermit("The new token was tested and is in use", next));
    } catch (cause) {
      const failed = reportOf(cause);
      if (failed) setReport(failed);
      else setError(wrong(cause));
    }
  };
  return (
    <Dialog title={`New token for ${c.name}`} close={close}>
      <p className="t2">For {shownUrl(c.url)}. It is tested first; until it can read, the one there is stays in use.</p>
      <TokenField
        id="new-token"
        first
        value={value}
        change={(patch) => {
          setValue({ ...value, ...patch });
          setLacks(false);
        }}
        error={lacks ? "Which token?" : tokenFault(faultsOf(error))}
      />
      {error && faultsOf(error).size === 0 ? <Failure error={error} /> : null}
      <div className="row">
        <Act action="UpdateToken" on={c.name} label="Test and replace" variant="filled" size="md" submit run={run} />
        <Button size="md" onClick={close}>
          Cancel
        </Button>
      </div>
      <div role="status">
        {report ? <p className="red md">This token cannot read. The one there is stays in use.</p> : null}
      </div>
      {report ? <Checks phase="ended" checks={report.checks} before={[]} report={report} /> : null}
    </Dialog>
  );
}

function Rotate({ connection: c, close, done }: Of) {
  const [expiresOn, setExpiresOn] = useState("");
  const [error, setError] = useState<Error | null>(null);
  const facts = c.report?.facts;
  const run = async () => {
    setError(null);
    try {
      const next = await rotateToken(c.name, expiresOn || undefined);
      done(next, withPermit("GitLab made a new token, and the old one has ended", next));
    } catch (cause) {
      setError(wrong(cause));
    }
  };
  return (
    <Dialog title={`Rotate the token of ${c.name}`} close={close}>
      <p>
        GitLab makes a new token {facts?.tokenName ? <b>“{facts.tokenName}”</b> : null} with the same scopes and role,
        and <strong>the one there is ends at once</strong>. Stagedoor keeps the new one; nobody sees it.
      </p>
      <p className="t2">Whatever else uses the old token stops working.</p>
      <Field
        label="New end"
        hint="Year-month-day; without one GitLab decides, usually in a week"
        placeholder="2027-02-18"
        first
        value={expiresOn}
        change={setExpiresOn}
        error={faultsOf(error).get("expiresOn")}
      />
      {error && faultsOf(error).size === 0 ? <Failure error={error} /> : null}
      <div className="row">
        <Act action="RotateToken" on={c.name} label="Rotate token" variant="filled" size="md" submit run={run} />
        <Button size="md" onClick={close}>
          Cancel
        </Button>
      </div>
    </Dialog>
  );
}

function Remove({ connection: c, close, reading }: Of & { reading: ConnectionStatus | undefined }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [error, setError] = useState<Error | null>(null);
  const run = async () => {
    setError(null);
    try {
      await removeConnection(c.name);
      await navigate({ to: "/settings" });
      await client.invalidateQueries();
    } catch (cause) {
      setError(wrong(cause));
    }
  };
  return (
    <Dialog title={`Remove ${c.name}`} close={close}>
      <p>
        Stagedoor stops reading <b>{shownUrl(c.url)}</b> and deletes its token here.
      </p>
      {reading ? (
        <p>
          <strong>
            {plural(reading.entities, "entity", "entities")} of {plural(reading.projectsSeen, "project")}
          </strong>{" "}
          leave the catalog.
        </p>
      ) : null}
      <p className="t2">
        Nothing changes in GitLab: the token stays valid there until it is revoked
        {c.webhooks.hooks > 0
          ? `, and ${plural(c.webhooks.hooks, "webhook")} stay${c.webhooks.hooks === 1 ? "s" : ""} registered`
          : ""}
        .
      </p>
      {error ? <Failure error={error} /> : null}
      <div className="row">
        <Act
          action="RemoveConnection"
          on={c.name}
          label={`Remove ${c.name}`}
          variant="filled"
          size="md"
          submit
          run={run}
        />
        <Button size="md" onClick={close}>
          Cancel
        </Button>
      </div>
    </Dialog>
  );
}

const SCOPES: { value: HookScope; label: string; hint: string }[] = [
  { value: "system", label: "The whole GitLab", hint: "One system hook; needs an administrator's token." },
  { value: "group", label: "Groups", hint: "One hook a group, for all below it; needs GitLab Premium." },
  { value: "project", label: "Projects", hint: "One hook a project; needs Maintainer there." },
];

function hookText(hook: HookRow): string {
  if (hook.error) return hook.error;
  if (hook.tested) return "registered, and it arrives";
  return hook.permit === null ? "was registered already" : "registered, and not tried yet";
}

function Webhooks({ connection: c, close }: Of) {
  const client = useQueryClient();
  const [scope, setScope] = useState<HookScope>("group");
  const [of, setOf] = useState("");
  const [lacks, setLacks] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const [result, setResult] = useState<Registered | null>(null);
  const chosen = SCOPES.find((known) => known.value === scope);
  const list = scope === "system" ? [] : listOf(of, true);
  const run = async () => {
    setError(null);
    setResult(null);
    setLacks(scope !== "system" && list.length === 0);
    if (scope !== "system" && list.length === 0) return;
    try {
      setResult(await registerHooks(c.name, scope, list));
      await client.invalidateQueries({ queryKey: ["connections"] });
    } catch (cause) {
      setError(wrong(cause));
    }
  };
  return (
    <Dialog title={`Webhooks for ${c.name}`} close={close}>
      <p className="t2">GitLab then tells Stagedoor of changes at once, and Stagedoor asks less often.</p>
      <Choice
        label="For"
        value={scope}
        options={SCOPES}
        hint={chosen?.hint}
        change={(value) => {
          setScope(value as HookScope);
          setResult(null);
        }}
      />
      {scope === "system" ? null : (
        <Lines
          label={scope === "group" ? "Which groups" : "Which projects"}
          hint="Full paths, one a line"
          placeholder={scope === "group" ? "sandrill" : "sandrill/checkout/payments-api"}
          value={of}
          first
          change={(text) => {
            setOf(text);
            setLacks(false);
          }}
          error={lacks ? "Which?" : faultsOf(error).get("of")}
        />
      )}
      {error && faultsOf(error).size === 0 ? <Failure error={error} /> : null}
      <div role="status">
        {result ? (
          <ul className={s.result} aria-label="Registered">
            {result.registered.map((hook) => (
              <li key={hook.of}>
                {hook.error ? <BrokenIcon /> : <IconCircleCheck className={`icon-s ${s.green}`} aria-hidden="true" />}
                <span className="md">{hook.of}</span>
                <span className={hook.error ? "red" : "t3"}>{hookText(hook)}</span>
                {hook.remedy ? <span>{hook.remedy}</span> : null}
                {hook.permit ? <span className="t3 xs">audit row {hook.permit}</span> : null}
              </li>
            ))}
          </ul>
        ) : null}
      </div>
      <div className="row">
        <Act
          action="RegisterHook"
          on={c.name}
          label={scope === "system" || list.length < 2 ? "Register" : `Register ${list.length}`}
          variant="filled"
          size="md"
          submit
          run={run}
        />
        <Button size="md" onClick={close}>
          {result ? "Close" : "Cancel"}
        </Button>
      </div>
    </Dialog>
  );
}
