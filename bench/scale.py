"""A thousand, ten thousand, a hundred thousand projects: how time, memory and answers grow."""

import json
import time
from pathlib import Path

from asking import complete, get, queries
from connections import ask, until
from stage import Estate

SIZES = [1_000, 10_000, 100_000]
# At the largest: seconds, MB, and milliseconds of the slowest in a hundred.
GOALS = {"ready": 150, "peak": 900, "list": 5, "facets": 10, "by_name": 1}


def grown(binary: str, log: Path, projects: int) -> dict:
    # So many groups that a hundred thousand projects come to 240,000 entities.
    with Estate(binary, log, projects, "--groups", projects * 45 // 100) as estate:
        server = estate.servers[0]
        until("all is queryable", lambda: ready(estate), 1800, pause=0.01)
        found: dict = {"ready": time.perf_counter() - server.began, "peak": server.memory("VmHWM")}
        found["requests"] = ask(estate.gitlab.url + "/-/sandbox/stats")["total"]
        address = server.url.removeprefix("http://")
        found["totals"] = complete(address)
        found |= queries(address)
        found["after queries"], found["size"] = server.memory("VmHWM"), estate.size_mb()
        server.stop()
        server.start()
        until("it is ready again", lambda: ready(estate), 600, pause=0.01)
        found["restart"], found["resting"] = time.perf_counter() - server.began, server.memory()
        again = complete(server.url.removeprefix("http://"))
        if again["components"] < found["totals"]["components"]:
            raise RuntimeError(f"after a restart: {again}, before: {found['totals']}")
        return found


def ready(estate: Estate) -> bool:
    status, text = get(estate.url.removeprefix("http://"), "/readyz")
    return status == 200 and json.loads(text)["ready"]


def measure(binary: str, log: Path, quick: bool = False) -> list[tuple]:
    rows: list[tuple] = []
    for projects in SIZES[:2] if quick else SIZES:
        found = grown(binary, log, projects)
        goals = GOALS if projects == SIZES[-1] else {}
        rows += [
            (f"{projects:,} projects, {found['totals']['entities']:,} entities: all queryable", found["ready"], "s", "-", goals.get("ready")),
            ("  peak memory until then", found["peak"], "MB", "-", goals.get("peak")),
            ("  peak memory after all queries", found["after queries"], "MB", "-", None),
            ("  memory after a restart", found["resting"], "MB", "-", None),
            ("  database", found["size"], "MB", "-", None),
            ("  requests to GitLab", found["requests"], "", "-", None),
            ("  list of 20, p99", found["list_p99_ms"], "ms", "-", goals.get("list")),
            ("  facets (4), p99", found["facets_p99_ms"], "ms", "-", goals.get("facets")),
            ("  by name, p99", found["by_name_p99_ms"], "ms", "-", goals.get("by_name")),
            ("  page list of 20 (/api/v1), p99", found["v1_list_p99_ms"], "ms", "-", None),
            ("  page facets (/api/v1), p99", found["v1_facets_p99_ms"], "ms", "-", None),
            ("  restart to ready", found["restart"], "s", "-", None),
        ]
    return rows
