/** One entity: whose it is and how that is known, what it hangs together with, what is wrong, where it was read. */
import { Button } from "@mantine/core";
import { IconExternalLink } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { ApiError } from "../../api/client";
import { entityQuery } from "../../api/queries";
import { removedQuery } from "../../api/solid";
import type { EntityPage } from "../../api/types";
import { useKeys } from "../../lib/keys";
import { canHaveOwner, formatRef, kindWord, type Ref, sentence, typeWord } from "../../lib/ref";
import type { Truth } from "../../lib/truth";
import { Age } from "../../ui/Age";
import { EntityLink } from "../../ui/EntityLink";
import { EvidenceIcon, KindIcon } from "../../ui/icons";
import { Bones, Empty, Failure, Tag } from "../../ui/parts";
import { Refresh } from "../../ui/Refresh";
import { AgeNote, Confirmed, useTruth } from "./Confirmed";
import { changedParts } from "./changes";
import e from "./entity.module.css";
import { Overview } from "./Overview";
import { RelationsTable } from "./RelationsTable";
import { DefinitionTab, SourceTab } from "./SourceTab";

const FROM = "/catalog/$kind/$namespace/$name";
/** As many as the page of the removed asks for, so that both share one answer. */
const REMOVED = 100;

export function Entity() {
  const ref = useParams({ from: FROM });
  const query = useQuery(entityQuery(ref));
  const { data, error } = query;
  if (data) return <Loaded key={formatRef(ref)} reference={ref} page={data} failed={error} />;
  return (
    <div className={e.page}>
      <div className={e.crumbs}>
        <Link to="/catalog" search={{ kind: ["component"] }}>
          Catalog
        </Link>
      </div>
      <h1 className={e.name}>{ref.name}</h1>
      {error instanceof ApiError && error.status === 404 ? <NotThere reference={ref} error={error} /> : null}
      {error && !(error instanceof ApiError && error.status === 404) ? (
        <Failure error={error} retry={() => void query.refetch()} />
      ) : null}
      {query.isPending ? <Bones rows={10} /> : null}
    </div>
  );
}

function NotThere({ reference, error }: { reference: Ref; error: ApiError }) {
  const { data: removed } = useQuery(removedQuery(REMOVED));
  const left = removed?.items.find((item) => item.ref.toLowerCase() === formatRef(reference));
  if (left) {
    return (
      <Empty
        what={`${formatRef(reference)} is not in the catalog any more.`}
        why={
          <>
            It left <Age time={left.removedAt} suffix=" ago" />. {left.reason}.
          </>
        }
        action={
          <Link to="/removed" className="link">
            What was removed, and how it comes back
          </Link>
        }
      />
    );
  }
  const near = error.errors.map((item) => item.ref).filter((item): item is string => typeof item === "string");
  return (
    <Empty
      what={`${formatRef(reference)} is not in the catalog.`}
      why={
        near.length > 0 ? (
          <>
            Close to it:{" "}
            {near.map((item, i) => (
              <span key={item}>
                {i > 0 ? ", " : ""}
                <EntityLink to={item} className="link">
                  {item}
                </EntityLink>
              </span>
            ))}
          </>
        ) : (
          error.detail
        )
      }
      action={
        <Link to="/catalog" search={{ q: reference.name }} className="link">
          Search the catalog for “{reference.name}”
        </Link>
      }
    />
  );
}

/** A quiet note when the page changed in place: what changed, and since when. */
function useChangeNote(page: EntityPage): { at: string; parts: string[] } | null {
  const before = useRef(page);
  const [note, setNote] = useState<{ at: string; parts: string[] } | null>(null);
  useEffect(() => {
    const parts = changedParts(before.current, page);
    before.current = page;
    if (parts.length > 0) setNote({ at: page.readAt, parts });
  }, [page]);
  return note;
}

function Loaded({ reference, page, failed }: { reference: Ref; page: EntityPage; failed: Error | null }) {
  const { row } = page;
  const search = useSearch({ from: FROM });
  const navigate = useNavigate({ from: FROM });
  const note = useChangeNote(page);
  const said = useTruth(page);
  const tabs = tabsOf(page);
  const tab = tabs.find((t) => t.id === search.tab)?.id ?? "overview";
  const go = (id: string) => void navigate({ search: id === "overview" ? {} : { tab: id } });
  const back = () => history.back();
  useKeys({
    ...Object.fromEntries(tabs.map((t, i) => [String(i + 1), () => go(t.id)])),
    Escape: back,
  });
  useEffect(() => {
    const before = document.title;
    document.title = `${row.title ?? row.name} · Stagedoor`;
    return () => {
      document.title = before;
    };
  }, [row.title, row.name]);
  return (
    <div className={e.page}>
      <Crumbs page={page} />
      <Head page={page} reference={reference} />
      <Facts page={page} note={note} said={said} />
      {row.description ? <p className={e.description}>{row.description}</p> : null}
      {failed ? <Failure error={failed} /> : null}
      <AgeNote truth={said} />
      <nav className={e.tabs} aria-label="Parts of this page">
        {tabs.map((t) => (
          <Link
            key={t.id}
            from={FROM}
            search={t.id === "overview" ? {} : { tab: t.id }}
            className={e.tab}
            activeProps={{}}
            {...(t.id === tab ? { "data-active": true, "aria-current": "page" as const } : {})}
          >
            {t.label}
            {t.number === undefined ? null : <span className={e.tabCount}>{t.number}</span>}
          </Link>
        ))}
      </nav>
      {tab === "overview" ? <Overview page={page} reference={reference} /> : null}
      {tab === "relations" ? <RelationsTable relations={page.relations} /> : null}
      {tab === "source" ? <SourceTab page={page} /> : null}
      {tab === "definition" ? <DefinitionTab page={page} /> : null}
    </div>
  );
}

type TabInfo = { id: string; label: string; number?: number };

function tabsOf(page: EntityPage): TabInfo[] {
  const tabs: TabInfo[] = [
    { id: "overview", label: "Overview" },
    { id: "relations", label: "Relations", number: page.relations.length },
  ];
  if (page.source) tabs.push({ id: "source", label: "Source" });
  if (typeof page.entity.spec?.definition === "string") tabs.push({ id: "definition", label: "Definition" });
  return tabs;
}

function Crumbs({ page: { row } }: { page: EntityPage }) {
  const kind = row.kind.toLowerCase();
  return (
    <nav className={e.crumbs} aria-label="Path">
      <Link to="/catalog" search={{ kind: ["component"] }} className="quiet-hover">
        Catalog
      </Link>
      {row.system ? (
        <>
          <span className={e.slash}>/</span>
          <EntityLink to={row.system.ref}>{row.system.title ?? row.system.name}</EntityLink>
        </>
      ) : null}
      <span className={e.slash}>/</span>
      <Link to="/catalog" search={{ kind: [kind], ...(row.type ? { type: [row.type] } : {}) }} className="quiet-hover">
        {row.type && kind === "component" ? typeWord(row.type) : kindWord(row.kind)}
      </Link>
    </nav>
  );
}

type Links = { title?: string; url: string }[];

function linksOf(page: EntityPage): Links {
  const links = page.entity.metadata.links;
  if (!Array.isArray(links)) return [];
  // Only addresses a person can follow: a catalog file may hold any scheme.
  return (links as Links).filter((link) => typeof link?.url === "string" && /^https?:\/\//i.test(link.url));
}

function Head({ page, reference }: { page: EntityPage; reference: Ref }) {
  const { row } = page;
  const [first] = linksOf(page);
  return (
    <div className={e.head}>
      <KindIcon kind={row.kind} type={row.type} label />
      <h1 className={e.name}>{row.title ?? row.name}</h1>
      {row.lifecycle ? <Tag>{sentence(row.lifecycle)}</Tag> : null}
      {row.kind.toLowerCase() !== "component" && row.type ? <Tag>{typeWord(row.type)}</Tag> : null}
      {row.origin === "inferred" ? (
        <Tag title="No usable catalog file: concluded from the project">Inferred</Tag>
      ) : null}
      <span className="grow" />
      <div className={e.actions}>
        {row.project ? (
          <Button
            component="a"
            href={row.project.url}
            target="_blank"
            rel="noreferrer"
            leftSection={<IconExternalLink className="icon-s" aria-hidden="true" />}
          >
            GitLab
          </Button>
        ) : null}
        {first ? (
          <Button component="a" href={first.url} target="_blank" rel="noreferrer" className="not-phone">
            {first.title ?? "Link"}
          </Button>
        ) : null}
        {page.source ? <Refresh target={{ ref: formatRef(reference) }} /> : null}
      </div>
    </div>
  );
}

const EVIDENCE_WORDS: Record<string, string> = {
  declared: "declared in",
  codeowners: "from",
  commits: "inferred from",
  group: "inferred from",
  missing: "",
};

type FactsProps = { page: EntityPage; note: { at: string; parts: string[] } | null; said: Truth };

function Facts({ page, note, said }: FactsProps) {
  const { row, owner } = page;
  const name = row.owner ? (row.owner.title ?? row.owner.name) : null;
  return (
    <div className={e.facts}>
      {owner ? (
        <span className="row g6">
          <EvidenceIcon evidence={owner.evidence} />
          {owner.ref && name && row.owner?.exists ? (
            <EntityLink to={owner.ref} className="md quiet-hover">
              {name}
            </EntityLink>
          ) : (
            <span className="md">{name && owner.evidence !== "missing" ? name : "No owner found"}</span>
          )}
          <span className="t3">
            {row.owner && !row.owner.exists && owner.ref ? "not in the catalog, " : ""}
            {EVIDENCE_WORDS[owner.evidence] ?? ""}{" "}
            {owner.url ? (
              <a href={owner.url} target="_blank" rel="noreferrer" className="quiet-hover">
                {owner.detail}
              </a>
            ) : (
              owner.detail
            )}
          </span>
        </span>
      ) : null}
      {!owner && canHaveOwner(row.kind) ? (
        <span className="row g6 t3">
          <EvidenceIcon evidence="missing" />
          <span className="md t2">No owner found</span>
          no spec.owner, no CODEOWNERS line, no group
        </span>
      ) : null}
      {row.language ? <span>{row.language}</span> : null}
      <span className="t3">
        Changed <Age time={row.changedAt} suffix=" ago" />
      </span>
      <Confirmed truth={said} />
      <span role="status" className={e.live}>
        {note ? (
          <>
            Changed in place: {note.parts.join(", ")} · <Age time={note.at} suffix=" ago" />
          </>
        ) : null}
      </span>
    </div>
  );
}
