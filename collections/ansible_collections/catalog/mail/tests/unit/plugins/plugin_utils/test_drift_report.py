# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of drift: its states and exit statuses, its document, its table, and its JUnit."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from ansible_collections.catalog.mail.plugins.plugin_utils._drift_changes import Change
from ansible_collections.catalog.mail.plugins.plugin_utils._drift_files import write_reports
from ansible_collections.catalog.mail.plugins.plugin_utils._drift_page import page
from ansible_collections.catalog.mail.plugins.plugin_utils._drift_report import Report, junit, message_of, table

MODE = Change("a", "postfix", "/etc/x", "mode", "0644", "0600")
CORRECTED = replace(MODE, corrected=True)
OWNER = Change("a", "postfix", "/etc/x", "owner", "nobody", "root")
SECRET = Change("b", "", "e-mail settings", "smtp.password", "differs", "differs")


def report(*changes: Change, **more: object) -> Report:
    values = {"started_at": "2026-01-02T03:04:05Z", "ended_at": "2026-01-02T03:05:05Z", "hosts": ["a", "b"], **more}
    return Report(changes=list(changes), **values)  # type: ignore[arg-type]


def suite_of(made: Report) -> ElementTree.Element:
    suite = ElementTree.fromstring(junit(made).encode()).find("testsuite")  # noqa: S314 -- our own text
    assert suite is not None
    return suite


LOST = report(MODE, hosts=["a"], unreachable=["b"], problems=[{"host": "b", "message": "no <route>"}])


@pytest.mark.parametrize("made, state, status, sentence", [
    (report(), "none", 0, "No drift: the hosts are as the inventory describes them."),
    (report(MODE, SECRET), "drift", 2, "Drift: 2 differences on 2 hosts. Nothing was changed."),
    (report(CORRECTED), "corrected", 0, "Corrected: 1 difference on 1 host."),
    (report(CORRECTED, SECRET), "drift", 2, "Drift: 2 differences on 2 hosts. 1 of them corrected."),
    (LOST, "incomplete", 1, "Could not look at everything: unreachable: b. Found all the same: 1 difference."),
    (report(CORRECTED, failed=["a", "b"]), "incomplete", 1,
     "Could not look at everything: failed: a, b. Corrected all the same: 1 difference."),
    (report(hosts=[]), "incomplete", 1, "Could not look at everything: no host was looked at."),
])
def test_the_state_decides_the_exit_status(made: Report, state: str, status: int, sentence: str) -> None:
    assert (made.state, made.exit_status, made.sentence()) == (state, status, sentence)


def test_the_table_reads_like_a_plan() -> None:
    assert table(report(MODE, OWNER, SECRET, unknown=[{"host": "a", "message": "Unknown yet."}]), 80) == [
        "", "a", "  ~ /etc/x  (postfix)", "      mode   0644 -> 0600", "      owner  nobody -> root",
        "", "b", "  ~ e-mail settings", "      smtp.password  differs",
        "", "? a: Unknown yet.",
        "", "Drift: 3 differences on 2 hosts. Nothing was changed."]


@pytest.mark.parametrize("width", [40, 80])
def test_the_table_keeps_to_the_width_of_the_terminal(width: int) -> None:
    long = Change("a", "postfix", "/etc/x", "mynetworks", "one two " * 20, "three " * 30)
    lines = table(report(long, problems=[{"host": "b", "message": "because " * 30}]), width)
    assert max(map(len, lines[:-1])) <= width
    assert " ".join(" ".join(lines).split()).count("three") == 30


def test_junit_has_a_test_case_for_each_host() -> None:
    suite = suite_of(LOST)
    assert {name: suite.get(name) for name in ("tests", "failures", "errors")} == {"tests": "2", "failures": "1", "errors": "1"}
    assert [case.get("name") for case in suite] == ["a", "b"]
    assert suite.findtext("testcase/failure") == "postfix: /etc/x: mode: 0644 -> 0600"
    assert suite.findtext("testcase/error") == "no <route>"


def test_junit_of_a_correction_fails_no_test_case() -> None:
    suite = suite_of(report(CORRECTED))
    assert suite.get("failures") == "0"
    assert suite.findtext("testcase/system-out") == "Corrected:\npostfix: /etc/x: mode: 0644 -> 0600"


class Page(HTMLParser):
    """The tags, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _value in attrs]

    def handle_data(self, data: str) -> None:
        self.words += data


def test_the_page_shows_all_and_loads_nothing() -> None:
    """Texts of hosts are no markup; the page adapts to the width of a phone, in light and dark."""
    hostile = Change("a", "postfix", "/etc/<script>", "mode", "<img src=x>", "\"&amp;")
    text = page(report(MODE, SECRET, hostile, unknown=[{"host": "b", "message": "<b>"}], problems=LOST.problems))
    found = Page(text)
    for words in ("/etc/<script>", "<img src=x> → \"&amp;", "0644 → 0600", "smtp.password", "differs", "no <route>", "<b>"):
        assert words in found.words
    assert not {"script", "img", "link", "iframe", "b"} & {*found.tags}
    assert not {"src", "href", "style", "onclick"} & {*found.attributes}
    assert "url(" not in text and "@import" not in text
    assert 'name="viewport" content="width=device-width' in text
    assert "prefers-color-scheme: dark" in text and "overflow-wrap: anywhere" in text


def test_the_page_names_hosts_without_a_difference() -> None:
    assert "Without a difference" in page(report(MODE)) and "<p>b</p>" in page(report(MODE))


def test_files_are_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "drift.json"
    path.write_text("old")
    write_reports(report(MODE), {"json": str(path), "junit": None})
    found = json.loads(path.read_text())
    assert found["changes"] == [MODE.document()]
    assert (found["state"], found["exit_status"]) == ("drift", 2)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [one.name for one in tmp_path.iterdir()] == ["drift.json"]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file") as raised:
        write_reports(report(), {"json": str(tmp_path / "missing/drift.json")})
    assert raised.value.filename == str(tmp_path / "missing/drift.json")


def test_a_message_is_one_line_and_no_secret() -> None:
    assert message_of({"msg": "a\nb"}) == "a b"
    assert message_of({"msg": "x", "censored": "y"}) == message_of({}) == "The task gave no message."
    assert len(message_of({"msg": "x" * 2000})) == 1000
