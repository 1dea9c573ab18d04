/** Why the catalog shows nothing, and what to do about it. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { statusQuery } from "../../api/queries";
import { isFilling } from "../../lib/freshness";
import { count, plural } from "../../lib/time";
import { Filling } from "../../ui/Filling";
import { Empty } from "../../ui/parts";

export function CatalogEmpty({ active, all, clear }: { active: number; all: number; clear: () => void }) {
  const { data: status } = useQuery(statusQuery);
  if (status?.connections.some(isFilling)) return <Filling />;
  if (active > 0 && all > 0) {
    return (
      <Empty
        what={`Nothing matches ${active === 1 ? "this filter" : `these ${plural(active, "filter")}`}.`}
        why={`${count(all)} entities are in the catalog.`}
        action={<Button onClick={clear}>Clear filters</Button>}
      />
    );
  }
  if (status?.connections.length === 0) {
    return (
      <Empty
        what="The catalog is empty."
        why="No GitLab is connected yet."
        action={
          <Link to="/connect" className="link">
            Connect your GitLab
          </Link>
        }
      />
    );
  }
  return (
    <Empty
      what="The catalog is empty."
      why="The token sees no project, or nothing fits what is to be read. The settings page says which."
      action={
        <Link to="/settings" className="link">
          Look at the connections
        </Link>
      }
    />
  );
}
