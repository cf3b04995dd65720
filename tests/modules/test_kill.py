# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGKILL at any moment leaves files whole, and the next run completes the killed run's change."""
from __future__ import annotations

import json
import time

from helpers.modules.lab_host import CODE, LabHost

PASSWORD = "hunter2-and-more"
OPTIONS = {
    "relayhost": ["[smtp.corp.test]:587"], "username": "catalog", "password": PASSWORD, "tls_level": "encrypt",
    "reload": True}
MODULE = "ansible_collections.catalog.mail.plugins.modules.postfix_relayhost"
ROUNDS = 20


def state(host: LabHost) -> str:
    return host.sh(
        "cd /etc/postfix; cat main.cf; stat -c '%n %a %U' main.cf sasl_passwd* 2>/dev/null || true; "
        "postmap -s hash:sasl_passwd 2>/dev/null || true")


def test_killed_at_any_moment(debian12: LabHost) -> None:
    host = debian12
    before = host.read("/etc/postfix/main.cf")
    begun = time.monotonic()
    assert host.module("postfix_relayhost", OPTIONS)["changed"]
    whole_run = time.monotonic() - begun
    after, finished = host.read("/etc/postfix/main.cf"), state(host)
    seen = set()
    for number in range(ROUNDS):
        host.sh("rm -rf /etc/postfix; cp -a /opt/pristine-postfix /etc/postfix; touch -d '-5 sec' /etc/postfix/main.cf")
        seconds = whole_run * (0.2 + number / ROUNDS)
        host.exec(
            "timeout", "-s", "KILL", f"{seconds:.3f}", "python3", "-m", MODULE, variables={"PYTHONPATH": CODE},
            stdin=json.dumps({"ANSIBLE_MODULE_ARGS": OPTIONS}).encode())
        found = host.read("/etc/postfix/main.cf")
        assert found in (before, after), f"main.cf is neither old nor new after {seconds} s"
        if found == after:
            assert host.sh("postmap -q '[smtp.corp.test]:587' hash:/etc/postfix/sasl_passwd") == f"catalog:{PASSWORD}\n"
        seen.add(found)
        mended = host.module("postfix_relayhost", OPTIONS)
        assert "failed" not in mended, mended
        assert state(host) == finished
        assert not host.module("postfix_relayhost", OPTIONS)["reload_required"]
        assert host.sh("ls -A /etc/postfix | grep '^[.]' || true") == ""
    assert seen == {before, after}, "every kill came too early or too late"
