"""What must hold after every schedule: nothing lost, nothing doubled, index equals store equals GitLab."""

import hashlib
import json
import time
from pathlib import Path

from play import Play, reference
from stage import Stage, asked, until

# How long servers may take to mend everything by themselves.
RECOVERY = 90.0


def entities(url: str) -> dict[str, dict]:
    status, text = asked("GET", url + "/api/catalog/entities", timeout=30)
    assert status == 200, (status, text[:300])
    return {reference(entity): entity for entity in json.loads(text)}


def comparable(found: dict[str, dict]) -> dict[str, str]:
    """What two servers must agree on that read the same GitLab at different times. Who wrote most commits is looked at
    slowly, project by project: owners that were concluded from it are left out."""
    result = {}
    for ref, entity in found.items():
        entity = json.loads(json.dumps(entity))
        for name in ("etag", "uid"):
            entity["metadata"].pop(name, None)
        entity["relations"] = [r for r in entity.get("relations", []) if r["type"] not in ("ownedBy", "ownerOf")]
        if "catalog-info.yaml" not in entity["metadata"].get("annotations", {}).get("backstage.io/managed-by-location", ""):
            entity.get("spec", {}).pop("owner", None)
        result[ref] = json.dumps(entity, sort_keys=True)
    return result


def difference(mine: dict[str, str], theirs: dict[str, str]) -> str:
    only_mine, only_theirs = sorted(mine.keys() - theirs.keys()), sorted(theirs.keys() - mine.keys())
    differ = sorted(ref for ref in mine.keys() & theirs.keys() if mine[ref] != theirs[ref])
    shown = f"{differ[0]}:\n{mine[differ[0]]}\n{theirs[differ[0]]}" if differ else ""
    return f"only shown: {only_mine[:5]}; only in GitLab: {only_theirs[:5]}; different: {differ[:5]} {shown}"


def recovered(stage: Stage, play: Play) -> float:
    """Waits until every server says that all is well, and shows what a server shows that sees this GitLab for the first time."""
    begun = time.monotonic()
    fresh = stage.serve("log-fresh", stage.folder / "fresh", None, {})
    until("a fresh server has read everything", lambda: asked("GET", fresh.url + "/readyz")[0] == 200, 60)
    truth = comparable(entities(fresh.url))

    def well(server):
        def holds():
            if asked("GET", server.url + "/readyz")[0] != 200:
                return f"{server.log.name} is not ready"
            connection = json.loads(asked("GET", server.url + "/api/v1/catalog/status")[1])["connections"][0]
            if connection["error"] or connection["partial"] or connection["phase"] == "failed":
                return f"{server.log.name}: {connection['error'] or connection['partial'][:2]}"
            stale = json.loads(asked("GET", server.url + "/api/catalog/entities/by-query?limit=5&filter=stagedoor.stale=true")[1])["items"]
            if stale:
                return f"{server.log.name} still shows as stale: {[reference(entity) for entity in stale]}"
            shown = comparable(entities(server.url))
            return True if shown == truth else f"{server.log.name}: {difference(shown, truth)}"
        return holds
    for server in stage.servers:
        until("all is well again", well(server), RECOVERY)
    if len(stage.servers) > 1:
        until("all servers show the same, to the letter", lambda: len({json.dumps(entities(s.url), sort_keys=True) for s in stage.servers}) == 1, RECOVERY)
    return time.monotonic() - begun


def nothing_lost(stage: Stage, play: Play) -> None:
    stored = [row[0] for row in stage.query("SELECT id FROM hook_events WHERE connection = 'main' AND id LIKE 's%'")]
    lost = sorted(set(play.ledger.acknowledged) - set(stored))
    assert not lost, f"{len(lost)} acknowledged events are lost, as {lost[:5]}"
    assert len(stored) == len(set(stored)), "an event is stored twice"


def the_queue_is_empty(stage: Stage) -> None:
    def empty():
        rows = stage.query("SELECT kind, job_key, attempts, dead_at, last_error FROM jobs WHERE kind = 'catalog.project' OR dead_at IS NOT NULL")
        return True if not rows else f"{len(rows)} jobs, as {rows[:3]}"
    until("every job ends, and none is dead", empty, RECOVERY)


def the_chain_is_whole(stage: Stage) -> None:
    previous, expected = "0" * 64, 1
    for id, at, record, before, digest in stage.query("SELECT id, at, record, previous, hash FROM audit ORDER BY id"):
        assert int(id) == expected and before == previous, f"audit row {id} does not follow the row before it"
        assert hashlib.sha256(f"{id}\n{at}\n{before}\n{record}".encode()).hexdigest() == digest, f"audit row {id} was altered"
        previous, expected = digest, expected + 1


def logs_are_clean(stage: Stage) -> None:
    secrets = [stage.token, "a-secret-of-the-fault-suite"]
    for log in sorted(Path(stage.folder).glob("log-*")):
        if log.name == "log-gitlab":
            continue
        text = log.read_text(errors="replace")
        assert "panicked" not in text, f"{log.name}: {text[text.find('panicked') - 300:][:900]}"
        for secret in secrets:
            assert secret not in text, f"a secret is in {log.name}"


def all_hold(stage: Stage, play: Play) -> float:
    assert not play.ledger.missed, "; ".join(play.ledger.missed[:3])
    assert play.ledger.lists > 0, "nobody could read anything all the time"
    took = recovered(stage, play)
    the_queue_is_empty(stage)
    nothing_lost(stage, play)
    the_chain_is_whole(stage)
    logs_are_clean(stage)
    return took
