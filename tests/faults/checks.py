"""What must hold after every schedule: nothing lost, nothing doubled, index equals store equals GitLab."""

import hashlib
import json
import signal
import subprocess
import time

from people import reference
from play import Play
from stage import FILE, SECRET, Stage
from things import Server, asked, until

# How long servers may take to mend everything by themselves: a worker that died holds what it did for a minute.
RECOVERY = 90.0


def answer(url: str, timeout: float = 30):
    status, text = asked("GET", url, timeout=timeout)
    if status != 200:
        raise OSError(f"{url}: {status} {text[:300]!r}")
    return json.loads(text)


def entities(url: str) -> dict[str, dict]:
    return {reference(entity): entity for entity in answer(url + "/api/catalog/entities")}


def inferred(entity: dict) -> bool:
    return entity["kind"] == "Component" and "catalog-info.yaml" not in entity["metadata"].get("annotations", {}).get("backstage.io/managed-by-location", "")


def comparable(found: dict[str, dict]) -> dict[str, str]:
    """What two servers must agree on that read the same GitLab at different times: everything but the numbers that each gives
    for itself, and owners concluded from who wrote most commits, which is looked at slowly, project by project."""
    concluded = {ref for ref, entity in found.items() if inferred(entity)}
    result = {}
    for ref, entity in found.items():
        metadata = {name: value for name, value in entity["metadata"].items() if name not in ("etag", "uid")}
        spec = {name: value for name, value in entity.get("spec", {}).items() if name != "owner" or ref not in concluded}
        relations = [r for r in entity.get("relations", []) if not (r["type"] == "ownedBy" and ref in concluded or r["type"] == "ownerOf" and r["targetRef"] in concluded)]
        result[ref] = json.dumps(entity | {"metadata": metadata, "spec": spec, "relations": relations}, sort_keys=True)
    return result


def difference(mine: dict[str, str], theirs: dict[str, str]) -> str:
    only_mine, only_theirs = sorted(mine.keys() - theirs.keys()), sorted(theirs.keys() - mine.keys())
    differ = sorted(ref for ref in mine.keys() & theirs.keys() if mine[ref] != theirs[ref])
    shown = f"\n{differ[0]}:\n{mine[differ[0]]}\n{theirs[differ[0]]}" if differ else ""
    return (f"{len(only_mine)} only shown: {only_mine[:5]}; {len(only_theirs)} only in GitLab: {only_theirs[:5]}; "
            f"{len(differ)} different: {differ[:5]}{shown}")


def stale_rows(server: Server) -> list[str]:
    """What a page would say is not known to be so now."""
    found, cursor = [], ""
    while cursor is not None:
        page = answer(f"{server.url}/api/v1/entities?limit=200{cursor and '&cursor=' + cursor}")
        found += [f"{row['ref']} ({row['stale']['reason']})" for row in page["items"] if row["stale"]]
        cursor = page.get("nextCursor")
    return found


def well(server: Server, truth: dict[str, str]):
    """Says by itself that all is well, and shows what is true."""
    def holds():
        status, text = asked("GET", server.url + "/readyz")
        if status != 200:
            return f"{server.log.name} is not ready: {text[:300]!r}"
        shown = comparable(entities(server.url))
        if shown != truth:
            return f"{server.log.name}: {difference(shown, truth)}"
        connection = answer(server.url + "/api/v1/catalog/status")["connections"][0]
        if connection["error"] or connection["partial"] or connection["phase"] == "failed":
            return f"{server.log.name} says it is not well: {connection['error'] or connection['partial'][:2] or connection['phase']}"
        stale = stale_rows(server)
        return f"{server.log.name} shows as stale: {stale[:5]}" if stale else True
    return holds


def recovered(stage: Stage) -> float:
    """Waits until every server says that all is well, and shows what a server shows that sees this GitLab for the first time."""
    begun = time.monotonic()
    fresh = stage.serve("log-fresh", stage.folder / "fresh", None, None)
    until("a fresh server has read everything", lambda: asked("GET", fresh.url + "/readyz")[0] == 200, 60)
    truth = comparable(entities(fresh.url))
    for server in stage.servers:
        until("all is well again", well(server, truth), max(10.0, RECOVERY - (time.monotonic() - begun)))
    if len(stage.servers) > 1:
        def alike():
            first, *others = [entities(server.url) for server in stage.servers]
            return next((difference(*({ref: json.dumps(e, sort_keys=True) for ref, e in found.items()} for found in (first, other))) for other in others if other != first), True)
        until("all servers show the same, to the letter", alike, RECOVERY)
    return time.monotonic() - begun


def nothing_lost(stage: Stage, play: Play) -> None:
    rows = stage.query("SELECT id, project_id FROM hook_events WHERE connection = 'main' AND id LIKE 's%'")
    stored = {id: int(project) for id, project in rows}
    acknowledged = play.ledger.acknowledged
    lost = sorted((at, id) for id, (_, at) in acknowledged.items() if id not in stored)
    assert not lost, f"{len(lost)} acknowledged events are lost, as {', '.join(f'{id}, acknowledged at {at:.2f} s' for at, id in lost[:5])}"
    assert len(rows) == len(stored), f"{len(rows) - len(stored)} events are stored twice"
    wrong = [id for id, (project, _) in acknowledged.items() if stored[id] != project]
    assert not wrong, f"events of another project: {wrong[:5]}"


def store_is_gitlab(stage: Stage) -> None:
    """What is stored was read from what is there now: the same projects, the same files."""
    def same():
        there = {row["id"]: row for row in stage.world() if not row["archived"]}
        projects = {int(id): path for id, path in stage.query("SELECT project_id, path FROM projects WHERE connection = 'main'")}
        if projects != {id: row["path"] for id, row in there.items()}:
            wrong = [(id, projects.get(id), there.get(id, {}).get("path")) for id in projects.keys() | there.keys() if projects.get(id) != there.get(id, {}).get("path")]
            return f"{len(wrong)} projects are not stored as they are (id, stored, true): {wrong[:5]}"
        stored: dict[int, dict[str, str]] = {}
        for id, path, blob in stage.query("SELECT project_id, path, blob FROM files WHERE connection = 'main' AND git_ref = ''"):
            stored.setdefault(int(id), {})[path] = blob
        for id, row in there.items():
            # What a Location leads to is compared by the entities that it gives.
            mine = {path: blob for path, blob in stored.get(id, {}).items() if path == FILE or path.endswith("CODEOWNERS")}
            if mine != row["files"]:
                return f"files of project {id} ({row['path']}): stored {mine}, true {row['files']}"
        return True
    until("the store has what GitLab has", same, RECOVERY)


def index_is_store(stage: Stage) -> None:
    """A server that dies now shows the same when it comes back, from its store alone."""
    def same():
        stored = {row[0] for row in stage.query("SELECT ref FROM entities WHERE gone_at = 0")}
        shown = set(entities(stage.servers[0].url))
        return True if shown == stored else f"only shown {sorted(shown - stored)[:5]}, only stored {sorted(stored - shown)[:5]}"
    until("what is shown is what is stored", same, RECOVERY)
    server = stage.servers[0]
    before = comparable(entities(server.url))
    server.kill()
    server.again()
    after = comparable(entities(server.url))
    assert after == before, f"after a restart: {difference(after, before)}"


def the_queue_is_empty(stage: Stage) -> None:
    """Nothing is due, nothing is given up. What a clock that jumped put off for later may wait: passes do not wait for it."""
    def empty():
        now = int(time.time() * 1000)
        rows = stage.query("SELECT kind, job_key, attempts, run_at, leased_until, dead_at, last_error FROM jobs")
        due = [row for row in rows if row[0] == "catalog.project" and int(row[3]) <= now or row[5] not in ("", "None")]
        return True if not due else f"{len(due)} jobs, as {due[:3]}; it is {now}"
    until("every job ends, and none is dead", empty, RECOVERY)


def the_chain_is_whole(stage: Stage) -> None:
    previous, expected = "0" * 64, 1
    for id, at, record, before, digest in stage.query("SELECT id, at, record, previous, hash FROM audit ORDER BY id"):
        assert int(id) == expected and before == previous, f"audit row {id} does not follow the row before it"
        assert hashlib.sha256(f"{id}\n{at}\n{before}\n{record}".encode()).hexdigest() == digest, f"audit row {id} was altered"
        previous, expected = digest, expected + 1


def logs_are_clean(stage: Stage) -> None:
    for log in sorted(stage.folder.glob("log-*")):
        if log.name == "log-gitlab":
            continue
        text = log.read_text(errors="replace")
        assert "panicked" not in text, f"{log.name}: {text[text.find('panicked') - 300:][:900]}"
        for secret in (stage.token, SECRET):
            assert secret not in text, f"a secret is in {log.name}"


def all_end(stage: Stage) -> None:
    """Asked to end, each does, and says so by its status."""
    for server in stage.servers:
        server.signal(signal.SIGTERM)
    for server in stage.servers:
        try:
            status = server.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{server.log.name} does not end when it is asked to") from None
        assert status == 0, f"{server.log.name} ended with {status}"


def all_hold(stage: Stage, play: Play) -> float:
    missed = play.ledger.missed
    assert not missed, f"{len(missed)} times: " + "; ".join(missed[:3])
    assert play.ledger.lists > 0, "nobody could read anything all the time"
    assert play.ledger.acknowledged, "nothing was acknowledged all the time"
    assert play.ledger.changes > 20, "hardly anything was changed"
    # First: what is lost is lost at once, and waiting for the rest must not hide it.
    nothing_lost(stage, play)
    took = recovered(stage)
    store_is_gitlab(stage)
    the_queue_is_empty(stage)
    index_is_store(stage)
    nothing_lost(stage, play)
    the_chain_is_whole(stage)
    all_end(stage)
    logs_are_clean(stage)
    return took
