# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A finding names the folders of the instance, and names that only this host knows."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._mail.diagnosis import diagnose
from ansible_collections.catalog.mail.plugins.module_utils._mail.host_findings import (
    for_instance,
    known_to_the_host,
    name_without_dns,
)

NOT_FOUND = "Host or domain name not found. Name service error for name=relay.corp.test type=A: Host not found"


@pytest.mark.parametrize("words,remedy", [
    ("no space left on device", "df -i /var/spool/postfix-out)"),
    ("Host not found, try again", "/var/spool/postfix-out, with the copy of resolv.conf"),
    ("mail system is down", "(postfix -c /etc/postfix-out start)"),
    ("fatal: bad boolean", "run postfix -c /etc/postfix-out check"),
])
def test_another_instance_has_its_own_folders(words, remedy):
    finding = diagnose(words)
    assert remedy in for_instance(finding, "/etc/postfix-out", "/var/spool/postfix-out").remedy
    assert for_instance(finding, "/etc/postfix", "/var/spool/postfix") == finding


@pytest.mark.parametrize("words,name", [
    (NOT_FOUND, "relay.corp.test"),
    ("Name service error for name=relay.corp.test type=MX: Host not found", "relay.corp.test"),
    ("Name service error for name=relay.corp.test type=A: Host not found, try again", None),
    ("unable to look up host relay.corp.test: Name or service not known", None),
])
def test_the_name_that_dns_does_not_know(words, name):
    assert name_without_dns(diagnose(words), words) == name


@pytest.mark.parametrize("in_file,lookup,words", [
    (True, "dns", ("/etc/hosts, but DNS does not", "smtp_host_lookup = dns, native")),
    (False, "dns", ("mDNS", "write its address into /etc/hosts")),
    (True, "dns, native", ("copies of hosts and nsswitch.conf in /q/etc",)),
    (False, "native", ("write its address into /etc/hosts",)),
])
def test_the_remedy_for_a_name_that_the_host_knows(in_file, lookup, words):
    finding = known_to_the_host("relay.corp.test", in_file, lookup, "/q")
    assert all(word in f"{finding.cause}. {finding.remedy}" for word in words)
