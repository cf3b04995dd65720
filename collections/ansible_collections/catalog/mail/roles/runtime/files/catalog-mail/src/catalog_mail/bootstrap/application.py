# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the commands of the command line."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING, Any

from catalog_mail.adapters.database.failures import DatabasePlace
from catalog_mail.adapters.database.tokens import DatabaseTokens
from catalog_mail.bootstrap.components import Components
from catalog_mail.config import Config
from catalog_mail.domain.catalog.people import Principal
from catalog_mail.services.email_settings import EmailSettings
from catalog_mail.services.settings_editor import EmailTestOptions, SettingsEditor
from catalog_mail.services.tokens import Tokens

if TYPE_CHECKING:
    from sqlalchemy import URL

    from catalog_mail.services.diagnosis import Diagnosed, DnsOptions
    from catalog_mail.services.mail_log import MailLog
    from catalog_mail.services.message_log import ReplyMessages

log = logging.getLogger(__name__)


class NoQueue:
    """Fulfils ports.DeliveryQueue in a process that sends nothing."""

    def enqueue(self, delivery_ids: Iterable[str]) -> None:
        """Do nothing: the senders look into the database by themselves."""


class Application:
    """One method for each command. Each imports its own dependencies late."""

    def __init__(self, config: Config) -> None:
        self._components = Components(config)

    def serve(self) -> None:
        """Serve the API and send notifications until stopped. Raises Misconfigured, StorageFailed."""
        from catalog_mail.bootstrap import sending  # noqa: PLC0415  only this command needs it

        components = self._components
        components.check_database()
        senders = sending.fork_senders(components)

        from catalog_mail import daemon  # noqa: PLC0415  the senders do not need it
        from catalog_mail.api.app import create_app  # noqa: PLC0415  only this command needs it
        from catalog_mail.api.hosts import AcceptedHosts  # noqa: PLC0415  only this command needs it
        from catalog_mail.bootstrap import announcing, serving  # noqa: PLC0415  only this command needs it
        from catalog_mail.http_limits import HttpLimits  # noqa: PLC0415  only this command needs it

        config = components.config
        hosts = AcceptedHosts.of(config.base_url, config.host, config.allowed_hosts)
        services = serving.make_services(components, senders, self.tokens)
        app = create_app(services, hosts)
        work = announcing.Announcer(senders, announcing.make_announcing(components, services))
        log.info("node %s, database %s", config.node, components.engine.url.render_as_string())
        try:
            limits = HttpLimits(**config.http.model_dump())
            daemon.serve(
                app, host=config.host, port=config.port, queue=work, limits=limits, stopping=services.events.close
            )
        finally:
            components.senders.close()

    def reply_sync(self) -> None:
        """Read the mailbox of replies until stopped. Raises Misconfigured."""
        from catalog_mail import looping  # noqa: PLC0415  only this command needs it
        from catalog_mail.bootstrap import replying  # noqa: PLC0415  only this command needs it
        from catalog_mail.watchdog import Progress  # noqa: PLC0415  only this command needs it

        self._components.check_database()
        readers = replying.fork_readers(self._components)
        progress = Progress()
        try:
            watch = replying.make_watch(self._components, progress, readers)
            looping.watch(watch.run, progress)
        finally:
            readers.close()
            self._components.senders.close()

    def archive(self) -> dict[str, Any]:
        """Archive the handled messages of the mailbox of replies; return the counts. Raises MailboxFailed, NotConfigured."""
        from catalog_mail.services.archiving import Archiving  # noqa: PLC0415  only this command needs it

        components = self._components
        components.check_database()
        archiving = Archiving(
            settings=components.settings, mailboxes=components.mailboxes, store=components.reply_store, clock=components.clock
        )  # fmt: skip
        return asdict(archiving.run())

    def migrate(self) -> str:
        """Create or upgrade the database schema; return its revision. Raises StorageFailed."""
        from catalog_mail.adapters.database import created  # noqa: PLC0415  only this command needs it
        from catalog_mail.adapters.database.migrate import migrate  # noqa: PLC0415  only this command needs it

        place = DatabasePlace.of(self._components.config.database())
        created.check_not_emptied(place)
        revision = migrate(self._components.engine)
        created.mark_created(place)
        return revision

    def copy_database(self, target: URL) -> Mapping[str, int]:
        """Copy all data into another, empty database; return the numbers of rows by table. Raises Conflict, StorageFailed."""
        from catalog_mail.bootstrap import moving  # noqa: PLC0415  only this command needs it

        self._components.check_database()
        self._components.engine.dispose()
        return moving.copy_database(self._components.config.database(), target)

    def check_nothing_is_left(self, target: URL) -> None:
        """Raise Conflict when messages or replies wait that another database does not know. Raises StorageFailed."""
        from catalog_mail.bootstrap import moving  # noqa: PLC0415  only this command needs it

        moving.check_nothing_is_left(self._components.config.database(), target)

    @cached_property
    def tokens(self) -> Tokens:
        """The API's tokens."""
        self._components.check_database()
        return Tokens(store=DatabaseTokens(self._components.engine, self._components.clock))

    @property
    def reply_messages(self) -> ReplyMessages:
        """The log of the messages of the mailbox of replies."""
        self._components.check_database()
        return self._components.reply_messages

    @property
    def mail_log(self) -> MailLog:
        """The log of outgoing mail. The senders of the running service find what is tried again within a second."""
        self._components.check_database()
        return self._components.mail_log(NoQueue())

    def test_email(self, recipient: str, who: Principal) -> dict[str, Any]:
        """Send a test message with the settings in force; return the mail server's evidence."""
        result = self._settings_editor.send_email_test(None, recipient=recipient, principal=who)
        return {"recipient": result.recipient, "message_id": result.message_id, **asdict(result.evidence)}

    def diagnose(self, options: DnsOptions) -> Diagnosed:
        """Check the service, its servers and its mailbox. Raises Misconfigured, StorageFailed."""
        from catalog_mail.bootstrap import diagnosing  # noqa: PLC0415  only this command needs it

        try:
            return diagnosing.look_at_service(self._components, options)
        finally:
            self._components.senders.close()

    def export_settings(self) -> Mapping[str, Any]:
        """Return the settings in force, as GET returns them."""
        return self._settings.read().document

    def import_settings(self, document: Mapping[str, Any], *, test: bool, to: str | None, who: Principal) -> list[dict[str, Any]]:
        """Test and save the settings; return the changes."""
        options = EmailTestOptions(wanted=test, recipient=to)
        saved = self._settings_editor.save(document, options=options, if_match=None, principal=who)
        return [change.plain() for change in saved.changes]

    @property
    def _settings(self) -> EmailSettings:
        self._components.check_database()
        return self._components.settings

    @property
    def _settings_editor(self) -> SettingsEditor:
        self._components.check_database()
        return self._components.settings_editor
