#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find one message in a mailbox of Microsoft 365; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mailbox_message_info
short_description: Find one e-mail in a mailbox of Microsoft 365, and report its way
version_added: 0.2.0
description:
  - Waits until a message is in the Inbox or in Junk Email of a mailbox, and returns its way as M(catalog.mail.test_email)
    does for a mailbox over IMAP.
  - Searches by the Message-ID, and by the part of the Message-ID before the C(@) in the subjects of the last 30 minutes,
    since some servers replace the Message-ID. The subjects of the test e-mails of this collection contain that part.
  - Reads only. The message is not marked as read.
options:
  mailbox:
    description: The address (user principal name) or the object id of the mailbox.
    type: str
    required: true
  message_id:
    description: The Message-ID, with its angle brackets, such as RV(catalog.mail.test_email#module:message_id).
    type: str
    required: true
  timeout:
    description: Seconds for the whole task, including the wait for the message.
extends_documentation_fragment:
  - catalog.mail.login
attributes:
  check_mode:
    description: Only reads, also in check mode.
    support: full
  diff_mode:
    description: Changes nothing, so it has no diff.
    support: none
notes:
  - The login needs the application permission C(Mail.Read), which a role of Exchange can limit to this mailbox.
seealso:
  - module: catalog.mail.test_email
"""

EXAMPLES = r"""
# `sent` is the result of catalog.mail.test_email with `transport: application` and without a mailbox.
- name: Find the test e-mail of the application in the recipient's mailbox
  catalog.mail.mailbox_message_info:
    mailbox: anna@example.com
    message_id: "{{ sent.message_id }}"
    timeout: 120
  register: found

- name: Show the way of the e-mail
  ansible.builtin.debug:
    msg: "{{ found.summary }}"
"""

RETURN = r"""
hops:
  description: The hosts that received the message, as RV(catalog.mail.test_email#module:hops).
  returned: success
  type: list
  elements: dict
authentication_results:
  description: The verdicts of the servers, as RV(catalog.mail.test_email#module:authentication_results).
  returned: success
  type: list
  elements: dict
mailbox_folder:
  description: The folder in which the message was found, C(INBOX) or C(Junk Email).
  returned: success
  type: str
  sample: INBOX
summary:
  description: The way of the message as lines of text.
  returned: success
  type: list
  elements: str
  sample:
    - '1. mail.example.com: from catalog.example.com, ESMTPS, TLSv1.3 TLS_AES_256_GCM_SHA384, +1 s'
    - '2. INBOX: found'
cause:
  description: The cause of the failure, as a sentence.
  returned: failure
  type: str
remedy:
  description: The remedy, as a sentence.
  returned: failure
  type: str
field:
  description: The option that caused the failure.
  returned: failure caused by an option
  type: str
  sample: mailbox
code:
  description: The error code in Microsoft's answer, or C(message-not-found).
  returned: failure reported by Microsoft
  type: str
  sample: message-not-found
permission:
  description: The application permission of Microsoft Graph that the login lacks.
  returned: failure caused by a missing permission
  type: str
status:
  description: The HTTP status of Microsoft's answer.
  returned: failure reported by Microsoft
  type: int
request_id:
  description: The id of the request, for Microsoft's support.
  returned: failure reported by Microsoft
  type: str
"""

from ansible_collections.catalog.mail.plugins.module_utils._core.module import report
from ansible_collections.catalog.mail.plugins.module_utils._mail.way import way_of
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.mailbox_message import INFO, find_message


def find_way(module):
    """Find the message and return its way; warn of a folder for spam."""
    found = find_message(module)
    if found.junk:
        module.warn(f"The message was taken for spam: it lies in {found.folder}.")
    return way_of(found.header_values("Received"), found.header_values("Authentication-Results"), found.folder, None)


def main() -> None:
    """Find the message and return its way."""
    report(INFO, find_way)


if __name__ == "__main__":
    main()
