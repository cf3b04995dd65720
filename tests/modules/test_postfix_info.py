# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""postfix_info, and check mode on a host without Postfix."""
from __future__ import annotations

from helpers.modules.lab_host import LabHost


def test_facts_and_queue(host: LabHost) -> None:
    host.module("postfix_config", {"parameters": {"relayhost": "[127.0.0.1]:9"}, "reload": True})
    host.sh("printf 'Subject: stuck\\n\\nx\\n' | sendmail -f root@catalog12.catalog.test nobody@corp.test")
    host.sh("for i in 1 2 3 4 5 6 7 8 9 10; do postqueue -j | grep -q delay_reason && break; sleep 0.5; done")
    facts = host.module("postfix_info", {})
    assert facts["installed"] and facts["running"] and not facts["changed"]
    assert facts["version"] == host.sh("postconf -h mail_version").strip()
    assert facts["explicit"]["relayhost"] == facts["parameters"]["relayhost"] == "[127.0.0.1]:9"
    assert "hash" in facts["table_types"] and facts["default_database_type"] == "hash"
    assert facts["queue_length"] == 1
    recipient = facts["queue"][0]["recipients"][0]
    assert recipient["address"] == "nobody@corp.test" and "refused" in recipient["delay_reason"]
    assert host.module("postfix_info", {"queue_limit": 0})["queue"] == []
    assert not facts["reload_pending"] and facts["problems"] == []


def test_pending_changes_and_errors_are_reported(host: LabHost) -> None:
    host.sh("echo 'biff = yes' >> /etc/postfix/main.cf")
    assert host.module("postfix_info", {})["reload_pending"]
    host.sh("echo 'nonsense' >> /etc/postfix/main.cf")
    facts = host.module("postfix_info", {})
    assert "nonsense" in facts["problems"][0] and facts["running"]
    host.sh("postfix -c /opt/pristine-postfix stop 2>/dev/null || true")
    assert not host.module("postfix_info", {})["running"]


def test_a_host_without_postfix(debian12: LabHost) -> None:
    """The names of Postfix's commands are hidden from the module."""
    debian12.sh("mkdir -p /opt/hidden-sbin; mv /usr/sbin/postconf /opt/hidden-sbin/")
    try:
        assert debian12.module("postfix_info", {}) .get("installed") is False
        relay = {"relayhost": ["[smtp.corp.test]:587"], "username": "u", "password": "hunter2"}
        planned = debian12.module("postfix_relayhost", relay, check=True)
        assert planned["changed"] and "hunter2" not in str(planned)
        assert "relayhost = [smtp.corp.test]:587" in planned["diff"][0]["after"]
        refused = debian12.module("postfix_config", {"parameters": {"biff": False}})
        assert refused["failed"] and "not installed" in refused["msg"]
    finally:
        debian12.sh("mv /opt/hidden-sbin/postconf /usr/sbin/")
