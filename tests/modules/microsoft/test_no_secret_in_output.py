# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No output of Ansible contains a new secret or the automation's: at the highest verbosity, in diffs, in failures.

The playbook runs as users run one. A later task passes the secret on, as the role does.
"""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

from helpers.modules.graph_modules import AGENT, ROOT, Modules, environment
from helpers.processes import ProcessWatch
from helpers.waiting import PATIENCE


def play(folder: Path, modules: Modules, tasks: list[dict[str, Any]], *words: str, fails: bool = False) -> str:
    """Return all output of ansible-playbook for these tasks; the modules read the login from a file of variables."""
    variables = folder / "login.json"
    variables.write_text(json.dumps({"login": modules.login}))
    variables.chmod(0o600)
    playbook = folder / "play.yml"
    playbook.write_text(json.dumps([{
        "hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks,
        "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        "module_defaults": {"group/catalog.mail.microsoft": {"login": "{{ login }}", "timeout": 30, "consecutive_reads": 3}},
    }]))
    done = subprocess.run(
        ["ansible-playbook", "-i", "localhost,", "-e", f"@{variables}", *words, str(playbook)], cwd=ROOT,
        env=environment(ANSIBLE_LOCAL_TEMP=str(folder / "temp"), ANSIBLE_REMOTE_TEMP=str(folder / "remote")),
        capture_output=True, text=True, check=False, timeout=PATIENCE)
    output = done.stdout + done.stderr
    assert (done.returncode != 0) == fails, output
    return output


def needles(secret: str) -> list[str]:
    """Return a secret verbatim, as in JSON, and in base64."""
    encoded = [base64.b64encode(b"\0" * before + secret.encode()).decode()[4 if before else 0: -4] for before in range(3)]
    return [secret, json.dumps(secret)[1:-1], *encoded]


KINDS = ("secret", "certificate")


def keep(folder: Path, kind: str) -> list[dict[str, Any]]:
    """Return tasks that write a new credential to a file, as a role would pass it to an application, and show the rest."""
    return [
        {"name": f"new {kind}", "catalog.mail.entra_app_credential": {
            "unique_name": "{{ app }}", "kind": kind, "current_key_id": ""}, "register": "made"},
        {"name": f"hand on the {kind}", "ansible.builtin.copy": {
            "content": "{{ made.secret | default('') }}", "dest": str(folder / kind), "mode": "0600"}, "no_log": True},
        {"name": "what is known", "ansible.builtin.debug": {"msg": "{{ made.key_id }} until {{ made.expires_at }}"}},
    ]


def credential(kind: str, **options: Any) -> dict[str, Any]:
    return {"catalog.mail.entra_app_credential": {"unique_name": "{{ app }}", "kind": kind, **options}}


def test_secrets_are_in_no_output(modules: Modules, app: dict[str, Any], tmp_path: Path) -> None:
    extra = ("-e", f"app={app['unique_name']}", "-vvv", "--diff")
    with ProcessWatch() as watch:
        tasks = [task for kind in KINDS for task in keep(tmp_path, kind)]
        foretold = play(tmp_path, modules, tasks, "--check", *extra)
        # The first responses arrive; those of the last two tasks are lost, so these tasks fail after the secret was created.
        modules.emulator.fault("lose", method="POST", path="addPassword", after=1)
        modules.emulator.fault("lose", method="PATCH", path="applications", after=2)
        done = play(tmp_path, modules, [
            *tasks,
            *(credential(kind) for kind in KINDS),
            {"catalog.mail.entra_app_info": {"unique_name": "{{ app }}"}},
            {"catalog.mail.graph_permissions": {"unique_name": "{{ app }}", "permissions": ["Mail.Send"]}},
            *({**credential(kind, renew=True, timeout=4), "ignore_errors": True} for kind in KINDS),
        ], *extra)
        secrets = {kind: (tmp_path / kind).read_text() for kind in KINDS}
    assert "changed=5" in done and "ignored=2" in done and "could not be reached" in done
    everything = foretold + done
    keys = {kind: text.replace("-----BEGIN PRIVATE KEY-----", "").partition("-----END")[0].strip()[:60]
            for kind, text in secrets.items()}
    for secret in (*keys.values(), modules.application["client_secret"]):
        assert len(secret) > 30
        for needle in needles(secret):
            assert needle not in everything
            assert not any(needle.encode() in seen for seen in watch.seen)
    for kind, key in keys.items():
        left = [path for path in tmp_path.rglob("*") if path.is_file() and key in path.read_text(errors="replace")]
        assert left == [tmp_path / kind]


def test_secrets_are_not_in_the_output_of_ssh(modules: Modules, app: dict[str, Any], tmp_path: Path) -> None:
    """At -vvv the connection prints the modules' results before Ansible filters them."""
    ssh = tmp_path / "ssh"
    ssh.write_text('#!/bin/sh\n# What it would run elsewhere is run here.\nfor last; do :; done\nexec sh -c "$last"\n')
    ssh.chmod(0o700)
    over_ssh = {"ansible_connection": "ssh", "ansible_ssh_executable": str(ssh), "ansible_pipelining": True}
    tasks = [
        {**credential("secret", renew=True), "register": "made", "vars": over_ssh},
        {"ansible.builtin.copy": {
            "content": "{{ made.secret }}", "dest": str(tmp_path / "secret"), "mode": "0600"}, "no_log": True},
        {**credential("secret", renew=True), "loop": ["again"], "register": "made", "vars": over_ssh},
        {"ansible.builtin.copy": {
            "content": "{{ made.results[0].secret }}", "dest": str(tmp_path / "again"), "mode": "0600"}, "no_log": True},
    ]
    output = play(tmp_path, modules, tasks, "-e", f"app={app['unique_name']}", "-vvvv")
    assert f"SSH: EXEC {ssh}" in output
    for name in ("secret", "again"):
        secret = (tmp_path / name).read_text()
        assert len(secret) > 30
        assert not [line for line in output.splitlines() if any(needle in line for needle in needles(secret))]


def test_one_token_for_a_play(modules: Modules, app: dict[str, Any], tmp_path: Path) -> None:
    """Four unchanged modules use one login and at most two requests each."""
    tasks: list[dict[str, Any]] = [
        {"catalog.mail.entra_app": {"unique_name": "{{ app }}"}},
        {"catalog.mail.entra_app_credential": {"unique_name": "{{ app }}"}},
        {"catalog.mail.graph_permissions": {"unique_name": "{{ app }}", "permissions": ["Mail.Send"]}},
        {"catalog.mail.mailbox_scope": {
            "unique_name": "{{ app }}", "roles": ["Mail.Send"], "mailboxes": ["noreply@contoso.test"]}},
    ]
    for task in tasks:
        [(module, options)] = task.items()
        assert modules.run(module.rpartition(".")[2], **{**options, "unique_name": app["unique_name"]}).get("failed") is None
    modules.emulator.forget_requests()
    output = play(tmp_path, modules, tasks, "-e", f"app={app['unique_name']}")
    assert "changed=0" in output
    log = modules.emulator.requests()
    assert len([one for one in log if one["path"].endswith("/oauth2/v2.0/token")]) == 1
    assert len([one for one in log if one["user_agent"] == AGENT]) <= 2 * len(tasks)


def test_the_cached_token_is_useless_to_other_users(modules: Modules, app: dict[str, Any], tmp_path: Path) -> None:
    """During a play: a file in memory, readable by this user alone, that holds the token encrypted."""
    output = play(tmp_path, modules, [
        {"catalog.mail.entra_app_info": {"unique_name": "{{ app }}"}},
        {"ansible.builtin.shell": {"cmd": "ls -ln /dev/shm ${XDG_RUNTIME_DIR:-/dev/shm} | grep catalog-mail-token-"},
         "register": "files"},
        {"ansible.builtin.debug": {"var": "files.stdout_lines"}},
        {"ansible.builtin.shell": {
            "cmd": "cat {/dev/shm,${XDG_RUNTIME_DIR:-/dev/shm}}/catalog-mail-token-* 2>/dev/null | grep -c eyJ",
            "executable": "/bin/bash"},
         "register": "plain", "failed_when": "plain.stdout != '0'"},
    ], "-e", f"app={app['unique_name']}")
    assert "-rw-------" in output


def test_a_newly_granted_permission_takes_effect(automation_with: Any, app: dict[str, Any], tmp_path: Path) -> None:
    """A token keeps the roles of its issue; on a refusal the module requests one new token."""
    modules = automation_with("Application.Read.All")
    emulator = modules.emulator
    grant = {
        "url": f"{emulator.url}/_control/grant", "method": "POST", "ca_path": str(emulator.ca_file), "body_format": "json",
        "headers": {"Authorization": f"Bearer {(emulator.folder / 'control-token').read_text()}"},
        "body": {"app_id": modules.application["app_id"], "roles": ["Application.ReadWrite.All"]}}
    rename = {"catalog.mail.entra_app": {"unique_name": "{{ app }}", "display_name": "renamed"}}
    output = play(tmp_path, modules, [
        {"catalog.mail.entra_app_info": {"unique_name": "{{ app }}"}},
        {**rename, "register": "refused", "failed_when": "refused.permission | default('') != 'Application.ReadWrite.All'"},
        {"ansible.builtin.uri": grant},
        rename,
    ], "-e", f"app={app['unique_name']}")
    assert "changed=1" in output and modules.registration(appId=app["app_id"])["displayName"] == "renamed"
    # One token for the play, one for each refusal of an old token.
    assert len([one for one in emulator.requests() if one["path"].endswith("/oauth2/v2.0/token")]) == 3
