#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Send a test e-mail and follow it into the mailbox; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: test_email
short_description: Send a test e-mail, find it in the recipient's mailbox, and report its way
version_added: 0.1.0
description:
  - Sends one e-mail from the host, by its C(sendmail) command or by SMTP, and waits until this message is in a mailbox.
  - Returns the elapsed seconds, the hosts that the message passed with TLS and delay, and the results of the receiving
    server for SPF, DKIM and DMARC.
  - When the message does not arrive, the task fails and returns the failed stage, the server's answer, the likely cause and
    a remedy. It fails before O(timeout) when Postfix has deferred the message for a reason that does not pass.
  - When the task fails while the message is in the queue of Postfix, the module deletes the message, so that it does not
    arrive hours later. Other messages in the queue stay.
  - Folders of the mailbox are opened read-only. No message is marked as read, and the test e-mail stays.
  - Certificates are always verified, chain and host name. The suboptions C(ca_file) name a private certificate authority.
options:
  recipient:
    description:
      - The address to send to, without a display name.
      - Required, except with O(transport=application). There the default is the address of the token in
        O(api.token_file), that of its administrator.
    type: str
  sender:
    description:
      - The address to send from, in the envelope and in the C(From) header.
      - Not allowed with O(transport=application).
      - The default is C(noreply@) and the C(mydomain) of Postfix, without Postfix the domain of the host's full name.
    type: str
  transport:
    description:
      - The way in which the message leaves the host.
      - V(sendmail) hands it to the C(sendmail) command, as other programs of the host do.
      - V(smtp) hands it to the server in O(smtp).
      - V(application) has the application on the host send its own test message by the settings in force, which may be
        the host's Postfix, an SMTP server or Microsoft Graph (since 0.2.0).
    type: str
    choices: [sendmail, smtp, application]
    default: sendmail
  smtp:
    description: The SMTP server to hand the message to. Required with O(transport=smtp), else not allowed.
  mailbox:
    description:
      - The IMAP mailbox in which the message must appear, read from the host.
      - The INBOX and the spam folders are searched; a message in a spam folder is a success with a warning.
      - Without it the task ends when the next server, or the server in O(smtp), has accepted the message.
  timeout:
    description:
      - Seconds to wait for the message, from the moment of its hand-over.
      - Postfix retries after five minutes at the earliest. A server that defers unknown senders (greylisting) needs 600 or
        more.
    type: int
    default: 60
  config_directory:
    description:
      - The configuration directory of the Postfix instance that sends the message and whose queue is read.
    type: path
    default: /etc/postfix
  any_route:
    description:
      - Whether a message that Postfix sent by another way than its relay is a success with a warning.
      - By default the task fails when Postfix kept the message on this host, when it did not use the relay that is set for
        the sender, and without O(mailbox) also when it sent the message to another recipient. A message without a relay
        that is kept on this host, or sent to another recipient, is a success when it is found in O(mailbox).
    type: bool
    default: false
    version_added: 0.2.0
  api:
    description: The API of the application, for O(transport=application) only.
    type: dict
    version_added: 0.2.0
    suboptions:
      api_url:
        description: The address of the API. C(http) is allowed for the loopback interface only.
        type: str
        default: http://127.0.0.1:8025
      token_file:
        description: A file on the host with a token of the role C(server_admin).
        type: path
        default: /etc/catalog-mail/admin-token
      ca_file:
        description: A PEM file on the host with the only certificate authorities to trust for O(api.api_url).
        type: path
      timeout:
        description: Seconds to wait for an answer of the application; a test message has additional time.
        type: int
        default: 30
attributes:
  check_mode:
    description: Can run in check mode.
    details: The task is skipped; no message is sent.
    support: partial
  diff_mode:
    description: Changes nothing, so it has no diff.
    support: none
  platform:
    description: The systems that the module runs on.
    support: full
    platforms: posix
requirements:
  - Python's standard library alone on the host
  - root, or a user that may read the mail log and the queue of Postfix, for the log lines and the queue entry of a failure
notes:
  - The result is never C(changed), since the host's configuration stays as it is.
seealso:
  - module: catalog.mail.postfix_relayhost
  - module: catalog.mail.postfix_info
extends_documentation_fragment:
  - catalog.mail.mail_servers
author:
  - The catalog.mail authors (@catalog-mail)
"""

EXAMPLES = r"""
- name: Send a test e-mail and find it in the mailbox
  catalog.mail.test_email:
    recipient: alice@example.com
    mailbox:
      host: mail.example.com
      username: alice@example.com
      password: "{{ vault_alice_password }}"
      ca_file: /etc/ssl/certs/company-ca.pem
  register: proof

- name: Show the way of the e-mail
  ansible.builtin.debug:
    msg: "{{ proof.summary }}"

- name: Send a test e-mail through another server, with a login
  catalog.mail.test_email:
    sender: noreply@example.com
    recipient: alice@example.com
    transport: smtp
    smtp:
      host: mail.example.com
      port: 465
      tls: implicit
      username: catalog@example.com
      password: "{{ vault_relay_password }}"
      ca_file: /etc/ssl/certs/company-ca.pem

- name: Send a test e-mail by the application's own settings, to the administrator of its token
  catalog.mail.test_email:
    transport: application
    timeout: 120

- name: Check that the relay accepts e-mail from this host
  catalog.mail.test_email:
    recipient: alice@example.com
    timeout: 30
"""

RETURN = r"""
message_id:
  description: The Message-ID of the test e-mail, with its angle brackets.
  returned: once the message is composed
  type: str
  sample: <catalog-mail-test.0f4c2a9be1d37c5588aa@example.com>
elapsed:
  description:
    - Seconds from the hand-over of the message until it was found, or accepted when there is no O(mailbox). On failure,
      until the failure was certain.
  returned: once the message is composed
  type: float
  sample: 1.42
hops:
  description: The hosts that received the message, in the order of its way. Empty without O(mailbox).
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
      description: Seconds since the previous hop; 0 when the clocks give a negative number.
      type: float
      returned: always
  sample:
    - by: mail.example.com
      from: catalog12.example.org
      protocol: ESMTPSA
      tls: {version: TLSv1.3, cipher: TLS_AES_256_GCM_SHA384}
      time: '2026-11-21T09:30:01+00:00'
      delay: 1.0
authentication_results:
  description: The C(Authentication-Results) headers of the message (RFC 8601), the last server first. Empty without O(mailbox).
  returned: success
  type: list
  elements: dict
  contains:
    authserv_id:
      description: The name of the server; V(null) when the header has none.
      type: str
      returned: always
    results:
      description:
        - The results of the server, each with C(method), C(result), C(reason) (V(null) for none) and C(properties).
      type: list
      elements: dict
      returned: always
  sample:
    - authserv_id: mail.example.com
      results:
        - {method: dkim, result: pass, reason: null, properties: {header.d: example.com}}
mailbox_folder:
  description: The folder in which the message was found; V(null) without O(mailbox).
  returned: success
  type: str
  sample: INBOX
server_says:
  description:
    - The answer of the server that accepted the message, on failure the answer of the server or program that refused it;
      V(null) when there was no answer.
  returned: once the message is composed
  type: str
  sample: '250 2.0.0 Ok: queued as 4RTY7XU'
summary:
  description: The way of the message as lines of text.
  returned: success
  type: list
  elements: str
  sample:
    - '1. catalog12.example.org: within the host, +0 s'
    - '2. mail.example.com: from catalog12.example.org, ESMTPSA, TLSv1.3 TLS_AES_256_GCM_SHA384, +1 s'
    - '3. INBOX: found 1.4 s after it was handed over'
    - 'mail.example.com judges: dkim=pass (example.com), dmarc=pass (example.com)'
    - 'Postfix used the relay [mail.example.com]:587, since relayhost = [mail.example.com]:587'
route:
  description:
    - The way that the Postfix of this host chose; V(null) when the message was not handed to it, or its log is not readable.
  returned: once the message is composed
  type: dict
  version_added: 0.2.0
  contains:
    agent:
      description: The delivery agent, such as C(smtp), or C(local) for a mailbox of this host.
      type: str
      returned: always
    relay:
      description: The server that was asked, as in the mail log; V(null) without one.
      type: str
      returned: always
    recipient:
      description: The recipient in the end.
      type: str
      returned: always
    left_host:
      description: Whether the message was given to a server.
      type: bool
      returned: always
    rewritten_by:
      description: What changed the recipient, with C(parameter), C(table), C(key) and C(value); V(null) for nothing.
      type: dict
      returned: always
    chosen_by:
      description:
        - The parameter of Postfix that chose the way, with C(parameter), C(table), C(key) and C(value); V(null) for direct
          delivery.
      type: dict
      returned: always
    expected_relay:
      description: The relay that is set for the sender; V(null) without one.
      type: str
      returned: always
  sample:
    agent: smtp
    relay: mail.example.com[192.0.2.25]:587
    recipient: alice@example.com
    left_host: true
    rewritten_by: null
    chosen_by: {parameter: relayhost, table: null, key: null, value: '[mail.example.com]:587'}
    expected_relay: '[mail.example.com]:587'
application:
  description:
    - How the application sent the message, with C(transport) and the C(server) that took it, its C(response), C(tls) and
      C(authenticated), each V(null) when there was none.
  returned: success with O(transport=application)
  type: dict
  version_added: 0.2.0
code:
  description: The code of the application's failure.
  returned: failure with O(transport=application)
  type: str
  version_added: 0.2.0
stage:
  description:
    - The failed stage. V(connect) and V(login) concern the server in O(smtp), V(submit) the hand-over of the message.
    - V(application) means that the application could not send by its own settings.
    - V(relay) concerns the delivery by this host's Postfix.
    - V(route) means that Postfix sent the message by another way than its relay, see O(any_route).
    - V(mailbox_connect) and V(mailbox_login) concern O(mailbox); V(mailbox) means accepted, but not found in time.
  returned: failure
  type: str
  sample: relay
cause:
  description: The likely cause, as a sentence.
  returned: failure
  type: str
remedy:
  description: The remedy, as a sentence for an administrator.
  returned: failure
  type: str
queue_entry:
  description:
    - The message in the queue of Postfix before its deletion, with C(queue_id), C(queue_name), C(arrival_time) (seconds
      since 1970), C(sender), C(recipients) and C(delay_reason). V(null) when it was not in the queue.
  returned: failure
  type: dict
log_lines:
  description: The lines of the mail log about this message, and Postfix's warnings and errors since it was sent.
  returned: failure
  type: list
  elements: str
"""

from ansible_collections.catalog.mail.plugins.module_utils._application.email_proof import SPEC, deliver
from ansible_collections.catalog.mail.plugins.module_utils._core.module import report


def main() -> None:
    """Send the test e-mail and find it in the mailbox."""
    report(SPEC, deliver, in_check_mode=False)


if __name__ == "__main__":
    main()
