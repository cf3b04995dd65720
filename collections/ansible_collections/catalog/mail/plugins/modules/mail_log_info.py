#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Outgoing and incoming mail, message by message; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mail_log_info
short_description: Find outgoing and incoming mail, message by message, with cause and remedy
version_added: 0.2.0
description:
  - Lists the e-mails of notifications, also those that were suppressed, or the messages of the mailbox of replies. The
    latest is first.
  - Tells for each e-mail what became of it, why, and what helps. It never returns the text of an e-mail.
  - The application removes old e-mails from its log; see C(application_queue.mail_log_days) of the role
    P(catalog.mail.application#role).
  - To try an e-mail again or to cancel it, use C(catalog-mail mail) on the host, or the API.
extends_documentation_fragment:
  - catalog.mail.api
options:
  direction:
    description: V(outgoing) lists the e-mails of notifications, V(incoming) the messages of the mailbox of replies.
    type: str
    choices: [outgoing, incoming]
    default: outgoing
  state:
    description: List outgoing e-mails in this state only.
    type: str
    choices: [accepted, queued, sending, retrying, sent, bounced, failed, suppressed]
  kind:
    description: List outgoing e-mails of this kind of notification only.
    type: str
    choices:
      - subscribed_event
      - download_ready
      - download_failed
      - scheduled_query_succeeded
      - scheduled_query_failed
      - system_health
      - scheduled_job_status
      - mention
      - assignment
      - message
      - reply_rejected
  recipient:
    description:
      - List outgoing e-mails to this address only. Capitals make no difference.
      - C(@) and a name list the mentions of a name that no user of the catalog has.
    type: str
  reason:
    description:
      - List outgoing e-mails with this reason only, such as V(recipient-refused) or V(switched_off); see
        RV(items[].reason).
    type: str
  outcome:
    description: List incoming messages with this outcome only.
    type: str
    choices: [posted, ignored, rejected, quarantined, left, waiting, gone]
  sender:
    description: List incoming messages of this address only. Capitals make no difference.
    type: str
  since:
    description: List e-mails from this time on, such as V(2026-03-01T12:00:00Z).
    type: str
  until:
    description: List e-mails before this time.
    type: str
  limit:
    description: The number of e-mails to return, from 1 to 10,000.
    type: int
    default: 50
  cursor:
    description: Continue behind an earlier list; the value of its RV(next).
    type: str
attributes:
  check_mode:
    description: Only reads, also in check mode.
    support: full
  diff_mode:
    description: Changes nothing, so it has no diff.
    support: none
seealso:
  - module: catalog.mail.email_settings_info
  - module: catalog.mail.reply_sync_info
"""

EXAMPLES = r"""
- name: Find out why somebody got no e-mail
  catalog.mail.mail_log_info:
    recipient: jane.doe@example.com
  register: mail

- name: Show the causes
  ansible.builtin.debug:
    msg: "{{ mail['items'] | map(attribute='cause') | select | unique | list }}"

- name: List all that failed since a time
  catalog.mail.mail_log_info:
    state: failed
    since: '2026-03-01T00:00:00Z'
    limit: 1000

- name: List the replies that were rejected
  catalog.mail.mail_log_info:
    direction: incoming
    outcome: rejected
"""

RETURN = r"""
check_mode:
  description: Whether the task runs in check mode, which the variable C(ansible_check_mode) does not always tell.
  returned: always
  type: bool
items:
  description:
    - The e-mails, the latest first. In a template write C(mail['items']), since C(mail.items) is a method.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The id of the e-mail in the log.
      type: str
      returned: always
    subject:
      description: The subject, null while it is not known.
      type: str
      returned: always
    reason:
      description:
        - One word for why the e-mail was not sent or not posted; null when there is none.
        - For an outgoing e-mail the code of the last failure, or V(switched_off), V(unsubscribed), V(inactive),
          V(unknown_name) or V(cancelled).
      type: str
      returned: always
    cause:
      description: Why, as a sentence.
      type: str
      returned: always
    remedy:
      description: What helps, as a sentence; null when nothing needs to be done.
      type: str
      returned: always
    message_id:
      description: The Message-ID, null while it is not known.
      type: str
      returned: always
    state:
      description: The state; docs/mail_log.md of this collection describes each.
      type: str
      returned: with O(direction=outgoing)
    kind:
      description: The kind of the notification.
      type: str
      returned: with O(direction=outgoing)
    notification_id:
      description: The id of the notification, which may have more recipients.
      type: str
      returned: with O(direction=outgoing)
    recipient:
      description: The recipient, with C(address) and C(display_name). The address of a name that no user has is null.
      type: dict
      returned: with O(direction=outgoing)
    server_response:
      description: The mail server's last words about this e-mail.
      type: str
      returned: with O(direction=outgoing)
    attempts:
      description: The number of attempts.
      type: int
      returned: with O(direction=outgoing)
    accepted_at:
      description: When the application accepted the notification.
      type: str
      returned: with O(direction=outgoing)
    next_attempt_at:
      description: When the next attempt is made.
      type: str
      returned: with O(direction=outgoing)
    sent_at:
      description: When a mail server accepted the e-mail.
      type: str
      returned: with O(direction=outgoing)
    ended_at:
      description: When the e-mail was sent, given up or suppressed.
      type: str
      returned: with O(direction=outgoing)
    outcome:
      description: What became of the message.
      type: str
      returned: with O(direction=incoming)
    detail:
      description: What the cause does not tell, such as the answer of another catalog.
      type: str
      returned: with O(direction=incoming)
    sender:
      description: The address of the sender; null when the message has none, or several.
      type: str
      returned: with O(direction=incoming)
    at:
      description: The time of the outcome.
      type: str
      returned: with O(direction=incoming)
    received_at:
      description: When the mail server received the message.
      type: str
      returned: with O(direction=incoming)
    mailbox:
      description: The mailbox that the message is in.
      type: str
      returned: with O(direction=incoming)
    delivery_id:
      description: The id of the outgoing e-mail that the message answers, if it is known.
      type: str
      returned: with O(direction=incoming)
    retry_requested_at:
      description: The time of a request to try the message again that is not done yet.
      type: str
      returned: with O(direction=incoming)
next:
  description: The O(cursor) of the e-mails behind these; null when there are no more.
  returned: success
  type: str
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
code:
  description: The code of the failure, which stays the same between versions.
  returned: failure
  type: str
  sample: api-refused
"""

from ansible_collections.catalog.mail.plugins.module_utils._application.mail_log import SPEC, read_mail_log
from ansible_collections.catalog.mail.plugins.module_utils._core.module import report


def main() -> None:
    """Read and return."""
    report(SPEC, read_mail_log)


if __name__ == "__main__":
    main()
