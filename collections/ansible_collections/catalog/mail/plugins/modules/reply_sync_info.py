#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How receiving replies stands; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: reply_sync_info
short_description: Read how receiving replies by e-mail stands, and what is wrong with it
version_added: 0.1.0
description:
  - Returns whether the mailbox of replies is read, how replies are recognised, what became of them, and what is wrong.
  - RV(healthy) is made to be waited for, with C(until).
extends_documentation_fragment:
  - catalog.mail.api
attributes:
  check_mode:
    description: Reads only, in check mode as well.
    support: full
  diff_mode:
    description: Changes nothing, so there is no difference to show.
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

- name: Tell how many replies were posted, and why others were not
  ansible.builtin.debug:
    msg: "{{ replies.outcomes }}"

- name: Fail with what is wrong
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
  description: Whether they are, the mailbox is read, and nothing is wrong.
  returned: success
  type: bool
problems:
  description: What is wrong, each with what to do about it.
  returned: success
  type: list
  elements: str
  sample:
    - 3 messages of the mailbox were marked as read by something else, so they are not posted.
receiver:
  description: How the mailbox is read.
  returned: success
  type: str
  sample: imap
intent_tracking:
  description: How it is known what a reply answers; V(null) while replies are switched off.
  returned: success
  type: dict
  contains:
    configured:
      description: As it was set, V(auto), V(subaddress) or V(message_id).
      type: str
      returned: always
    in_use:
      description: What is used, V(subaddress) or V(message_id).
      type: str
      returned: always
    probe:
      description:
        - With V(auto), what the test of sub-addresses has found, V(subaddress), V(message_id), or V(pending); V(null) where
          there was none.
      type: str
      returned: always
workers:
  description: The processes that read the mailbox, one on each host of the catalog.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      type: str
      returned: always
    version:
      description: The version that it runs.
      type: str
      returned: always
    state:
      description: V(working), V(waiting), V(failed) or V(disabled).
      type: str
      returned: always
    last_good_poll:
      description: When it read the mailbox last; V(null) if never.
      type: str
      returned: always
    age_seconds:
      description: How many seconds ago that was.
      type: float
      returned: always
    backlog:
      description: How many messages were unread.
      type: int
      returned: always
    oldest_unread:
      description: Since when the oldest of them stands there; V(null) where there is none.
      type: str
      returned: always
    taken_by_others:
      description: How many messages something else has marked as read.
      type: int
      returned: always
    error:
      description:
        - Why it cannot work, with C(code), C(cause), C(remedy), C(field) and C(since); V(null) while it can.
      type: dict
      returned: always
    beat_at:
      description: Its last sign of life.
      type: str
      returned: always
outcomes:
  description: How many messages came to which end.
  returned: success
  type: dict
  contains:
    posted:
      description: Replies that became posts.
      type: int
      returned: always
    ignored:
      description: What nobody wrote, such as automatic answers, by the reason.
      type: dict
      returned: always
    rejected:
      description: Replies that could not be posted, by the reason.
      type: dict
      returned: always
    quarantined:
      description: Messages that were put aside, by the reason.
      type: dict
      returned: always
    retried:
      description: How often posting was tried again.
      type: int
      returned: always
  sample:
    posted: 12
    ignored: {auto_reply: 2}
    rejected: {not_answerable: 1}
    quarantined: {}
    retried: 0
cause:
  description: Why it failed, in a sentence.
  returned: failure
  type: str
remedy:
  description: What to do about it.
  returned: failure
  type: str
field:
  description: The option at fault.
  returned: failure, where there is one
  type: str
code:
  description: The kind of failure, as a word that stays the same.
  returned: failure
  type: str
  sample: api-refused
"""

from ansible_collections.catalog.mail.plugins.module_utils._application.email_settings import API
from ansible_collections.catalog.mail.plugins.module_utils._application.reply_roundtrip import read_replies
from ansible_collections.catalog.mail.plugins.module_utils._core.module import report


def main() -> None:
    """Read and return."""
    report(API, read_replies)


if __name__ == "__main__":
    main()
