#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Send a test e-mail and follow it into the mailbox; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: test_email
short_description: Send a test e-mail, find it in the recipient's mailbox, and tell the way it took
version_added: 0.1.0
description:
  - Sends one e-mail from the host, by its C(sendmail) command or by SMTP, and waits until that very message is found
    in a mailbox.
  - Returns the seconds it took, every host it passed with TLS and delay, and what the receiving server found out
    about SPF, DKIM and DMARC.
  - When the message does not arrive, the task fails with the stage that failed, the words of the server, the likely
    cause and a remedy.
    It does not wait for the whole O(timeout) when Postfix has put the message off for a reason that time will not mend.
  - A message that is still in the queue of Postfix when the task fails is deleted from it, so that no test e-mail
    arrives hours later.
    Nothing else in the queue is touched.
  - The mailbox is only looked at. Folders are opened read-only, so nothing in them is marked as read, and the message
    stays there.
  - TLS is always verified, chain and host name. A private certification authority is named in the suboptions
    C(ca_file).
options:
  recipient:
    description:
      - The address to send to, without a display name.
    type: str
    required: true
  sender:
    description:
      - The address to send from, in the envelope and in the C(From) header.
      - Without it C(noreply@) the C(mydomain) of Postfix, or, where there is no Postfix, the domain of the host's
        full name.
    type: str
  transport:
    description:
      - How the message leaves the host.
      - V(sendmail) gives it to the C(sendmail) command, so it takes the way that every program's mail on this host
        takes.
      - V(smtp) gives it to the server in O(smtp).
    type: str
    choices: [sendmail, smtp]
    default: sendmail
  smtp:
    description:
      - The server to give the message to. Required with O(transport=smtp), refused otherwise.
    type: dict
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
      - The mailbox, read by IMAP from the host, in which the message must appear.
      - The INBOX is searched, and the folders for spam; to be found there is a success with a warning.
      - Without it the task ends as soon as the server that Postfix hands the message to, or the one in O(smtp), has
        taken it.
    type: dict
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
  timeout:
    description:
      - How long to wait, in seconds since the message is handed over.
      - Postfix tries again after five minutes at the earliest, so a server that puts unknown senders off
        (greylisting) needs 600 or more.
    type: int
    default: 60
  config_directory:
    description:
      - The configuration directory of the Postfix instance that sends, and whose queue is read for evidence.
    type: path
    default: /etc/postfix
attributes:
  check_mode:
    description: Can run in check mode.
    details: Nothing is sent and nothing is looked at; the task is skipped.
    support: partial
  diff_mode:
    description: There is nothing to compare, as the host is not changed.
    support: none
  platform:
    description: The systems that the module runs on.
    support: full
    platforms: posix
requirements:
  - Nothing but Python's standard library on the host
  - root, or a user that may read the mail log and the queue of Postfix, for the evidence of O(transport=sendmail)
notes:
  - The result never says changed, as nothing of the host's configuration is.
seealso:
  - module: catalog.mail.postfix_relayhost
  - module: catalog.mail.postfix_info
author:
  - The catalog.mail authors (@catalog-mail)
"""

EXAMPLES = r"""
- name: Prove that mail of this host arrives in a mailbox
  catalog.mail.test_email:
    recipient: alice@corp.test
    mailbox:
      host: mail.corp.test
      username: alice@corp.test
      password: "{{ vault_alice_password }}"
      ca_file: /etc/ssl/lab-ca.crt
  register: proof

- name: Show the way it took
  ansible.builtin.debug:
    msg: "{{ proof.summary }}"

- name: Send by another server than the host's own, with a login
  catalog.mail.test_email:
    sender: noreply@corp.test
    recipient: alice@corp.test
    transport: smtp
    smtp:
      host: mail.corp.test
      port: 465
      tls: implicit
      username: catalog@corp.test
      password: "{{ vault_relay_password }}"
      ca_file: /etc/ssl/lab-ca.crt

- name: Only see whether the relay takes mail from this host
  catalog.mail.test_email:
    recipient: alice@corp.test
    timeout: 30
"""

RETURN = r"""
message_id:
  description: The Message-ID of the test e-mail, with its angle brackets.
  returned: when the message was made
  type: str
  sample: <catalog-mail-test.0f4c2a9be1d37c5588aa@corp.test>
elapsed:
  description:
    - Seconds from handing the message over until it was found or, without O(mailbox), accepted. On failure until that
      was certain.
  returned: when the message was made
  type: float
  sample: 1.42
hops:
  description: The hosts that took the message over, in the order of its way. Empty without O(mailbox).
  returned: success
  type: list
  elements: dict
  contains:
    by:
      description: The host that took the message over.
      type: str
      returned: always
    from:
      description: What the host before it called itself; V(null) where the message began.
      type: str
      returned: always
    protocol:
      description: How it was handed over, in the words of the header.
      type: str
      returned: always
    tls:
      description:
        - C(version) and C(cipher), each V(null) where the header does not tell; V(null) itself for a hop without TLS.
      type: dict
      returned: always
    time:
      description: When, by that host's clock, in UTC (ISO 8601).
      type: str
      returned: always
    delay:
      description: Seconds since the hop before it; 0 where the clocks say less.
      type: float
      returned: always
  sample:
    - by: mail.corp.test
      from: catalog12.catalog.test
      protocol: ESMTPSA
      tls: {version: TLSv1.3, cipher: TLS_AES_256_GCM_SHA384}
      time: '2026-11-21T09:30:01+00:00'
      delay: 1.0
authentication_results:
  description: What the servers on the way found out, the last one first (RFC 8601). Empty without O(mailbox).
  returned: success
  type: list
  elements: dict
  contains:
    authserv_id:
      description: The server that judged; V(null) where it does not say.
      type: str
      returned: always
    results:
      description:
        - Its judgements, each with C(method), C(result), C(reason) (V(null) where there is none) and C(properties).
      type: list
      elements: dict
      returned: always
  sample:
    - authserv_id: mail.corp.test
      results:
        - {method: dkim, result: pass, reason: null, properties: {header.d: corp.test}}
mailbox_folder:
  description: The folder in which the message was found; V(null) without O(mailbox).
  returned: success
  type: str
  sample: INBOX
server_says:
  description:
    - The words of the server that accepted the message, or on failure those of whoever refused it; V(null) where
      nothing was said.
  returned: when the message was made
  type: str
  sample: '250 2.0.0 Ok: queued as 4RTY7XU'
summary:
  description: The way as a person reads it, line by line.
  returned: success
  type: list
  elements: str
  sample:
    - '1. catalog12.catalog.test: within the host, +0 s'
    - '2. mail.corp.test: from catalog12.catalog.test, ESMTPSA, TLSv1.3 TLS_AES_256_GCM_SHA384, +1 s'
    - '3. INBOX: found 1.4 s after it was handed over'
    - 'mail.corp.test judges: dkim=pass (corp.test), dmarc=pass (corp.test)'
stage:
  description:
    - Where it failed. V(connect) and V(login) are about the server in O(smtp), V(submit) is the handing over itself.
    - V(relay) is the way out of this host's Postfix.
    - V(mailbox_connect) and V(mailbox_login) are about O(mailbox); V(mailbox) means accepted, but not found in time.
  returned: failure
  type: str
  sample: relay
cause:
  description: The likely cause, as a sentence.
  returned: failure
  type: str
remedy:
  description: What an administrator can do about it.
  returned: failure
  type: str
queue_entry:
  description:
    - The message in the queue of Postfix, with C(queue_id), C(queue_name), C(arrival_time) (seconds since 1970),
      C(sender), C(recipients)
      and C(delay_reason), as it was before it was deleted. V(null) where it was not there.
  returned: failure
  type: dict
log_lines:
  description: The lines of the mail log about this message, and warnings and errors of Postfix since it was sent.
  returned: failure
  type: list
  elements: str
"""

from ansible_collections.catalog.mail.plugins.module_utils._core.module import report
from ansible_collections.catalog.mail.plugins.module_utils._mail.delivery import deliver
from ansible_collections.catalog.mail.plugins.module_utils._mail.options import SPEC


def main() -> None:
    """Send, follow, find."""
    report(SPEC, deliver, in_check_mode=False)


if __name__ == "__main__":
    main()
