"""python-gitlab does what somebody does who connects a program: rotates tokens, registers group hooks, looks for projects."""

from __future__ import annotations

import datetime
from collections import Counter

import gitlab
import requests
from checks import TOKENS, URL, check, equal, holds, refused, run
from gitlab.exceptions import (
    GitlabAuthenticationError,
    GitlabCreateError,
    GitlabHttpError,
    GitlabListError,
    GitlabRotateError,
)
from hooks import Receiver

PAYMENTS = "sandrill/checkout/payments-api"


def api(role: str) -> gitlab.Gitlab:
    return gitlab.Gitlab(URL, private_token=TOKENS[role])


def with_token(value: str) -> gitlab.Gitlab:
    return gitlab.Gitlab(URL, private_token=value)


def username(gl: gitlab.Gitlab) -> str:
    gl.auth()
    return gl.user.username


# ── tokens ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@check("a personal token changed for a new one")
def _() -> None:
    gl = api("developer")
    token = gl.personal_access_tokens.get("self")
    day = (datetime.date.today() + datetime.timedelta(days=90)).isoformat()
    made = gl.personal_access_tokens.rotate("self", expires_at=day)
    equal((made["expires_at"], made["name"], made["user_id"]), (day, token.name, token.user_id))
    refused(GitlabAuthenticationError, 401, lambda: api("developer").auth(), "Token was revoked")
    equal(username(with_token(made["token"])), "ines.calder")
    # Who rotates with what is already revoked ends the new one too.
    refused(GitlabAuthenticationError, 401, lambda: api("developer").personal_access_tokens.rotate("self"))
    refused(GitlabAuthenticationError, 401, lambda: with_token(made["token"]).auth(), "Token was revoked")


@check("without a day a rotated token lives a week")
def _() -> None:
    made = api("self_rotate").personal_access_tokens.rotate("self")
    left = datetime.date.fromisoformat(made["expires_at"]) - datetime.datetime.now(datetime.timezone.utc).date()
    equal(left.days, 7)
    equal(made["scopes"], ["read_api", "self_rotate"])


@check("a token that may only read is not rotated by itself")
def _() -> None:
    refused(GitlabRotateError, 403, lambda: api("read_only").personal_access_tokens.rotate("self"), "insufficient_scope")


@check("tokens of a project and of a group, rotated by themselves")
def _() -> None:
    for role, kind in (("project_bot", "projects"), ("group_bot", "groups")):
        gl = api(role)
        gl.auth()
        holds(gl.user.bot and "_bot_" in gl.user.username, gl.user.username)
        path = PAYMENTS if kind == "projects" else "sandrill/checkout"
        place = getattr(gl, kind).get(path)
        own = place.access_tokens.get("self")
        made = place.access_tokens.rotate("self")
        equal((made["user_id"], made["access_level"]), (own.user_id, own.access_level))
        refused(GitlabAuthenticationError, 401, lambda: api(role).auth(), "Token was revoked")
        equal(username(with_token(made["token"])), gl.user.username)


@check("tokens of a project and of a group, listed and rotated by those who keep them; one's own ended")
def _() -> None:
    for kind, role, path in (("projects", "maintainer", PAYMENTS), ("groups", "owner", "sandrill/checkout")):
        place = getattr(api(role), kind).get(path)
        (token,) = place.access_tokens.list(state="active", get_all=True)
        made = place.access_tokens.rotate(token.id)
        own = with_token(made["token"]).personal_access_tokens
        equal(own.get("self").user_id, token.user_id)
        equal([row.id for row in place.access_tokens.list(state="active", get_all=True)], [made["id"]])
        own.delete("self")
        refused(GitlabAuthenticationError, 401, lambda: own.get("self"), "Token was revoked")
        equal(place.access_tokens.list(state="active", get_all=True), [])


@check("a service account is a user like others, and no person")
def _() -> None:
    gl = api("service_account")
    gl.auth()
    holds(gl.user.username.startswith("service_account_group_"), gl.user.username)
    equal(gl.user.bot, True)
    holds(gl.projects.list(membership=True, get_all=False), "is a member of nothing")


@check("a token without projects, and one of the wrong kind")
def _() -> None:
    equal(api("lonely").projects.list(membership=True, get_all=True), [])
    refused(GitlabAuthenticationError, 401, lambda: api("deploy").auth(), "401 Unauthorized")


@check("an application's token says what it is for")
def _() -> None:
    gl = gitlab.Gitlab(URL, oauth_token=TOKENS["oauth"])
    equal(username(gl), "mateus.corrie")
    info = requests.get(f"{URL}/oauth/token/info", headers={"Authorization": f"Bearer {TOKENS['oauth']}"}, timeout=30)
    equal((info.status_code, info.json()["scope"]), (200, ["api"]))


# ── group hooks ──────────────────────────────────────────────────────────────────────────────────────────────────────


@check("a group hook: made, listed, tried, changed, removed; a push below it arrives")
def _() -> None:
    group = api("owner").groups.get("sandrill")
    with Receiver() as receiver:
        hook = group.hooks.create({"url": receiver.url, "push_events": True, "token": "s3cret"})
        equal((hook.group_id, hook.push_events, hook.alert_status), (group.id, True, "executable"))
        equal([row.id for row in group.hooks.list(get_all=True)], [hook.id])
        hook.test("push_events")
        equal(receiver.next().headers["x-gitlab-token"], "s3cret")
        project = api("maintainer").projects.get("sandrill/fleet/telemetry/engine-hours")
        project.files.create({"file_path": "seen", "branch": "main", "content": "x", "commit_message": "Seen"})
        delivery = receiver.next()
        equal(delivery.headers["x-gitlab-event"], "Push Hook")
        equal(delivery.event["project"]["path_with_namespace"], project.path_with_namespace)
        hook.push_events = False
        hook.save()
        equal(group.hooks.get(hook.id).push_events, False)
        hook.delete()
        equal(group.hooks.list(get_all=True), [])


@check("group hooks are for owners")
def _() -> None:
    group = api("maintainer").groups.get("sandrill")
    refused(GitlabListError, 403, lambda: group.hooks.list(get_all=False))
    refused(GitlabCreateError, 403, lambda: group.hooks.create({"url": "https://hooks.example.com/"}))


@check("an address of the local network is refused where that is not allowed")
def _() -> None:
    control = f"{URL}/-/sandbox/outbound"
    requests.put(control, json={"allow": False}, timeout=30)
    try:
        project = api("maintainer").projects.get(PAYMENTS)
        refused(GitlabCreateError, 422, lambda: project.hooks.create({"url": "http://127.0.0.1:9/"}), "Invalid url given")
    finally:
        requests.put(control, json={"allow": True}, timeout=30)


# ── projects and their people ────────────────────────────────────────────────────────────────────────────────────────


@check("projects of a group: with subgroups, by topic, without the archived")
def _() -> None:
    group = api("owner").groups.get("sandrill/passenger")
    everything = group.projects.list(include_subgroups=True, get_all=True)
    living = group.projects.list(include_subgroups=True, archived=False, get_all=True)
    gone = {row.path for row in everything} - {row.path for row in living}
    equal(gone, {"legacy-booking"})
    loyalty = group.projects.list(topic="loyalty", get_all=True)
    equal({row.path for row in loyalty}, {"loyalty-api", "loyalty-next"})


@check("commits of a time say who works there, and contributors who ever did")
def _() -> None:
    project = api("reporter").projects.get("sandrill/harbour-ops/vehicle-deck-planner")
    recent = project.commits.list(since="2026-08-01T00:00:00Z", ref_name="main", get_all=True)
    counts = Counter(commit.author_email for commit in recent)
    equal(counts, Counter({"rafael.quist@sandrill.example": 4, "ilse.brandvold@sandrill.example": 2}))
    everyone = project.repository_contributors(get_all=True)
    equal({row["name"]: row["commits"] for row in everyone}, {"Rafael Quist": 6, "Ilse Brandvold": 4})


@check("a moved project is found by the path it had")
def _() -> None:
    old, new = "sandrill/terminals/parking-sensors", "sandrill/terminals/car-parks"
    requests.put(f"{URL}/-/sandbox/projects/{old.replace('/', '%2F')}", json={"path": new}, timeout=30)
    gl = api("owner")
    project = gl.projects.get(old)
    equal(project.path_with_namespace, new)
    equal(gl.projects.get(new).id, project.id)


@check("a gateway that fails is retried when asked to")
def _() -> None:
    rule = {"route": "GET /api/v4/user", "status": 502, "body": "<html>", "type": "text/html", "times": 1}
    requests.put(f"{URL}/-/sandbox/faults", json=rule, timeout=30)
    gl = gitlab.Gitlab(URL, private_token=TOKENS["owner"])
    refused(GitlabHttpError, 502, lambda: gl.http_get("/user"))
    requests.put(f"{URL}/-/sandbox/faults", json=rule, timeout=30)
    patient = gitlab.Gitlab(URL, private_token=TOKENS["owner"], retry_transient_errors=True)
    equal(username(patient), "hana.dvor")


if __name__ == "__main__":
    run()
