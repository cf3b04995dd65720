# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The private attributes of ansible-core that the plugins use exist, have their signature, and have their effect.

A failure here means that this version of ansible-core changed one of them: mend plugin_utils/_ansible_internals.py.
"""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.action import ActionBase
from ansible.plugins.callback import CallbackBase
from ansible.plugins.connection import ssh
from ansible.plugins.loader import connection_loader
from ansible_collections.catalog.mail.plugins.plugin_utils._ansible_internals import ActionInMemory, hide_module_output

SECRET = "open sesame"
# The folder that contains ansible_collections.
COLLECTIONS = next(folder for folder in Path(__file__).parents if folder.name == "ansible_collections").parent
INTERNALS = "ansible_collections.catalog.mail.plugins.plugin_utils._ansible_internals"

REVEAL = f"""
from ansible.plugins.action import ActionBase
from {INTERNALS} import hide_result, run_module

class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = {{**super().run(tmp, task_vars), "ping": run_module(self, task_vars).get("ping"), "secret": "{SECRET}"}}
        if self._task.args.get("data") == "hidden":
            hide_result(result)
        return result
"""
IN_MEMORY = f"""
from {INTERNALS} import ActionInMemory

class ActionModule(ActionInMemory):
    pass
"""
WARN = """
from ansible.plugins.action import ActionBase

class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        return {**super().run(tmp, task_vars), "warnings": ["beware of the dog"]}
"""
TELL = f"""
from ansible.plugins.callback import CallbackBase
from {INTERNALS} import host_of, identity_of, show_warnings, task_of, text_of_diff, values_of

class CallbackModule(CallbackBase):
    CALLBACK_VERSION, CALLBACK_TYPE, CALLBACK_NAME = 2.0, "stdout", "tell"
    began = ()

    def v2_runner_on_start(self, host, task):
        self.began = (*self.began, identity_of(task))

    def v2_runner_on_ok(self, result):
        show_warnings(self, values_of(result))
        task = task_of(result)
        print("TOLD", host_of(result), task.name, values_of(result).get("dest"), identity_of(task) in self.began)

    def v2_on_file_diff(self, result):
        print(text_of_diff(self, values_of(result)["diff"]))
"""


def play(folder: Path, tasks: list[dict[str, Any]], *words: str, **variables: str) -> str:
    """Return the output of ansible-playbook for tasks on this machine, with the plugins beside the playbook."""
    playbook, configuration = folder / "play.yml", folder / "ansible.cfg"
    configuration.touch()
    playbook.write_text(json.dumps([{
        "hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks,
        "vars": {"ansible_python_interpreter": sys.executable}}]))
    environment = {
        **os.environ, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "ANSIBLE_NOCOLOR": "1", "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_CONFIG": str(configuration), **variables}
    done = subprocess.run(
        # By name of the module: ansible-test has no command of ansible-core beside its Python.
        [sys.executable, "-m", "ansible.cli.playbook", "-i", "localhost,", *words, str(playbook)], cwd=folder, env=environment,
        capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def plugin(folder: Path, kind: str, name: str, text: str) -> None:
    (folder / kind).mkdir()
    (folder / kind / f"{name}.py").write_text(text)


def parameters(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)


def test_methods_have_the_signatures_that_are_used():
    assert parameters(ActionBase._transfer_data) == parameters(ActionInMemory._transfer_data) == ["self", "remote_path", "data"]
    assert parameters(ActionBase._transfer_file) == ["self", "local_path", "remote_path"]
    assert "task_vars" in parameters(ActionBase._execute_module)
    assert len(parameters(CallbackBase._handle_warnings)) == len(parameters(CallbackBase._get_diff)) == 2
    assert isinstance(Task()._uuid, str)


@pytest.mark.parametrize("option,hidden", [("hidden", True), ("shown", False)])
def test_a_result_is_hidden_on_request_only(tmp_path: Path, option: str, hidden: bool):
    plugin(tmp_path, "action_plugins", "ping", REVEAL)
    output = play(tmp_path, [
        {"name": "Reveal", "ping": {"data": option}, "register": "found"},
        {"name": "Use the result", "ansible.builtin.assert": {
            "that": [f"found.secret == '{SECRET}'", f"found.ping == '{option}'"], "quiet": True}},
    ], "-vvvv")
    assert (f'"secret": "{SECRET}"' in output) != hidden
    assert ("output has been hidden" in output) == hidden


def test_a_module_without_pipelining_is_a_file_in_memory(tmp_path: Path):
    plugin(tmp_path, "action_plugins", "ping", IN_MEMORY)
    output = play(tmp_path, [{"name": "Run", "ping": None}], "-vvvv", ANSIBLE_PIPELINING="False")
    puts = [line for line in output.splitlines() if " PUT " in line]
    assert puts
    assert all(" PUT /dev/shm/catalog-mail-" in line for line in puts)


def test_a_callback_reads_results_and_shows_warnings_and_diffs(tmp_path: Path):
    plugin(tmp_path, "callback_plugins", "tell", TELL)
    plugin(tmp_path, "action_plugins", "ping", WARN)
    target = tmp_path / "target"
    output = play(tmp_path, [
        {"name": "Write", "ansible.builtin.copy": {"content": "new text", "dest": str(target), "mode": "0600"}},
        {"name": "Warn", "ping": None},
    ], "--diff", ANSIBLE_STDOUT_CALLBACK="tell", ANSIBLE_CALLBACK_PLUGINS=str(tmp_path / "callback_plugins"))
    assert f"TOLD localhost Write {target} True" in output
    assert "+new text" in output
    assert "beware of the dog" in output


@pytest.mark.parametrize("hidden", [True, False])
def test_ssh_hides_output_by_the_play_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hidden: bool):
    """The program in place of ssh prints the secret, as a module does on a host."""
    program = tmp_path / "ssh"
    program.write_text(f"#!/bin/sh\necho '{SECRET}'\n")
    program.chmod(0o700)
    messages: list[str] = []
    monkeypatch.setattr(ssh.display, "vvv", lambda text, host=None: messages.append(text))
    connection = connection_loader.get("ssh", PlayContext())
    connection.set_options(direct={"host": "localhost", "ssh_executable": str(program), "control_path_dir": str(tmp_path)})
    if hidden:
        hide_module_output(type("Action", (), {"_connection": connection})())
    connection._connected = True
    assert connection.exec_command("run the module")[1].decode().strip() == SECRET
    assert any(SECRET in text for text in messages) != hidden
