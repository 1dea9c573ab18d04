"""`stagedoor catalog …` against a running server, and against what is none."""

import contextlib
import json
import os
import pty
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from common import BINARY, ENVIRONMENT, check, run


@contextlib.contextmanager
def demo():
    """A demo company; gives its address once all of it was read."""
    server = subprocess.Popen(
        [BINARY, "demo", "--json", "--listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE, text=True, env=ENVIRONMENT,
    )
    try:
        url = json.loads(server.stdout.readline())["url"]
        # The refresh ends when a pass that began after it has ended: then everything is there.
        done = run("catalog", "refresh", "--wait", "--server", url)
        assert done.returncode == 0, done
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)


@contextlib.contextmanager
def answering(status: int, body: str, kind: str = "application/json"):
    """A server that answers everything so; gives its address and the paths it was asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(status)
            self.send_header("content-type", kind)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()


def on_a_terminal(url: str, *arguments: str, **environment: str) -> str:
    """What a terminal is sent."""
    main, end = pty.openpty()
    os.set_blocking(main, True)
    with subprocess.Popen(
        [BINARY, *arguments, "--server", url], stdout=end, stderr=subprocess.DEVNULL,
        env=ENVIRONMENT | {"TERM": "xterm"} | environment,
    ) as process:
        os.close(end)
        text = b""
        with contextlib.suppress(OSError):
            while chunk := os.read(main, 65536):
                text += chunk
        process.wait(timeout=60)
    os.close(main)
    return text.decode()


def lists(url: str) -> None:
    done = run("catalog", "list", "--kind", "component", "--limit", "3", "--server", url)
    lines = done.stdout.splitlines()
    check("a list has a head and as many rows as asked for", lines[0].startswith("REF") and len(lines) == 4, done)
    check("that there are more is told beside it", "3 of" in done.stderr and "--all" in done.stderr, done.stderr)
    whole = json.loads(run("catalog", "list", "--all", "-o", "json", STAGEDOOR_SERVER=url).stdout)
    check("--all gives all pages", len(whole["items"]) == whole["total"] == whole["all"] and whole["nextCursor"] is None)
    few = run("catalog", "list", "--kind", "api", "--sort", "-name", "--output", "json", "--server", url)
    names = [row["name"] for row in json.loads(few.stdout)["items"]]
    check("sorting", names == sorted(names, reverse=True) and len(names) > 2, names)
    owned = json.loads(run("catalog", "list", "--owner", "sandrill.checkout", "-o", "json", "--server", url).stdout)
    check("filters narrow", owned["items"] and all(r["owner"]["name"] == "sandrill.checkout" for r in owned["items"]), owned)
    yaml = run("catalog", "list", "--limit", "1", "-o", "yaml", "--server", url).stdout
    check("YAML is the same tree", yaml.startswith("items:\n- ref: ") and "asOf:" in yaml, yaml)
    none = run("catalog", "list", "--query", "nothing-is-called-so", "--server", url)
    check("nothing found is no failure and is explained", none.returncode == 0 and "nothing matches, of" in none.stderr, none)
    check("an unknown order is not understood", run("catalog", "list", "--sort", "size", "--server", url).returncode == 2)
    hits = run("catalog", "search", "payments", "api", "--server", url).stdout
    check("search", "component:payments-api" in hits, hits)


def one(url: str) -> None:
    done = run("catalog", "get", "payments-api", "--server", url)
    check("one entity, its kind left out", "component:default/payments-api" in done.stdout and "Relations" in done.stdout, done)
    done = run("catalog", "get", "component:payments-ap", "--server", url)
    check("what is not there exits 4 and names what is near", done.returncode == 4 and "payments-api" in done.stderr, done)
    document = json.loads(run("catalog", "get", "payments-api", "--document", "-o", "json", "--server", url).stdout)
    check("its document alone", document["kind"] == "Component" and document["spec"]["owner"], document)
    check("no reference exits 2", run("catalog", "get", "a:b:c", "--server", url).returncode == 2)


def problems(url: str) -> None:
    done = run("catalog", "problems", "--severity", "error", "--server", url)
    rows = done.stdout.splitlines()[1:]
    check("problems of one severity", rows and all(row.startswith("error") for row in rows), done.stdout)
    grouped = run("catalog", "problems", "--by-owner", "--server", url).stdout
    check("problems by owner", "problems\n  error" in grouped and grouped.count(" problem") > 2, grouped)
    found = json.loads(run("catalog", "problems", "--code", "conflict", "--all", "-o", "json", "--server", url).stdout)
    check("problems of one code", {row["code"] for row in found["items"]} == {"conflict"}, found)


def refresh(url: str) -> None:
    done = run("catalog", "refresh", "--server", url)
    check("a refresh says where it is recorded", done.returncode == 0 and "audit row" in done.stdout, done)
    done = run("catalog", "refresh", "--wait", "-o", "json", "--server", url)
    status = json.loads(done.stdout)["status"]["connections"][0]
    check("and waits until it is read", done.returncode == 0 and status["phase"] == "idle", done)
    done = run("catalog", "refresh", "--connection", "nowhere", "--server", url)
    check("a connection that is not there exits 4", done.returncode == 4, done)
    check("a connection's name is checked before", run("catalog", "refresh", "--connection", "No!").returncode == 2)
    check("one thing at a time", run("catalog", "refresh", "a", "--project", "b").returncode == 2)
    done = run("catalog", "refresh", "payments-api", "--server", url)
    check("one entity", done.returncode == 0 and done.stdout.startswith("1 reading begins"), done)


def colours(url: str) -> None:
    listing = ("catalog", "list", "--kind", "component", "--limit", "2")
    check("colour on a terminal", "\x1b[" in on_a_terminal(url, *listing))
    check("none with NO_COLOR", "\x1b[" not in on_a_terminal(url, *listing, NO_COLOR="1"))
    check("an empty NO_COLOR means nothing", "\x1b[" in on_a_terminal(url, *listing, NO_COLOR=""))
    check("none on a dumb terminal", "\x1b[" not in on_a_terminal(url, *listing, TERM="dumb"))
    check("none in a pipe", "\x1b[" not in run(*listing, "--server", url).stdout)


def servers() -> None:
    done = run("catalog", "list", "--server", "127.0.0.1:1")
    check("no server exits 3 and says what to do", done.returncode == 3 and "stagedoor serve" in done.stderr, done)
    check("a wrong address exits 2", run("catalog", "list", "--server", "ftp://x").returncode == 2)
    with answering(200, "<html>", "text/html") as (url, _):
        done = run("catalog", "list", "--server", url)
        check("another server is noticed", done.returncode == 3 and "no Stagedoor" in done.stderr, done)
    with answering(404, '{"message":"404 Not Found"}') as (url, _):
        check("also when it answers as GitLab does", run("catalog", "get", "x", "--server", url).returncode == 3)
    problem = {"title": "Forbidden", "status": 403, "detail": "Ask \x1b[31mthe operator."}
    with answering(403, json.dumps(problem), "application/problem+json") as (url, _):
        done = run("catalog", "list", "--server", url)
        check("a refusal exits 1", done.returncode == 1 and "operator" in done.stderr and "\x1b" not in done.stderr, done)
    row = {"ref": "component:default/a", "type": "service", "owner": None, "project": {"path": "g/a"}}
    gone = row | {"ref": "component:default/b", "owner": {"ref": "group:default/x", "name": "x", "exists": False}}
    page = {"items": [row, gone], "total": 2, "all": 9, "nextCursor": None, "prevCursor": None}
    with answering(200, json.dumps(page)) as (url, asked):
        done = run("catalog", "unowned", "--kind", "component", "--server", url + "/below/")
        check("unowned asks for it", asked == ["/below/api/v1/entities?ownership=unowned&kind=component&limit=50"], asked)
        check("and says why", "nobody" in done.stdout and "group:x, not in the catalog" in done.stdout, done)


def all_of_it() -> None:
    servers()
    with demo() as url:
        lists(url)
        one(url)
        problems(url)
        refresh(url)
        colours(url)
