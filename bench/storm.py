"""A storm: half of what is asked of GitLab is answered with 429. Nothing may leave the catalog, and its age must be told."""

import time
from pathlib import Path

from connections import ask, until
from pushes import Gitlab, described, hook
from stage import Estate

COMPONENTS = 200
ROUTES = ["POST /api/graphql", "GET /api/v4/projects/{id}/repository/files/*"]
HOW = f"{COMPONENTS} components; every file is changed as it begins; half of all GraphQL answers and of raw files are 429; counted every second"
MIDDLE = "in the middle of it"
BEGAN = "as the storm began"


class Storm:
    def __init__(self, estate: Estate, seconds: int):
        self.estate, self.seconds = estate, seconds
        gitlab = Gitlab(estate.gitlab.url, estate.token)
        texts = {project: found for project in range(1, COMPONENTS + 1) if (found := described(gitlab.text(project) or "", BEGAN))}
        self.before = self.components()
        self.changed = [ref for _, ref in texts.values()]
        for seed, route in enumerate(ROUTES):
            self.control("POST", {"route": route, "status": 429, "share": 0.5, "seed": seed})
        self.began = time.monotonic()
        for project, (text, _) in texts.items():
            gitlab.commit(project, text)
        self.project, (self.text, self.ref) = next(iter(texts.items()))
        self.gitlab = gitlab

    def control(self, method: str, body=None):
        return ask(self.estate.gitlab.url + "/-/sandbox/faults", method, body)

    def now(self) -> float:
        return time.monotonic() - self.began

    def components(self) -> int:
        return ask(self.estate.url + "/api/catalog/entities/by-query?limit=0&filter=kind=component")["totalItems"]

    def rows(self) -> list[dict]:
        found, cursor = [], ""
        while cursor is not None:
            page = ask(f"{self.estate.url}/api/v1/entities?kind=component&limit=200{cursor and '&cursor=' + cursor}")
            found += page["items"]
            cursor = page.get("nextCursor")
        return found

    def descriptions(self) -> dict[str, str | None]:
        shown = ask(self.estate.url + "/api/catalog/entities?filter=kind=component&fields=kind,metadata")
        return {f"component:{e['metadata']['namespace']}/{e['metadata']['name']}": e["metadata"].get("description") for e in shown}

    def age(self, ref: str) -> str:
        """What the page of a component says of its own age."""
        return ask(f"{self.estate.url}/api/v1/entities/{ref.replace(':', '/')}")["freshness"]["state"]

    def pass_over(self) -> dict:
        """Looks every second; in the middle somebody pushes."""
        counts, marked, late, pushed, seen, over, hits = [], [], [], None, None, None, 0
        while over is None or seen is None:
            at = self.now()
            if at > self.seconds + 120:
                break
            if pushed is None and at >= self.seconds / 2:
                self.gitlab.commit(self.project, self.text.replace(BEGAN, MIDDLE))
                pushed = self.now()
            counts.append(self.components())
            if over is None and at >= self.seconds:
                hits = sum(rule["hits"] for rule in self.control("GET"))
                self.control("DELETE")
                over = self.now()
            shown = self.descriptions()
            # What is old on the page, and whether the page says so.
            old = [ref for ref in self.changed if shown.get(ref) not in (BEGAN, MIDDLE)]
            said = sum(1 for ref in old if self.age(ref) != "fresh")
            late.append((len(old), said))
            marked.append(said)
            if seen is None and shown.get(self.ref) == MIDDLE:
                seen = self.now()
            time.sleep(max(0.0, at + 1 - self.now()))
        return {"before": self.before, "least": min(counts), "looks": len(counts), "marked": max(marked), "marked for": sum(1 for n in marked if n), "late": late,
                "hits": hits, "pushed": pushed, "after": max(0.0, seen - over) if seen else float("inf"), "shown after": seen - pushed if seen else float("inf"),
                "calm": self.calm(over)}

    def calm(self, over: float) -> float:
        """Seconds after the storm until nothing is marked any more and every change is shown."""
        def holds() -> bool:
            shown = self.descriptions()
            return all(shown.get(ref) in (BEGAN, MIDDLE) for ref in self.changed) and not any(row["stale"] for row in self.rows())
        until("it is calm again", holds, 300)
        return self.now() - over


def measure(binary: str, log: Path, quick: bool = False) -> list[tuple]:
    seconds = 15 if quick else 60
    with Estate(binary, log, COMPONENTS, more="catalog: {intervalSeconds: 10, pollSeconds: 5}\n") as estate:
        estate.ready()
        hook(estate)
        found = Storm(estate, seconds).pass_over()
    unsaid = sum(1 for old, said in found["late"] if old > said)
    return [
        (f"components in the catalog, least of {found['looks']} looks ({found['hits']} answers were 429)", found["least"], "", "71", f"≥ {found['before']}"),
        ("  older than GitLab and said so on their pages, most at once", found["marked"], "", "-", None),
        ("  seconds in which some said so", found["marked for"], "s", "-", None),
        ("  looks at which a page did not yet say that it is older than GitLab", unsaid, "", "-", None),
        ("a change pushed in the middle: shown after", found["shown after"], "s", "-", None),
        ("  shown after the end of the storm", found["after"], "s", "-", 60),
        ("all changes shown and nothing marked any more, after its end", found["calm"], "s", "-", None),
    ]
