/** The connections and their state, and how the console looks. */
import "@mantine/core/styles/InlineInput.layer.css";
import "@mantine/core/styles/Checkbox.layer.css";
import { Button, Checkbox, useMantineColorScheme } from "@mantine/core";
import { IconDeviceDesktop, IconMoon, IconPlus, IconSun } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { connectionsQuery } from "../../api/connections";
import { statusQuery } from "../../api/queries";
import { setSingleKeys, singleKeysOn } from "../../lib/keys";
import { Bones, Empty, Failure, Section } from "../../ui/parts";
import { Card } from "./Card";
import s from "./settings.module.css";
import { SettingsTabs } from "./Tabs";

export function Settings() {
  const { data: status, error, refetch, isPending } = useQuery(statusQuery);
  const { data: kept } = useQuery(connectionsQuery);
  const names = [...new Set([...(kept?.items ?? []), ...(status?.connections ?? [])].map((c) => c.name))];
  return (
    <div className={s.page}>
      <h1 className={s.title}>Settings</h1>
      <SettingsTabs />
      <Section
        title="Connections"
        number={status ? names.length : undefined}
        side={
          <Button component={Link} to="/connect" leftSection={<IconPlus className="icon-s" aria-hidden="true" />}>
            Add a connection
          </Button>
        }
      >
        {isPending ? <Bones rows={6} /> : null}
        {error && !status ? <Failure error={error} retry={() => void refetch()} /> : null}
        {names.map((name) => (
          <Card
            key={name}
            name={name}
            connection={kept?.items.find((c) => c.name === name)}
            reading={status?.connections.find((c) => c.name === name)}
          />
        ))}
        {status && names.length === 0 ? (
          <Empty
            what="No connection."
            why="Stagedoor reads a GitLab by its address and a token; reading comes first."
            action={
              <Link to="/connect" className="link">
                Connect your GitLab
              </Link>
            }
          />
        ) : null}
      </Section>
      <Appearance />
    </div>
  );
}

function Appearance() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [keys, setKeys] = useState(singleKeysOn);
  const choices = [
    ["auto", "System", IconDeviceDesktop],
    ["light", "Light", IconSun],
    ["dark", "Dark", IconMoon],
  ] as const;
  return (
    <Section title="Appearance and keys">
      <Button.Group aria-label="Colours">
        {choices.map(([scheme, label, Icon]) => (
          <Button
            key={scheme}
            size="md"
            aria-pressed={colorScheme === scheme}
            className={colorScheme === scheme ? (s.chosen ?? "") : ""}
            leftSection={<Icon className="icon-s" aria-hidden="true" />}
            onClick={() => setColorScheme(scheme)}
          >
            {label}
          </Button>
        ))}
      </Button.Group>
      <Checkbox
        mt={12}
        checked={keys}
        label="Single keys do something (they never do inside a field)"
        onChange={(event) => {
          setKeys(event.currentTarget.checked);
          setSingleKeys(event.currentTarget.checked);
        }}
      />
    </Section>
  );
}
