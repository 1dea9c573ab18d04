/** ⌘K: entities by name, and the commands there are. Its own chunk: nobody needs it before the first key. */
import "@mantine/core/styles/Paper.layer.css";
import "@mantine/core/styles/Overlay.layer.css";
import "@mantine/core/styles/ModalBase.layer.css";
import "@mantine/core/styles/Modal.layer.css";
import "@mantine/core/styles/ScrollArea.layer.css";
import "@mantine/spotlight/styles.layer.css";
import { useMantineColorScheme } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { createSpotlight, Spotlight } from "@mantine/spotlight";
import {
  IconCornerDownLeft,
  IconEyeOff,
  IconHelp,
  IconListCheck,
  IconMoon,
  IconPlugConnected,
  IconProgressAlert,
  IconSearch,
  IconServer,
  IconSun,
  IconSunMoon,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { searchQuery } from "../api/queries";
import { kindWord, parseRef, typeWord } from "../lib/ref";
import { KindIcon } from "../ui/icons";
import { Kbd } from "../ui/parts";
import c from "./palette.module.css";
import { PLACES, SETTINGS } from "./places";

const [store, spotlight] = createSpotlight();

type Command = { id: string; label: string; words: string; icon: ReactNode; keys?: string; run: () => void };

function useCommands(openHelp: () => void): Command[] {
  const navigate = useNavigate();
  const { setColorScheme } = useMantineColorScheme();
  return [
    ...[...PLACES, SETTINGS].map((place) => ({
      id: place.to,
      label: `Go to ${place.label}`,
      words: place.label,
      icon: <place.icon className="icon t3" aria-hidden="true" />,
      keys: place.key,
      run: () => void navigate({ to: place.to, search: place.search ?? {} }),
    })),
    {
      id: "unowned",
      label: "Show what has no owner",
      words: "unowned owner missing none",
      icon: <IconProgressAlert className="icon t3" aria-hidden="true" />,
      run: () => void navigate({ to: "/catalog", search: { evidence: ["missing"] } }),
    },
    {
      id: "queue",
      label: "Open the queue of the unowned",
      words: "unowned guessed missing",
      icon: <IconProgressAlert className="icon t3" aria-hidden="true" />,
      run: () => void navigate({ to: "/unowned" }),
    },
    {
      id: "removed",
      label: "Show what was removed",
      words: "deleted gone archived left catalog undo",
      icon: <IconEyeOff className="icon t3" aria-hidden="true" />,
      run: () => void navigate({ to: "/removed" }),
    },
    {
      id: "jobs",
      label: "Open the queue of jobs",
      words: "dead letter retry retrying waiting running settings",
      icon: <IconListCheck className="icon t3" aria-hidden="true" />,
      run: () => void navigate({ to: "/settings/queue", search: {} }),
    },
    {
      id: "system",
      label: "Show the replicas",
      words: "leader processes system version about settings",
      icon: <IconServer className="icon t3" aria-hidden="true" />,
      run: () => void navigate({ to: "/settings/system" }),
    },
    {
      id: "connect",
      label: "Connect a GitLab",
      words: "connection add token first run settings",
      icon: <IconPlugConnected className="icon t3" aria-hidden="true" />,
      run: () => void navigate({ to: "/connect" }),
    },
    {
      id: "all",
      label: "Show all kinds",
      words: "everything catalog api system resource group user location template",
      icon: <IconSearch className="icon t3" aria-hidden="true" />,
      run: () => void navigate({ to: "/catalog", search: {} }),
    },
    ...(
      [
        ["light", "Light colours", IconSun],
        ["dark", "Dark colours", IconMoon],
        ["auto", "Colours of the system", IconSunMoon],
      ] as const
    ).map(([scheme, label, Icon]) => ({
      id: scheme,
      label,
      words: "theme color scheme mode",
      icon: <Icon className="icon t3" aria-hidden="true" />,
      run: () => setColorScheme(scheme),
    })),
    {
      id: "help",
      label: "Keys and help",
      words: "keyboard shortcuts",
      icon: <IconHelp className="icon t3" aria-hidden="true" />,
      keys: "?",
      run: openHelp,
    },
  ];
}

/** Enter without a choice means the best match. */
function openFirst(event: React.KeyboardEvent<HTMLInputElement>): void {
  if (event.key !== "Enter") return;
  const dialog = event.currentTarget.closest("[role=dialog]");
  if (dialog?.querySelector("[data-action][data-selected]")) return;
  event.preventDefault();
  dialog?.querySelector<HTMLElement>("[data-action]")?.click();
}

export default function Palette({ opened, openHelp }: { opened: number; openHelp: () => void }) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: each press of the key opens it again
  useEffect(() => spotlight.open(), [opened]);
  const [query, setQuery] = useState("");
  const [asked] = useDebouncedValue(query.trim(), 80);
  const { data, isFetching } = useQuery(searchQuery(asked));
  const navigate = useNavigate();
  const words = query.trim().toLowerCase();
  const commands = useCommands(openHelp).filter((command) =>
    words.split(/\s+/).every((word) => `${command.label} ${command.words}`.toLowerCase().includes(word)),
  );
  const hits = words === "" ? [] : (data?.items ?? []);
  return (
    <Spotlight.Root
      store={store}
      query={query}
      onQueryChange={setQuery}
      shortcut={null}
      clearQueryOnClose
      size={560}
      yOffset="12vh"
      attributes={{ content: { "aria-label": "Search and commands" } }}
      transitionProps={{ transition: "fade", duration: 120 }}
      overlayProps={{ backgroundOpacity: 0.32, blur: 0 }}
    >
      <Spotlight.Search
        placeholder="Search, or type a command"
        aria-label="Search, or type a command"
        leftSection={<IconSearch className="icon t3" aria-hidden="true" />}
        classNames={{ input: c.input }}
        onKeyDown={openFirst}
      />
      <Spotlight.ActionsList className={c.list}>
        {hits.length > 0 ? (
          <Spotlight.ActionsGroup label="Catalog" className={c.group}>
            {hits.map((hit) => (
              <Spotlight.Action
                key={hit.ref}
                className={c.action}
                onClick={() => {
                  const ref = parseRef(hit.ref);
                  if (ref) void navigate({ to: "/catalog/$kind/$namespace/$name", params: ref });
                }}
              >
                <KindIcon kind={hit.kind} type={hit.type} />
                <span className="cut">
                  <span className="md">{hit.title ?? hit.name}</span>{" "}
                  <span className="t3 sm">
                    {kindWord(hit.kind)}
                    {hit.type ? ` · ${typeWord(hit.type)}` : ""}
                    {hit.owner ? ` · ${hit.owner}` : ""}
                  </span>
                </span>
                <span className={`${c.why} t3 xs`}>{hit.why === "name" ? "" : hit.why}</span>
              </Spotlight.Action>
            ))}
          </Spotlight.ActionsGroup>
        ) : null}
        {commands.length > 0 ? (
          <Spotlight.ActionsGroup label="Commands" className={c.group}>
            {commands.map((command) => (
              <Spotlight.Action key={command.id} className={c.action} onClick={command.run}>
                {command.icon}
                <span className="cut">{command.label}</span>
                <span className={c.why}>
                  {command.keys?.split(" ").map((key) => (
                    <Kbd key={key}>{key}</Kbd>
                  ))}
                </span>
              </Spotlight.Action>
            ))}
          </Spotlight.ActionsGroup>
        ) : null}
        {hits.length === 0 && commands.length === 0 && !isFetching ? (
          <Spotlight.Empty>Nothing is called “{query}”.</Spotlight.Empty>
        ) : null}
      </Spotlight.ActionsList>
      <div className={`${c.foot} not-phone`}>
        <span className="row g4">
          <Kbd>↑</Kbd>
          <Kbd>↓</Kbd> move
        </span>
        <span className="row g4">
          <Kbd>
            <IconCornerDownLeft size={11} aria-label="Enter" />
          </Kbd>{" "}
          open
        </span>
        <span className="row g4">
          <Kbd>esc</Kbd> close
        </span>
      </div>
    </Spotlight.Root>
  );
}
