/** The bar below a list: what its icons mean, its keys, and the age of the data. */
import { IconCornerDownLeft } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { statusQuery } from "../api/queries";
import { freshness } from "../lib/freshness";
import { sentence } from "../lib/ref";
import { EvidenceIcon } from "./icons";
import c from "./list.module.css";
import { useNow } from "./now";
import { Kbd } from "./parts";

export function ListFoot({ legend = false }: { legend?: boolean }) {
  const { data: status } = useQuery(statusQuery);
  const now = useNow();
  const fresh = status ? freshness(status, now) : null;
  return (
    <footer className={c.foot}>
      {legend ? (
        <>
          <span>Owner</span>
          <span className="row g4">
            <EvidenceIcon evidence="declared" /> declared
          </span>
          <span className="row g4">
            <EvidenceIcon evidence="group" /> inferred
          </span>
          <span className="row g4">
            <EvidenceIcon evidence="missing" /> not found
          </span>
        </>
      ) : null}
      <span className="grow" />
      <span className="row g4">
        <Kbd>j</Kbd>
        <Kbd>k</Kbd> move
      </span>
      <span className="row g4">
        <Kbd>
          <IconCornerDownLeft size={11} aria-label="Enter" />
        </Kbd>{" "}
        open
      </span>
      <span className="row g4">
        <Kbd>/</Kbd> search
      </span>
      {fresh ? (
        <span className={fresh.old ? "md" : undefined} style={fresh.old ? { color: "var(--text)" } : undefined}>
          {fresh.word ? <span className="red">{sentence(fresh.word)} · </span> : null}
          {fresh.text}
        </span>
      ) : null}
    </footer>
  );
}
