"""What the commands do."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict
from functools import cached_property
from typing import Any

from catalog_mail.adapters.database.tokens import DatabaseTokens
from catalog_mail.bootstrap.parts import Parts
from catalog_mail.config import Config
from catalog_mail.domain.catalog.people import Principal
from catalog_mail.services.email_settings import EmailSettings, Trying
from catalog_mail.services.tokens import Tokens

log = logging.getLogger(__name__)


class Application:
    """One method a command. Each imports late what it alone needs."""

    def __init__(self, config: Config) -> None:
        self._parts = Parts(config)

    def serve(self) -> None:
        """Answer and send until stopped. Raises Misconfigured."""
        from catalog_mail import daemon  # noqa: PLC0415
        from catalog_mail.api.app import create_app  # noqa: PLC0415
        from catalog_mail.bootstrap import serving  # noqa: PLC0415

        parts = self._parts
        parts.check_database()
        queue = serving.make_queue(parts)
        app = create_app(serving.make_services(parts, queue, self.tokens))
        log.info("node %s, database %s", parts.config.node, parts.engine.url.render_as_string())
        try:
            daemon.serve(app, host=parts.config.host, port=parts.config.port, parts=[queue])
        finally:
            parts.senders.close()

    def reply_sync(self) -> None:
        """Read the mailbox of replies until stopped. Raises Misconfigured."""
        from catalog_mail import daemon  # noqa: PLC0415
        from catalog_mail.bootstrap import replying  # noqa: PLC0415

        self._parts.check_database()
        watch = replying.make_watch(self._parts)
        try:
            daemon.watch(watch.run)
        finally:
            self._parts.senders.close()

    def archive(self) -> dict[str, Any]:
        """Archive what was handled in the mailbox of replies, once; what was done. Raises MailboxFailed, NotConfigured."""
        from catalog_mail.services.archiving import Archiving  # noqa: PLC0415

        parts = self._parts
        parts.check_database()
        archiving = Archiving(
            settings=parts.settings, mailboxes=parts.mailboxes, store=parts.reply_store, clock=parts.clock
        )  # fmt: skip
        return asdict(archiving.run())

    def migrate(self) -> str:
        """Bring the database to what this version needs; its revision."""
        from catalog_mail.adapters.database.migrate import migrate  # noqa: PLC0415

        return migrate(self._parts.engine)

    @cached_property
    def tokens(self) -> Tokens:
        """The API's tokens."""
        self._parts.check_database()
        return Tokens(store=DatabaseTokens(self._parts.engine, self._parts.clock))

    def test_email(self, recipient: str, who: Principal) -> dict[str, Any]:
        """A test message with the settings in force; the server's evidence."""
        tested = self._settings.test(None, recipient=recipient, principal=who)
        return {"recipient": tested.recipient, "message_id": tested.message_id, **asdict(tested.evidence)}

    def export_settings(self) -> Mapping[str, Any]:
        """The settings in force, as GET answers them."""
        return self._settings.read().document

    def import_settings(self, document: Mapping[str, Any], *, test: bool, to: str | None, who: Principal) -> list[dict[str, Any]]:
        """Test and Save; what has changed."""
        trying = Trying(wanted=test, recipient=to)
        saved = self._settings.save(document, trying=trying, if_match=None, principal=who)
        return [change.plain() for change in saved.changes]

    @property
    def _settings(self) -> EmailSettings:
        self._parts.check_database()
        return self._parts.settings
