#!/usr/bin/env python3
"""Ways to GitLab and what is said when one does not lead there: real squid, a real private authority, failing servers.

Usage: run.py BINARY. Ends with "N passed, N failed". Everything is on loopback.
"""

import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from ways import Answering, Authority, Squid, free_port, http

BINARY = Path(sys.argv[1]).resolve()
passed, failed = 0, 0
# The promise of a test: it ends, whatever hangs. Twice as long here, for a busy machine; the bench has the figure.
MOST = 20
LOGIN = "<html><form action=/login><input type=\"password\"></form></html>"


def check(name: str, holds: bool, shown: object = "") -> None:
    global passed, failed
    if holds:
        passed += 1
        print(f"ok     {name}", flush=True)
    else:
        failed += 1
        print(f"FAILED {name}\n  {shown}", flush=True)


class Sandbox:
    def __init__(self, *arguments: object):
        self.process = subprocess.Popen([str(a) for a in [BINARY, "sandbox", "--listen", "127.0.0.1:0", *arguments]],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.told = json.loads(self.process.stdout.readline())
        self.url, self.listen, self.tokens = self.told["url"], self.told["listen"], self.told["tokens"]
        self.port = int(self.listen.rsplit(":", 1)[1])

    def control(self, method: str, path: str, body: dict | None = None, tls=None) -> None:
        scheme = "https" if self.url.startswith("https") else "http"
        request = urllib.request.Request(f"{scheme}://127.0.0.1:{self.port}/-/sandbox/{path}", method=method,
                                         data=json.dumps(body).encode() if body is not None else None,
                                         headers={"content-type": "application/json"})
        urllib.request.urlopen(request, timeout=20, context=tls).read()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)


class Tester:
    """`connection test --url …`, as JSON."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.number = 0

    def file(self, content: str) -> Path:
        self.number += 1
        path = self.folder / f"file-{self.number}"
        path.write_text(content)
        return path

    def run(self, url: str, token: str, *arguments: object) -> dict:
        begun = time.monotonic()
        done = subprocess.run([str(a) for a in [BINARY, "connection", "test", "--url", url, "--token-file", self.file(token), "--output", "json", *arguments]],
                              capture_output=True, text=True, timeout=60)
        report = json.loads(done.stdout)
        report["took"] = time.monotonic() - begun
        report["exit"] = done.returncode
        report["secret printed"] = token.strip() in done.stdout + done.stderr if len(token.strip()) > 12 else False
        return report


def failing(report: dict) -> dict | None:
    return next((c for c in report["checks"] if c["state"] == "failed" and c["grade"] == "read"), None)


def reads(name: str, report: dict) -> None:
    check(name, report["reads"] and report["exit"] == 0, failing(report))


def fails(name: str, report: dict, at: str, *words: str) -> dict:
    """It fails at this check, with these words and a remedy, and nothing after it looks good."""
    found = failing(report) or {}
    text = json.dumps(found, ensure_ascii=False)
    missing = [word for word in words if word.lower() not in text.lower()]
    remedy = (found.get("remedy") or {}).get("text", "")
    good = (found.get("id") == at and not missing and len(remedy) > 10 and report["exit"] == 1 and not report["reads"]
            and not report["secret printed"] and report["took"] < MOST)
    check(name, good, f"wanted {at} {missing or ''}: {text} exit {report['exit']} took {report['took']:.1f}")
    return found


def matrix(test: Tester, ca: Authority, clear: Sandbox, secure: Sandbox, open_squid: Squid, known_squid: Squid, tls_squid: Squid) -> None:
    """Plain and TLS, directly and through each proxy, with the authority in each form."""
    token = clear.tokens["group_bot"]
    credentials = test.file("keeper:p@ss:word/1")
    ways = {
        "directly": [],
        "through squid": ["--proxy", open_squid.url],
        "through squid with credentials": ["--proxy", known_squid.url, "--proxy-credentials-file", credentials],
        "through squid over TLS": ["--proxy", f"https://localhost:{tls_squid.port}"],
    }
    for name, way in ways.items():
        trust = ["--ca", ca.pem] if "over TLS" in name else []
        reads(f"http {name}", test.run(clear.url, token, *way, *trust))
        reads(f"https {name}", test.run(secure.url, token, "--ca", ca.pem, *way))
    check("squid was really asked to tunnel", "CONNECT localhost" in open_squid.seen(), open_squid.seen())
    check("squid was really asked for http", "GET http://127.0.0.1" in open_squid.seen(), open_squid.seen())
    check("squid knew who asked", "keeper" in known_squid.seen(), known_squid.seen())
    reads("the authority as base64", test.run(secure.url, token, "--ca", ca.base64))
    reads("an IPv4 address in the certificate", test.run(f"https://127.0.0.1:{secure.port}", token, "--ca", ca.pem))
    dead = f"http://127.0.0.1:{free_port()}"
    for entry in ["127.0.0.1", "127.0.0.0/8", f"127.0.0.1:{clear.port}", "*", "elsewhere.example,127.0.0.1"]:
        reads(f"noProxy {entry} passes a dead proxy by", test.run(clear.url, token, "--proxy", dead, "--no-proxy", entry))
    for entry in ["localhost", f"localhost:{secure.port}"]:
        reads(f"noProxy {entry} passes a dead proxy by, over TLS", test.run(secure.url, token, "--ca", ca.pem, "--proxy", dead, "--no-proxy", entry))
    fails("noProxy with another port does not", test.run(clear.url, token, "--proxy", dead, "--no-proxy", f"127.0.0.1:{clear.port + 1}"), "proxy", "cannot be reached")
    fails("noProxy for another network does not", test.run(clear.url, token, "--proxy", dead, "--no-proxy", "10.0.0.0/8"), "proxy", "cannot be reached")


def certificates(test: Tester, ca: Authority, secure: Sandbox) -> None:
    token = secure.tokens["group_bot"]
    fails("an authority that is not known", test.run(secure.url, token), "tls", "Sandrill Root CA", "not trusted")
    for name, names, begins, ends, words in [
        ("another host", "DNS:gitlab.other.example", None, None, ["made for gitlab.other.example"]),
        ("an expired one", "DNS:localhost", "250101000000Z", "250201000000Z", ["expired", "clock"]),
        ("one of tomorrow", "DNS:localhost", "400101000000Z", "410101000000Z", ["not valid yet"]),
    ]:
        pair = ca.leaf(name.replace(" ", "-"), names, begins, ends)
        server = Answering(http("200 OK"), tls=pair)
        fails(f"a certificate for {name}" if "host" in name else f"a certificate: {name}", test.run(f"https://localhost:{server.port}", token, "--ca", ca.pem), "tls", *words)
        server.stop()
    fails("the authority in DER", test.run(secure.url, token, "--ca", ca.der), "tls", "DER", "openssl x509 -inform der")
    fails("the authority cut off", test.run(secure.url, token, "--ca", test.file(ca.pem.read_text()[:400])), "tls", "broken")
    fails("the authority empty", test.run(secure.url, token, "--ca", test.file("\n")), "tls", "empty")
    fails("a private key in its place", test.run(secure.url, token, "--ca", ca.folder / "ca.key"), "tls", "private key")
    fails("a page in its place", test.run(secure.url, token, "--ca", test.file(LOGIN)), "tls", "neither PEM nor base64")


def addresses(test: Tester, clear: Sandbox, secure: Sandbox, ca: Authority) -> None:
    token = clear.tokens["group_bot"]
    for name, url in [
        ("of a group", "/sandrill"), ("of a project", "/sandrill/checkout/payments-api"), ("of a file", "/sandrill/checkout/payments-api/-/blob/main/README.md"),
        ("of the API", "/api/v4"), ("of the sign-in page", "/users/sign_in?redirect=1#x"), ("with a slash", "/"),
    ]:
        report = test.run(clear.url + url, token)
        check(f"the address {name} is corrected", report["reads"] and report["url"] == clear.url + "/", (report["url"], failing(report)))
    report = test.run(f"localhost:{secure.port}", token, "--ca", ca.pem)
    check("an address without a scheme", report["reads"] and report["url"].startswith("https://"), failing(report))
    fails("https where there is only http", test.run(clear.url.replace("http:", "https:"), token), "tls", "does not speak TLS", "http://")
    fails("a wrong port", test.run(f"http://127.0.0.1:{free_port()}", token), "port", "nothing listens", "port")
    fails("a port that is none", test.run("https://localhost:99999", token), "address", "port")
    fails("an IPv6 address without brackets", test.run("https://fd00::1", token), "address", "port")
    fails("an IPv6 address that nobody has", test.run(f"http://[::1]:{free_port()}", token), "port", "::1")
    fails("an IDN that nobody has", test.run("https://gitläb.invalid", token), "name", "xn--gitlb-jra.invalid", "spelling")
    fails("a name that nobody has", test.run("https://gitlab.invalid", token), "name", "no address")
    fails("an address for git", test.run("git@gitlab.example:a/b.git", token), "address", "git over SSH")
    fails("another scheme", test.run("ftp://gitlab.example", token), "address", "ftp")
    fails("a password in the address", test.run("https://me:hunter2hunter2@localhost", token), "address", "user name or password")
    fails("nothing", test.run(" ", token), "address", "no address")


def strangers(test: Tester, clear: Sandbox, ca: Authority, secure_pair) -> None:
    """What is no GitLab is told apart, and is never sent the token."""
    token = clear.tokens["group_bot"]
    other = Answering(http("401 Unauthorized", '{"message":"401 Unauthorized"}', "application/json"))
    cases = [
        ("a page to sign in at", http("200 OK", LOGIN), "gitlab", ["sign in", "/api"]),
        ("a sign-on portal elsewhere", http("302 Found", Location=f"https://sso.example/login?next=/"), "gitlab", ["sso.example", "not sent"]),
        ("a redirect to another host", http("301 Moved", Location=f"http://localhost:{other.port}/api/v4/version"), "gitlab", ["redirects to", "not sent"]),
        ("another product's API", http("404 Not Found", '{"errors":null}', "application/json"), "gitlab", ["no GitLab"]),
        ("a plain web server", http("404 Not Found", "<h1>Not Found</h1>", Server="nginx"), "gitlab", ["nginx", "404"]),
        ("GitLab while it starts", http("502 Bad Gateway", "<h1>GitLab is not responding</h1>"), "gitlab", ["502"]),
        ("garbage", b"SSH-2.0-OpenSSH_9.6\r\n", "gitlab", []),
    ]
    for name, answer, at, words in cases:
        server = Answering(answer)
        fails(name, test.run(f"http://127.0.0.1:{server.port}", token), at, *words)
        check(f"{name}: the token was not sent", token.encode() not in server.sent, server.sent[:300])
        server.stop()
    check("the other host was never asked", other.sent == b"", other.sent)
    silent = Answering(None)
    fails("a server that takes and says nothing", test.run(f"http://127.0.0.1:{silent.port}", token), "gitlab", "never answered")
    fails("the same over TLS", test.run(f"https://127.0.0.1:{silent.port}", token), "tls", "never answered")
    wants_tls = Answering(http("400 Bad Request", "<html>The plain HTTP request was sent to HTTPS port</html>"))
    report = test.run(f"http://127.0.0.1:{wants_tls.port}", token)
    check("http to a port for TLS is tried again with https", report["url"].startswith("https://"), report["url"])
    for server in [other, silent, wants_tls]:
        server.stop()


def proxies(test: Tester, clear: Sandbox, secure: Sandbox, ca: Authority, known: Squid, folder: Path) -> None:
    token = clear.tokens["group_bot"]
    trust = ["--ca", ca.pem]
    for name, url, more in [("http", clear.url, []), ("https", secure.url, trust)]:
        fails(f"a proxy that wants credentials, {name}", test.run(url, token, "--proxy", known.url, *more), "proxy", "user name and password", "407")
        wrong = test.file("keeper:wrong")
        fails(f"wrong credentials, {name}", test.run(url, token, "--proxy", known.url, "--proxy-credentials-file", wrong, *more), "proxy", "they are wrong")
        dead = f"http://127.0.0.1:{free_port()}"
        fails(f"a proxy that is not there, {name}", test.run(url, token, "--proxy", dead, *more), "proxy", "cannot be reached")
    denying = Squid(folder, deny=True)
    fails("a proxy that lets nothing pass, http", test.run(clear.url, token, "--proxy", denying.url), "proxy", "does not let", "noProxy")
    fails("a proxy that lets nothing pass, https", test.run(secure.url, token, "--proxy", denying.url, *trust), "proxy", "does not let", "noProxy")
    denying.stop()
    open_squid = Squid(folder)
    nowhere = free_port()
    fails("Bad Gateway of the proxy, http", test.run(f"http://localhost:{nowhere}", token, "--proxy", open_squid.url), "proxy", "does not reach", "noProxy")
    fails("Bad Gateway of the proxy, https", test.run(f"https://localhost:{nowhere}", token, "--proxy", open_squid.url), "proxy", "does not reach", "noProxy")
    fails("a name that the proxy does not find", test.run("https://gitlab.invalid", token, "--proxy", open_squid.url), "proxy", "does not reach")
    open_squid.stop()
    silent = Answering(None)
    fails("a proxy that takes and says nothing", test.run(secure.url, token, "--proxy", f"http://127.0.0.1:{silent.port}", *trust), "proxy", "never answered")
    silent.stop()
    web = Answering(http("200 OK", LOGIN))
    fails("a web server instead of a proxy", test.run(secure.url, token, "--proxy", f"http://127.0.0.1:{web.port}", *trust), "tls")
    web.stop()
    fails("a SOCKS proxy", test.run(secure.url, token, "--proxy", "socks5://127.0.0.1:1080"), "proxy", "SOCKS")
    fails("a file with rules", test.run(secure.url, token, "--proxy", "http://127.0.0.1:1/proxy.pac"), "proxy", "proxy.pac")
    fails("an exception that cannot be read", test.run(secure.url, token, "--proxy", known.url, "--no-proxy", "10.0.0.0/64"), "proxy", "10.0.0.0/64")


def tokens(test: Tester, clear: Sandbox) -> None:
    url, known = clear.url, clear.tokens
    for name, kind in [("maintainer", "personal"), ("group_bot", "group"), ("project_bot", "project"), ("service_account", "service-account"), ("oauth", "oauth")]:
        report = test.run(url, known[name])
        check(f"a token of kind {kind}", report["reads"] and report["facts"]["tokenKind"] == kind, (report["facts"], failing(report)))
    report = test.run(url, known["read_only"])
    acts = {c["id"]: c["state"] for c in report["checks"]}
    check("a token that only reads is welcome", report["reads"] and not report["acts"] and report["exit"] == 0 and acts["scope-act"] == "failed", acts)
    report = test.run(url, known["expiring"])
    check("a token that ends soon is spoken of", report["reads"] and report["facts"]["daysLeft"] <= 5 and
          any(c["id"] == "expiry" and c["state"] == "note" for c in report["checks"]), report["facts"])
    fails("an expired token", test.run(url, known["expired"]), "token", "has expired")
    fails("a revoked token", test.run(url, known["revoked"]), "token", "revoked", "rotated")
    fails("a token of nobody", test.run(url, "glpat-" + "x" * 20), "token", "does not know")
    fails("a token with a space", test.run(url, "glpat-abcdefgh ijklmnop"), "token", "a space")
    fails("a token in quotes", test.run(url, '"glpat-abcdefghijklmnop"'), "token", "quotation mark")
    fails("no token", test.run(url, "\n"), "token", "empty")
    fails("a deploy token", test.run(url, known["deploy"]), "token", "deploy token")
    fails("a runner's token", test.run(url, "glrt-abcdefghijklmnopqrst"), "token", "runner")
    fails("a token without read_api", test.run(url, known["no_scope"]), "scope-read", "read_api", "read_user")
    fails("a token whose user is nowhere a member", test.run(url, known["lonely"]), "projects", "member of no project", "Reporter")
    fails("a group that the token does not see", test.run(url, known["group_bot"], "--group", "sandrill/none"), "projects", "sandrill/none")
    clear.control("PUT", "clock", {"offsetSeconds": 41})
    report = test.run(url, known["group_bot"])
    clock = next(c for c in report["checks"] if c["id"] == "clock")
    check("clocks that differ", report["reads"] and clock["state"] == "note" and "41" in clock["title"] and clock["remedy"]["copy"], clock)
    clear.control("PUT", "clock", {"offsetSeconds": 0})
    clear.control("PUT", "faults", {"route": "POST /api/graphql", "status": 403, "body": "<html>blocked by policy</html>", "type": "text/html"})
    fails("GraphQL that something in between blocks", test.run(url, known["group_bot"]), "projects")
    clear.control("PUT", "faults", {"route": "GET /api/v4/metadata", "delayMs": 30000})
    fails("GitLab that hangs in the middle", test.run(url, known["group_bot"]), "version")
    clear.control("DELETE", "faults")
    report = test.run(url, known["group_bot"])
    reads("and well again", report)


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="stagedoor-network-") as folder:
        folder = Path(folder)
        ca = Authority(folder)
        pair = ca.leaf("localhost", "DNS:localhost,IP:127.0.0.1")
        clear = Sandbox()
        secure = Sandbox("--tls-cert", pair[0], "--tls-key", pair[1], "--url", "https://localhost:0")
        open_squid, known, tls_squid = Squid(folder), Squid(folder, "keeper", "p@ss:word/1"), Squid(folder, tls=pair)
        test = Tester(folder)
        try:
            matrix(test, ca, clear, secure, open_squid, known, tls_squid)
            certificates(test, ca, secure)
            addresses(test, clear, secure, ca)
            strangers(test, clear, ca, pair)
            proxies(test, clear, secure, ca, known, folder)
            tokens(test, clear)
        finally:
            for process in [open_squid, known, tls_squid, clear, secure]:
                process.stop()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
