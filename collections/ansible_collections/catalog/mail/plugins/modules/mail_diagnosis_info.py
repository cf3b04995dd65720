#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings about a host and its application; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mail_diagnosis_info
short_description: Find out why e-mail is not sent, not received or not posted
version_added: 0.2.0
description:
  - Checks the host (Postfix, its queue, disks, clock, the application's service) and asks the application to check itself, its
    mail server, its mailbox of replies and the DNS of its sender's domain.
  - Returns findings, each with severity, cause, remedy, evidence, and how to look by hand. It changes and sends nothing.
  - Without the application, the host is checked all the same, and a finding says that the application did not answer.
extends_documentation_fragment:
  - catalog.mail.api
options:
  timeout:
    description: Seconds that the application may take, which connects to its servers meanwhile.
    type: int
    default: 180
  config_directory:
    description: The configuration directory of the Postfix instance.
    type: path
    default: /etc/postfix
  application_expected:
    description: Whether the application runs on this host, so that it is asked. With V(false) only the host is checked.
    type: bool
    default: true
  message_id:
    description:
      - The Message-ID of one message. A finding then says what became of it, with the lines of the mail log of the last seven
        days from its submission to the final answer.
    type: str
  public_address:
    description:
      - The IP address under which other mail servers see this host. With it, the name of the address (PTR), the name in HELO
        and the SPF record are checked for it.
    type: str
  helo_name:
    description: The name that this host says in HELO. Without it, C(smtp_helo_name) of Postfix is checked.
    type: str
  sender:
    description:
      - The address in From, whose domain's MX, SPF, DKIM and DMARC records are checked by this host.
      - Not needed with an application, which checks its own sender.
    type: str
  dkim_selectors:
    description: The selectors under which the mail server signs, such as V(selector1).
    type: list
    elements: str
    default: []
  name_servers:
    description:
      - The name servers to ask, as addresses with or without a port. Without any, those of C(/etc/resolv.conf) are asked.
      - Name a public one where the internal name server has other records than the world sees.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Only reads, also in check mode.
    support: full
  diff_mode:
    description: Changes nothing, so it has no diff.
    support: none
notes:
  - Run the module as root (C(become)); other users cannot see the queue's reasons, the journal and the state of Postfix.
seealso:
  - module: catalog.mail.postfix_info
  - module: catalog.mail.reply_sync_info
  - module: catalog.mail.test_email
"""

EXAMPLES = r"""
- name: Look for faults
  catalog.mail.mail_diagnosis_info:
  register: diagnosis

- name: Show the findings
  ansible.builtin.debug:
    var: diagnosis.report

- name: Follow one message
  catalog.mail.mail_diagnosis_info:
    message_id: <4f1c.1733011200@catalog.example.com>

- name: Check what other mail servers see of this host and its sender
  catalog.mail.mail_diagnosis_info:
    public_address: 203.0.113.25
    dkim_selectors: [mail2026]

- name: Check a relay that has no application
  catalog.mail.mail_diagnosis_info:
    application_expected: false
"""

RETURN = r"""
findings:
  description: The findings, the worst first.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The finding's name in the catalogue, which stays the same between versions.
      type: str
      returned: always
      sample: postfix-not-running
    severity:
      description: V(error) stops mail, V(warning) will or may, V(note) explains.
      type: str
      returned: always
    cause:
      description: What is wrong, as sentences.
      type: str
      returned: always
    remedy:
      description: What to do, as sentences.
      type: str
      returned: always
    look:
      description: How to see the same by hand.
      type: str
      returned: always
    evidence:
      description: Facts, words of servers and lines of logs, without secrets.
      type: list
      elements: str
      returned: always
    source:
      description: Who found it, V(host) or V(service).
      type: str
      returned: always
    field:
      description: The setting to check; V(null) without one.
      type: str
      returned: always
    count:
      description: The number of messages concerned; V(null) without one.
      type: int
      returned: always
worst:
  description: The worst severity; V(null) without findings.
  returned: success
  type: str
  sample: error
healthy:
  description: Whether there are neither errors nor warnings.
  returned: success
  type: bool
summary:
  description: The numbers of errors, warnings and notes.
  returned: success
  type: str
  sample: 1 error, 2 warnings.
report:
  description: The findings as lines for people.
  returned: success
  type: list
  elements: str
application_asked:
  description: Whether the application has answered.
  returned: success
  type: bool
"""

from ansible_collections.catalog.mail.plugins.module_utils._core.module import report
from ansible_collections.catalog.mail.plugins.module_utils._diagnosis.diagnosis import SPEC, diagnose_all


def main() -> None:
    """Look and return."""
    report(SPEC, diagnose_all)


if __name__ == "__main__":
    main()
