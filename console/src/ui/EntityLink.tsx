/** A link to the page of an entity; plain text when the reference cannot be read. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { parseRef, shortRef } from "../lib/ref";

export function EntityLink(props: { to: string; children?: ReactNode; className?: string }) {
  const ref = parseRef(props.to);
  const text = props.children ?? shortRef(props.to);
  if (!ref) return <span className={props.className}>{text}</span>;
  return (
    <Link
      to="/catalog/$kind/$namespace/$name"
      params={{ kind: ref.kind.toLowerCase(), namespace: ref.namespace, name: ref.name }}
      className={props.className ?? "quiet-hover"}
      title={props.to}
    >
      {text}
    </Link>
  );
}
