# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the callback catalog.mail.steps shows of a run on this machine, without and with a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).parent / "ansible-playbook"

OK = {"name": "Look", "ansible.builtin.stat": {"path": "/"}}
CHANGED = {"name": "Change", "ansible.builtin.command": "true"}
SKIPPED = {"name": "Skip this", "ansible.builtin.command": "true", "when": False}
SAY = {"name": "Say", "ansible.builtin.debug": {"msg": ["first line", "second line"]}}
DUMP = {"name": "Dump", "ansible.builtin.debug": {"var": "secret"}}
FAIL = {"name": "Fail", "ansible.builtin.fail": {"msg": "The cause.\n" + "a remedy " * 30}}
HIDDEN = {"name": "Hide", "ansible.builtin.fail": {"msg": "{{ secret }}"}, "no_log": True}
LOOP = {"name": "Loop", "ansible.builtin.command": "{{ item }}", "loop": ["true", "false"]}
IGNORED = {"name": "Try", "ansible.builtin.fail": {"msg": "never mind"}, "ignore_errors": True}
WRITE = {"name": "Write", "ansible.builtin.copy": {"dest": "{{ folder }}/file", "content": "new\n", "mode": "0600"}}


def arguments(tmp_path: Path, tasks: list[dict[str, Any]], *more: str) -> list[str]:
    """A command line that runs these tasks on this machine."""
    playbook = tmp_path / "playbook.yml"
    settings = {"secret": "open sesame", "folder": str(tmp_path), "ansible_python_interpreter": sys.executable}
    play = {"name": "A play", "hosts": "localhost", "gather_facts": False, "vars": settings, "tasks": tasks}
    playbook.write_text(json.dumps([play]), encoding="utf-8")
    return [str(PROGRAM), "-i", "localhost,", "-c", "local", str(playbook), *more]


def environment(**more: str) -> dict[str, str]:
    """The environment of the run; no colour settings of the caller's."""
    kept = {name: value for name, value in os.environ.items() if "COLOR" not in name}
    config = {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_STDOUT_CALLBACK": "catalog.mail.steps"}
    return {**kept, **config, "TERM": "xterm", "COLUMNS": "100", **more}


def shown(tmp_path: Path, *tasks: dict[str, Any], options: tuple[str, ...] = ()) -> str:
    """What a run prints where no terminal is."""
    run = subprocess.run(
        arguments(tmp_path, list(tasks), *options), cwd=ROOT, env=environment(),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return run.stdout


def shown_on_terminal(tmp_path: Path, *tasks: dict[str, Any], **more: str) -> str:
    """What a run writes to a terminal."""
    master, slave = pty.openpty()
    with subprocess.Popen(
        arguments(tmp_path, list(tasks)), cwd=ROOT, env=environment(**more), stdout=slave, stderr=slave, stdin=slave
    ):
        os.close(slave)
        parts = []
        try:
            while part := os.read(master, 4096):
                parts.append(part)
        except OSError:  # the way in which a terminal without a writer ends
            pass
    os.close(master)
    return b"".join(parts).decode()


def test_one_line_a_step(tmp_path: Path) -> None:
    """The play, each step with what it did and its seconds, the sums; what was skipped is not shown."""
    output = shown(tmp_path, OK, CHANGED, SKIPPED)
    assert re.search(r"^A play$", output, re.MULTILINE)
    assert re.search(r"^  ✓ Look +\d+\.\d s  localhost$", output, re.MULTILINE)
    assert re.search(r"^  ✓ Change +changed +\d+\.\d s  localhost$", output, re.MULTILINE)
    assert "Skip this" not in output
    assert "localhost: 2 steps, 1 changed, none failed" in output
    assert re.search(r"^\d+\.\d s in all$", output, re.MULTILINE)
    assert "\x1b" not in output


def test_failure_is_text(tmp_path: Path) -> None:
    """A message keeps its lines, is wrapped, and no line of it is lost."""
    output = shown(tmp_path, FAIL)
    assert re.search(r"^  ✗ Fail +failed", output, re.MULTILINE)
    assert "      The cause.\n" in output
    assert " ".join(output.split()).count("a remedy") == 30
    assert max(map(len, output.splitlines())) <= 100
    assert "localhost: 1 step, 0 changed, 1 failed" in output


def test_failure_that_does_not_count(tmp_path: Path) -> None:
    """It is shown as what it is, and the run goes on."""
    output = shown(tmp_path, IGNORED, OK)
    assert re.search(r"^  ✗ Try +ignored", output, re.MULTILINE)
    assert re.search(r"^  ✓ Look", output, re.MULTILINE)


def test_failure_in_a_loop(tmp_path: Path) -> None:
    """The item's message is there, and the step's."""
    output = shown(tmp_path, LOOP)
    assert "non-zero return code" in output
    assert re.search(r"^  ✗ Loop +failed", output, re.MULTILINE)


def test_text_of_a_debug_step(tmp_path: Path) -> None:
    """Its lines are printed as they are; a variable is not: that would be a result."""
    output = shown(tmp_path, SAY, DUMP)
    assert "\n  first line\n  second line\n" in output
    assert "open sesame" not in output


def test_secret_step(tmp_path: Path) -> None:
    """Of a step with no_log nothing but its name is shown."""
    output = shown(tmp_path, HIDDEN)
    assert re.search(r"^  ✗ Hide +failed", output, re.MULTILINE)
    assert "open sesame" not in output
    assert "It gave no message" in output


@pytest.mark.parametrize("options", [("--diff",), ()])
def test_differences(tmp_path: Path, options: tuple[str, ...]) -> None:
    """They are shown to who asks for them."""
    output = shown(tmp_path, WRITE, options=options)
    assert ("+new" in output) == bool(options)


def test_terminal(tmp_path: Path) -> None:
    """On a terminal the running step is seen, and there are colours."""
    output = shown_on_terminal(tmp_path, OK)
    assert "… localhost  Look" in output
    assert "\x1b[0;32m✓\x1b[0m Look" in output


def test_terminal_without_colour(tmp_path: Path) -> None:
    """NO_COLOR is obeyed; erasing the line of the running step is not a colour."""
    output = shown_on_terminal(tmp_path, OK, NO_COLOR="1")
    assert "✓ Look" in output
    assert not re.search(r"\x1b\[[0-9;]*m", output)
