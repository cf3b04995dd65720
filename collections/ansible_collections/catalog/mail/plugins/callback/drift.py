# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gather how hosts differ from the inventory, report it, and end the run with a status that says it."""

from __future__ import annotations

DOCUMENTATION = r"""
name: drift
type: notification
short_description: Report how hosts differ from the inventory, with an exit status
version_added: 0.2.0
author:
  - The catalog.mail authors (@catalog-mail)
description:
  - Reports what a run of the playbook C(catalog.mail.drift) finds or corrects. Other playbooks run as they do without
    this callback.
  - The report names host, role, thing, field, the value there and the value in the inventory. Of a secret it says only that it
    differs.
  - The report is printed as a table, and written as JSON, as JUnit and as one HTML page where files are named for them.
  - It ends C(ansible-playbook) with the status 0 when the hosts are as the inventory describes, also after a correction; with
    2 when they differ; with 1 when a host could not be reached, failed, or no host was looked at.
options:
  json_file:
    description: File to write the report to as JSON. Its folder must exist.
    type: path
    env:
      - name: CATALOG_MAIL_DRIFT_JSON
    ini:
      - section: callback_drift
        key: json_file
  junit_file:
    description: File to write the report to as JUnit, with one test case for each host.
    type: path
    env:
      - name: CATALOG_MAIL_DRIFT_JUNIT
    ini:
      - section: callback_drift
        key: junit_file
  html_file:
    description: File to write the report to as one HTML page, which loads nothing else.
    type: path
    env:
      - name: CATALOG_MAIL_DRIFT_HTML
    ini:
      - section: callback_drift
        key: html_file
requirements:
  - Name it in C(callbacks_enabled), last, because callbacks that are named after it do not see the end of the run.
notes:
  - The environment variable E(CATALOG_MAIL_DRIFT_CALLBACK) tells the playbook that the callback is at work. Do not set it.
"""

import datetime
import os
import shutil
import sys

from ansible import constants as C
from ansible.plugins.callback import CallbackBase
from ansible.utils.color import stringc
from ansible.utils.display import Display
from ansible_collections.catalog.mail.plugins.plugin_utils._ansible_internals import (
    check_mode_of,
    end_run,
    have_differences,
    host_of,
    is_handler,
    name_of,
    role_of,
    task_of,
    values_of,
)
from ansible_collections.catalog.mail.plugins.plugin_utils._drift_changes import Step, changes_of
from ansible_collections.catalog.mail.plugins.plugin_utils._drift_files import write_reports
from ansible_collections.catalog.mail.plugins.plugin_utils._drift_report import COULD_NOT_LOOK, Report, message_of, table

# A variable of the plays of the playbook drift.
MARK = "drift__report"
PRESENCE = "CATALOG_MAIL_DRIFT_CALLBACK"
COLOURS = {
    "none": C.COLOR_OK, "corrected": C.COLOR_CHANGED, "drift": C.COLOR_CHANGED, "incomplete": C.COLOR_ERROR}


class CallbackModule(CallbackBase):
    """The callback ``catalog.mail.drift``."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "catalog.mail.drift"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # Without a time until a play of the playbook drift begins.
        self._report = Report(started_at="")
        self._playing = False
        self._check_modes = {}
        # Tasks are templated in forks of this process, which inherit its environment.
        os.environ[PRESENCE] = "yes"

    def v2_playbook_on_play_start(self, play):
        self._playing = MARK in play.get_vars()
        if self._playing:
            self._report.started_at = self._report.started_at or _now()

    def v2_runner_on_start(self, host, task):
        if self._playing:
            have_differences(task)

    def v2_runner_on_ok(self, result):
        task = task_of(result)
        # A handler follows from a change that is already reported.
        if not self._playing or is_handler(task):
            return
        values = values_of(result)
        step = Step(host_of(result), role_of(task), name_of(result), task.action, not self._looks(result))
        self._report.changes += changes_of(step, values)
        if values.get("unknown"):
            self._note(self._report.unknown, step.host, str(values["unknown"]))

    def v2_runner_item_on_ok(self, result):
        self._looks(result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        if self._playing and not ignore_errors:
            self._note(self._report.problems, host_of(result), message_of(values_of(result)))

    def v2_runner_on_unreachable(self, result):
        if self._playing:
            self._note(self._report.problems, host_of(result), message_of(values_of(result)))

    def v2_playbook_on_stats(self, stats):
        report = self._report
        if not report.started_at:
            return
        report.ended_at = _now()
        report.unreachable = sorted(stats.dark)
        report.failed = sorted(stats.failures)
        report.hosts = sorted({*stats.processed} - {*stats.dark})
        lost = {*report.unreachable, *report.failed}
        report.problems = [one for one in report.problems if one["host"] in lost]
        self._show(report)
        try:
            write_reports(report, {kind: self.get_option(f"{kind}_file") for kind in ("json", "junit", "html")})
        except OSError as exc:
            Display().error(f"The report cannot be written to {exc.filename}: {exc.strerror}.")
            end_run(COULD_NOT_LOOK)
        end_run(report.exit_status)

    def _looks(self, result):
        """Whether a task ran in check mode. A loop whose last item was skipped does not tell; its items before did."""
        host, found = host_of(result), check_mode_of(result)
        if found is not None:
            self._check_modes[host] = found
        return self._check_modes.get(host, True)

    def _note(self, notes, host, message):
        note = {"host": host, "message": message}
        if note not in notes:
            notes.append(note)

    def _show(self, report):
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 120
        *lines, sentence = table(report, width)
        Display().display("\n".join(lines))
        Display().display(stringc(sentence, COLOURS[report.state]))


def _now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
