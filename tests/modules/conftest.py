# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real Postfix for the module tests: a lab host with Postfix installed, reset before each test."""
from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from helpers.modules.lab_application import Application, give_back, make_room
from helpers.modules.lab_host import CA, HOSTS, LAB_HOME, Hidden, LabHost
from helpers.playbooks import lab as run_lab


@pytest.fixture(scope="session")
def lab() -> None:
    """Return the running lab, without faults."""
    run_lab("up")


@pytest.fixture(scope="session")
def prepared(lab: None) -> dict[str, LabHost]:
    """Install Postfix on both hosts and run it on its distribution's configuration."""
    hosts = {name: LabHost(name) for name in HOSTS}
    for host in hosts.values():
        host.bring_code()
        host.sh(
            "export DEBIAN_FRONTEND=noninteractive; "
            "command -v postconf >/dev/null && test -d /opt/pristine-postfix && exit 0; "
            "apt-get -qq update && apt-get -qq -y purge postfix >/dev/null 2>&1; rm -rf /etc/postfix; "
            "apt-get -qq -y install --no-install-recommends postfix libsasl2-modules >/dev/null 2>&1; "
            "rm -rf /opt/pristine-postfix; cp -a /etc/postfix /opt/pristine-postfix; systemctl restart postfix")
    return hosts


@pytest.fixture(params=HOSTS)
def host(request: pytest.FixtureRequest, prepared: dict[str, LabHost]) -> LabHost:
    """Return a host whose Postfix runs with its distribution's configuration; each test runs on each Debian."""
    found = prepared[request.param]
    put_back(found)
    return found


@pytest.fixture
def debian12(prepared: dict[str, LabHost]) -> LabHost:
    """Like `host`, on Debian 12 only."""
    put_back(prepared["catalog12"])
    return prepared["catalog12"]


@pytest.fixture
def run_module(prepared: dict[str, LabHost]) -> Callable[..., dict[str, Any]]:
    """Run a module on a host: run_module(host name, module, args, check=False, diff=True)."""
    return lambda name, module, args, **how: prepared[name].module(module, args, **how)


@pytest.fixture(scope="session")
def application_on(
    prepared: dict[str, LabHost], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Application]]:
    """Run the real application on the host of this name, at the modules' default address. Started on first use."""
    started: dict[str, Application] = {}
    deployed: dict[str, bool] = {}

    def on(name: str) -> Application:
        if name not in started:
            deployed[name] = make_room(prepared[name])
            started[name] = Application(prepared[name], tmp_path_factory.mktemp(f"application-{name}"))
            started[name].deploy()
        return started[name]

    yield on
    for name, application in started.items():
        application.end()
        give_back(prepared[name], running=deployed[name])


@pytest.fixture
def application(application_on: Callable[[str], Application]) -> Application:
    """Return the real application on Debian 12."""
    return application_on("catalog12")


@pytest.fixture
def replies(application: Application, passwords: Hidden) -> Iterator[Application]:
    """Run the application with replies by e-mail, Alice and Bob as users, and the process that reads the mailbox."""
    application.forget()
    login = Hidden(host="mail.corp.test", ca_file=CA)
    saved = application.host.module("email_settings", Hidden(
        notifications=Hidden(
            enabled=True, transport="smtp", **{"from": {"address": "noreply@corp.test"}},
            smtp=Hidden(login, port=587, tls="starttls", username="catalog@corp.test", password=passwords["catalog@corp.test"])),
        interactions=Hidden(
            enabled=True, reply_to="replies@corp.test", intent_tracking="message_id",
            imap=Hidden(login, username="replies@corp.test", password=passwords["replies@corp.test"])),
        test_recipient="alice@corp.test"))
    assert "failed" not in saved, saved["msg"]
    application.add_users("alice", "bob")
    with application.reading_replies():
        yield application


@pytest.fixture(scope="session")
def passwords(lab: None) -> Hidden:
    """Return the lab's passwords by user."""
    return Hidden(json.loads((LAB_HOME / "credentials.json").read_text())["users"])


@pytest.fixture
def mailbox(passwords: Hidden) -> Hidden:
    """Return alice's mailbox as options of test_email."""
    alice = "alice@corp.test"
    return Hidden(host="mail.corp.test", username=alice, password=passwords[alice], ca_file=CA)


def put_back(host: LabHost) -> None:
    """Restore the distribution's configuration in /etc/postfix, empty the queue, and run Postfix with it."""
    host.sh(
        "rm -rf /etc/postfix /run/catalog-mail; cp -a /opt/pristine-postfix /etc/postfix; "
        "touch -d '-5 sec' /etc/postfix/main.cf; "  # Postfix delays for a file that was changed within the last second
        "postsuper -d ALL >/dev/null 2>&1; "
        "postfix status >/dev/null 2>&1 && postfix reload >/dev/null 2>&1 || systemctl restart postfix; sleep 0.3")
