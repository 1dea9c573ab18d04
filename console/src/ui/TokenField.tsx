/** A token: pasted and kept encrypted, or named as a file or a variable of the server. */
import { UnstyledButton } from "@mantine/core";
import type { ReactNode } from "react";
import type { TokenWay } from "../lib/draft";
import type { Faults } from "../lib/faults";
import { Field, SecretField } from "./Field";
import f from "./field.module.css";

export type TokenValue = { way: TokenWay; token: string; place: string };

type Props = {
  id: string;
  value: TokenValue;
  change: (patch: Partial<TokenValue>) => void;
  error: string | undefined;
  /** Has the focus when its dialog opens. */
  first?: boolean;
  /** What is known of the token already. */
  known?: ReactNode;
};

export function tokenFault(faults: Faults): string | undefined {
  return ["token", "tokenFrom", "tokenFrom.file", "tokenFrom.env"].map((key) => faults.get(key)).find(Boolean);
}

export function TokenField({ id, value, change, error, known, first = false }: Props) {
  const to = (way: TokenWay, label: string) => (
    <UnstyledButton className={`link ${f.inline}`} onClick={() => change({ way })}>
      {label}
    </UnstyledButton>
  );
  const { way } = value;
  return (
    <div className={f.token}>
      {way === "token" ? (
        <SecretField
          id={id}
          label="Token"
          placeholder="glpat-…"
          value={value.token}
          change={(token) => change({ token })}
          error={error}
          first={first}
        />
      ) : (
        <Field
          id={id}
          label={way === "file" ? "File with the token" : "Variable with the token"}
          placeholder={way === "file" ? "gitlab-token" : "STAGEDOOR_SECRET_GITLAB"}
          value={value.place}
          change={(place) => change({ place })}
          error={error}
          mono
        />
      )}
      <p className={f.below}>
        {known}
        {way === "token" ? (
          <>
            Kept encrypted; or name a {to("file", "file")} or a {to("env", "variable")}.
          </>
        ) : way === "file" ? (
          <>
            A name inside the server's folder of secrets; or a {to("env", "variable")}, or {to("token", "paste it")}.
          </>
        ) : (
          <>
            Of the server, beginning with STAGEDOOR_SECRET_; or a {to("file", "file")}, or {to("token", "paste it")}.
          </>
        )}
      </p>
    </div>
  );
}
