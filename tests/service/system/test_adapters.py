# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract of email_settings: what every adapter of an application does, tested with each there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult
from ansible_collections.catalog.mail.plugins.module_utils._application.email_settings import ADAPTERS
from helpers.modules.module_process import ModuleHost
from helpers.service import adapters
from helpers.service.adapters import Adapter, through
from helpers.service.alation import Alation
from helpers.service.process import RunningService
from helpers.service.smtp_sink import MailSink

PASSWORD, OTHER = "s3cret-W%rd;#=", "an0ther-W%rd"
LOGIN = {"username": "catalog@example.com", "password": PASSWORD}
AUTHENTICATING = {"auth_required": True, "auth_require_tls": False}


@pytest.fixture(scope="module")
def host() -> Iterator[ModuleHost]:
    running = ModuleHost()
    yield running
    running.stop()


@pytest.fixture(params=sorted(ADAPTERS))
def adapter(
        request: pytest.FixtureRequest, tmp_path: Path, host: ModuleHost,
        make_service: Callable[..., RunningService], make_alation: Callable[..., Alation]) -> Iterator[Adapter]:
    """Return each adapter there is; none of its outputs holds a secret."""
    made = {
        "catalog_mail": lambda: adapters.catalog_mail(make_service(), tmp_path, host),
        "alation": lambda: adapters.alation(make_alation(settings=adapters.ALATION_SETTINGS), host),
        "ckan": lambda: adapters.ckan(tmp_path, host),
    }[request.param]()
    yield made
    for output in made.outputs:
        assert PASSWORD not in output and OTHER not in output


@pytest.fixture
def strict() -> Iterator[MailSink]:
    """Run an SMTP server that wants the login of ``LOGIN``."""
    def known(*words: Any) -> AuthResult:
        return AuthResult(success=words[-1].password.decode() in (PASSWORD, OTHER), handled=False)

    with MailSink(authenticator=known, **AUTHENTICATING) as running:
        yield running


def test_what_is_saved_is_tested_read_back_and_left_alone(adapter: Adapter, strict: MailSink) -> None:
    saved = adapter.save(through(strict, **LOGIN))
    assert saved["changed"] and saved["worksheet"] == []
    assert saved["test"]["recipient"] == "alice@example.com" and saved["test"]["authenticated"] == LOGIN["username"]
    assert [one["To"] for one in strict.messages] == ["alice@example.com"]
    found = adapter.read()["settings"]["notifications"]
    assert found == saved["settings"]["notifications"]
    assert (found["from"]["address"], found["transport"]) == ("noreply@example.com", "smtp")
    smtp = found["smtp"]
    assert (smtp["host"], smtp["port"], smtp["tls"], smtp["username"]) == (
        "127.0.0.1", strict.port, "none", LOGIN["username"])
    assert smtp["password"]["present"] is True
    state = adapter.state()
    again = adapter.save(through(strict, **LOGIN))
    assert not again["changed"] and again["changes"] == [] and "diff" not in again
    assert adapter.state() == state and len(strict.messages) == 1


def test_check_mode_tells_the_changes_writes_nothing_and_sends_nothing(adapter: Adapter, strict: MailSink) -> None:
    state = adapter.state()
    planned = adapter.save(through(strict, **LOGIN), check=True)
    assert planned["changed"] and adapter.state() == state and not strict.messages
    saved = adapter.save(through(strict, **LOGIN))
    assert (planned["changes"], planned["diff"]) == (saved["changes"], saved["diff"])
    assert adapter.save(through(strict, **LOGIN), check=True)["changes"] == []


def test_secrets_are_compared(adapter: Adapter, strict: MailSink) -> None:
    adapter.save(through(strict, **LOGIN))
    path = "notifications.smtp.password"
    assert adapter.save({"smtp": {"password": PASSWORD}})["changes"] == []
    changed = adapter.save({"smtp": {"password": OTHER}})
    assert changed["changes"] == [{"path": path, "before": "present", "after": "changed"}]
    assert changed["diff"][0]["after"] == {"notifications": {"smtp": {"password": "(changed)"}}}
    assert adapter.save({"smtp": {"password": OTHER}})["changes"] == []


def test_a_refusal_names_the_setting_and_saves_nothing(adapter: Adapter, strict: MailSink) -> None:
    state = adapter.state()
    refused = adapter.save(through(strict, username=LOGIN["username"], password="wr0ng-W%rd"))
    assert refused["failed"] and adapter.state() == state
    assert refused["field"] == "notifications.smtp.password" and refused["cause"] and refused["remedy"]
    assert "wr0ng" not in adapter.outputs[-1]


@pytest.mark.parametrize("field,value", [
    ("smtp.port", 0), ("smtp.port", 65536), ("smtp.host", "http://mail.example.com"), ("smtp.host", "mail.example.com:25"),
    ("smtp.username", "a\nb"), ("from.address", "no address"), ("from.address", "a@example.com\nBcc: b@example.com"),
])
def test_bad_input_is_refused_by_name(adapter: Adapter, sink: MailSink, field: str, value: Any) -> None:
    state, settings = adapter.state(), through(sink, **LOGIN)
    section, name = field.split(".")
    settings[section][name] = value
    refused = adapter.save(settings, test=False)
    assert refused["failed"] and refused["field"] == f"notifications.{field}" and refused["cause"] and refused["remedy"]
    assert adapter.state() == state


def test_a_stored_password_goes_to_no_other_server(adapter: Adapter, strict: MailSink) -> None:
    adapter.save(through(strict, **LOGIN))
    with MailSink() as other:
        state = adapter.state()
        refused = adapter.save({"smtp": {"port": other.port}})
        assert refused["failed"] and refused["field"] == "notifications.smtp.password"
        assert adapter.state() == state and not other.messages
        without_login = adapter.save({"smtp": {"port": other.port, "username": "", "password": ""}})
        if not adapter.removes:
            assert without_login["failed"] and "notifications.smtp.username" in without_login["msg"]
            assert adapter.state() == state and not other.messages
            return
        assert without_login["changed"] and len(other.messages) == 1
    smtp = adapter.read()["settings"]["notifications"]["smtp"]
    assert smtp["username"] is None and smtp["password"]["present"] is False


def test_what_cannot_be_set_is_refused_by_name_or_put_on_a_worksheet(adapter: Adapter, sink: MailSink) -> None:
    settings = through(sink)
    for section, values in adapter.unmanaged.items():
        settings[section].update(values)
    paths = [f"notifications.{section}.{name}" for section, values in adapter.unmanaged.items() for name in values]
    state = adapter.state()
    if paths:
        refused = adapter.save(settings)
        assert refused["failed"] and adapter.state() == state and all(path in refused["msg"] for path in paths)
    saved = adapter.save(settings, unmanaged="warn")
    assert saved["changed"] and [one["path"] for one in saved["worksheet"]] == paths
    assert all(one["label"] and one["reason"] for one in saved["worksheet"])
    assert not adapter.save(settings, unmanaged="warn")["changed"]


def test_a_test_needs_a_recipient_or_is_left_out(adapter: Adapter, sink: MailSink) -> None:
    refused = adapter.save(through(sink), test_recipient="")
    assert refused["failed"] and refused["field"] == "test_recipient" and not sink.messages
    assert adapter.save(through(sink), test=False)["test"] is None
    assert not sink.messages
