# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of test_email and reply_test that name an SMTP server and an IMAP mailbox."""

from __future__ import annotations


class ModuleDocFragment:
    """Options for the servers that a test e-mail is handed to and found at."""

    DOCUMENTATION = r"""
options:
  smtp:
    type: dict
    suboptions:
      host:
        description: Name or address of the server; the certificate must be issued for it.
        type: str
        required: true
      port:
        description: The port. The default follows from O(smtp.tls), 587 for V(starttls), 465 for V(implicit), 25 for V(none).
        type: int
      tls:
        description:
          - V(starttls) begins without encryption and continues with TLS; the task fails when the server does not offer that.
          - V(implicit) uses TLS from the first byte.
          - V(none) does not encrypt. A password is then readable in the network, and the module warns.
        type: str
        choices: [none, starttls, implicit]
        default: starttls
      username:
        description: The user name to log in with. Without it the module does not log in.
        type: str
      password:
        description: The password of O(smtp.username).
        type: str
      ca_file:
        description:
          - A PEM file on the host with the only certificate authorities to trust for this server.
          - Without it the authorities of the operating system are trusted.
        type: path
      timeout:
        description: Seconds to wait for each answer of the server.
        type: int
        default: 30
  mailbox:
    type: dict
    suboptions:
      host:
        description: Name or address of the IMAP server; the certificate must be issued for it.
        type: str
        required: true
      port:
        description: The port. The default follows from O(mailbox.tls), 993 for V(implicit), 143 for V(starttls) and V(none).
        type: int
      tls:
        description:
          - V(implicit) uses TLS from the first byte.
          - V(starttls) begins without encryption and continues with TLS; the task fails when the server does not offer that.
          - V(none) does not encrypt. The password is then readable in the network, and the module warns.
        type: str
        choices: [none, starttls, implicit]
        default: implicit
      username:
        description: The user name to log in with.
        type: str
        required: true
      password:
        description: The password of O(mailbox.username).
        type: str
        required: true
      ca_file:
        description:
          - A PEM file on the host with the only certificate authorities to trust for this server.
          - Without it the authorities of the operating system are trusted.
        type: path
"""
