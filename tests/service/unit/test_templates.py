# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The package's templates, and files on the host that replace single ones."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from catalog_mail.adapters.templates import PACKAGED, JinjaTemplates, when
from catalog_mail.domain.errors import Misconfigured
from catalog_mail.domain.notifications.data import FIELDS, Form
from catalog_mail.domain.notifications.notification import Kind
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FRAME: dict[str, Any] = {
    "catalog_name": "Data Catalog",
    "base_url": "https://catalog.example.com",
    "unsubscribe_url": "https://catalog.example.com/unsubscribe/abc",
    "recipient": {"address": "jane@corp.test", "display_name": "Jane Doe"},
    "subject": "The subject",
}
VALUES: dict[Form, Any] = {
    Form.TITLE: "A title",
    Form.TEXT: "A text",
    Form.EVENT: "table.sales",
    Form.USER: "jane",
    Form.USERS: ["jane"],
    Form.URL: "https://catalog.example.com/x",
    Form.TIME: "2026-11-21T05:30:00Z",
    Form.NUMBER: 7,
}
OWN_TEXT = {"text": "A text"}


def context(kind: Kind, *, optional: bool = True) -> dict[str, Any]:
    """Return the values for a mail of this kind, with or without the optional ones."""
    data = {name: VALUES[field.form] if field.required or optional else None for name, field in FIELDS[kind].items()}
    return {**FRAME, "kind": kind.value, **data, **(OWN_TEXT if kind is Kind.MESSAGE else {})}


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("optional", [True, False])
@pytest.mark.parametrize("ending", ["subject.txt", "txt", "html"])
def test_each_kind_has_its_templates(kind: Kind, optional: bool, ending: str) -> None:
    text = JinjaTemplates().render(f"{kind}.{ending}", context(kind, optional=optional))
    assert text.strip()
    assert "None" not in text
    if ending == "subject.txt":
        assert len(text.splitlines()) == 1
    else:
        assert FRAME["unsubscribe_url"] in text, "readers whose program shows no button can unsubscribe too"
        assert ("https://catalog.example.com/x" in text) == (optional and "url" in FIELDS[kind])
        assert all(line == line.rstrip() or line == "-- " for line in text.split("\n")) or ending == "html"


@pytest.mark.parametrize(
    "kind, subject",
    [
        (Kind.MENTION, "Joe Poe mentioned you in Sales figures"),
        (Kind.ASSIGNMENT, "Joe Poe assigned you to this Conversation"),
        (Kind.DOWNLOAD_READY, "Your download is ready: Sales"),
        (Kind.DOWNLOAD_FAILED, "Your download failed: Sales"),
        (Kind.SCHEDULED_QUERY_SUCCEEDED, "Scheduled query succeeded: Monthly"),
        (Kind.SCHEDULED_QUERY_FAILED, "Scheduled query failed: Monthly"),
        (Kind.SCHEDULED_JOB_STATUS, "Scheduled job Harvest: failed"),
        (Kind.SYSTEM_HEALTH, "System health: Disk full"),
        (Kind.SUBSCRIBED_EVENT, "Disk full"),
        (Kind.MESSAGE, "The subject"),
    ],
)
def test_subjects(kind: Kind, subject: str) -> None:
    data = {"author": "Joe Poe", "conversation": "Sales figures", "name": "Sales", "query": "Monthly", "job": "Harvest"}
    more = {"status": "failed", "title": "Disk full"}
    assert JinjaTemplates().render(f"{kind}.subject.txt", {**context(kind), **data, **more}) == subject


@pytest.mark.parametrize("rows, sentence", [(0, "It gave 0 rows."), (1, "It gave 1 row."), (7, "It gave 7 rows.")])
@pytest.mark.parametrize("ending", ["txt", "html"])
def test_rows_are_counted(rows: int, sentence: str, ending: str) -> None:
    kind = Kind.SCHEDULED_QUERY_SUCCEEDED
    assert sentence in JinjaTemplates().render(f"{kind}.{ending}", {**context(kind), "rows": rows})


@pytest.mark.parametrize("kind", Kind)
def test_whatever_people_write_is_text_in_html(kind: Kind) -> None:
    """With HTML in every value, the page has the same elements as with plain text."""
    attack = "</p></title><script>x</script><img src=x onerror=y>&amp;'\""
    plain = context(kind)
    hostile = {name: attack if value in ("A title", "A text") else value for name, value in plain.items()}
    hostile |= {"subject": attack, "catalog_name": attack}
    page = JinjaTemplates().render(f"{kind}.html", hostile)
    assert elements(page) == elements(JinjaTemplates().render(f"{kind}.html", plain))
    assert attack in texts(page)


@given(st.text(st.characters(exclude_categories=["Cs"])))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_text_arrives_in_both_forms(text: str) -> None:
    values = {**context(Kind.SYSTEM_HEALTH), "text": text}
    assert text in JINJA.render("system_health.txt", values)
    shown = "".join(texts(JINJA.render("system_health.html", values)))
    assert normal(text) in normal(shown)


JINJA = JinjaTemplates()


# -- files on the host


def test_a_file_on_the_host_replaces_a_template(tmp_path: Path) -> None:
    (tmp_path / "mention.subject.txt").write_text("[{{ catalog_name }}] {{ author }}: {{ conversation }}\n")
    templates = JinjaTemplates(tmp_path)
    values = {**context(Kind.MENTION), "author": "Joe", "conversation": "Sales"}
    assert templates.render("mention.subject.txt", values) == "[Data Catalog] Joe: Sales"
    assert templates.render("mention.txt", values) == JinjaTemplates().render("mention.txt", values)
    assert templates.problems() == []


def test_a_changed_layout_applies_to_all_kinds(tmp_path: Path) -> None:
    (tmp_path / "layout.html").write_text("<html><body>OURS{% block content %}{% endblock %}</body></html>")
    for kind in Kind:
        assert "OURS" in JinjaTemplates(tmp_path).render(f"{kind}.html", context(kind))


def test_a_change_applies_from_the_next_mail(tmp_path: Path) -> None:
    templates = JinjaTemplates(tmp_path)
    values = context(Kind.MENTION)
    assert "mentioned you" in templates.render("mention.subject.txt", values)
    (tmp_path / "mention.subject.txt").write_text("First")
    assert templates.render("mention.subject.txt", values) == "First"
    (tmp_path / "mention.subject.txt").unlink()
    assert "mentioned you" in templates.render("mention.subject.txt", values)


@pytest.mark.parametrize(
    "content, line, reason",
    [
        ("Hello\n{{ auhtor }}", 2, "'auhtor' is undefined"),
        ("Hello\n\n{% if %}", 3, "Expected an expression"),
        ("{{ author", 1, "unexpected end of template"),
        ("a\n{% include 'gone.txt' %}", 2, "gone.txt"),
        ("a\nb\n{{ 1 / 0 }}", 3, "ZeroDivisionError"),
        ("{{ author | nosuch }}", 1, "No filter named 'nosuch'"),
        ("{{ author.__class__.__mro__ }}", 1, "unsafe"),
        ("{{ recipient.update({'address': 'evil@evil.test'}) }}", 1, "unsafe"),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, content: str, line: int, reason: str) -> None:
    file = tmp_path / "mention.txt"
    file.write_text(content)
    with pytest.raises(Misconfigured) as refused:
        JinjaTemplates(tmp_path).render("mention.txt", context(Kind.MENTION))
    assert f"{file} line {line} " in refused.value.cause
    assert reason in refused.value.cause
    assert "remove the file" in refused.value.remedy
    assert "\n" not in refused.value.cause


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"caf\xe9"])
def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "mention.html").write_bytes(raw)
    templates = JinjaTemplates(tmp_path)
    with pytest.raises(Misconfigured, match=re.escape(str(tmp_path / "mention.html"))):
        templates.render("mention.html", context(Kind.MENTION))
    assert len(templates.problems()) == 1


def test_problems_are_reported_before_the_first_mail(tmp_path: Path) -> None:
    (tmp_path / "mention.txt").write_text("{% if %}")
    (tmp_path / "mention.html").write_text("fine")
    (tmp_path / "README").write_text("{% no template %}")
    problems = JinjaTemplates(tmp_path).problems()
    assert [f"{tmp_path}/mention.txt line 1 " in problem.cause for problem in problems] == [True]


def test_templates_reach_no_file_outside(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "templates"
    folder.mkdir()
    for path in ("../secret.txt", str(tmp_path / "secret.txt")):
        (folder / "mention.txt").write_text(f"{{% include '{path}' %}}")
        with pytest.raises(Misconfigured):
            JinjaTemplates(folder).render("mention.txt", context(Kind.MENTION))


def test_a_folder_that_does_not_exist_is_no_problem(tmp_path: Path) -> None:
    templates = JinjaTemplates(tmp_path / "none")
    assert templates.render("mention.subject.txt", context(Kind.MENTION))
    assert templates.problems() == []


def test_every_file_of_the_package_belongs_to_a_kind() -> None:
    expected = {f"{kind}.{ending}" for kind in Kind for ending in ("subject.txt", "txt", "html")}
    assert {path.name for path in PACKAGED.iterdir()} == expected | {"layout.txt", "layout.html"}


@pytest.mark.parametrize(
    "value, text",
    [
        ("2026-11-21T05:30:00Z", "21 November 2026, 05:30 UTC"),
        ("2026-01-02T23:59:59+00:00", "2 January 2026, 23:59 UTC"),
        ("2026-11-21T05:30:00+05:30", "21 November 2026, 05:30 UTC+05:30"),
        ("2026-11-21T05:30:00-08:00", "21 November 2026, 05:30 UTC-08:00"),
        ("soon", "soon"),
    ],
)
def test_times_for_people(value: str, text: str) -> None:
    assert when(value) == text


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(page: str) -> _Page:
    parser = _Page()
    parser.feed(page)
    parser.close()
    return parser


def elements(page: str) -> list[tuple[str, tuple[str, ...]]]:
    return read(page).elements


def texts(page: str) -> list[str]:
    return read(page).texts


def normal(text: str) -> str:
    """Normalise line ends as HTML does."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
