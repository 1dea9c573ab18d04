/** Which icon stands for what. An icon never stands alone for a state: Status puts the word beside it. */
import {
  IconApps,
  IconAppWindow,
  IconArrowsExchange,
  IconBooks,
  IconBraces,
  IconBucket,
  IconCircleDashed,
  IconDatabase,
  IconFileCheck,
  IconFileSymlink,
  IconHierarchy2,
  IconProgressAlert,
  IconSitemap,
  IconStack2,
  IconTemplate,
  IconUser,
  IconUsers,
  IconUsersGroup,
  IconWorld,
  type TablerIcon,
} from "@tabler/icons-react";
import { kindWord, typeWord } from "../lib/ref";

const BY_TYPE: Record<string, TablerIcon> = {
  website: IconWorld,
  library: IconBooks,
  database: IconDatabase,
  postgresql: IconDatabase,
  mysql: IconDatabase,
  mongodb: IconDatabase,
  redis: IconDatabase,
  queue: IconArrowsExchange,
  topic: IconArrowsExchange,
  bucket: IconBucket,
  "object-store": IconBucket,
};

const BY_KIND: Record<string, TablerIcon> = {
  component: IconAppWindow,
  api: IconBraces,
  resource: IconStack2,
  system: IconApps,
  domain: IconSitemap,
  group: IconUsersGroup,
  user: IconUser,
  location: IconFileSymlink,
  template: IconTemplate,
};

export function KindIcon({ kind, type, label }: { kind: string; type?: string | null | undefined; label?: boolean }) {
  const Icon = BY_TYPE[type?.toLowerCase() ?? ""] ?? BY_KIND[kind.toLowerCase()] ?? IconHierarchy2;
  const word = type ? `${kindWord(kind)}, ${typeWord(type)}` : kindWord(kind);
  return <Icon className="icon t3" {...(label ? { role: "img", "aria-label": word } : { "aria-hidden": true })} />;
}

const EVIDENCE: Record<string, { icon: TablerIcon; word: string }> = {
  declared: { icon: IconFileCheck, word: "Declared in the catalog file" },
  codeowners: { icon: IconFileCheck, word: "Declared in CODEOWNERS" },
  commits: { icon: IconUsers, word: "Inferred from commits" },
  group: { icon: IconUsers, word: "Inferred from the GitLab group" },
  missing: { icon: IconProgressAlert, word: "No owner found" },
};

export function EvidenceIcon({ evidence }: { evidence: string }) {
  const { icon: Icon, word } = EVIDENCE[evidence] ?? { icon: IconCircleDashed, word: evidence };
  return <Icon className="icon-s t3" role="img" aria-label={word} title={word} />;
}

/** The short word after an owner's name: where it is known from. */
export function evidenceWord(evidence: string, detail = ""): string {
  switch (evidence) {
    case "declared":
      return "file";
    case "codeowners":
      return "CODEOWNERS";
    case "commits":
      // The server says how many: "82 % of commits".
      return detail;
    case "group":
      return "GitLab group";
    default:
      return "";
  }
}

/** The filled octagon with a cross that means "broken", drawn like the mock's: Tabler's is outlined. */
export function BrokenIcon({ label }: { label?: string }) {
  return (
    // biome-ignore lint/a11y/noSvgWithoutTitle: named by aria-label, or hidden beside its word
    <svg
      className="icon-s red"
      viewBox="0 0 16 16"
      {...(label ? { role: "img", "aria-label": label } : { "aria-hidden": true })}
    >
      <path d="M5.4 1.5h5.200L14.500 5.400v5.200L10.600 14.500H5.400L1.500 10.600V5.400z" fill="currentColor" />
      <path
        d="m5.800 5.800 4.400 4.400M10.200 5.800l-4.400 4.400"
        stroke="var(--bg)"
        strokeWidth="1.500"
        strokeLinecap="round"
      />
    </svg>
  );
}

export function Door({ className = "icon" }: { className?: string }) {
  return (
    <svg
      className={className}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d="M3 14.200V2.600c0-.3.3-.6.6-.6H10M10 2v12.200H1.500M10 3.800l3.600 1.200v9.200H10M7.800 8.200v.8" />
    </svg>
  );
}
