/** Where a problem stands: `catalog-info.yaml:10:10`, a link to the line in GitLab. */
import { IconExternalLink } from "@tabler/icons-react";
import type { Problem } from "../api/types";

export function placeText(problem: Problem): string | null {
  const place = problem.line ? `${problem.line}${problem.column ? `:${problem.column}` : ""}` : null;
  if (!problem.file) return place === null ? null : `line ${place}`;
  return place === null ? problem.file : `${problem.file}:${place}`;
}

export function Place({ problem, className }: { problem: Problem; className?: string | undefined }) {
  const text = placeText(problem);
  if (!problem.url) return text ? <code className="t2">{text}</code> : null;
  return (
    <a
      href={problem.url}
      target="_blank"
      rel="noreferrer"
      className={`row g4 quiet-hover t2 ${className ?? ""}`}
      title={`${problem.project?.path ?? ""} ${text ?? ""} in GitLab`}
    >
      <code className="cut">{text ?? problem.project?.path ?? "GitLab"}</code>
      <IconExternalLink className="icon-s t3" role="img" aria-label="in GitLab" />
    </a>
  );
}
