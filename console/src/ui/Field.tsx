/** Fields of forms in the house's size: label, field, then what is said about it. */
import "@mantine/core/styles/PasswordInput.layer.css";
import "@mantine/core/styles/InlineInput.layer.css";
import "@mantine/core/styles/Checkbox.layer.css";
import { Checkbox, NativeSelect, PasswordInput, Textarea, TextInput } from "@mantine/core";
import { IconEye, IconEyeOff } from "@tabler/icons-react";
import type { ReactNode } from "react";
import f from "./field.module.css";

const CLASSES = {
  root: f.root ?? "",
  wrapper: f.wrapper ?? "",
  label: f.label ?? "",
  input: f.input ?? "",
  description: f.hint ?? "",
  error: f.error ?? "",
};
const ORDER = ["label", "input", "error", "description"] as ("label" | "input" | "error" | "description")[];
/** Machines' words: nothing corrects them or offers to keep them. */
const EXACT = { spellCheck: false, autoComplete: "off", autoCapitalize: "off", autoCorrect: "off" } as const;

type Props = {
  label: string;
  value: string;
  change: (value: string) => void;
  hint?: ReactNode;
  error?: string | undefined;
  placeholder?: string;
  mono?: boolean;
  readOnly?: boolean;
  id?: string;
  /** Has the focus when its dialog opens. */
  first?: boolean;
};

function shared({ label, value, change, hint, error, placeholder, mono, readOnly, id, first }: Props) {
  return {
    label,
    value,
    onChange: (event: { currentTarget: { value: string } }) => change(event.currentTarget.value),
    description: hint,
    error: error ?? false,
    placeholder: placeholder ?? "",
    readOnly: readOnly ?? false,
    inputWrapperOrder: ORDER,
    ...(id ? { id } : {}),
    ...(mono ? { "data-mono": true } : {}),
    ...(first ? { "data-autofocus": true } : {}),
    ...EXACT,
  };
}

export function Field(props: Props & { inputMode?: "url" }) {
  return <TextInput classNames={CLASSES} inputMode={props.inputMode ?? "text"} {...shared(props)} />;
}

export function SecretField(props: Props) {
  return (
    <PasswordInput
      classNames={{ ...CLASSES, innerInput: f.inner ?? "" }}
      visibilityToggleIcon={({ reveal }) =>
        reveal ? <IconEyeOff className="icon" aria-hidden="true" /> : <IconEye className="icon" aria-hidden="true" />
      }
      visibilityToggleButtonProps={{ "aria-label": `Show or hide: ${props.label}`, tabIndex: 0, "aria-hidden": false }}
      {...shared({ ...props, mono: true })}
    />
  );
}

export function Lines(props: Props & { rows?: number }) {
  return <Textarea classNames={CLASSES} rows={props.rows ?? 2} resize="vertical" {...shared(props)} />;
}

export function Choice(props: {
  label: string;
  value: string;
  options: readonly { value: string; label: string }[];
  change: (value: string) => void;
  hint?: string | undefined;
}) {
  return (
    <NativeSelect
      classNames={CLASSES}
      label={props.label}
      value={props.value}
      data={[...props.options]}
      description={props.hint}
      inputWrapperOrder={ORDER}
      onChange={(event) => props.change(event.currentTarget.value)}
    />
  );
}

export function Tick(props: { label: string; on: boolean; change: (on: boolean) => void; hint?: string }) {
  return (
    <Checkbox
      className={f.tick ?? ""}
      checked={props.on}
      label={props.label}
      description={props.hint}
      onChange={(event) => props.change(event.currentTarget.checked)}
    />
  );
}

/** What few need, closed until it is asked for or something in it is wrong. */
export function More({ title, open, children }: { title: string; open?: boolean; children: ReactNode }) {
  return (
    <details className={f.more} open={open}>
      <summary>{title}</summary>
      <div className={f.body}>{children}</div>
    </details>
  );
}
