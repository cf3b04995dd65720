# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the adapter of CKAN does beyond the contract: the file it edits, and what decides a setting beside that file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.modules.module_process import ModuleHost
from helpers.service import adapters
from helpers.service.adapters import CKAN_INI, Adapter, through
from helpers.service.smtp_sink import MailSink


@pytest.fixture(scope="module")
def host() -> Iterator[ModuleHost]:
    running = ModuleHost()
    yield running
    running.stop()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ckan.ini"


@pytest.fixture
def adapter(tmp_path: Path, path: Path, host: ModuleHost) -> Adapter:
    return adapters.ckan(tmp_path, host)


def test_only_its_options_change_in_the_file(adapter: Adapter, path: Path, sink: MailSink) -> None:
    path.chmod(0o640)
    saved = adapter.save({
        "from": {"address": "noreply@example.com"},
        "smtp": {"host": "127.0.0.1", "port": sink.port, "username": "u", "password": "50% off"}}, test=False)
    assert saved["changed"] and saved["restarted"] == [] and "restart CKAN" in saved["advice"][0]
    assert path.read_text() == CKAN_INI.replace("smtp.starttls = False\n", (
        f"smtp.starttls = False\nsmtp.server = 127.0.0.1:{sink.port}\nsmtp.user = u\nsmtp.password = 50%% off\n"
        "smtp.mail_from = noreply@example.com\n"))
    assert path.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in path.parent.iterdir()] == ["ckan.ini"]


def test_an_empty_text_removes_an_option(adapter: Adapter, path: Path, sink: MailSink) -> None:
    adapter.save(through(sink), interactions={"reply_to": "replies@example.com"})
    assert "smtp.reply_to = replies@example.com" in path.read_text()
    removed = adapter.save({"from": {"address": ""}}, interactions={"reply_to": ""}, test=False)
    assert {one["path"] for one in removed["changes"]} == {"notifications.from.address", "interactions.reply_to"}
    assert "smtp.reply_to" not in path.read_text() and "smtp.mail_from" not in path.read_text()


def test_the_built_in_server_is_that_of_its_host(adapter: Adapter, path: Path) -> None:
    saved = adapter.save({"transport": "builtin", "from": {"address": "noreply@example.com"}}, test=False)
    assert saved["changed"] and not adapter.save({"transport": "builtin"}, test=False)["changed"]
    smtp = adapter.read()["settings"]["notifications"]["smtp"]
    assert (smtp["host"], smtp["port"], smtp["tls"], smtp["username"]) == ("localhost", 25, "none", None)
    refused = adapter.save({"transport": "builtin", "smtp": {"host": "mail.example.com"}}, test=False)
    assert refused["failed"] and refused["field"] == "notifications.smtp.host"


@pytest.mark.parametrize("smtp,field,words", [
    ({"tls": "implicit"}, "tls", "no TLS from the first byte"),
    ({"username": "u"}, "password", "no password"),
    ({"username": "u", "password": "a\nsmtp.server = evil"}, "password", "line end"),
    ({"username": "u", "password": "p\u00e4ss"}, "password", "outside ASCII"),
    ({"username": "u ", "password": "passw0rd"}, "username", "blank"),
    ({"username": "u", "password": " passw0rd"}, "password", "blank"),
])
def test_what_ckan_cannot_use_is_refused(
        adapter: Adapter, sink: MailSink, smtp: dict[str, Any], field: str, words: str) -> None:
    state = adapter.state()
    refused = adapter.save(through(sink, **smtp), test=False, unmanaged="warn")
    assert refused["failed"] and refused["field"] == f"notifications.smtp.{field}" and words in refused["cause"]
    assert adapter.state() == state


def test_replies_are_refused_with_the_reason(adapter: Adapter, sink: MailSink) -> None:
    refused = adapter.save(through(sink), interactions={"enabled": True, "imap": {"host": "imap.example.com"}})
    assert refused["failed"] and refused["field"] == "interactions.enabled" and "receives no replies" in refused["cause"]


def test_a_file_below_counts_and_is_not_edited(adapter: Adapter, path: Path, sink: MailSink) -> None:
    base = path.with_name("base.ini")
    base.write_text("[app:main]\nuse = egg:ckan\nsmtp.mail_from = base@example.com\nsmtp.reply_to = r@example.com\n")
    path.write_text(CKAN_INI.replace("egg:ckan", "config:base.ini"))
    assert adapter.read()["settings"]["notifications"]["from"]["address"] == "base@example.com"
    below = base.read_bytes()
    saved = adapter.save({"smtp": {"host": "127.0.0.1", "port": sink.port, "tls": "none"}})
    assert saved["changed"] and sink.messages[0]["From"] == "base@example.com" and base.read_bytes() == below
    refused = adapter.save({}, interactions={"reply_to": ""})
    assert refused["failed"] and refused["field"] == "interactions.reply_to" and str(base) in refused["cause"]


@pytest.mark.parametrize("text,words", [
    (None, "there is no file"), ("[server:main]\n", "no section [app:main]"), ("[app:main]\nx\n", "cannot read"),
    ("[app:main]\nuse = config:ckan.ini\n", "based on itself"), ("[app:main]\nuse = config:none.ini\n", "there is no file"),
    ("[app:main]\nsmtp.starttls = perhaps\n", "neither true nor false"), ("[app:main]\nsmtp.server = a:b\n", "HOST:PORT"),
    ("[app:main]\nsmtp.user = 50% off\n", "begins no known name"),
])
def test_a_file_that_ckan_cannot_read_is_refused(
        adapter: Adapter, path: Path, sink: MailSink, text: str | None, words: str) -> None:
    path.unlink()
    if text is not None:
        path.write_text(text)
    refused = adapter.save(through(sink))
    assert refused["failed"] and refused["field"] == "ckan.config_file" and words in refused["cause"]
    assert (path.read_text() if path.exists() else None) == text
