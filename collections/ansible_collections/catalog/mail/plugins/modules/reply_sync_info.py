#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of receiving replies; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: reply_sync_info
short_description: Read the state and the problems of receiving replies by e-mail
version_added: 0.1.0
description:
  - Returns the processes that read the mailbox of replies, how replies are matched, the outcomes of messages, and problems.
  - Use RV(healthy) with C(until) to wait until replies are received.
extends_documentation_fragment:
  - catalog.mail.api
attributes:
  check_mode:
    description: Only reads, also in check mode.
    support: full
  diff_mode:
    description: Changes nothing, so it has no diff.
    support: none
seealso:
  - module: catalog.mail.email_settings
  - module: catalog.mail.reply_test
"""

EXAMPLES = r"""
- name: Wait until the mailbox of replies is read
  catalog.mail.reply_sync_info:
  register: replies
  until: replies.healthy
  retries: 30
  delay: 1

- name: Show the outcomes of messages
  ansible.builtin.debug:
    msg: "{{ replies.outcomes }}"

- name: Fail when there are problems
  ansible.builtin.assert:
    that: replies.problems | length == 0
    fail_msg: "{{ replies.problems | join(' ') }}"
"""

RETURN = r"""
enabled:
  description: Whether replies by e-mail are switched on.
  returned: success
  type: bool
healthy:
  description: Whether replies are switched on, the mailbox is read, and there is no problem.
  returned: success
  type: bool
problems:
  description: The problems, each with its remedy.
  returned: success
  type: list
  elements: str
  sample:
    - 3 messages of the mailbox were marked as read by something else, so they are not posted.
receiver:
  description: The protocol of the mailbox, V(imap) or V(microsoft).
  returned: success
  type: str
  sample: imap
intent_tracking:
  description: How replies are matched to their conversations; V(null) while replies are switched off.
  returned: success
  type: dict
  contains:
    configured:
      description: The setting, V(auto), V(subaddress) or V(message_id).
      type: str
      returned: always
    in_use:
      description: The way in use, V(subaddress) or V(message_id).
      type: str
      returned: always
    probe:
      description:
        - With V(auto), the result of the test of sub-addresses, V(subaddress), V(message_id) or V(pending); V(null) without a
          test.
      type: str
      returned: always
workers:
  description: The processes that read the mailbox, one on each host of the catalog.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name of the process.
      type: str
      returned: always
    version:
      description: The version of the service.
      type: str
      returned: always
    state:
      description: V(working), V(waiting), V(failed) or V(disabled).
      type: str
      returned: always
    last_good_poll:
      description: The time of the last successful read; V(null) before the first.
      type: str
      returned: always
    age_seconds:
      description: Seconds since the last successful read.
      type: float
      returned: always
    backlog:
      description: The number of unread messages.
      type: int
      returned: always
    oldest_unread:
      description: The arrival of the oldest unread message; V(null) without one.
      type: str
      returned: always
    taken_by_others:
      description:
        - The number of messages that another program has marked as read; another installation of the application too.
      type: int
      returned: always
    foreign_intents:
      description:
        - The number of messages that are left unread, for at most a day, because no key of this installation signed the
          mail that they answer. Another installation may read the same mailbox.
      type: int
      returned: always
    foreign_since:
      description: The time at which the first of them was seen; V(null) without one.
      type: str
      returned: always
    misplaced:
      description:
        - The numbers of replies of the last week in other folders of the mailbox, by folder, such as C(Junk). They are not
          posted.
      type: dict
      returned: always
    error:
      description:
        - The present error, with C(code), C(cause), C(remedy), C(field) and C(since); V(null) without one.
      type: dict
      returned: always
    beat_at:
      description: The time of its last sign of life.
      type: str
      returned: always
outcomes:
  description: The numbers of messages by outcome.
  returned: success
  type: dict
  contains:
    posted:
      description: Replies that became posts.
      type: int
      returned: always
    ignored:
      description: Messages that no person wrote, such as automatic answers, by reason.
      type: dict
      returned: always
    rejected:
      description: Replies that could not be posted, by reason.
      type: dict
      returned: always
    quarantined:
      description: Messages that were set aside, by reason.
      type: dict
      returned: always
    retried:
      description: The number of retries.
      type: int
      returned: always
  sample:
    posted: 12
    ignored: {auto_reply: 2}
    rejected: {not_answerable: 1}
    quarantined: {}
    retried: 0
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

from ansible_collections.catalog.mail.plugins.module_utils._application.api_options import API
from ansible_collections.catalog.mail.plugins.module_utils._application.reply_roundtrip import read_replies
from ansible_collections.catalog.mail.plugins.module_utils._core.module import report


def main() -> None:
    """Read and return."""
    report(API, read_replies)


if __name__ == "__main__":
    main()
