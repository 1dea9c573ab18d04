/** The catalog file as it was read, with what is wrong marked on its lines; and the definition of an API. */
import { Button } from "@mantine/core";
import { IconExternalLink, IconPencil } from "@tabler/icons-react";
import { Link, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { EntityPage } from "../../api/types";
import { Age } from "../../ui/Age";
import { CodeView } from "../../ui/CodeView";
import { Empty } from "../../ui/parts";
import e from "./entity.module.css";

const FROM = "/catalog/$kind/$namespace/$name";

function lineLink(tab: string) {
  return (line: number, children: ReactNode) => (
    <Link from={FROM} to="." search={{ tab, line }} replace aria-label={`Line ${line}`}>
      {children}
    </Link>
  );
}

export function SourceTab({ page }: { page: EntityPage }) {
  const { line } = useSearch({ from: FROM });
  const { source } = page;
  if (!source) return null;
  const here = page.problems.filter((problem) => problem.file == null || problem.file === source.file);
  return (
    <div className={e.tabBody}>
      <div className="row wrap" style={{ marginBottom: 8, minHeight: 28 }}>
        <code className="md">{source.file ?? source.project.path}</code>
        <span className="t3 sm">
          {source.project.path}
          {source.ref ? ` · ${source.ref}` : ""}
          {source.blob ? ` · ${source.blob.slice(0, 8)}` : ""} · read <Age time={page.readAt} suffix=" ago" />
        </span>
        <span className="grow" />
        <Button
          component="a"
          href={source.url}
          target="_blank"
          rel="noreferrer"
          leftSection={<IconExternalLink className="icon-s" aria-hidden="true" />}
        >
          Open in GitLab
        </Button>
        {source.editUrl ? (
          <Button
            component="a"
            href={source.editUrl}
            target="_blank"
            rel="noreferrer"
            leftSection={<IconPencil className="icon-s" aria-hidden="true" />}
          >
            Edit in GitLab
          </Button>
        ) : null}
      </div>
      {source.text != null ? (
        <CodeView
          text={source.text}
          problems={here}
          label={source.file ?? "Source"}
          target={line}
          lineLink={lineLink("source")}
        />
      ) : (
        <Empty
          what={source.tooLarge ? "The file is too large to show." : "There is no catalog file."}
          why={
            source.tooLarge
              ? "It was not read completely; GitLab shows it."
              : "What is shown was inferred from the project. Add a catalog-info.yaml to state it."
          }
        />
      )}
    </div>
  );
}

export function DefinitionTab({ page }: { page: EntityPage }) {
  const { line } = useSearch({ from: FROM });
  const definition = page.entity.spec?.definition;
  if (typeof definition !== "string") return null;
  return (
    <div className={e.tabBody}>
      <CodeView text={definition} label="API definition" target={line} lineLink={lineLink("definition")} />
    </div>
  );
}
