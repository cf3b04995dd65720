#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mention a user, answer the mail, find the post; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: reply_test
short_description: Mention a user, answer the mail as they would, and find the answer in its conversation
version_added: 0.1.0
description:
  - Goes the whole circle of replies by e-mail. One user of the catalog mentions another one; the mail of the mention is
    awaited in that user's mailbox, and answered from there as a usual mail program does it; then the answer is awaited as a
    post in the conversation.
  - Returns the seconds of each leg, and the post.
  - Where it comes to no post, the task fails and names the leg, the cause and a remedy. For the last leg it asks the
    application what became of the answer.
  - The conversation stays in the catalog, and the mails stay in the mailboxes.
options:
  author:
    description: The name of the catalog's user who mentions.
    type: str
    required: true
  user:
    description: The name of the catalog's user who is mentioned, and answers.
    type: str
    required: true
  conversation:
    description: The id of a conversation to mention the user in. Without it a new one is started.
    type: str
  smtp:
    description:
      - The server that the user hands mail to.
    type: dict
    required: true
    suboptions:
      host:
        description:
          - Name or address of the server; the name is compared with its certificate.
        type: str
        required: true
      port:
        description:
          - The port. Without it 587 for V(starttls), 465 for V(implicit) and 25 for V(none), as O(smtp.tls) says.
        type: int
      tls:
        description:
          - V(starttls) begins in clear and goes over to TLS; a server that does not offer that is refused.
          - V(implicit) speaks TLS from the first byte on.
          - V(none) does not encrypt; a password then crosses the network readable, which gives a warning.
        type: str
        choices: [none, starttls, implicit]
        default: starttls
      username:
        description:
          - The name to log in with. Without it nobody logs in.
        type: str
      password:
        description:
          - The password of O(smtp.username).
        type: str
      ca_file:
        description:
          - A file on the host with the certificates of the authorities that may vouch for the server. Without it the
            system's authorities may.
        type: path
      timeout:
        description:
          - How long the server may take for each answer, in seconds.
        type: int
        default: 30
  mailbox:
    description:
      - The user's mailbox, read by IMAP from the host, where the mail of the mention arrives. It is only looked at.
    type: dict
    required: true
    suboptions:
      host:
        description:
          - Name or address of the IMAP server; the name is compared with its certificate.
        type: str
        required: true
      port:
        description:
          - The port. Without it 993 for V(implicit), and 143 for V(starttls) and V(none), as O(mailbox.tls) says.
        type: int
      tls:
        description:
          - V(implicit) speaks TLS from the first byte on.
          - V(starttls) begins in clear and goes over to TLS; a server that does not offer that is refused.
          - V(none) does not encrypt; the password then crosses the network readable, which gives a warning.
        type: str
        choices: [none, starttls, implicit]
        default: implicit
      username:
        description:
          - The name to log in with.
        type: str
        required: true
      password:
        description:
          - The password of O(mailbox.username).
        type: str
        required: true
      ca_file:
        description:
          - A file on the host with the certificates of the authorities that may vouch for the server. Without it the
            system's authorities may.
        type: path
  wait:
    description: How long to wait for the mail of the mention, and then for the post, in seconds each.
    type: int
    default: 60
extends_documentation_fragment:
  - catalog.mail.api
attributes:
  check_mode:
    description: Can run in check mode.
    details: Nobody is mentioned and nothing is sent; the task is skipped.
    support: partial
  diff_mode:
    description: There is nothing to compare, as the host is not changed.
    support: none
notes:
  - The result never says changed, as nothing of the host's configuration is.
  - O(ca_file) and O(timeout) are about O(api_url) alone.
seealso:
  - module: catalog.mail.reply_sync_info
  - module: catalog.mail.test_email
"""

EXAMPLES = r"""
- name: Prove that an answer by e-mail becomes a post
  catalog.mail.reply_test:
    author: bob
    user: alice
    mailbox:
      host: mail.corp.test
      username: alice@corp.test
      password: "{{ vault_alice_password }}"
      ca_file: /etc/ssl/lab-ca.crt
    smtp:
      host: mail.corp.test
      username: alice@corp.test
      password: "{{ vault_alice_password }}"
      ca_file: /etc/ssl/lab-ca.crt
  register: circle

- name: Show the seconds of each leg
  ansible.builtin.debug:
    msg: "{{ circle.summary }}"

- name: Use the same conversation again
  catalog.mail.reply_test:
    author: bob
    user: alice
    conversation: "{{ circle.conversation_id }}"
    mailbox:
      host: mail.corp.test
      username: alice@corp.test
      password: "{{ vault_alice_password }}"
      ca_file: /etc/ssl/lab-ca.crt
    smtp:
      host: mail.corp.test
      port: 465
      tls: implicit
      username: alice@corp.test
      password: "{{ vault_alice_password }}"
      ca_file: /etc/ssl/lab-ca.crt
"""

RETURN = r"""
seconds:
  description: How long each leg took; V(null) for one that was not reached.
  returned: always, once the circle was begun
  type: dict
  contains:
    mention:
      description: Until the application had accepted the mention.
      type: float
      returned: always
    mail:
      description: From then until its mail was found in the mailbox.
      type: float
      returned: always
    reply:
      description: Handing over the answer.
      type: float
      returned: always
    post:
      description: From then until the answer stood in its conversation.
      type: float
      returned: always
  sample: {mention: 0.05, mail: 0.61, reply: 0.12, post: 0.42}
elapsed:
  description: All of it together, in seconds.
  returned: always, once the circle was begun
  type: float
conversation_id:
  description: The conversation.
  returned: always, once the circle was begun
  type: str
mention_id:
  description: The post that mentions the user.
  returned: always, once the circle was begun
  type: str
reply_message_id:
  description: The Message-ID of the answer.
  returned: always, once the circle was begun
  type: str
server_says:
  description: What the server said that took the answer, or the one that refused something.
  returned: always, once the circle was begun
  type: str
  sample: '250 2.0.0 Ok: queued as 4F1cTq2bR1z3K'
post:
  description: The answer as it stands in its conversation.
  returned: success
  type: dict
  contains:
    id:
      description: Its id.
      type: str
      returned: always
    author:
      description: The name of the user whose post it is.
      type: str
      returned: always
    text:
      description: Its text.
      type: str
      returned: always
    created_at:
      description: When it was posted.
      type: str
      returned: always
    mentions:
      description: Whom it mentions.
      type: list
      elements: str
      returned: always
mailbox_folder:
  description: The folder in which the mail of the mention was found.
  returned: success
  type: str
  sample: INBOX
intent_tracking:
  description: How it was known what the answer belongs to, V(subaddress) or V(message_id).
  returned: success
  type: str
summary:
  description: The circle as a person reads it, line by line.
  returned: success
  type: list
  elements: str
  sample:
    - '1. bob mentions alice: accepted after 0.1 s'
    - '2. INBOX of alice@corp.test: the mail was found 0.6 s later'
    - '3. mail.corp.test: took the answer after 0.1 s'
    - '4. The answer stands in its conversation 0.4 s later, by alice'
leg:
  description: The leg that failed, V(mention), V(mail), V(reply) or V(post).
  returned: failure of the circle
  type: str
stage:
  description:
    - Where at a mail server it failed, V(connect), V(login), V(submit), V(mailbox_connect), V(mailbox_login) or V(mailbox).
  returned: failure at a mail server
  type: str
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
  returned: failure of the application's API
  type: str
  sample: api-refused
"""

from ansible_collections.catalog.mail.plugins.module_utils._application.reply_roundtrip import SPEC, try_replies
from ansible_collections.catalog.mail.plugins.module_utils._core.module import report


def main() -> None:
    """Mention, await, answer, await."""
    report(SPEC, try_replies, in_check_mode=False)


if __name__ == "__main__":
    main()
