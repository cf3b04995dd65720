# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Fit a finding to the host and to the instance of Postfix: its folders, and the names that only this host knows. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Optional

from .finding import Finding

USUAL_DIRECTORY = "/etc/postfix"
USUAL_QUEUE = "/var/spool/postfix"
NAME_NOT_FOUND = "name_not_found"

_ASKED_NAME = re.compile(r"Name service error for name=(\S+) type=\S+: Host(?: or domain name)? not found", re.IGNORECASE)


def for_instance(finding: Finding, config_directory: str, queue_directory: str) -> Finding:
    """Return the finding with the folders and commands of one instance in its remedy."""
    remedy = finding.remedy.replace(USUAL_QUEUE, queue_directory or USUAL_QUEUE)
    if config_directory != USUAL_DIRECTORY:
        remedy = remedy.replace("systemctl start postfix", f"postfix -c {config_directory} start")
        remedy = remedy.replace("run postfix check", f"run postfix -c {config_directory} check")
    return replace(finding, remedy=remedy)


def name_without_dns(finding: Finding, words: str) -> Optional[str]:
    """Return the host name that Postfix did not find in DNS; None for another failure."""
    found = _ASKED_NAME.search(words) if finding.name == NAME_NOT_FOUND else None
    return found[1] if found else None


def known_to_the_host(name: str, in_hosts_file: bool, lookup: str, queue_directory: str) -> Finding:
    """Return the finding for a name that this host resolves, and Postfix does not. ``lookup`` is smtp_host_lookup."""
    queue = queue_directory or USUAL_QUEUE
    source = "/etc/hosts" if in_hosts_file else "a source of /etc/nsswitch.conf, such as mDNS"
    add = "" if in_hosts_file else (
        f", and write its address into /etc/hosts, since a daemon inside {queue} reaches no other source than that file")
    if "native" in lookup:
        return Finding(
            "name_in_hosts_only", f"This host knows {name} by {source}, and the daemons of Postfix inside {queue} do not",
            f"Renew the copies of hosts and nsswitch.conf in {queue}/etc: run the role catalog.mail.postfix, or restart Postfix"
            + add)
    return Finding(
        "name_in_hosts_only", f"This host knows {name} by {source}, but DNS does not, and Postfix asks DNS alone",
        f"Set smtp_host_lookup = dns, native (in postfix_parameters), so that Postfix asks /etc/hosts as well{add}; or have the"
        " name added to DNS")
