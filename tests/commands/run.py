#!/usr/bin/env python3
"""The commands as a person types them: what they print, where, and with which exit code. Usage: run.py BINARY, with STAGEDOOR_TEST_POSTGRES
naming a PostgreSQL."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import backup
import catalog
import machine
import work
from common import check, counts, run

GOOD = """apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: payments-api}
spec: {type: service, lifecycle: production, owner: checkout}
"""
BAD = GOOD + "---\n" + GOOD.replace(", owner: checkout", "")


def validate(folder: Path) -> None:
    good, bad, broken = folder / "good.yaml", folder / "bad.yaml", folder / "broken.yaml"
    good.write_text(GOOD)
    bad.write_text(BAD)
    broken.write_bytes(b"kind: [\xff")
    done = run("catalog", "validate", str(good))
    check("a good file exits 0", done.returncode == 0, done)
    done = run("catalog", "validate", "--output", "json", str(good), str(bad))
    rows = json.loads(done.stdout)
    check("a refused document exits 1", done.returncode == 1, done)
    check("a row for each document", [r["document"] for r in rows] == [0, 0, 1], rows)
    check("one bad document does not sink the other", [r["accepted"] for r in rows] == [True, True, False], rows)
    check("rows have file, ref and problems", rows[0]["ref"] == "Component:default/payments-api" and rows[2]["problems"], rows)
    text = run("catalog", "validate", str(bad))
    check("text names file, line and field", f"{bad}" in text.stdout and "spec.owner" in text.stdout, text.stdout)
    check("broken bytes are refused, not a crash", run("catalog", "validate", str(broken)).returncode == 1)
    check("a missing file exits 2", run("catalog", "validate", str(folder / "no.yaml")).returncode == 2)
    check("standard input", run("catalog", "validate", "-", stdin=GOOD).returncode == 0)
    huge = folder / "huge.yaml"
    with huge.open("wb") as file:
        file.truncate(300 << 20)
    done = run("catalog", "validate", str(huge))
    check("300 MB are refused at once", done.returncode == 1 and "at most" in done.stdout, done.stdout[:500])


def configuration(folder: Path) -> None:
    (folder / "token").write_text("glpat-not-a-real-one\n")
    file = folder / "stagedoor.yaml"
    minimal = "gitlab:\n  - name: main\n    url: https://gitlab.example\n    token: {file: token}\n"
    file.write_text(minimal)
    done = run("config", "check", "--config", str(file))
    check("the smallest file is good", done.returncode == 0, done.stderr)
    file.write_text(minimal + "colour: red\n")
    done = run("config", "check", "--config", str(file))
    check("an unknown key is refused with its line", done.returncode == 1 and "colour" in done.stderr and f"{file}:5:1" in done.stderr, done.stderr)
    file.write_text(minimal.replace("url:", "host:"))
    done = run("config", "check", "--config", str(file))
    check("with a caret", "    ^^^^" in done.stderr and ":3:5" in done.stderr, done.stderr)
    check("and what was meant", "did you mean `url`?" in done.stderr, done.stderr)
    file.write_text(minimal.replace("{file: token}", "{file: elsewhere}"))
    done = run("config", "check", "--config", str(file))
    check("a missing secret names its file", done.returncode == 1 and "elsewhere" in done.stderr, done.stderr)
    file.write_text(minimal)
    done = run("serve", "--config", str(file), "--listen", "0.0.0.0:0")
    check("listening for others is refused", done.returncode == 1 and "no sign-on yet" in done.stderr, done.stderr)
    done = run("serve", "--config", str(folder / "none.yaml"))
    check("a missing file is named", done.returncode == 1 and "none.yaml" in done.stderr, done.stderr)
    done = run("serve", "--config", str(file), "--listen", "127.0.0.1:0", "--database", "mysql://x:secret-word@h/d")
    check("an unknown database is refused without its password", done.returncode == 1 and "secret-word" not in done.stderr, done.stderr)


def meaning(folder: Path) -> None:
    """What `config check` says a file means, and what editors and readers are given."""
    for name in ["token", "password"]:
        (folder / name).write_text("hunter2")
        (folder / name).chmod(0o600)
    file = folder / "stagedoor.yaml"
    proxy = "proxy: {url: 'http://proxy:3128', username: me, password: {file: password}}, noProxy: [.inside]"
    file.write_text(
        "gitlab:\n"
        f"  - {{name: far, url: 'https://gitlab.example', token: {{file: token}}, discovery: {{groups: [shop]}}, {proxy}}}\n"
        f"  - {{name: near, url: 'https://git.inside', token: {{file: token}}, {proxy}}}\n"
    )
    done = run("config", "check", "--config", str(file), "--output", "json")
    report = json.loads(done.stdout)
    routes = [one["route"] for one in report["gitlab"]]
    check("through the proxy or past it, and why", routes[0].startswith("through the proxy http://proxy:3128/ as me")
          and ".inside" in routes[1], routes)
    check("no secret is printed", "hunter2" not in done.stdout + done.stderr)
    check("what is read", "shop" in report["gitlab"][0]["discovery"], report)
    check("an empty discovery is remarked", [w for w in report["warnings"] if "discovery is empty" in w][0].startswith("near"), report)
    (folder / "token").chmod(0o644)
    file.write_text("gitlab: [{name: main, url: 'http://gitlab.example', token: {file: token}}]")
    done = run("config", "check", "--config", str(file))
    check("a token that others can read is remarked", "chmod 600" in done.stdout and done.returncode == 0, done)
    check("so is one that travels unencrypted", "unencrypted" in done.stdout, done.stdout)
    schema = json.loads(run("config", "schema").stdout)
    check("the schema is JSON Schema of 2020", schema["$schema"].endswith("2020-12/schema"), schema["$schema"])
    gitlab = schema["$defs"]["GitlabConfig"]
    check("it knows the keys and refuses others", "noProxy" in gitlab["properties"] and gitlab["additionalProperties"] is False)
    reference = run("config", "reference").stdout
    book = (Path(__file__).resolve().parents[2] / "docs/configuration.md").read_text()
    inside = book.split("<!-- reference: begin -->\n")[1].split("<!-- reference: end -->")[0]
    check("the book has the reference that the binary prints", inside == reference,
          "run: stagedoor config reference, and put it between the marks of docs/configuration.md")


APP_CONFIG = """app: {title: Portal}
integrations:
  gitlab:
    - host: gitlab.example.com
      token: ${GITLAB_TOKEN}
    - host: git.inside
      baseUrl: https://git.inside/gitlab
      token: glpat-hunter2
catalog:
  locations:
    - {type: url, target: "https://gitlab.example.com/shop/all/-/blob/main/all.yaml"}
  providers:
    gitlab:
      shop: {host: gitlab.example.com, group: shop, orgEnabled: true, schedule: {frequency: PT30M, timeout: PT3M}}
      core: {host: gitlab.example.com, group: core}
      inside: {host: git.inside, branch: trunk}
"""


def importing(folder: Path) -> None:
    file = folder / "app-config.yaml"
    file.write_text(APP_CONFIG)
    done = run("catalog", "import", str(file))
    ours = folder / "stagedoor.yaml"
    ours.write_text(done.stdout)
    check("an app-config.yaml becomes a configuration", done.returncode == 0 and done.stdout.count("- name: ") == 2, done)
    check("its token is not copied", "hunter2" not in done.stdout + done.stderr)
    check("what is not taken over is named", "# - catalog.providers.gitlab.shop.schedule: " in done.stdout
          and "# - app: " in done.stdout, done.stdout)
    check("locations come with how to register them", "# - POST /api/catalog/locations" in done.stdout, done.stdout)
    (folder / "git-inside-token").write_text("glpat-hunter2")
    (folder / "git-inside-token").chmod(0o600)
    done = run("config", "check", "--config", str(ours), "-o", "json", GITLAB_TOKEN="glpat-x")
    check("the configuration is good", done.returncode == 0, done)
    reads = {one["name"]: (one["url"], one["discovery"]) for one in json.loads(done.stdout)["gitlab"]}
    check("and means what the other meant", reads["gitlab-example-com"][1].startswith("projects below shop, core")
          and reads["git-inside"][0] == "https://git.inside/gitlab" and "branch trunk" in reads["git-inside"][1], reads)
    check("from standard input", run("catalog", "import", "-", stdin=APP_CONFIG).returncode == 0)
    check("no GitLab exits 1", run("catalog", "import", "-", stdin="app: {}").returncode == 1)
    check("no YAML exits 2", run("catalog", "import", "-", stdin="a: [").returncode == 2)
    check("no file exits 2", run("catalog", "import", str(folder / "none.yaml")).returncode == 2)


def completions(folder: Path) -> None:
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"]:
        done = run("completions", shell)
        check(f"completions for {shell}", done.returncode == 0 and "by-owner" in done.stdout, done.stderr)
    if shutil.which("bash"):
        file = folder / "completions.bash"
        file.write_text(run("completions", "bash").stdout)
        script = f'source {file}; COMP_WORDS=(stagedoor catalog ref); COMP_CWORD=2; _stagedoor stagedoor ref catalog; echo "${{COMPREPLY[@]}}"'
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)
        check("bash completes a command", done.stdout.strip() == "refresh", done)
    check("help says what exit codes mean", all("3 no server" in run("catalog", "list", flag).stdout.replace("\n", " ") for flag in ["-h", "--help"]))


def general() -> None:
    document = json.loads(run("openapi").stdout)
    check("the API describes itself as OpenAPI 3.1", document["openapi"].startswith("3.1"), document["openapi"])
    check("help names the commands", all(word in run("--help").stdout for word in ["serve", "demo", "catalog"]))
    check("an unknown command exits 2", run("srve").returncode == 2)


def main() -> int:
    for part in [validate, configuration, meaning, importing, completions, *machine.PARTS, *work.PARTS, *backup.PARTS]:
        with tempfile.TemporaryDirectory() as folder:
            part(Path(folder))
    general()
    catalog.all_of_it()
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
