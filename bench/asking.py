"""Asking a server and counting milliseconds; the tables that are printed."""

import json
import os
import platform
import socket
import statistics
import time
from http.client import HTTPConnection
from pathlib import Path

REQUESTS = 2000


def get(address: str, path: str):
    connection = HTTPConnection(address)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


class Keep:
    """One kept connection and no library between: a client that costs microseconds, so that the server is measured."""

    def __init__(self, address: str):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.host = address

    def get(self, path: str) -> bytes:
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode())
        data = self.socket.recv(1 << 20)
        while b"\r\n\r\n" not in data:
            data += self.socket.recv(1 << 20)
        head, body = data.split(b"\r\n\r\n", 1)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{path}: {head[:80]!r} {body[:200]!r}")
        length = next(int(l.split(b":")[1]) for l in head.split(b"\r\n") if l.lower().startswith(b"content-length:"))
        while len(body) < length:
            body += self.socket.recv(1 << 20)
        return body


def latencies(address: str, paths: list[str]) -> tuple[float, float]:
    keep = Keep(address)
    for path in paths[:50]:
        keep.get(path)
    taken = []
    for n in range(REQUESTS):
        begun = time.perf_counter()
        keep.get(paths[n % len(paths)])
        taken.append((time.perf_counter() - begun) * 1000)
    taken.sort()
    return statistics.median(taken), taken[int(len(taken) * 0.99)]


def refs(address: str) -> list[tuple[str, str, str]]:
    body = json.loads(get(address, "/api/catalog/entities?filter=kind=component&fields=kind,metadata.namespace,metadata.name&limit=500")[1])
    return [(e["kind"], e["metadata"]["namespace"], e["metadata"]["name"]) for e in body]


def complete(address: str) -> dict:
    """What must be there when /readyz says so: full totals and relations in both directions."""
    def total(query: str) -> int:
        return json.loads(get(address, f"/api/catalog/entities/by-query?limit=0&{query}")[1])["totalItems"]
    return {
        "components": total("filter=kind=component"),
        "apis": total("filter=kind=api"),
        "with a provider": total("filter=kind=api,relations.apiProvidedBy"),
        "owned": total("filter=kind=component,relations.ownedBy"),
        "entities": total(""),
    }


def queries(address: str) -> dict:
    found = refs(address)
    result = {}
    for name, paths in {
        "by_name": [f"/api/catalog/entities/by-name/{k.lower()}/{ns}/{n}" for k, ns, n in found],
        "list": [f"/api/catalog/entities/by-query?limit=20&filter=kind=component&orderField=metadata.name,asc&offset={o}" for o in range(0, 900, 20)],
        "facets": ["/api/catalog/entity-facets?facet=kind&facet=spec.type&facet=spec.owner&facet=metadata.tags"],
        "v1_list": ["/api/v1/entities?kind=component&limit=20"],
        "v1_facets": ["/api/v1/entities/facets?facet=kind&facet=type&facet=owner&facet=lifecycle"],
    }.items():
        result[f"{name}_p50_ms"], result[f"{name}_p99_ms"] = latencies(address, paths)
    return result


def machine() -> str:
    cpu = next((l.split(":")[1].strip() for l in Path("/proc/cpuinfo").read_text().splitlines() if l.startswith("model name")), "?")
    return f"{os.cpu_count()} cores, {cpu}, {platform.system()} {platform.release()}"


def missed(figure: float, goal) -> bool:
    """A goal is the most, or with "≥ " before it the least."""
    if isinstance(goal, str):
        return figure < float(goal.removeprefix("≥ "))
    return figure > goal


def table(rows: list[tuple], reference: str = "Backstage") -> list[str]:
    """Figure, reference and goal, a line each: what, figure, unit, reference, goal."""
    wide = max(len(row[0]) for row in rows)
    lines = [f"{'what':{wide}} {'figure':>10}      {reference:>9} {'goal':>8}"]
    for name, figure, unit, reference, goal in rows:
        mark = "" if goal is None else ("MISSED" if missed(figure, goal) else "met")
        shown = f"{figure:.1f}" if unit in ("", "%") and 0 < figure < 20 else f"{figure:.0f}" if unit in ("", "MB", "/s", "%") else f"{figure:.3f}"
        told = "" if goal is None else goal if isinstance(goal, str) else f"≤ {goal}"
        lines.append(f"{name:{wide}} {shown:>10} {unit:4} {reference:>9} {told:>8} {mark}")
    return lines
