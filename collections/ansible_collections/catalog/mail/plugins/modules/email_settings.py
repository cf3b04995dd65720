#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The application's e-mail settings with Test and Save; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: email_settings
short_description: Set the e-mail settings of the application, tested before they are saved
version_added: 0.1.0
description:
  - Sets how the application sends its notifications, and how it takes replies to them.
  - What is to be saved first sends a test message, and opens the mailbox of replies. Only if the mail servers took that
    is anything saved, at once and as a whole. If not, the settings stay what they were, and the task fails with the
    setting at fault, the cause and the remedy.
  - What a task leaves out stays as it is. An empty text removes a value; a secret is then forgotten, and anything
    else goes back to its default.
  - Secrets are compared by the application, which never gives one back. The same secret again is no change, another
    one is.
  - Where a server, port, TLS mode, user, tenant or client changes, the secret that belongs to it has to be given
    again, so that no stored secret goes to a new place.
  - Settings that somebody else saved in the meantime are not overwritten unseen; the module then begins again, once.
options:
  notifications:
    description: How notifications are sent.
    type: dict
    suboptions:
      enabled:
        description:
          - V(false) turns off all notifications for everybody, those about downloads excepted. Replies have to be
            switched off with them, by O(interactions.enabled).
          - The only one of these settings that the cloud edition takes.
        type: bool
      transport:
        description:
          - Who takes the mail.
          - V(builtin) is the host's own mail server, V(smtp) that in O(notifications.smtp), V(microsoft) Microsoft 365
            by O(notifications.microsoft).
        type: str
        choices: [builtin, smtp, microsoft]
      from:
        description: Whom notifications come from.
        type: dict
        suboptions:
          address:
            description: The sender's address.
            type: str
          display_name:
            description: The name that stands beside the address.
            type: str
      smtp:
        description: A company's mail server.
        type: dict
        suboptions:
          host:
            description: Name or address of the server; the name is compared with its certificate.
            type: str
          port:
            description: The port, such as 587 for V(starttls), 465 for V(implicit) or 25 for V(none).
            type: int
          tls:
            description:
              - V(starttls) begins in clear and goes over to TLS; a server that does not offer that is refused.
              - V(implicit) speaks TLS from the first byte on.
              - V(none) does not encrypt.
            type: str
            choices: [none, starttls, implicit]
          username:
            description: The name to log in with. Without it and O(notifications.smtp.password) nobody logs in.
            type: str
          password:
            description: The password of O(notifications.smtp.username).
            type: str
          timeout:
            description: How long handing over a message may take, in seconds.
            type: int
          ca_file:
            description:
              - A file on the host with the certificates of the authorities that may vouch for the server. Without it
                the system's authorities may. The application has to be able to read it.
            type: path
      microsoft:
        description: Microsoft 365, by an app registration with the permission C(Mail.Send).
        type: dict
        suboptions:
          email_address:
            description: The account that sends.
            type: str
          tenant_id:
            description: The directory (tenant) of the app registration.
            type: str
          client_id:
            description: The application (client) identifier of the app registration.
            type: str
          client_secret:
            description: The client secret of the app registration.
            type: str
          client_secret_key_id:
            description:
              - The identifier that the secret has in Microsoft Entra. It tells later runs which secret the application uses.
              - It is kept with the secret. Another secret without it removes it.
            type: str
          client_secret_expires_at:
            description:
              - Until when Microsoft Entra takes the secret, such as V(2027-05-01T10:00:00Z).
              - Kept as O(notifications.microsoft.client_secret_key_id) is.
            type: str
          certificate:
            description: A certificate with its private key in place of the client secret, in PEM.
            type: str
          cloud:
            description: The national cloud.
            type: str
            choices: [global, us_gov, us_gov_dod, china]
  interactions:
    description: How replies to notifications are taken.
    type: dict
    suboptions:
      enabled:
        description:
          - Whether notifications can be answered by e-mail. Needs notifications that are set up.
          - The role P(catalog.mail.reply_sync#role) runs what reads the mailbox.
        type: bool
      reply_to:
        description: The address that replies go to, that of the mailbox.
        type: str
      receiver:
        description: How the mailbox of replies is read, over IMAP or by Microsoft Graph.
        type: str
        choices: [imap, microsoft]
      imap:
        description: The IMAP server of the mailbox.
        type: dict
        suboptions:
          host:
            description: Name or address of the server; the name is compared with its certificate.
            type: str
          port:
            description: The port, such as 993 for V(implicit) or 143 for V(starttls).
            type: int
          tls:
            description: As for O(notifications.smtp.tls).
            type: str
            choices: [none, starttls, implicit]
          username:
            description: The name to log in with.
            type: str
          password:
            description: The password of O(interactions.imap.username).
            type: str
          mailbox:
            description: The folder that replies arrive in. Nothing else may read it.
            type: str
          archive_mailbox:
            description: The folder that they are archived to. It is made where there is none.
            type: str
          ca_file:
            description:
              - A file on the host with the certificates of the authorities that may vouch for the server. Without it
                the system's authorities may. The application has to be able to read it.
            type: path
      microsoft:
        description: Microsoft 365, by an app registration that may read and change mail.
        type: dict
        suboptions:
          tenant_id:
            description: The directory (tenant) of the app registration.
            type: str
          client_id:
            description: The application (client) identifier of the app registration.
            type: str
          client_secret:
            description: The client secret of the app registration.
            type: str
          client_secret_key_id:
            description:
              - The identifier that the secret has in Microsoft Entra. It tells later runs which secret the application uses.
              - It is kept with the secret. Another secret without it removes it.
            type: str
          client_secret_expires_at:
            description:
              - Until when Microsoft Entra takes the secret, such as V(2027-05-01T10:00:00Z).
              - Kept as O(interactions.microsoft.client_secret_key_id) is.
            type: str
          certificate:
            description: A certificate with its private key in place of the client secret, in PEM.
            type: str
          cloud:
            description: The national cloud.
            type: str
            choices: [global, us_gov, us_gov_dod, china]
      intent_tracking:
        description:
          - How it is known what a reply answers, by a sub-address or by the Message-ID.
            V(auto) finds out what the mail server supports.
        type: str
        choices: [auto, subaddress, message_id]
      authserv_id:
        description:
          - The name by which the company's mail server signs its verdicts on senders, as the header
            C(Authentication-Results) begins with it. Replies are then taken only where that server confirms the sender.
          - Without it no verdict is required.
        type: str
      sync_interval:
        description:
          - How often the mailbox is read at least, in seconds. Over IMAP new mail is pushed, and read at once.
        type: int
      archive:
        description: What becomes of mail that was read.
        type: dict
        suboptions:
          enabled:
            description: Whether it is archived.
            type: bool
          on_calendar:
            description: When, as a calendar event of systemd, such as V(Sun 02:00).
            type: str
          keep_days:
            description: After how many days archived mail is removed.
            type: int
  test:
    description:
      - Whether what is to be saved has to send a test message first, and to open the mailbox of replies.
      - None is sent where nothing about sending changes, nor by the cloud edition; the mailbox is not opened where replies
        are off or nothing about it changes.
    type: bool
    default: true
  test_recipient:
    description:
      - The address that the test message goes to.
      - Without it the address that the token in O(token_file) was made for.
    type: str
extends_documentation_fragment:
  - catalog.mail.api
attributes:
  check_mode:
    description:
      - Has the application tell what it would change. Nothing is written and no message is sent.
      - Where there is no O(token_file) yet, everything is taken for new.
    support: full
  diff_mode:
    description: Shows what changes. Of secrets it shows V((present\)), V((absent\)), V((changed\)) or V((removed\)).
    support: full
  action:
    description: Has a part that runs on the control node. Where Ansible has to send the module as a file, it keeps that file in
      memory there, as the settings' secrets stand in it.
    support: full
seealso:
  - module: catalog.mail.email_settings_info
  - module: catalog.mail.test_email
"""

EXAMPLES = r"""
- name: Send through the company's mail server, once a test message went out
  catalog.mail.email_settings:
    notifications:
      enabled: true
      transport: smtp
      from:
        address: noreply@corp.test
        display_name: Data Catalog
      smtp:
        host: mail.corp.test
        port: 587
        tls: starttls
        username: catalog@corp.test
        password: "{{ vault_relay_password }}"
        ca_file: /etc/ssl/lab-ca.crt
    test_recipient: alice@corp.test
  register: saved

- name: Show what the mail server said
  ansible.builtin.debug:
    msg: "{{ saved.test.response | default('nothing was to be changed') }}"

- name: A relay that wants no login; what is left out stays as it is
  catalog.mail.email_settings:
    notifications:
      from:
        address: noreply@catalog.test
      smtp:
        port: 25
        username: ""
        password: ""
    test_recipient: alice@corp.test

- name: Have notifications answered by e-mail, once the mailbox could be opened
  catalog.mail.email_settings:
    interactions:
      enabled: true
      reply_to: replies@corp.test
      receiver: imap
      imap:
        host: mail.corp.test
        port: 993
        tls: implicit
        username: replies@corp.test
        password: "{{ vault_replies_password }}"
        ca_file: /etc/ssl/lab-ca.crt
      intent_tracking: auto
      archive:
        enabled: true
        on_calendar: Sun 02:00
        keep_days: 30
    test_recipient: alice@corp.test

- name: Turn off all notifications but those about downloads, and replies with them
  catalog.mail.email_settings:
    notifications:
      enabled: false
    interactions:
      enabled: false
"""

RETURN = r"""
changes:
  description: What was changed, or would be in check mode.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The setting.
      type: str
      returned: always
      sample: notifications.smtp.port
    before:
      description: Its value before; of a secret V(present) or V(absent).
      type: raw
      returned: always
    after:
      description: Its value afterwards; of a secret V(changed) or V(removed).
      type: raw
      returned: always
settings:
  description:
    - The settings in force at the end, in the form of the options. Of a secret there are C(present) and C(changed_at).
    - Beside C(certificate) there are C(certificate_thumbprint) and C(certificate_expires_at), as found in it.
    - In check mode those that are in force now. Also C(deployment), and by whom and when they were changed.
  returned: success
  type: dict
revision:
  description: The number of this state of the settings, which grows with each change; 0 while nothing was ever saved.
  returned: success
  type: int
test:
  description: The evidence of the test message; V(null) where none was sent.
  returned: success
  type: dict
  contains:
    recipient:
      description: Whom it went to.
      type: str
      returned: always
    message_id:
      description: Its Message-ID.
      type: str
      returned: always
    server:
      description: The server that took it.
      type: str
      returned: always
    response:
      description: What that server said.
      type: str
      returned: always
      sample: "250 2.0.0 Ok: queued as 4F1cTq2bR1z3K"
    tls:
      description: Protocol and cipher of the connection; V(null) without TLS.
      type: str
      returned: always
    authenticated:
      description: The name that was logged in with; V(null) without a login.
      type: str
      returned: always
    seconds:
      description: How long it took.
      type: float
      returned: always
tested_mailbox:
  description:
    - What the mailbox of replies showed when it was opened for the test; V(null) where it was not, as replies are off or
      nothing about the mailbox changes.
  returned: success
  type: dict
  contains:
    server:
      description: Where it is.
      type: str
      returned: always
    tls:
      description: Protocol and cipher of the connection; V(null) without TLS.
      type: str
      returned: always
    messages:
      description: How many messages stand in it.
      type: int
      returned: always
    unread:
      description: How many of them are unread.
      type: int
      returned: always
    keywords:
      description: Whether the server keeps the keywords that tell what became of a message.
      type: bool
      returned: always
    idle:
      description: Whether the server tells of new mail by itself.
      type: bool
      returned: always
    archive_exists:
      description: Whether there is a folder for the archive already.
      type: bool
      returned: always
    seconds:
      description: How long it took.
      type: float
      returned: always
cause:
  description: Why it failed, in a sentence.
  returned: failure
  type: str
remedy:
  description: What to do about it.
  returned: failure
  type: str
field:
  description: The setting or option at fault.
  returned: failure, where there is one
  type: str
  sample: notifications.smtp.password
code:
  description: The kind of failure, as a word that stays the same.
  returned: failure
  type: str
  sample: login-refused
errors:
  description: All of them, with C(field), C(cause) and C(remedy), where several settings cannot be used.
  returned: failure, where there are several
  type: list
  elements: dict
smtp:
  description: The mail server's last answer, with C(code) and C(text).
  returned: failure of the test message, where the server gave an answer
  type: dict
status:
  description: The status of HTTP that the application answered with.
  returned: failure, where the application answered
  type: int
"""

from ansible_collections.catalog.mail.plugins.module_utils._application.email_settings import SPEC, EmailSettings
from ansible_collections.catalog.mail.plugins.module_utils._core.module import run


def main() -> None:
    """Read the settings, have the application plan, Test and Save."""
    run(SPEC, EmailSettings)


if __name__ == "__main__":
    main()
