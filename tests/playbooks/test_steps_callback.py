# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback catalog.mail.steps prints one line per step, with and without a terminal."""

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
    """Return a command line that runs these tasks on this machine."""
    playbook = tmp_path / "playbook.yml"
    settings = {"secret": "open sesame", "folder": str(tmp_path), "ansible_python_interpreter": sys.executable}
    play = {
        "name": "A play", "hosts": "localhost", "gather_facts": False, "vars": settings, "tasks": tasks,
        "check_mode": "{{ ansible_check_mode }}"}
    playbook.write_text(json.dumps([play]), encoding="utf-8")
    return [str(PROGRAM), "-i", "localhost,", "-c", "local", str(playbook), *more]


def environment(**more: str) -> dict[str, str]:
    """Return the environment of the run, without the caller's colour settings."""
    kept = {name: value for name, value in os.environ.items() if "COLOR" not in name}
    config = {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_STDOUT_CALLBACK": "catalog.mail.steps"}
    return {**kept, **config, "TERM": "xterm", "COLUMNS": "100", **more}


def shown(tmp_path: Path, *tasks: dict[str, Any], options: tuple[str, ...] = ()) -> str:
    """Run the tasks without a terminal and return the output."""
    run = subprocess.run(
        arguments(tmp_path, list(tasks), *options), cwd=ROOT, env=environment(),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return run.stdout


def shown_on_terminal(tmp_path: Path, *tasks: dict[str, Any], **more: str) -> str:
    """Run the tasks on a pseudo-terminal and return the output."""
    master, slave = pty.openpty()
    with subprocess.Popen(
        arguments(tmp_path, list(tasks)), cwd=ROOT, env=environment(**more), stdout=slave, stderr=slave, stdin=slave
    ):
        os.close(slave)
        parts = []
        try:
            while part := os.read(master, 4096):
                parts.append(part)
        except OSError:  # reading fails with EIO when the terminal's last writer has ended
            pass
    os.close(master)
    return b"".join(parts).decode()


def test_one_line_per_step(tmp_path: Path) -> None:
    """The output has the play, each step with its result and seconds, and the sums; skipped steps are left out."""
    output = shown(tmp_path, OK, CHANGED, SKIPPED)
    assert re.search(r"^A play$", output, re.MULTILINE)
    assert re.search(r"^  ✓ Look +\d+\.\d s  localhost$", output, re.MULTILINE)
    assert re.search(r"^  ✓ Change +changed +\d+\.\d s  localhost$", output, re.MULTILINE)
    assert "Skip this" not in output
    assert "localhost: 2 steps, 1 changed, none failed" in output
    assert re.search(r"^\d+\.\d s in all$", output, re.MULTILINE)
    assert "\x1b" not in output


def test_a_failure_message_keeps_its_lines(tmp_path: Path) -> None:
    """A failure message keeps its lines, wrapped at the width of the terminal."""
    output = shown(tmp_path, FAIL)
    assert re.search(r"^  ✗ Fail +failed", output, re.MULTILINE)
    assert "      The cause.\n" in output
    assert " ".join(output.split()).count("a remedy") == 30
    assert max(map(len, output.splitlines())) <= 100
    assert "localhost: 1 step, 0 changed, 1 failed" in output


def test_an_ignored_failure_is_shown_as_ignored(tmp_path: Path) -> None:
    """A failure with ignore_errors is shown as ignored, and the run continues."""
    output = shown(tmp_path, IGNORED, OK)
    assert re.search(r"^  ✗ Try +ignored", output, re.MULTILINE)
    assert re.search(r"^  ✓ Look", output, re.MULTILINE)


def test_a_failure_in_a_loop_shows_item_and_step(tmp_path: Path) -> None:
    """The output has the message of the failed item and the line of the step."""
    output = shown(tmp_path, LOOP)
    assert "non-zero return code" in output
    assert re.search(r"^  ✗ Loop +failed", output, re.MULTILINE)


def test_debug_prints_messages_but_no_variables(tmp_path: Path) -> None:
    """The lines of `msg` are printed; the value of `var` is not, because it is a result."""
    output = shown(tmp_path, SAY, DUMP)
    assert "\n  first line\n  second line\n" in output
    assert "open sesame" not in output


def test_no_log_hides_all_but_the_name(tmp_path: Path) -> None:
    """Only the name of a step with no_log is shown."""
    output = shown(tmp_path, HIDDEN)
    assert re.search(r"^  ✗ Hide +failed", output, re.MULTILINE)
    assert "open sesame" not in output
    assert "It gave no message" in output


@pytest.mark.parametrize("options", [("--diff",), ()])
def test_differences_are_shown_with_diff_only(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Differences are shown with --diff only."""
    output = shown(tmp_path, WRITE, options=options)
    assert ("+new" in output) == bool(options)


def test_a_terminal_shows_the_running_step_and_colours(tmp_path: Path) -> None:
    """The output on a terminal has the running step and colours."""
    output = shown_on_terminal(tmp_path, OK)
    assert "… localhost  Look" in output
    assert "\x1b[0;32m✓\x1b[0m Look" in output


def test_no_color_turns_colours_off(tmp_path: Path) -> None:
    """With NO_COLOR the output has no colour codes; the code that erases a line remains."""
    output = shown_on_terminal(tmp_path, OK, NO_COLOR="1")
    assert "✓ Look" in output
    assert not re.search(r"\x1b\[[0-9;]*m", output)
