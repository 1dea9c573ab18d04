/**
 * What the browser tests run against, in this order: a server that is named (`STAGEDOOR_URL`, with
 * `STAGEDOOR_GITLAB_URL` and `STAGEDOOR_GITLAB_TOKEN` if its GitLab may be written to), a binary (`STAGEDOOR_BIN`,
 * started as `demo --json` on free ports), or else the fixture server. Of a binary there is also a server without any
 * configuration, and a GitLab for it to be connected to.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { TestProject } from "vitest/node";
import { start } from "../dev/server.mjs";
import { folder, gitlab, type Running, stagedoor } from "./network";

export type Target = {
  url: string;
  /** The GitLab behind it, when the tests may write there. */
  gitlab: { url: string; token: string } | null;
  fixture: boolean;
};

/** A server that has no connection, and what can be connected to it. */
export type Fresh = { url: string; gitlab: string; tokens: Record<string, string>; admin: string };

declare module "vitest" {
  interface ProvidedContext {
    target: Target;
    fresh: Fresh | null;
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

async function fresh(binary: string): Promise<Running & { fresh: Fresh }> {
  const room = folder();
  const source = await gitlab(binary, { args: ["--edition", "premium"] });
  // A webhook of this GitLab leads to this machine.
  await source.control("PUT", "outbound", { allow: true });
  const server = await stagedoor(binary, room.path);
  return {
    fresh: { url: server.url, gitlab: source.url, tokens: source.tokens, admin: source.admin },
    async stop() {
      await server.stop();
      await source.stop();
      room.remove();
    },
  };
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { target, stop } = await choose();
  if (!target.fixture) await ready(target.url);
  const { STAGEDOOR_URL, STAGEDOOR_BIN } = process.env;
  const empty = STAGEDOOR_BIN && !STAGEDOOR_URL ? await fresh(STAGEDOOR_BIN) : null;
  project.provide("target", target);
  project.provide("fresh", empty?.fresh ?? null);
  return async () => {
    await empty?.stop();
    await stop();
  };
}
