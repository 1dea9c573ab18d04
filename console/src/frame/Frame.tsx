/**
 * The frame round every page: rail, bar, tab bar on a phone, and what hears keys and events for all of them. A grid of
 * ours rather than Mantine's AppShell, which would add 9 kB to the first page for what five lines of CSS say.
 */
import { ActionIcon, Button, UnstyledButton } from "@mantine/core";
import { IconCloudOff, IconHelp, IconSearch } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { startLive, useConnection } from "../api/live";
import { instanceQuery, statusQuery } from "../api/queries";
import { useKeys } from "../lib/keys";
import { count } from "../lib/time";
import { Door } from "../ui/icons";
import { Avatar, Kbd, useLate } from "../ui/parts";
import { FreshnessChip } from "./FreshnessChip";
import c from "./frame.module.css";
import { isAt, PLACES, type Place, SETTINGS } from "./places";

const Palette = lazy(() => import("./Palette"));
const Help = lazy(() => import("./Help"));
const Stored = lazy(() => import("./Stored"));

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function Frame() {
  const client = useQueryClient();
  useEffect(() => startLive(client), [client]);
  const [palette, setPalette] = useState(0);
  const [help, setHelp] = useState(false);
  const navigate = useNavigate();
  const go = (place: Place) => () => void navigate({ to: place.to, search: place.search ?? {} });
  useKeys({
    ...Object.fromEntries([...PLACES, SETTINGS].map((place) => [place.key, go(place)])),
    "?": () => setHelp(true),
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        setPalette((n) => n + 1);
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  const openPalette = () => setPalette((n) => n + 1);
  // Where there is nothing to go to yet, nothing offers it.
  const bare = usePath() === "/connect";
  return (
    <div className={c.app} {...(bare ? { "data-bare": true } : {})}>
      <a href="#content" className="skip">
        Skip to the content
      </a>
      {bare ? null : <Rail />}
      <header className={c.bar}>
        {bare ? <BareBar /> : <Bar openPalette={openPalette} openHelp={() => setHelp(true)} />}
      </header>
      <main className={c.main}>
        <ConnectionLost />
        <div id="content" className={c.content} tabIndex={-1} style={{ outline: "none" }}>
          <Suspense fallback={null}>
            <Outlet />
          </Suspense>
        </div>
      </main>
      {bare ? null : <TabBar />}
      <Suspense fallback={null}>
        {palette > 0 ? <Palette opened={palette} openHelp={() => setHelp(true)} /> : null}
        {help ? <Help close={() => setHelp(false)} /> : null}
      </Suspense>
      <Title />
    </div>
  );
}

function usePath(): string {
  return useRouterState({ select: (state) => state.location.pathname });
}

function Entry({ place, number }: { place: Place; number?: number | undefined }) {
  const active = isAt(place, usePath());
  const Icon = place.icon;
  return (
    <Link
      to={place.to}
      search={place.search ?? {}}
      className={c.entry}
      title={place.label}
      {...(active ? { "data-active": true, "aria-current": "page" as const } : {})}
      activeProps={{}}
    >
      <Icon className="icon" aria-hidden="true" />
      <span className={c.label}>{place.label}</span>
      {number ? <span className={`${c.entryCount} ${c.label}`}> {count(number)}</span> : null}
    </Link>
  );
}

function Rail() {
  const { data } = useQuery(statusQuery);
  const errors = data?.totals.problems.error;
  return (
    <nav className={c.rail} aria-label="Main">
      <div className={c.brand}>
        <Door />
        <span className={c.label}>Stagedoor</span>
      </div>
      {PLACES.map((place) => (
        <Entry key={place.to} place={place} number={place.to === "/problems" ? errors : undefined} />
      ))}
      <span className={c.spring} />
      <Entry place={SETTINGS} />
    </nav>
  );
}

function Bar({ openPalette, openHelp }: { openPalette: () => void; openHelp: () => void }) {
  const { data: instance } = useQuery(instanceQuery);
  return (
    <>
      <span className="row grow only-phone md">
        <Door /> Stagedoor
      </span>
      <UnstyledButton className={`${c.search} not-phone`} onClick={openPalette} aria-keyshortcuts="Meta+K Control+K">
        <IconSearch className="icon" aria-hidden="true" />
        <span className="grow cut">Search, or type a command</span>
        <Kbd>{IS_MAC ? "⌘K" : "Ctrl K"}</Kbd>
      </UnstyledButton>
      <span className="grow not-phone" />
      <FreshnessChip />
      <span className={`row g4 ${c.tools}`}>
        <ActionIcon className="not-phone" aria-label="Keys and help" title="Keys and help" onClick={openHelp}>
          <IconHelp className="icon" />
        </ActionIcon>
        <ActionIcon className="only-phone" aria-label="Search" onClick={openPalette}>
          <IconSearch className="icon" />
        </ActionIcon>
      </span>
      {instance ? (
        <span className="row" title={`Acting as ${instance.person.name} (${instance.person.kind})`}>
          <Avatar name={instance.person.name} />
          <span className="md not-phone nowrap">{instance.person.name}</span>
        </span>
      ) : null}
    </>
  );
}

/** The bar of the first run: where one is, and what is kept of what one enters. */
function BareBar() {
  const { data: instance } = useQuery(instanceQuery);
  const { data: status } = useQuery(statusQuery);
  const [asked, setAsked] = useState(false);
  const first = status?.connections.length === 0;
  return (
    <>
      <Link to="/" className="row" disabled={first}>
        <Door /> <strong>Stagedoor</strong>
      </Link>
      <span className="grow" />
      {instance && first ? <span className="t3 sm not-phone">First start, version {instance.version}</span> : null}
      {first || !status ? null : (
        <Link to="/settings" className="quiet-link sm nowrap">
          Back<span className="not-phone"> to Settings</span>
        </Link>
      )}
      <Button
        variant="subtle"
        color="gray"
        leftSection={<IconHelp className="icon-s" />}
        onClick={() => setAsked(true)}
      >
        What is stored?
      </Button>
      <Suspense fallback={null}>{asked ? <Stored close={() => setAsked(false)} /> : null}</Suspense>
    </>
  );
}

function TabBar() {
  const path = usePath();
  return (
    <nav className={c.tabbar} aria-label="Pages">
      {[...PLACES, SETTINGS].map((place) => {
        const Icon = place.icon;
        const active = isAt(place, path);
        return (
          <Link
            key={place.to}
            to={place.to}
            search={place.search ?? {}}
            className={c.tab}
            activeProps={{}}
            {...(active ? { "data-active": true, "aria-current": "page" as const } : {})}
          >
            <Icon className="icon" aria-hidden="true" />
            {place.label}
          </Link>
        );
      })}
    </nav>
  );
}

/** Said only when it lasts: a reconnect within two seconds is nobody's business. */
function ConnectionLost() {
  const lost = useLate(useConnection() === "lost", 2000);
  return (
    <div role="status">
      {lost ? (
        <div className={c.lost}>
          <IconCloudOff className="icon-s" aria-hidden="true" />
          No connection to Stagedoor. What is shown is the last state read; it is tried again by itself.
        </div>
      ) : null}
    </div>
  );
}

/** Moves the focus to the new page's start and says its name, as a page load would. */
function Title() {
  const path = usePath();
  const first = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the path is what it reacts to
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    if (document.activeElement === document.body || document.activeElement?.closest("nav, header")) return;
    document.getElementById("content")?.focus({ preventScroll: true });
  }, [path]);
  return null;
}
