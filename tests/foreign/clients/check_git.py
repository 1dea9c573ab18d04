"""git itself: clone, commit, push and fetch over smart HTTP, and what must be refused."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import tempfile
import urllib.error
import urllib.request
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

from checks import ADMIN, TOKENS, URL, check, equal, holds, run

ROOT = Path(tempfile.mkdtemp(prefix="foreign-git-"))


class Refused(Exception):
    pass


def askpass(user: str, token: str) -> Path:
    """A program that gives git the name and the password when it asks for them, and notes that it was asked."""
    handle, name = tempfile.mkstemp(dir=ROOT, prefix="askpass-")
    with os.fdopen(handle, "w") as file:
        file.write(f'#!/bin/sh\necho asked >> "{name}.log"\ncase $1 in User*) echo "{user}" ;; *) echo "{token}" ;; esac\n')
    os.chmod(name, stat.S_IRWXU)
    return Path(name)


def git(*arguments: str, role: str | None = "maintainer", where: Path | None = None, user: str = "any-name") -> str:
    """Runs git as a role (`None`: nobody; a token otherwise). Configuration of this machine plays no part."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(ROOT),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": "Foreign Client",
        "GIT_AUTHOR_EMAIL": "foreign@sandrill.example",
        "GIT_COMMITTER_NAME": "Foreign Client",
        "GIT_COMMITTER_EMAIL": "foreign@sandrill.example",
        "LC_ALL": "C",
        "NO_PROXY": "*",
        "no_proxy": "*",
    }
    if role is not None:
        environment["GIT_ASKPASS"] = str(askpass(user, TOKENS.get(role, role)))
    command = ["git", "-c", "credential.helper=", "-c", "init.defaultBranch=main", *arguments]
    done = subprocess.run(command, cwd=where or ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise Refused(done.stderr.strip())
    return done.stdout


def address(project: str) -> str:
    return f"{URL}/{project}.git"


def clone(project: str, role: str | None = "maintainer", *options: str) -> Path:
    folder = Path(tempfile.mkdtemp(dir=ROOT)) / "work"
    git("clone", "--quiet", *options, address(project), str(folder), role=role)
    return folder


def commit(folder: Path, name: str, content: str, message: str) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    git("add", "--all", where=folder)
    git("commit", "--quiet", "--message", message, where=folder)
    return git("rev-parse", "HEAD", where=folder).strip()


def must_refuse(words: str, *arguments: str, role: str | None, where: Path | None = None) -> None:
    try:
        git(*arguments, role=role, where=where)
    except Refused as error:
        holds(words.lower() in str(error).lower(), f"{words!r} is not in {error}")
    else:
        raise AssertionError(f"git {' '.join(arguments)} was allowed")


def ask(path: str, token: str | None = None) -> tuple[int, dict[str, str], bytes]:
    headers = {"PRIVATE-TOKEN": token} if token else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(URL + path, headers=headers)) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def file_now(project: str, path: str, ref: str = "main") -> tuple[int, bytes]:
    status, _, body = ask(f"/api/v4/projects/{quote(project, '')}/repository/files/{quote(path, '')}/raw?ref={ref}", ADMIN)
    return status, body


@check("without a token: 401 and a challenge")
def _() -> None:
    status, headers, _ = ask("/sandrill/checkout/payments-api.git/info/refs?service=git-upload-pack")
    equal(status, 401)
    challenge = next(value for name, value in headers.items() if name.lower() == "www-authenticate")
    holds(challenge.lower().startswith("basic realm="), challenge)
    must_refuse("could not read Username", "ls-remote", address("sandrill/checkout/payments-api"), role=None)


@check("git sends its token only after the challenge, under any name")
def _() -> None:
    for user in ("oauth2", "gitlab-ci-token", "someone"):
        refs = git("ls-remote", address("sandrill/checkout/payments-api"), user=user)
        holds("refs/heads/main" in refs, refs)


@check("a wrong, an expired and a revoked token are refused")
def _() -> None:
    for token in ("glpat-wrong00000000000000", "expired", "revoked", "no_scope"):
        must_refuse("", "ls-remote", address("sandrill/checkout/payments-api"), role=token)


@check("a project that is not seen is not found")
def _() -> None:
    must_refuse("not found", "ls-remote", address("sandrill/absent"), role="maintainer")


@check("a public project needs no token to be read")
def _() -> None:
    folder = clone("amara.okell/slot-sandbox", None)
    holds((folder / "simulate.py").exists(), "no file")


@check("a clone is sound and has what the API tells")
def _() -> None:
    project = "sandrill/checkout/payments-api"
    folder = clone(project)
    git("fsck", "--strict", where=folder)
    _, _, body = ask(f"/api/v4/projects/{quote(project, '')}/repository/commits?per_page=100", ADMIN)
    told = [row["id"] for row in json.loads(body)]
    equal(git("rev-list", "main", where=folder).split(), told)
    _, _, body = ask(f"/api/v4/projects/{quote(project, '')}/repository/tree?recursive=true&per_page=100", ADMIN)
    tree = {row["path"]: row["id"] for row in json.loads(body)}
    listed = git("ls-tree", "-r", "-t", "-z", "main", where=folder).strip("\0").split("\0")
    equal({line.split("\t")[1]: line.split("\t")[0].split(" ")[2] for line in listed}, tree)


@check("authors and times are those of the API")
def _() -> None:
    folder = clone("sandrill/fleet/fuel-ledger")
    last = git("log", "-1", "--format=%an|%ae|%at|%s", where=folder).strip()
    # 1794475080 is 2026-11-12T09:18:00Z.
    equal(last, "Yara Benholt|yara.benholt@sandrill.example|1794475080|Balance of a ship")


@check("push, seen by the API, fetched by another clone")
def _() -> None:
    project = "sandrill/crew/crew-app"
    first, second = clone(project), clone(project)
    made = commit(first, "docs/pushed.md", "# Pushed\n", "Push by git")
    git("push", "--quiet", "origin", "main", where=first)
    equal(file_now(project, "docs/pushed.md"), (200, b"# Pushed\n"))
    git("fetch", "--quiet", "origin", where=second)
    equal(git("rev-parse", "origin/main", where=second).strip(), made)


@check("what the API commits, git fetches")
def _() -> None:
    project = "sandrill/terminals/parking-sensors"
    folder = clone(project)
    body = json.dumps({"branch": "main", "content": "x\n", "commit_message": "By the API"}).encode()
    request = urllib.request.Request(
        f"{URL}/api/v4/projects/{quote(project, '')}/repository/files/api.md",
        data=body,
        method="POST",
        headers={"PRIVATE-TOKEN": TOKENS["maintainer"], "Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()
    git("pull", "--quiet", "--ff-only", where=folder)
    equal((folder / "api.md").read_text(), "x\n")
    git("fsck", "--strict", where=folder)


@check("a branch and a tag, pushed and removed")
def _() -> None:
    project = "sandrill/data/demand-forecast"
    folder = clone(project)
    git("checkout", "--quiet", "-b", "feature/calm", where=folder)
    commit(folder, "calm.md", "calm\n", "Calm")
    git("tag", "v1", where=folder)
    git("push", "--quiet", "origin", "feature/calm", "v1", where=folder)
    refs = git("ls-remote", "origin", where=folder)
    holds("refs/heads/feature/calm" in refs and "refs/tags/v1" in refs, refs)
    equal(file_now(project, "calm.md", "feature%2Fcalm")[0], 200)
    equal(file_now(project, "calm.md")[0], 404)
    git("push", "--quiet", "origin", "--delete", "feature/calm", where=folder)
    holds("feature/calm" not in git("ls-remote", "origin", where=folder), "still there")


@check("a shallow clone, deepened")
def _() -> None:
    folder = clone("sandrill/harbour-ops/berth-planner", "reporter", "--depth", "1")
    equal(git("rev-list", "--count", "HEAD", where=folder).strip(), "1")
    git("fetch", "--quiet", "--unshallow", role="reporter", where=folder)
    equal(git("rev-list", "--count", "HEAD", where=folder).strip(), "13")


@check("the first push into an empty project")
def _() -> None:
    project = "sandrill/crew/safety-drills"
    folder = clone(project)
    git("checkout", "--quiet", "-B", "main", where=folder)
    commit(folder, "README.md", "# Drills\n", "First drill")
    git("push", "--quiet", "origin", "main", where=folder)
    equal(file_now(project, "README.md"), (200, b"# Drills\n"))


@check("a push that would lose commits is refused")
def _() -> None:
    project = "sandrill/passenger/web/design-tokens"
    first, second = clone(project), clone(project)
    commit(first, "a.md", "a\n", "A")
    git("push", "--quiet", "origin", "main", where=first)
    commit(second, "b.md", "b\n", "B")
    must_refuse("rejected", "push", "origin", "main", role="maintainer", where=second)
    equal(file_now(project, "b.md")[0], 404)


@check("who may not write may not push")
def _() -> None:
    project = "sandrill/checkout/ledger/ledger-schema"
    for role in ("reporter", "read_only"):
        try:
            folder = clone(project, role)
        except Refused:
            equal(role, "read_only", "who cannot read")
            folder = clone(project)
        commit(folder, f"{role}.md", "x\n", "Not allowed")
        must_refuse("", "push", "origin", "main", role=role, where=folder)
        equal(file_now(project, f"{role}.md")[0], 404)


@check("a developer pushes to a branch and not to the protected one")
def _() -> None:
    project = "sandrill/platform/libraries/obs-rs"
    folder = clone(project, "developer")
    commit(folder, "proposal.md", "x\n", "Proposal")
    must_refuse("protected branch", "push", "origin", "main", role="developer", where=folder)
    git("push", "--quiet", "origin", "main:proposal", role="developer", where=folder)
    equal((file_now(project, "proposal.md")[0], file_now(project, "proposal.md", "proposal")[0]), (404, 200))


@check("an archived project takes no push")
def _() -> None:
    folder = clone("sandrill/passenger/legacy-booking", "maintainer")
    commit(folder, "late.md", "x\n", "Too late")
    must_refuse("", "push", "origin", "main", role="maintainer", where=folder)


@check("a guest does not read code of a private project")
def _() -> None:
    must_refuse("", "ls-remote", address("sandrill/checkout/payments-api"), role="guest")


@check("a few hundred files in one push")
def _() -> None:
    project = "sandrill/platform/ci-components"
    folder = clone(project)
    for number in range(300):
        (folder / f"many-{number}.txt").write_text(f"{number}\n" * 400)
    commit(folder, "many.md", "many\n", "Many files")
    git("push", "--quiet", "origin", "main", where=folder)
    equal(file_now(project, "many-299.txt")[1], b"299\n" * 400)


@check("the pages that links point to can be opened")
def _() -> None:
    for page in ("/amara.okell/slot-sandbox", "/amara.okell/slot-sandbox/-/blob/main/simulate.py"):
        status, headers, body = ask(page)
        equal(status, 200, page)
        holds(b"slot-sandbox" in body, page)


@check("basic credentials sent at once work too")
def _() -> None:
    token = b64encode(f"x:{TOKENS['reporter']}".encode()).decode()
    request = urllib.request.Request(
        f"{address('sandrill/harbour/tide-feed')}/info/refs?service=git-upload-pack",
        headers={"Authorization": f"Basic {token}"},
    )
    with urllib.request.urlopen(request) as answer:
        equal(answer.headers["Content-Type"], "application/x-git-upload-pack-advertisement")
        holds(answer.read().startswith(b"001e# service=git-upload-pack\n0000"), "no advertisement")


if __name__ == "__main__":
    run()
