# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CKAN's configuration file is edited without losing a byte outside the edited options."""

from __future__ import annotations

import configparser
import re

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._application.ckan_ini import CkanIni, doubled, effective, source
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused
from hypothesis import event, given
from hypothesis import strategies as st

PATH = "/etc/ckan/default/ckan.ini"
USUAL = """\
# CKAN - Pylons configuration
[DEFAULT]
debug = false

[app:main]
use = egg:ckan
## Site
ckan.site_url = http://data.example.com
ckan.plugins = activity
    text_view
    # image_view

  datatables_view
## Email
#smtp.server = localhost
smtp.starttls = False
smtp.mail_from = old@example.com@@
## Logging
[loggers]
keys = root
smtp.server = of another section
""".replace("@@", "  ")


def ini(text: str) -> CkanIni:
    return CkanIni(text, PATH)


def written(text: str, **values: str | None) -> str:
    return ini(text).edited({name.replace("__", "."): value for name, value in values.items()}).to_bytes().decode()


@pytest.mark.parametrize("before,values,after", [
    (USUAL, {"smtp__starttls": "true"}, USUAL.replace("starttls = False", "starttls = true")),
    (USUAL, {"smtp__mail_from": "new@example.com"}, USUAL.replace("old@example.com  ", "new@example.com")),
    (USUAL, {"smtp__mail_from": None}, USUAL.replace("smtp.mail_from = old@example.com  \n", "")),
    (USUAL, {"smtp__server": "mail:25"},
     USUAL.replace("old@example.com  \n", "old@example.com  \nsmtp.server = mail:25\n")),
    (USUAL, {"smtp__password": "50% off"}, USUAL.replace("old@example.com  \n", "old@example.com  \nsmtp.password = 50%% off\n")),
    (USUAL, {"smtp__unknown": None}, USUAL),
    ("[app:main]\nsmtp.server: a\n", {"smtp__server": "b"}, "[app:main]\nsmtp.server: b\n"),
    ("[app:main]\nsmtp.server=a", {"smtp__server": "b"}, "[app:main]\nsmtp.server=b"),
    ("[app:main]\r\nsmtp.server = a\r\n", {"smtp__user": "u"}, "[app:main]\r\nsmtp.server = a\r\nsmtp.user = u\r\n"),
    ("[app:main]\nuse = egg:ckan", {"smtp__user": "u"}, "[app:main]\nuse = egg:ckan\nsmtp.user = u\n"),
    ("[app:main]", {"smtp__user": "u"}, "[app:main]\nsmtp.user = u\n"),
    ("[app:main]\nsmtp.user =\n", {"smtp__user": "u"}, "[app:main]\nsmtp.user = u\n"),
    ("[app:main]\nsmtp.user = u\n", {"smtp__user": ""}, "[app:main]\nsmtp.user =\n"),
    ("[app:main]\nsmtp.user = a\n  b\n\n  c\nx = 1\n", {"smtp__user": "u"}, "[app:main]\nsmtp.user = u\nx = 1\n"),
    ("[app:main]\n  use = egg:ckan\n  x = 1\n", {"smtp__user": "u"}, "[app:main]\n  use = egg:ckan\n  x = 1\n  smtp.user = u\n"),
    ("[app:main]\nsmtp.user = ü\nx = \udcff\n", {"smtp__user": "ä"}, None),
])
def test_edits(before: str, values: dict[str, str | None], after: str | None) -> None:
    if after is None:
        assert ini(before).edited({"smtp.user": "ä"}).to_bytes() == b"[app:main]\nsmtp.user = \xc3\xa4\nx = \xff\n"
    else:
        assert written(before, **values) == after


@pytest.mark.parametrize("text,reason", [
    ("smtp.server = a\n", "cannot read"),
    ("[app:main]\nsmtp.server = a\nsmtp.server = b\n", "DuplicateOption in line 3"),
    ("[app:main]\n[app:main]\n", "DuplicateSection in line 2"),
    ("[app:main]\nuse = egg:ckan\nhunter2-hunter2\n", "Parsing in line 3"),
    ("[server:main]\nport = 5000\n", "no section [app:main]"),
])
def test_what_ckan_cannot_read_is_refused_without_its_text(text: str, reason: str) -> None:
    with pytest.raises(InputRefused) as refused:
        ini(text)
    assert reason in str(refused.value) and PATH in str(refused.value) and "hunter2" not in str(refused.value)


def test_an_edit_that_would_change_another_option_is_refused() -> None:
    with pytest.raises(InputRefused, match=r"does not allow to edit smtp\.user alone"):
        written("[app:main]\nx = 1\n  [loggers]\n  keys = root\n".replace("x = 1\n", ""), smtp__user="u")


NAMES = st.sampled_from(["smtp.server", "smtp.password", "ckan.plugins", "Smtp.Server", "x"])
CHARACTERS = st.characters(blacklist_categories=["Cc", "Cs", "Zl", "Zp"])
VALUES = st.text(CHARACTERS, max_size=12).map(str.strip)
LINES = st.lists(st.one_of(
    st.builds("{}{}{}".format, NAMES, st.sampled_from(["=", " = ", ": ", " ="]), VALUES.map(doubled)),
    st.sampled_from(["", "# comment", "; smtp.server = x", "  continued", "\tmore", "   # inside", "[loggers]", "[DEFAULT]"]),
), max_size=12, unique_by=lambda line: re.split("[=:]", line)[0].strip() or object())


@given(lines=LINES, values=st.dictionaries(NAMES, st.none() | VALUES, max_size=3), ending=st.sampled_from(["\n", "\r\n"]))
def test_an_edit_changes_its_options_alone_or_is_refused(
        lines: list[str], values: dict[str, str | None], ending: str) -> None:
    text = ending.join(["[app:main]", *lines])
    try:
        present = ini(text)
    except InputRefused:
        event("not readable")
        return
    try:
        new = present.edited(values)
    except InputRefused as refused:
        event(f"refused: {refused.details['cause'][:20]}")
        return
    event("edited")
    before, after = parsed(text), parsed(new.to_bytes().decode())
    kept = {name: value for name, value in before["app:main"].items() if name not in values}
    assert {name: value for name, value in after["app:main"].items() if name not in values} == kept
    for name, value in values.items():
        if value is not None:
            assert effective([new], name, {}) == value
    assert new.edited(values).to_bytes() == new.to_bytes()


def parsed(text: str) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser()
    parser.optionxform = str  # type: ignore[method-assign, assignment]
    parser.read_string(text.replace("\r\n", "\n"))
    return {name: dict(section) for name, section in parser.items()}


def test_the_first_file_that_sets_an_option_counts_and_a_section_counts_before_the_defaults() -> None:
    top = CkanIni("[DEFAULT]\nsmtp.user = d\n[app:main]\nuse = config:base.ini\nsmtp.server = top\n", "/top.ini")
    base = CkanIni("[app:main]\nsmtp.server = base\nsmtp.user = %(CKAN_WHO)s\nsmtp.password = 50%%\n", "/base.ini")
    chain, variables = [top, base], {"CKAN_WHO": "w"}
    assert top.based_on == "base.ini" and base.based_on == ""
    assert [effective(chain, name, variables) for name in ("smtp.server", "smtp.user", "smtp.password", "smtp.reply_to")] == [
        "top", "w", "50%", None]
    assert [source(chain, name) for name in ("smtp.server", "smtp.user", "smtp.password", "smtp.reply_to")] == [
        "/top.ini", "/base.ini", "/base.ini", ""]


def test_an_interpolation_without_a_name_is_refused() -> None:
    with pytest.raises(InputRefused, match=r"smtp\.password in /etc/ckan/default/ckan\.ini has a %"):
        effective([ini("[app:main]\nsmtp.password = 50% off\n")], "smtp.password", {})
