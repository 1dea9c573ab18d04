/** Relations as a table: the twin of the graph for keyboards, screen readers and phones. */
import { UnstyledButton } from "@mantine/core";
import { useState } from "react";
import type { Relation } from "../../api/types";
import { kindWord, sentence, typeWord } from "../../lib/ref";
import { plural } from "../../lib/time";
import { EntityLink } from "../../ui/EntityLink";
import { KindIcon } from "../../ui/icons";
import { Empty, Severity } from "../../ui/parts";
import e from "./entity.module.css";

export function RelationsTable({ relations, first }: { relations: Relation[]; first?: number }) {
  const [all, setAll] = useState(false);
  if (relations.length === 0) {
    return <Empty what="No relations." why="The file names nothing else, and nothing else names this." />;
  }
  const shown = first === undefined || all ? relations : relations.slice(0, first);
  return (
    <div className={first === undefined ? e.tabBody : undefined}>
      <table className={e.table} aria-label="Relations">
        <colgroup>
          <col style={{ width: 132 }} />
          <col />
          <col className={e.narrowGone} style={{ width: 132 }} />
          <col className={e.narrowGone} style={{ width: 176 }} />
          <col className={e.narrowGone} style={{ width: 132 }} />
        </colgroup>
        <thead>
          <tr>
            <th scope="col">Relation</th>
            <th scope="col">Name</th>
            <th scope="col" className={e.narrowGone}>
              Type
            </th>
            <th scope="col" className={e.narrowGone}>
              Owner
            </th>
            <th scope="col" className={e.narrowGone}>
              Problems
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ type, label, target }) => (
            <tr key={`${type} ${target.ref}`}>
              <td className="t2">{sentence(label)}</td>
              <td>
                <span className="row">
                  <KindIcon kind={target.kind} type={target.type} label />
                  {target.exists ? (
                    <EntityLink to={target.ref} className="cut md quiet-hover">
                      {target.title ?? target.name}
                    </EntityLink>
                  ) : (
                    <>
                      <span className="cut t3">{target.name}</span>
                      <Severity severity="error" word="Not in the catalog" />
                    </>
                  )}
                </span>
              </td>
              <td className={`t2 ${e.narrowGone}`}>{target.type ? typeWord(target.type) : kindWord(target.kind)}</td>
              <td className={`t2 ${e.narrowGone}`}>{target.owner ?? ""}</td>
              <td className={e.narrowGone}>
                {target.problems > 0 ? plural(target.problems, "problem") : <span className="t3">None</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < relations.length ? (
        <UnstyledButton className={e.tool} onClick={() => setAll(true)}>
          {relations.length - shown.length} more
        </UnstyledButton>
      ) : null}
    </div>
  );
}
