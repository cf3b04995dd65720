#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the round trip of a reply by e-mail; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: reply_test
short_description: Test the round trip of a reply, from the mention of a user to the post of the answer
version_added: 0.1.0
description:
  - Mentions a user of the catalog in the name of another user, waits for the e-mail of the mention in that user's mailbox,
    answers the e-mail as mail programs do, and waits for the post of the answer in the conversation.
  - Returns the seconds of each leg, and the post.
  - When no post appears, the task fails and names the leg, the cause and a remedy. For the last leg the cause comes from the
    application's record of the answer.
  - The conversation stays in the catalog, and the e-mails stay in the mailboxes.
options:
  author:
    description: The name of the user who mentions O(user).
    type: str
    required: true
  user:
    description: The name of the user who is mentioned and answers.
    type: str
    required: true
  conversation:
    description: The id of a conversation for the mention. Without it a new conversation is started.
    type: str
  smtp:
    description: The SMTP server that the answer is handed to.
    required: true
  mailbox:
    description: The IMAP mailbox of O(user), which receives the e-mail of the mention; read-only, from the host.
    required: true
  leg_timeout:
    description: Seconds to wait for the e-mail of the mention, and again for the post of the answer.
    type: int
    default: 60
extends_documentation_fragment:
  - catalog.mail.api
  - catalog.mail.mail_servers
attributes:
  check_mode:
    description: Can run in check mode.
    details: The task is skipped; no user is mentioned and no e-mail is sent.
    support: partial
  diff_mode:
    description: Changes nothing, so it has no diff.
    support: none
notes:
  - The result is never C(changed), since the host's configuration stays as it is.
  - O(ca_file) and O(timeout) apply to O(api_url) alone.
seealso:
  - module: catalog.mail.reply_sync_info
  - module: catalog.mail.test_email
"""

EXAMPLES = r"""
- name: Test that an answer by e-mail becomes a post
  catalog.mail.reply_test:
    author: bob
    user: alice
    mailbox:
      host: mail.example.com
      username: alice@example.com
      password: "{{ vault_alice_password }}"
      ca_file: /etc/ssl/certs/company-ca.pem
    smtp:
      host: mail.example.com
      username: alice@example.com
      password: "{{ vault_alice_password }}"
      ca_file: /etc/ssl/certs/company-ca.pem
  register: round_trip

- name: Show the seconds of each leg
  ansible.builtin.debug:
    msg: "{{ round_trip.summary }}"

- name: Use the same conversation again
  catalog.mail.reply_test:
    author: bob
    user: alice
    conversation: "{{ round_trip.conversation_id }}"
    mailbox:
      host: mail.example.com
      username: alice@example.com
      password: "{{ vault_alice_password }}"
      ca_file: /etc/ssl/certs/company-ca.pem
    smtp:
      host: mail.example.com
      port: 465
      tls: implicit
      username: alice@example.com
      password: "{{ vault_alice_password }}"
      ca_file: /etc/ssl/certs/company-ca.pem
"""

RETURN = r"""
seconds:
  description: The seconds of each leg; V(null) for a leg that was not reached.
  returned: always, once the round trip has begun
  type: dict
  contains:
    mention:
      description: Until the application accepted the mention.
      type: float
      returned: always
    mail:
      description: From then until its e-mail was found in the mailbox.
      type: float
      returned: always
    reply:
      description: The hand-over of the answer to the SMTP server.
      type: float
      returned: always
    post:
      description: From then until the answer appeared in its conversation.
      type: float
      returned: always
  sample: {mention: 0.05, mail: 0.61, reply: 0.12, post: 0.42}
elapsed:
  description: The sum of all legs in seconds.
  returned: always, once the round trip has begun
  type: float
conversation_id:
  description: The id of the conversation.
  returned: always, once the round trip has begun
  type: str
mention_id:
  description: The id of the post that mentions the user.
  returned: always, once the round trip has begun
  type: str
reply_message_id:
  description: The Message-ID of the answer.
  returned: always, once the round trip has begun
  type: str
server_says:
  description: The answer of the SMTP server, on failure of the server that refused a command.
  returned: always, once the round trip has begun
  type: str
  sample: '250 2.0.0 Ok: queued as 4F1cTq2bR1z3K'
post:
  description: The post of the answer.
  returned: success
  type: dict
  contains:
    id:
      description: The id of the post.
      type: str
      returned: always
    author:
      description: The name of its author.
      type: str
      returned: always
    text:
      description: The text.
      type: str
      returned: always
    created_at:
      description: The time of the post.
      type: str
      returned: always
    mentions:
      description: The names of the mentioned users.
      type: list
      elements: str
      returned: always
mailbox_folder:
  description: The folder in which the e-mail of the mention was found.
  returned: success
  type: str
  sample: INBOX
intent_tracking:
  description: How the answer was matched to its conversation, V(subaddress) or V(message_id).
  returned: success
  type: str
summary:
  description: The round trip as lines of text.
  returned: success
  type: list
  elements: str
  sample:
    - '1. bob mentions alice: accepted after 0.1 s'
    - '2. INBOX of alice@example.com: the mail was found 0.6 s later'
    - '3. mail.example.com: took the answer after 0.1 s'
    - '4. The answer appeared in its conversation 0.4 s later, by alice'
leg:
  description: The leg that failed, V(mention), V(mail), V(reply) or V(post).
  returned: failure of the round trip
  type: str
stage:
  description:
    - The failed stage at a mail server, V(connect), V(login), V(submit), V(mailbox_connect), V(mailbox_login) or V(mailbox).
  returned: failure at a mail server
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
  returned: failure of the application's API
  type: str
  sample: api-refused
"""

from ansible_collections.catalog.mail.plugins.module_utils._application.reply_roundtrip import SPEC, try_replies
from ansible_collections.catalog.mail.plugins.module_utils._core.module import report


def main() -> None:
    """Run the round trip and report it."""
    report(SPEC, try_replies, in_check_mode=False)


if __name__ == "__main__":
    main()
