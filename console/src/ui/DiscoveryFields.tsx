/** What of a GitLab is read, as a form, with a preview of what it would find. */
import { IconSearch } from "@tabler/icons-react";
import { useRef, useState } from "react";
import type { Preview } from "../api/connections";
import type { DiscoveryFields as Values } from "../lib/draft";
import type { Faults } from "../lib/faults";
import { count, plural } from "../lib/time";
import { Act } from "./Act";
import { Field, Lines, Tick } from "./Field";
import f from "./field.module.css";
import { Failure } from "./parts";

type Props = {
  values: Values;
  change: (patch: Partial<Values>) => void;
  faults: Faults;
};

export function DiscoveryFields({ values: v, change, faults }: Props) {
  return (
    <>
      <Lines
        label="Groups"
        hint="One a line. Without any: wherever the token is a member."
        placeholder="sandrill/checkout"
        value={v.groups}
        change={(groups) => change({ groups })}
        error={faults.get("groups")}
      />
      <Tick label="And the groups below them" on={v.nested} change={(nested) => change({ nested })} />
      <Lines
        label="Only projects that match"
        hint="Regular expressions over full paths, one a line"
        placeholder="^sandrill/.*-api$"
        value={v.projects}
        change={(projects) => change({ projects })}
        error={faults.get("projects")}
      />
      <Lines
        label="Never these"
        hint="Full paths of projects, or of groups with all below them"
        value={v.exclude}
        change={(exclude) => change({ exclude })}
        error={faults.get("exclude")}
      />
      <Field
        label="Topics"
        hint="Only projects that have all of them; commas between"
        value={v.topics.replaceAll("\n", ", ")}
        change={(topics) => change({ topics })}
        error={faults.get("topics")}
      />
      <Tick label="Archived projects too" on={v.archived} change={(archived) => change({ archived })} />
      <Tick label="Forks too" on={v.forks} change={(forks) => change({ forks })} />
      <Tick
        label="Only where the token is a member"
        hint="Without it an administrator's token reads the whole instance."
        on={v.membership}
        change={(membership) => change({ membership })}
      />
      <div className={f.two}>
        <Field
          label="Branch"
          placeholder="each project's default"
          value={v.branch}
          change={(branch) => change({ branch })}
          error={faults.get("branch")}
        />
        <Field
          label="Where it is missing"
          placeholder="main"
          value={v.fallbackBranch}
          change={(fallbackBranch) => change({ fallbackBranch })}
          error={faults.get("fallbackBranch")}
        />
      </div>
      <Field
        label="File"
        placeholder="catalog-info.yaml"
        value={v.file}
        change={(file) => change({ file })}
        error={faults.get("file")}
      />
      <Tick label="Groups and people too" on={v.people} change={(people) => change({ people })} />
      {v.people ? (
        <>
          <Field
            label="Only members of this group"
            placeholder="sandrill"
            value={v.restrictTo}
            change={(restrictTo) => change({ restrictTo })}
            error={faults.get("people.restrictTo")}
          />
          <Lines
            label="Only groups that match"
            value={v.peopleGroups}
            change={(peopleGroups) => change({ peopleGroups })}
            error={faults.get("people.groups")}
          />
          <Lines
            label="Only people that match"
            hint="Regular expressions over user names"
            value={v.peopleUsers}
            change={(peopleUsers) => change({ peopleUsers })}
            error={faults.get("people.users")}
          />
          <Tick
            label="Members of a group belong to the groups below it"
            on={v.inherited}
            change={(inherited) => change({ inherited })}
          />
        </>
      ) : null}
    </>
  );
}

/** Asks what would be found; what was found for other values is not shown any more. */
export function usePreview(now: string) {
  const [got, setGot] = useState<{ of: string; preview: Preview } | null>(null);
  const [error, setError] = useState<{ of: string; error: Error } | null>(null);
  const latest = useRef(now);
  latest.current = now;
  const ask = async (load: () => Promise<Preview>): Promise<void> => {
    const of = now;
    setError(null);
    try {
      const preview = await load();
      if (latest.current === of) setGot({ of, preview });
    } catch (cause) {
      if (latest.current === of) setError({ of, error: cause instanceof Error ? cause : new Error(String(cause)) });
    }
  };
  return {
    ask,
    preview: got?.of === now ? got.preview : null,
    error: error?.of === now ? error.error : null,
  };
}

export function PreviewBox(props: {
  on: string;
  preview: Preview | null;
  error: Error | null;
  /** The refusal names fields, which say it themselves. */
  placed: boolean;
  run: () => unknown;
}) {
  const { preview, error } = props;
  return (
    <div className={f.preview}>
      <Act action="TestConnection" on={props.on} label="Preview" icon={IconSearch} run={props.run} />
      <div role="status" className="sm">
        {preview ? <Found preview={preview} /> : null}
      </div>
      {error && !props.placed ? <Failure error={error} /> : null}
    </div>
  );
}

function Found({ preview: p }: { preview: Preview }) {
  return (
    <>
      <p>
        This would find {p.exact ? "" : "about "}
        <strong>{plural(p.projects, "project")}</strong> in {plural(p.groups, "group")}
        <span className="t3"> · {plural(p.requests, "request")}</span>
      </p>
      {p.notes.map((note) => (
        <p key={note} className="t3">
          {note}
        </p>
      ))}
      {p.examples.length > 0 ? (
        <ul className={f.examples}>
          {p.examples.map((path) => (
            <li key={path} className="mono">
              {path}
            </li>
          ))}
          {p.projects > p.examples.length ? (
            <li className="t3">and {count(p.projects - p.examples.length)} more</li>
          ) : null}
        </ul>
      ) : null}
    </>
  );
}
