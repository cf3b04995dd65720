# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of every module that configures the relay of Postfix."""

from __future__ import annotations


class ModuleDocFragment:
    """The relay, its account and its TLS level."""

    DOCUMENTATION = r"""
options:
  relayhost:
    description:
      - The relays in order of preference, in the syntax of Postfix.
      - C([smtp.example.com]:587) is a host, C(example.com:587) without brackets means the MX hosts of the domain, and
        C([192.0.2.25]) and C([2001:db8::25]:587) are addresses.
      - Port 465 uses implicit TLS, without a further option.
      - With O(sender_dependent) alone, other senders' mail goes as before, with the relay, login and TLS level that it has. An
        empty list beside O(sender_dependent) removes an earlier relay of all other mail.
    type: list
    elements: str
  username:
    description: The user name at the relay. Without it Postfix does not authenticate.
    type: str
  password:
    description: The password of the user, without line breaks, and without blanks at its begin and end.
    type: str
  tls_level:
    description:
      - The TLS level towards the relay, a value of C(smtp_tls_security_level).
      - V(secure) encrypts, and verifies that the certificate is trusted and issued for the relay's name.
      - When O(sender_dependent) names the only relays, the level holds for these relays, and not for all other mail.
      - V(encrypt) encrypts without verification. V(may) and V(none) allow connections without TLS; Postfix sends a password
        without TLS to this host alone.
    type: str
    choices: [none, may, encrypt, dane, dane-only, fingerprint, verify, secure]
    default: secure
  ca_file:
    description:
      - A PEM file on the host with the certificate authorities to trust for the relay.
      - Without it V(verify) and V(secure) trust the authorities of the operating system.
    type: path
  sender_dependent:
    description:
      - Other relays or accounts for the e-mail of some senders.
      - Without O(relayhost), port 465 is refused here, since Postfix uses implicit TLS for all mail or none.
    type: list
    elements: dict
    default: []
    suboptions:
      sender:
        description: The envelope sender's address, or C(@domain) for all addresses of a domain.
        type: str
        required: true
      relayhost:
        description: The relay for this sender, by default O(relayhost).
        type: str
      username:
        description: The user name for this sender.
        type: str
      password:
        description: The password of that user.
        type: str
"""
