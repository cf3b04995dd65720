# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment of systemd units, as systemctl prints it and as its files are written, decides settings of CKAN."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._application.ckan_environment import (
    command_of,
    environment_file,
    environment_of,
    file_of,
    override,
)
from ansible_collections.catalog.mail.plugins.module_utils._application.ckan_ini import CkanIni
from ansible_collections.catalog.mail.plugins.module_utils._application.ckan_state import CkanState
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused


@pytest.mark.parametrize("lines,variables", [
    ([], {}),
    (["A=1 B=2"], {"A": "1", "B": "2"}),
    (['"A=b c" B='], {"A": "b c", "B": ""}),
    (["A='unclosed B=2"], {"A": "'unclosed", "B": "2"}),
])
def test_the_property_environment(lines: list[str], variables: dict[str, str]) -> None:
    assert environment_of(lines) == variables


def test_a_file_of_variables() -> None:
    text = "# comment\n; comment\n\nA=1\n B = two words \nC='quoted'\nD=\"a b\"\nE=a\\\nb\nno variable\n"
    assert environment_file(text) == {"A": "1", "B": "two words", "C": "quoted", "D": "a b", "E": "ab"}


@pytest.mark.parametrize("shown,path", [
    ("{ path=/opt/ckan/bin/ckan ; argv[]=/opt/ckan/bin/ckan -c /etc/ckan.ini run ; ignore_errors=no ; pid=1 }", "/etc/ckan.ini"),
    ("{ path=/usr/bin/ckan ; argv[]=/usr/bin/ckan --config=/etc/a.ini run ; ignore_errors=no }", "/etc/a.ini"),
    ("{ path=/usr/bin/ckan ; argv[]=/usr/bin/ckan run ; ignore_errors=no }", None),
    ("{ path=/usr/bin/gunicorn ; argv[]=/usr/bin/gunicorn -c /etc/gunicorn.py wsgi ; ignore_errors=no }", None),
    ("", None),
])
def test_the_file_that_a_command_names(shown: str, path: str | None) -> None:
    assert file_of(command_of(shown)) == path


@pytest.mark.parametrize("option,variables,variable", [
    ("smtp.server", {"CKAN_SMTP_SERVER": "a"}, "CKAN_SMTP_SERVER"),
    ("smtp.server", {"CKAN_SMTP_SERVER": ""}, None),
    ("smtp.server", {"CKAN___SMTP__SERVER": "a", "CKAN_SMTP_SERVER": "b"}, "CKAN___SMTP__SERVER"),
    ("smtp.reply_to", {"CKAN_SMTP_REPLY_TO": "a"}, None),
    ("smtp.reply_to", {"CKAN___SMTP__REPLY_TO": "a"}, "CKAN___SMTP__REPLY_TO"),
])
def test_variables_that_decide(option: str, variables: dict[str, str], variable: str | None) -> None:
    found = override(option, {"a.service": variables})
    assert (found.variable if found else None) == variable


def test_a_file_that_counts_before_is_named() -> None:
    top = CkanIni("[app:main]\nuse = config:base.ini\nsmtp.server = top:25\n", "/top.ini")
    state = CkanState([top, CkanIni("[app:main]\nuse = egg:ckan\n", "/base.ini")], 1, {})
    assert state.present["smtp.server"] == "top:25"
    with pytest.raises(InputRefused, match=r"/top.ini sets smtp.server for CKAN, whatever /base.ini says"):
        state.edited({"smtp.server": "base:25"})
    assert state.edited({"smtp.user": "u"}).to_bytes() == b"[app:main]\nuse = egg:ckan\nsmtp.user = u\n"
