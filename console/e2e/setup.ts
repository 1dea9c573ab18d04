/**
 * What the browser tests run against, in this order: a server that is named (`STAGEDOOR_URL`, with
 * `STAGEDOOR_GITLAB_URL` and `STAGEDOOR_GITLAB_TOKEN` if its GitLab may be written to), a binary (`STAGEDOOR_BIN`,
 * started as `demo --json` on free ports), or else the fixture server.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { TestProject } from "vitest/node";
import { start } from "../dev/server.mjs";

export type Target = {
  url: string;
  /** The GitLab behind it, when the tests may write there. */
  gitlab: { url: string; token: string } | null;
  fixture: boolean;
};

declare module "vitest" {
  interface ProvidedContext {
    target: Target;
  }
}

type Banner = { url: string; gitlab: { url: string; admin_token: string } };

async function demo(binary: string): Promise<{ target: Target; stop: () => Promise<void> }> {
  const child = spawn(binary, ["demo", "--json", "--listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const failed = new Promise<never>((_, reject) => child.once("error", reject));
  const line = await Promise.race([
    failed,
    ended.then(() => Promise.reject(new Error(`${binary} demo ended before it said where it listens`))),
    new Promise<string>((resolve) => createInterface({ input: child.stdout }).once("line", resolve)),
  ]);
  const banner = JSON.parse(line) as Banner;
  return {
    target: {
      url: banner.url,
      gitlab: { url: banner.gitlab.url, token: banner.gitlab.admin_token },
      fixture: false,
    },
    async stop() {
      child.kill("SIGINT");
      await ended;
    },
  };
}

/** Until queries give full totals. */
async function ready(url: string): Promise<void> {
  const end = Date.now() + 30_000;
  for (;;) {
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    if (answer?.ok) return;
    if (Date.now() > end) throw new Error(`${url}/readyz does not say ready: ${answer?.status ?? "no answer"}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function choose(): Promise<{ target: Target; stop: () => Promise<void> }> {
  const { STAGEDOOR_URL: url, STAGEDOOR_BIN: binary, STAGEDOOR_GITLAB_URL, STAGEDOOR_GITLAB_TOKEN } = process.env;
  if (url) {
    const gitlab =
      STAGEDOOR_GITLAB_URL && STAGEDOOR_GITLAB_TOKEN
        ? { url: STAGEDOOR_GITLAB_URL, token: STAGEDOOR_GITLAB_TOKEN }
        : null;
    return { target: { url: url.replace(/\/$/, ""), gitlab, fixture: false }, stop: async () => {} };
  }
  if (binary) return demo(binary);
  const fixture = await start();
  return { target: { url: fixture.url, gitlab: null, fixture: true }, stop: fixture.close };
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { target, stop } = await choose();
  if (!target.fixture) await ready(target.url);
  project.provide("target", target);
  return stop;
}
