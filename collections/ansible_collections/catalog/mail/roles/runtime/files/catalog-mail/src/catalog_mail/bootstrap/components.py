# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The components that several commands share."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from catalog_mail.adapters.cipher import Cipher
from catalog_mail.adapters.clock import SystemClock
from catalog_mail.adapters.database.audit import DatabaseAudit
from catalog_mail.adapters.database.deliveries import DatabaseDeliveries
from catalog_mail.adapters.database.engine import make_engine
from catalog_mail.adapters.database.revision import BEING_COPIED, WANTED, copy_not_ended, current
from catalog_mail.adapters.database.settings_store import DatabaseSettings
from catalog_mail.adapters.servers import Mailboxes, Senders, Servers
from catalog_mail.config import Config
from catalog_mail.domain.errors import Misconfigured
from catalog_mail.domain.settings.clouds import MicrosoftAccess
from catalog_mail.domain.settings.document import TLS, Deployment
from catalog_mail.domain.settings.servers import SmtpServer
from catalog_mail.services.email_settings import EmailSettings, Installation
from catalog_mail.services.settings_editor import SettingsEditor

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from catalog_mail.adapters.database.foreign_intents import DatabaseForeignIntents
    from catalog_mail.adapters.database.opt_outs import DatabaseOptOuts
    from catalog_mail.adapters.database.replies import DatabaseReplies
    from catalog_mail.adapters.database.reply_state import DatabaseReplyState
    from catalog_mail.adapters.database.users import DatabaseUsers
    from catalog_mail.ports.notifications import DeliveryQueue
    from catalog_mail.services.catalog import Catalog
    from catalog_mail.services.mail_log import MailLog
    from catalog_mail.services.message_log import ReplyMessages
    from catalog_mail.services.notifications import Notifications
    from catalog_mail.services.tracking import Tracking

INTENT = b"catalog-mail intent"
UNSUBSCRIBE = b"catalog-mail unsubscribe"
# Timeout of handing a mail to the host's own Postfix.
BUILTIN_SECONDS = 30


class Components:
    """Components, each created at first use: a command opens only the ones that it needs."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.clock = SystemClock()

    def check_database(self) -> None:
        """Raises Misconfigured when the database schema is not of this version's revision."""
        found = current(self.engine)
        if found == BEING_COPIED:
            raise copy_not_ended()
        if found != WANTED:
            raise Misconfigured(
                f"The database has the revision {found or 'none'}, and this version needs {WANTED}.",
                "Run 'catalog-mail migrate'; the service does so when systemd starts it.",
                field="database_url",
            )

    @cached_property
    def engine(self) -> Engine:
        """The engine of the database."""
        return make_engine(self.config.database())

    @cached_property
    def cipher(self) -> Cipher:
        """The cipher of the stored secrets."""
        return Cipher.from_file(Path(self.config.key_file))

    @cached_property
    def senders(self) -> Senders:
        """The senders of all transports."""
        return Senders(self.servers)

    @cached_property
    def mailboxes(self) -> Mailboxes:
        """The mailboxes of all protocols."""
        return Mailboxes(self.servers)

    @cached_property
    def servers(self) -> Servers:
        """The adapters of each kind of server."""
        return Servers(self.config.state_folder(), self.config.microsoft.sent_items_seconds)

    @cached_property
    def audit(self) -> DatabaseAudit:
        """The audit log."""
        return DatabaseAudit(self.engine)

    @cached_property
    def _settings_store(self) -> DatabaseSettings:
        return DatabaseSettings(self.engine, self.cipher)

    @cached_property
    def settings_editor(self) -> SettingsEditor:
        """The editor of the e-mail settings."""
        return SettingsEditor(
            settings=self.settings,
            store=self._settings_store,
            audit=self.audit,
            senders=self.senders,
            mailboxes=self.mailboxes,
            clock=self.clock,
            retry_waiting=DatabaseDeliveries(self.engine).retry_now,
        )

    @cached_property
    def settings(self) -> EmailSettings:
        """The e-mail settings; the database revision is not checked here."""
        config = self.config
        cloud = config.cloud if config.deployment == "cloud" else None
        return EmailSettings(
            store=self._settings_store,
            installation=Installation(
                deployment=Deployment(config.deployment),
                builtin=SmtpServer(config.builtin.host, config.builtin.port, TLS.NONE, timeout=BUILTIN_SECONDS),
                cloud_from=(cloud.from_address, cloud.display_name) if cloud else None,
                catalog_name=config.catalog_name,
                microsoft=MicrosoftAccess(**config.microsoft.model_dump(exclude={"sent_items_seconds"})),
            ),
        )

    @cached_property
    def users(self) -> DatabaseUsers:
        """The users of the embedded catalog."""
        from catalog_mail.adapters.database.users import DatabaseUsers  # noqa: PLC0415  only some commands need it

        return DatabaseUsers(self.engine)

    @cached_property
    def opt_outs(self) -> DatabaseOptOuts:
        """The opt-outs of addresses."""
        from catalog_mail.adapters.database.opt_outs import DatabaseOptOuts  # noqa: PLC0415  only some commands need it

        return DatabaseOptOuts(self.engine)

    def catalog(self, notifications: Notifications) -> Catalog:
        """Return the embedded catalog, which notifies its users through `notifications`."""
        from catalog_mail.adapters.database.conversations import DatabaseConversations  # noqa: PLC0415  only some commands need it
        from catalog_mail.adapters.database.subscriptions import DatabaseSubscriptions  # noqa: PLC0415  only some commands need it
        from catalog_mail.services.catalog import Catalog  # noqa: PLC0415  only some commands need it

        return Catalog(
            users=self.users,
            conversations=DatabaseConversations(self.engine),
            subscriptions=DatabaseSubscriptions(self.engine),
            notifications=notifications,
            clock=self.clock,
            base_url=self.config.base_url,
        )

    def notifications(self, queue: DeliveryQueue) -> Notifications:
        """Return the use case that accepts notifications for this queue."""
        from catalog_mail.adapters.database.notifications import DatabaseNotifications  # noqa: PLC0415  only some commands need it
        from catalog_mail.adapters.database.recipients import DatabaseRecipients  # noqa: PLC0415  only some commands need it
        from catalog_mail.services.notifications import Notifications  # noqa: PLC0415  only some commands need it

        return Notifications(
            store=DatabaseNotifications(self.engine),
            queue=queue,
            recipients=DatabaseRecipients(self.engine),
            settings=self.settings,
            clock=self.clock,
        )

    def mail_log(self, queue: DeliveryQueue) -> MailLog:
        """Return the use cases of the log of outgoing mail; `queue` sends what is tried again."""
        from catalog_mail.adapters.database.mail_log import DatabaseMailLog  # noqa: PLC0415  only some commands need it
        from catalog_mail.adapters.database.recipients import DatabaseRecipients  # noqa: PLC0415  only some commands need it
        from catalog_mail.services.mail_log import MailLog  # noqa: PLC0415  only some commands need it

        return MailLog(
            store=DatabaseMailLog(self.engine),
            queue=queue,
            recipients=DatabaseRecipients(self.engine),
            settings=self.settings,
            audit=self.audit,
            clock=self.clock,
        )

    @cached_property
    def intent_keys(self) -> list[bytes]:
        """The keys that sign intents, newest first."""
        return self.cipher.derived(INTENT)

    @cached_property
    def reply_store(self) -> DatabaseReplies:
        """The store of replies."""
        from catalog_mail.adapters.database.replies import DatabaseReplies  # noqa: PLC0415  only some commands need it

        return DatabaseReplies(self.engine)

    @cached_property
    def reply_messages(self) -> ReplyMessages:
        """The log of the messages of the mailbox of replies."""
        from catalog_mail.adapters.database.message_log import DatabaseMessageLog  # noqa: PLC0415  only some commands need it
        from catalog_mail.services.message_log import ReplyMessages  # noqa: PLC0415  only some commands need it

        return ReplyMessages(
            log=DatabaseMessageLog(self.engine), settings=self.settings, mailboxes=self.mailboxes, clock=self.clock
        )

    @cached_property
    def foreign_intents(self) -> DatabaseForeignIntents:
        """The store of messages that are left for another installation."""
        from catalog_mail.adapters.database.foreign_intents import DatabaseForeignIntents  # noqa: PLC0415  only one command needs it

        return DatabaseForeignIntents(self.engine)

    @cached_property
    def reply_state(self) -> DatabaseReplyState:
        """The store of the reply workers' states."""
        from catalog_mail.adapters.database.reply_state import DatabaseReplyState  # noqa: PLC0415  only some commands need it

        return DatabaseReplyState(self.engine, self.clock)

    @cached_property
    def tracking(self) -> Tracking:
        """The tracking of intents in replies."""
        from catalog_mail.services.tracking import Tracking  # noqa: PLC0415  only some commands need it

        return Tracking(
            settings=self.settings,
            probes=self.reply_state,
            senders=self.senders,
            keys=self.intent_keys,
            clock=self.clock,
            catalog_name=self.config.catalog_name,
        )
