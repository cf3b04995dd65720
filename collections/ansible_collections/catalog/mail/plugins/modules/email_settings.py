#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The application's e-mail settings with Test and Save; see DOCUMENTATION."""

from __future__ import annotations

DOCUMENTATION = r"""
module: email_settings
short_description: Set the e-mail settings of an application, tested before they are saved
version_added: 0.1.0
description:
  - Sets how an application sends notifications and receives replies. O(application) names the application; the options are
    the same for all. What follows describes the application of this collection; see O(application) for the others.
  - Before it saves new settings, the application sends a test message with them and opens the mailbox of replies. It saves
    all of them or none. When a mail server refuses, the settings stay as they are, and the task fails and names the setting,
    the cause and a remedy.
  - Settings that the task leaves out stay as they are, and keep the service's defaults until they are set. An empty text
    removes a secret, and resets any other setting to its default.
  - The application compares secrets and never returns one. The same secret is no change, another secret is a change.
  - A new server, port, TLS mode, user, tenant or client needs its secret again, so that a stored secret never goes to another
    server.
  - When somebody else saves settings during the task, the module reads them and compares again, once.
options:
  notifications:
    description: How the application sends notifications.
    type: dict
    suboptions:
      enabled:
        description:
          - V(false) turns off all notifications except those about downloads. O(interactions.enabled) must then
            be V(false) as well. The service's default is V(true).
          - The only setting that the cloud edition accepts.
        type: bool
      transport:
        description:
          - The server that accepts the e-mail. The service's default is V(builtin).
          - V(builtin) is the host's own mail server, V(smtp) that in O(notifications.smtp), V(microsoft) Microsoft 365
            by O(notifications.microsoft).
        type: str
        choices: [builtin, smtp, microsoft]
      bounce_to:
        description:
          - The address to which mail servers return e-mail that they cannot deliver (C(MAIL FROM) of SMTP).
          - V(sender), the service's default, is that of O(notifications.from).
          - V(reply_to) is O(interactions.reply_to), where the service reads what comes back and ties it to its delivery.
            It needs O(interactions.enabled=true), and SPF then looks at the domain of that address.
          - With V(microsoft) it cannot be set.
        type: str
        choices: [sender, reply_to]
        version_added: 0.2.0
      from:
        description: The sender of notifications.
        type: dict
        suboptions:
          address:
            description: The address. There is no default; V(builtin) and V(smtp) need it.
            type: str
          display_name:
            description: The name beside the address. The service's default is no name.
            type: str
      smtp:
        description: The SMTP server of the company, for V(smtp).
        type: dict
        suboptions:
          host:
            description: Name or address of the server; the certificate must be issued for it.
            type: str
          port:
            description: The port, usually 587 for V(starttls), 465 for V(implicit), 25 for V(none). The service's default is 587.
            type: int
          tls:
            description:
              - V(starttls), the service's default, begins without encryption and continues with TLS. Sending fails if the
                server does not offer TLS.
              - V(implicit) uses TLS from the first byte.
              - V(none) does not encrypt.
            type: str
            choices: [none, starttls, implicit]
          username:
            description: The user name to log in with. Without it and O(notifications.smtp.password) there is no login.
            type: str
          password:
            description: The password of O(notifications.smtp.username).
            type: str
          timeout:
            description: Seconds for the hand-over of one message. The service's default is 30.
            type: int
          ca_file:
            description:
              - A PEM file on the host with the only certificate authorities to trust for the server; the application must be
                able to read it. Without it the authorities of the operating system are trusted.
            type: path
      microsoft:
        description: The account at Microsoft 365, for V(microsoft); its app registration needs the permission C(Mail.Send).
        type: dict
        suboptions:
          email_address:
            description: The account that sends. There is no default.
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
              - The id of the secret in Microsoft Entra, by which later runs recognize the secret in use.
              - It stays as long as the secret; a new secret without an id removes it.
            type: str
          client_secret_expires_at:
            description:
              - The end of the secret's validity, such as V(2027-05-01T10:00:00Z).
              - It stays as long as O(notifications.microsoft.client_secret_key_id) does.
            type: str
          certificate:
            description: A certificate with its private key, in PEM, instead of the client secret.
            type: str
          cloud:
            description: The national cloud of the tenant. The service's default is V(global).
            type: str
            choices: [global, us_gov, us_gov_dod, china]
          mailbox_user:
            description:
              - The user principal name or the object id of the user (or shared mailbox) whose mailbox has the address
                O(notifications.microsoft.email_address). Microsoft Graph finds a mailbox by these two only.
              - By default the address is the user principal name.
            type: str
            version_added: 0.2.0
  interactions:
    description: How the application receives replies to notifications.
    type: dict
    suboptions:
      enabled:
        description:
          - Whether users can answer notifications by e-mail. The service's default is V(false). V(true) needs
            notifications that are set up.
          - The role P(catalog.mail.reply_sync#role) runs the service that reads the mailbox.
        type: bool
      reply_to:
        description: The address of the mailbox of replies, used as C(Reply-To). There is no default.
        type: str
      receiver:
        description: The protocol for the mailbox of replies, IMAP or Microsoft Graph. The service's default is V(imap).
        type: str
        choices: [imap, microsoft]
      imap:
        description: The IMAP server of the mailbox, for V(imap).
        type: dict
        suboptions:
          host:
            description: Name or address of the server; the certificate must be issued for it.
            type: str
          port:
            description: The port, usually 993 for V(implicit) and 143 for V(starttls). The service's default is 993.
            type: int
          tls:
            description: As O(notifications.smtp.tls), but the service's default is V(implicit).
            type: str
            choices: [none, starttls, implicit]
          username:
            description: The user name to log in with.
            type: str
          password:
            description: The password of O(interactions.imap.username).
            type: str
          mailbox:
            description: The folder in which replies arrive. The service's default is V(INBOX). No other program may read it.
            type: str
          archive_mailbox:
            description:
              - The folder for archived replies, created when it does not exist. The service's default is V(Archive).
              - On a server with a prefix for names, such as C(INBOX.), the name has to begin with it (V(INBOX.Archive)).
            type: str
          ca_file:
            description:
              - A PEM file on the host with the only certificate authorities to trust for the server; the application must be
                able to read it. Without it the authorities of the operating system are trusted.
            type: path
      microsoft:
        description: The account at Microsoft 365, for V(microsoft); its app registration needs the permission C(Mail.ReadWrite).
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
              - The id of the secret in Microsoft Entra, by which later runs recognize the secret in use.
              - It stays as long as the secret; a new secret without an id removes it.
            type: str
          client_secret_expires_at:
            description:
              - The end of the secret's validity, such as V(2027-05-01T10:00:00Z).
              - It stays as long as O(interactions.microsoft.client_secret_key_id) does.
            type: str
          certificate:
            description: A certificate with its private key, in PEM, instead of the client secret.
            type: str
          cloud:
            description: The national cloud of the tenant. The service's default is V(global).
            type: str
            choices: [global, us_gov, us_gov_dod, china]
          mailbox_user:
            description:
              - The user principal name or the object id of the user (or shared mailbox) whose mailbox has the address
                O(interactions.reply_to). Microsoft Graph finds a mailbox by these two only.
              - By default the address is the user principal name.
            type: str
            version_added: 0.2.0
      intent_tracking:
        description:
          - How the application matches a reply to its conversation, by a sub-address of O(interactions.reply_to) or by the
            Message-ID.
          - V(auto), the service's default, tests whether the mail server supports sub-addresses. With Microsoft 365 it is
            V(message_id).
          - With V(message_id) the header C(References) contains the intent as well, because some relays replace the Message-ID.
            Where mail programs drop that header too, only V(subaddress) helps.
        type: str
        choices: [auto, subaddress, message_id]
      authserv_id:
        description:
          - The name of the company's mail server at the beginning of its header C(Authentication-Results). The application
            then accepts only replies whose sender this server confirms.
          - With O(interactions.receiver=microsoft) the only value is V(exchange_online), because Exchange Online begins that
            header without a server's name. The topmost header must then have its form. Mail from within the organization,
            which has no such result, is accepted by Exchange's own mark. With O(interactions.receiver=imap) this value is
            refused.
          - Without it the application requires no such result.
        type: str
      sync_interval:
        description:
          - Seconds between two reads of the mailbox. The service's default is 180. An IMAP server that supports IDLE
            announces new e-mail, which is then read at once. With O(interactions.receiver=microsoft) see
            O(interactions.quick_look).
        type: int
      quick_look:
        description:
          - With O(interactions.receiver=microsoft), seconds between two small requests that look for new e-mail, which is
            then read at once. The service's default is 10, the least is 5; V(0) leaves new e-mail to
            O(interactions.sync_interval).
          - Microsoft Graph allows 10,000 requests in ten minutes to a mailbox. A look is one.
        type: int
        version_added: 0.2.0
      archive:
        description: The archiving of handled replies.
        type: dict
        suboptions:
          enabled:
            description: Whether handled replies are archived. The service's default is V(true) for V(imap), V(false) for
              V(microsoft).
            type: bool
          on_calendar:
            description: When replies are archived, as a calendar event of systemd. The service's default is V(Sun 02:00).
            type: str
          keep_days:
            description: Days after which archived replies are removed. The service's default is 30.
            type: int
  application:
    description:
      - V(catalog_mail) is the application of this collection, which is set by its API.
      - V(alation) is an Alation on premises on the host of the task. C(alation_conf) sets what O(alation.keys) name; the rest
        only Alation's page can set, and comes as a worksheet with O(unmanaged=warn).
      - V(ckan) is a CKAN on the host of the task. Its configuration file is edited and its units are restarted. CKAN sends by
        SMTP and receives no replies; it takes the options below O(notifications.smtp) except C(timeout) and C(ca_file), the
        address in O(notifications.from) and O(interactions.reply_to). V(builtin) of O(notifications.transport) is the mail
        server of CKAN's host.
    type: str
    choices: [catalog_mail, alation, ckan]
    default: catalog_mail
  alation:
    description:
      - Where Alation is, with O(application=alation).
      - No Alation was at hand for this module. It was tested with a stand-in that behaves as Alation's documentation and public
        scripts say.
    type: dict
    version_added: 0.2.0
    suboptions:
      root:
        description: The root of Alation's chroot on the host.
        type: path
        default: /opt/alation/alation
      user:
        description: The user inside the chroot who reads and sets keys.
        type: str
        default: alationadmin
      secret_user:
        description: The user inside the chroot who sets passwords, which Alation keeps encrypted.
        type: str
        default: alation
      keys:
        description:
          - The key of C(alation_conf) for further settings, by their path, such as C(notifications.smtp.port). Ask the
            support of Alation for the names of your version, and read each with C(alation_conf KEY) first.
          - Known by default are those of O(notifications.transport), and C(host), C(username) and C(password) of
            O(notifications.smtp).
          - A key of C(notifications.smtp.tls) is a switch, of which true counts as V(starttls).
        type: dict
        default: {}
      restart:
        description:
          - How Alation is restarted after a change, before which the new settings do not count. A restart of the web servers
            interrupts the work of users.
          - V(web_celery) restarts the web servers and background workers, V(full) deploys the configuration and restarts
            Alation.
        type: str
        choices: [none, web_celery, full]
        default: none
      secrets_in_process_list:
        description:
          - Whether a secret may be an argument of a command for a moment, which other users of the host can see. It is
            needed where C(alation_conf) is no Python script.
        type: bool
        default: false
      primary:
        description:
          - Whether this host is the primary of a pair for high availability. Without it, the task fails on a host whose
            replication mode is not C(standalone).
        type: bool
        default: false
  ckan:
    description: Where CKAN is, with O(application=ckan).
    type: dict
    version_added: 0.2.0
    suboptions:
      config_file:
        description:
          - The configuration file to edit, in its section C([app:main]). Everything else in it stays as it is, with its
            mode and owner.
          - A task fails when another file or a variable of a unit decides a setting instead (C(use = config:),
            C(CKAN_SMTP_SERVER)).
        type: path
        default: /etc/ckan/default/ckan.ini
      units:
        description:
          - The systemd units that run CKAN. They are restarted after a change, since CKAN reads its file when it starts. When
            a unit does not start, the file is put back and the units are restarted with it.
          - Without units nothing is restarted, and a warning says so.
        type: list
        elements: str
        default: []
  unmanaged:
    description:
      - What happens to settings that O(application) cannot take.
      - V(fail) refuses the task and names them with the reasons.
      - V(warn) saves the others, and returns the rest in RV(worksheet).
    type: str
    choices: [fail, warn]
    default: fail
    version_added: 0.2.0
  test:
    description:
      - Whether the application sends a test message and opens the mailbox of replies before it saves.
      - It sends no test message when no setting of sending changes, or in the cloud edition. It does not open the mailbox
        when replies are off or no setting of the mailbox changes.
      - With another O(application) the module sends the test message from the host, by the new settings.
    type: bool
    default: true
  pending:
    description:
      - The files that another task has to write before the application can tell its settings, such as its key. For check
        mode, which then reports the changes as unknown.
    type: str
    version_added: 0.2.0
  test_recipient:
    description:
      - The recipient of the test message, by default the address to which the token in O(token_file) was issued.
      - With another O(application) there is no default.
    type: str
extends_documentation_fragment:
  - catalog.mail.api
attributes:
  check_mode:
    description:
      - Reports the changes that the application would make. Nothing is saved and no message is sent.
      - While the application does not run, or its token has yet to be made, the changes are unknown. A warning says so in
        one line, and RV(unknown) holds it.
    support: full
  diff_mode:
    description: Shows the changes; secrets as V((present\)), V((absent\)), V((changed\)) or V((removed\)).
    support: full
  action:
    description: Has an action plugin. When Ansible has to send the module as a file, which holds the secrets, the plugin keeps
      the file in memory on the control node.
    support: full
seealso:
  - module: catalog.mail.email_settings_info
  - module: catalog.mail.test_email
"""

EXAMPLES = r"""
- name: Send through the company's mail server, after a successful test
  catalog.mail.email_settings:
    notifications:
      enabled: true
      transport: smtp
      from:
        address: noreply@example.com
        display_name: Data Catalog
      smtp:
        host: mail.example.com
        port: 587
        tls: starttls
        username: catalog@example.com
        password: "{{ vault_relay_password }}"
        ca_file: /etc/ssl/certs/company-ca.pem
    test_recipient: alice@example.com
  register: saved

- name: Show the answer of the mail server
  ansible.builtin.debug:
    msg: "{{ saved.test.response | default('no change') }}"

- name: Use a relay without a login, and keep all other settings
  catalog.mail.email_settings:
    notifications:
      from:
        address: noreply@example.org
      smtp:
        port: 25
        username: ""
        password: ""
    test_recipient: alice@example.com

- name: Receive replies by e-mail, after a successful test
  catalog.mail.email_settings:
    interactions:
      enabled: true
      reply_to: replies@example.com
      receiver: imap
      imap:
        host: mail.example.com
        port: 993
        tls: implicit
        username: replies@example.com
        password: "{{ vault_replies_password }}"
        ca_file: /etc/ssl/certs/company-ca.pem
      intent_tracking: auto
      archive:
        enabled: true
        on_calendar: Sun 02:00
        keep_days: 30
    test_recipient: alice@example.com

- name: Have CKAN send through the company's mail server
  catalog.mail.email_settings:
    application: ckan
    ckan:
      config_file: /etc/ckan/default/ckan.ini
      units: [ckan.service]
    notifications:
      from:
        address: noreply@example.com
      smtp:
        host: mail.example.com
        port: 587
        tls: starttls
        username: catalog@example.com
        password: "{{ vault_relay_password }}"
    test_recipient: alice@example.com

- name: Set what alation_conf can set, and return a worksheet for the page of Alation
  catalog.mail.email_settings:
    application: alation
    alation:
      restart: web_celery
    unmanaged: warn
    notifications:
      transport: smtp
      from:
        address: noreply@example.com
      smtp:
        host: mail.example.com
        port: 587
        tls: starttls
        username: catalog@example.com
        password: "{{ vault_relay_password }}"
    test_recipient: alice@example.com
  register: alation_email

- name: Turn off replies, and all notifications except those about downloads
  catalog.mail.email_settings:
    notifications:
      enabled: false
    interactions:
      enabled: false
"""

RETURN = r"""
unknown:
  description: In check mode, why the changes cannot be known before a run; else empty.
  returned: success
  type: str
changes:
  description: The changes, in check mode those of a run without it.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The path of the setting.
      type: str
      returned: always
      sample: notifications.smtp.port
    before:
      description: The value before; for a secret V(present) or V(absent).
      type: raw
      returned: always
    after:
      description: The value afterwards; for a secret V(changed) or V(removed).
      type: raw
      returned: always
settings:
  description:
    - The settings in force at the end of the task, in check mode the present ones, in the form of the options.
    - A secret is a dictionary of C(present) and C(changed_at).
    - C(certificate_thumbprint) and C(certificate_expires_at) are read from the certificate.
    - C(deployment), C(changed_at) and C(changed_by) are returned as well.
  returned: success
  type: dict
revision:
  description: The revision of the settings, which grows with each change; 0 before the first.
  returned: success
  type: int
test:
  description: The result of the test message; V(null) when none was sent.
  returned: success
  type: dict
  contains:
    recipient:
      description: The recipient.
      type: str
      returned: always
    message_id:
      description: The Message-ID.
      type: str
      returned: always
    server:
      description: The server that accepted the message.
      type: str
      returned: always
    response:
      description: The answer of the server.
      type: str
      returned: always
      sample: "250 2.0.0 Ok: queued as 4F1cTq2bR1z3K"
    tls:
      description: Protocol and cipher of the connection; V(null) without TLS.
      type: str
      returned: always
    authenticated:
      description: The user name of the login; V(null) without a login.
      type: str
      returned: always
    seconds:
      description: The duration in seconds.
      type: float
      returned: always
advice:
  description:
    - Sentences of the application about settings that work and can lose replies, also shown as warnings; empty when there
      is nothing to be done.
  returned: success
  type: list
  elements: str
  sample: []
worksheet:
  description: With O(unmanaged=warn), the settings that a person has to set; else empty.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The path of the setting.
      type: str
      returned: always
      sample: notifications.from.display_name
    label:
      description: The label on the application's page, or the path where the application has no such page.
      type: str
      returned: always
    value:
      description: The value to set; a sentence in place of a secret.
      type: raw
      returned: always
    reason:
      description: Why the module cannot set it.
      type: str
      returned: always
restarted:
  description: The units that were restarted, or the commands that restarted Alation; empty in check mode.
  returned: success
  type: list
  elements: str
tested_mailbox:
  description:
    - The state of the mailbox of replies in the test; V(null) when it was not opened, because replies are off or no setting
      of the mailbox changes.
  returned: success
  type: dict
  contains:
    server:
      description: The server of the mailbox.
      type: str
      returned: always
    tls:
      description: Protocol and cipher of the connection; V(null) without TLS.
      type: str
      returned: always
    messages:
      description: The number of messages.
      type: int
      returned: always
    unread:
      description: The number of unread messages.
      type: int
      returned: always
    keywords:
      description: Whether the server stores keywords, in which the application records the outcome of a message.
      type: bool
      returned: always
    idle:
      description: Whether the server announces new e-mail (IDLE).
      type: bool
      returned: always
    archive_exists:
      description: Whether the folder of the archive exists.
      type: bool
      returned: always
    seconds:
      description: The duration in seconds.
      type: float
      returned: always
cause:
  description: The cause of the failure, as a sentence.
  returned: failure
  type: str
remedy:
  description: The remedy, as a sentence.
  returned: failure
  type: str
field:
  description: The setting or option that caused the failure.
  returned: failure caused by a setting or an option
  type: str
  sample: notifications.smtp.password
code:
  description: The code of the failure, which stays the same between versions.
  returned: failure
  type: str
  sample: login-refused
errors:
  description: The errors of all settings, each with C(field), C(cause) and C(remedy).
  returned: failure caused by several settings
  type: list
  elements: dict
stage:
  description: The stage at which the test message failed, V(connect), V(login), V(submit) or V(relay).
  returned: failure of the test message of another application than V(catalog_mail)
  type: str
smtp:
  description: The last answer of the mail server, with C(code) and C(text).
  returned: failure of the test message, after an answer of the server
  type: dict
status:
  description: The HTTP status of the application's answer.
  returned: failure reported by the application
  type: int
"""

from ansible_collections.catalog.mail.plugins.module_utils._application.email_settings import SPEC, EmailSettings
from ansible_collections.catalog.mail.plugins.module_utils._core.module import run


def main() -> None:
    """Read the settings, have the application plan, Test and Save."""
    run(SPEC, EmailSettings)


if __name__ == "__main__":
    main()
