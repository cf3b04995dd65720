# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The output of a run for people: one line for each step, and never a whole result."""

from __future__ import annotations

DOCUMENTATION = r"""
name: steps
type: stdout
short_description: One line a step, readable failures, and the way of the test e-mails
version_added: 0.1.0
author:
  - The catalog.mail authors (@catalog-mail)
description:
  - Shows each step as it passes in one line, with its seconds and whether it changed something.
  - Of a failure it shows the message as text. Of a result of M(catalog.mail.test_email) or
    M(catalog.mail.reply_test) it shows the way of the message.
  - It prints names of plays, steps and hosts, messages, and with C(--diff) the differences; never a whole result.
    So nothing is shown that a module does not mean to be read.
  - Colours are used on a terminal only, and not when E(NO_COLOR) is set.
requirements:
  - Set as stdout in configuration.
seealso:
  - module: catalog.mail.test_email
  - module: catalog.mail.reply_test
"""

import collections
import shutil
import sys
import textwrap
import time

from ansible import constants as C
from ansible import context
from ansible.plugins.callback import CallbackBase
from ansible.utils.color import stringc
from ansible.utils.display import Display
from ansible_collections.catalog.mail.plugins.plugin_utils._ansible_internals import (
    host_of,
    identity_of,
    show_warnings,
    task_of,
    text_of_diff,
    values_of,
)

NAME_WIDTH = 52
# The title above the `summary` in a module's result.
WAYS = {"catalog.mail.test_email": "The way of the e-mail", "catalog.mail.reply_test": "The way of the reply"}
DEBUG = ("debug", "ansible.builtin.debug", "ansible.legacy.debug")
VALIDATION = ("validate_argument_spec", "ansible.builtin.validate_argument_spec")
NO_MESSAGE = "It gave no message. ANSIBLE_STDOUT_CALLBACK=default with -v shows all that it returned."


class CallbackModule(CallbackBase):
    """The stdout callback ``catalog.mail.steps``."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "catalog.mail.steps"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._began = time.monotonic()
        self._started = {}
        self._shown_ways = []
        self._steps: collections.Counter = collections.Counter()
        self._live = sys.stdout.isatty()

    # Plays and steps begin

    def v2_playbook_on_start(self, playbook):
        self._began = time.monotonic()

    def v2_playbook_on_play_start(self, play):
        # Where a play sets check_mode by variables, each host decides.
        mode = " (check mode: nothing is changed)" if context.CLIARGS.get("check") or play.check_mode is True else ""
        self._say("")
        self._say(stringc(play.get_name().strip() + mode, C.COLOR_HIGHLIGHT))

    def v2_playbook_on_no_hosts_matched(self):
        self._say("  no host of the inventory belongs to this play")

    def v2_runner_on_start(self, host, task):
        self._started[(host.get_name(), identity_of(task))] = time.monotonic()
        if self._live:
            self._transient(f"  … {host.get_name()}  {step_name(task)}")

    # Steps end

    def v2_runner_on_ok(self, result):
        task, values = task_of(result), values_of(result)
        show_warnings(self, values)
        if task.action in DEBUG:
            self._show_text(values.get("msg"))
            return
        changed = bool(values.get("changed"))
        self._step(result, "✓", "changed" if changed else "", C.COLOR_CHANGED if changed else C.COLOR_OK)
        if task.action in WAYS:
            self._show_way(WAYS[task.action], values.get("summary"))

    def v2_runner_on_failed(self, result, ignore_errors=False):
        show_warnings(self, values_of(result))
        self._step(result, "✗", "ignored" if ignore_errors else "failed", C.COLOR_ERROR)
        self._show_message(values_of(result))

    def v2_runner_on_unreachable(self, result):
        self._step(result, "✗", "unreachable", C.COLOR_UNREACHABLE)
        self._show_message(values_of(result))

    def v2_runner_item_on_failed(self, result):
        self._show_message(values_of(result))

    def v2_runner_retry(self, result):
        if self._live:
            self._transient(f"  … {host_of(result)}  {step_name(task_of(result))} (again)")

    def v2_on_file_diff(self, result):
        values = values_of(result)
        if task_of(result).loop and "results" in values:
            rows = [row for row in values["results"] if row.get("changed")]
        else:
            rows = [values] if values.get("changed") else []
        for row in rows:
            if row.get("diff"):
                self._say(text_of_diff(self, row["diff"]).rstrip("\n"))

    # The end

    def v2_playbook_on_stats(self, stats):
        self._say("")
        for host in sorted(stats.processed):
            numbers = stats.summarize(host)
            failed = numbers["failures"] + numbers["unreachable"]
            parts = [
                f"{self._steps[host]} {'step' if self._steps[host] == 1 else 'steps'}", f"{numbers['changed']} changed",
                f"{failed} failed" if failed else "none failed",
            ]
            colour = C.COLOR_ERROR if failed else C.COLOR_CHANGED if numbers["changed"] else C.COLOR_OK
            self._say(stringc(f"{host}: {', '.join(parts)}", colour))
        self._say(f"{time.monotonic() - self._began:.1f} s in all")

    # Output

    def _step(self, result, mark, status, colour):
        host, task = host_of(result), task_of(result)
        self._steps[host] += 1
        began = self._started.pop((host, identity_of(task)), None)
        seconds = f"{time.monotonic() - began:6.1f} s" if began is not None else " " * 8
        name = textwrap.shorten(step_name(task), NAME_WIDTH, placeholder=" …")
        self._say(f"  {stringc(mark, colour)} {name:<{NAME_WIDTH}} {status_text(status, colour)} {seconds}  {host}")

    def _show_message(self, values):
        message = values.get("msg")
        if "censored" in values or not isinstance(message, str) or not message.strip():
            message = NO_MESSAGE
        for line in wrapped(message):
            self._say(f"      {stringc(line, C.COLOR_ERROR)}")

    def _show_way(self, title, summary):
        if not isinstance(summary, list) or not summary:
            return
        self._shown_ways.append(summary)
        self._say("")
        self._say("    " + stringc(title, C.COLOR_HIGHLIGHT))
        width = shutil.get_terminal_size().columns if self._live else sys.maxsize
        for line in summary:
            self._say(textwrap.fill(line, width, initial_indent=" " * 4, subsequent_indent=" " * 7))

    def _show_text(self, text):
        """Show the text of a debug step, unless it repeats a summary that was already shown."""
        lines = text if isinstance(text, list) else [text]
        if lines in self._shown_ways or not all(isinstance(line, str) for line in lines):
            return
        for line in lines:
            self._say(f"  {line}".rstrip())

    def _transient(self, text):
        """Show a line that the next line overwrites. Terminals only."""
        width = shutil.get_terminal_size().columns
        sys.stdout.write("\r\x1b[K" + text[: width - 1])
        sys.stdout.flush()

    def _say(self, text):
        if self._live:
            sys.stdout.write("\r\x1b[K")
            sys.stdout.flush()
        Display().display(text)


def step_name(task):
    """Return a step's name without the role's; a plain name for the check of a role's arguments."""
    if task.action in VALIDATION:
        return "Check the settings of the role"
    return (task.name or task.action).strip()


def status_text(status, colour):
    """Return a step's outcome, padded to the width of its column before colours are added."""
    padding = " " * (11 - len(status))
    return (stringc(status, colour) if status else "") + padding


def wrapped(message):
    """Wrap a message to the terminal's width; its own line breaks stay."""
    width = max(40, min(shutil.get_terminal_size().columns, 120) - 8)
    for paragraph in message.strip().splitlines():
        yield from textwrap.wrap(paragraph, width, break_long_words=False) or [""]
