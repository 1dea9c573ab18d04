/** Real parts of a company's network on loopback: a private certificate authority (openssl), squid, a GitLab and Stagedoor. */
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { request as overHttp } from "node:http";
import { request as overTls } from "node:https";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** How long anything may take before it counts as not happening; nothing here measures speed. */
const PATIENCE = 60_000;

export type Running = { stop: () => Promise<void> };

/** A folder that is gone at the end. */
export function folder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "stagedoor-e2e-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}

/** Asks again until it holds: the state is awaited, not the time. */
export async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + PATIENCE;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Starts a program; its first line on standard output says where it is. */
async function started(binary: string, args: string[]): Promise<Running & { line: string }> {
  const child = spawn(binary, args, { stdio: ["ignore", "pipe", "ignore"], env: bare() });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const failed = new Promise<never>((_, reject) => child.once("error", reject));
  const line = await Promise.race([
    failed,
    ended.then(() => Promise.reject(new Error(`${binary} ${args[0]} ended before it said where it listens`))),
    new Promise<string>((resolve) => createInterface({ input: child.stdout }).once("line", resolve)),
  ]);
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
  };
  return { line, stop };
}

/** Without what would configure Stagedoor, or lead it through a proxy, from outside. */
function bare(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([key]) => !/^STAGEDOOR_|_proxy$/i.test(key));
  return Object.fromEntries(entries) as NodeJS.ProcessEnv;
}

export type Authority = { pem: string; leaf: (name: string, names: string) => { cert: string; key: string } };

/** A private authority in a folder, and certificates of it. */
export function authority(at: string): Authority {
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "ignore" });
  const [pem, key] = [join(at, "ca.pem"), join(at, "ca.key")];
  const days = ["-days", "30", "-subj", "/CN=Sandrill Root CA"];
  const signs = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign"];
  openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", pem, ...days, ...signs);
  return {
    pem: readFileSync(pem, "utf8"),
    leaf(name, names) {
      const file = (kind: string) => join(at, `${name}.${kind}`);
      writeFileSync(file("ext"), `subjectAltName=${names}\n`);
      openssl(
        "req",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        file("key"),
        "-out",
        file("csr"),
        "-subj",
        `/CN=${name}`,
      );
      const by = ["-CA", pem, "-CAkey", key, "-CAcreateserial", "-days", "20", "-extfile", file("ext")];
      openssl("x509", "-req", "-in", file("csr"), "-out", file("pem"), ...by);
      return { cert: file("pem"), key: file("key") };
    },
  };
}

export type Squid = Running & { url: string; port: number; seen: () => string };

/** A real squid that wants user name and password. `hosts`: what it takes names for, over all else. */
export async function squid(at: string, user: string, password: string, hosts: Record<string, string>): Promise<Squid> {
  const port = await freePort();
  const home = join(at, `squid-${port}`);
  const file = (name: string) => join(home, name);
  mkdirSync(home);
  const crypted = execFileSync("openssl", ["passwd", "-apr1", password], { encoding: "utf8" }).trim();
  writeFileSync(file("passwords"), `${user}:${crypted}\n`);
  writeFileSync(
    file("hosts"),
    Object.entries(hosts)
      .map(([name, ip]) => `${ip} ${name}\n`)
      .join(""),
  );
  const helper = ["/usr/lib/squid/basic_ncsa_auth", "/usr/lib64/squid/basic_ncsa_auth"].find(existsSync);
  if (!helper) throw new Error("squid's basic_ncsa_auth is not installed");
  const lines = [
    `http_port 127.0.0.1:${port}`,
    `pid_filename ${file("pid")}`,
    `access_log stdio:${file("access.log")}`,
    `cache_log ${file("cache.log")}`,
    `hosts_file ${file("hosts")}`,
    `coredump_dir ${home}`,
    "cache deny all",
    "shutdown_lifetime 0 seconds",
    "connect_timeout 3 seconds",
    "visible_hostname proxy.sandrill.example",
    "pinger_enable off",
    `auth_param basic program ${helper} ${file("passwords")}`,
    "auth_param basic children 1",
    "acl known proxy_auth REQUIRED",
    "http_access allow known",
    "http_access deny all",
  ];
  writeFileSync(file("squid.conf"), `${lines.join("\n")}\n`);
  // As root squid changes to a user of its own, who must be able to write here.
  if (process.getuid?.() === 0) {
    const id = (flag: string) => Number(execFileSync("id", [flag, "proxy"], { encoding: "utf8" }));
    for (const path of [at, home]) chmodSync(path, 0o755);
    for (const path of [home, ...readdirSync(home).map(file)]) chownSync(path, id("-u"), id("-g"));
  }
  const child = spawn("squid", ["-N", "-f", file("squid.conf")], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.once("error", () => {});
  await until(`squid on ${port}`, () => {
    if (child.exitCode !== null) throw new Error(`squid ended with ${child.exitCode}`);
    return listens(port);
  });
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    seen: () => (existsSync(file("access.log")) ? readFileSync(file("access.log"), "utf8") : ""),
    async stop() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

export type Gitlab = Running & {
  url: string;
  port: number;
  /** By role. */
  tokens: Record<string, string>;
  admin: string;
  control: (method: string, path: string, body?: unknown) => Promise<void>;
};

type Banner = { url: string; listen: string; tokens: Record<string, string>; admin_token: string };

/** The stand-in for GitLab; with a certificate it speaks TLS. */
export async function gitlab(
  binary: string,
  { tls, args = [] }: { tls?: { cert: string; key: string }; args?: string[] } = {},
): Promise<Gitlab> {
  const secure = tls ? ["--tls-cert", tls.cert, "--tls-key", tls.key, "--url", "https://localhost:0"] : [];
  const { line, stop } = await started(binary, ["sandbox", "--listen", "127.0.0.1:0", ...secure, ...args]);
  const { url, listen, tokens, admin_token: admin } = JSON.parse(line) as Banner;
  const port = Number(listen.split(":").at(-1));
  const control = (method: string, path: string, body?: unknown) =>
    new Promise<void>((resolve, reject) => {
      const [send, more] = tls ? [overTls, { rejectUnauthorized: false }] : [overHttp, {}];
      const headers = { "content-type": "application/json" };
      const to = { host: "127.0.0.1", port, method, path: `/-/sandbox/${path}`, headers, ...more };
      const sent = send(to, (answer) => {
        answer.resume();
        answer.once("end", () =>
          answer.statusCode === 204 ? resolve() : reject(new Error(`${method} ${path}: ${answer.statusCode}`)),
        );
      });
      sent.once("error", reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  return { url: url.replace(/\/$/, ""), port, tokens, admin, control, stop };
}

/** Stagedoor as it comes: without any configuration. */
export async function stagedoor(binary: string, data: string): Promise<Running & { url: string }> {
  const { line, stop } = await started(binary, ["serve", "--data", data, "--listen", "127.0.0.1:0"]);
  return { url: (JSON.parse(line) as { url: string }).url, stop };
}
