"""The only place that brings use cases and adapters together."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import catalog_mail
from catalog_mail.adapters.cipher import Cipher
from catalog_mail.adapters.clock import SystemClock
from catalog_mail.adapters.database.audit import DatabaseAudit
from catalog_mail.adapters.database.engine import make_engine
from catalog_mail.adapters.database.revision import WANTED, current
from catalog_mail.adapters.database.settings_store import DatabaseSettings
from catalog_mail.adapters.database.tokens import DatabaseTokens
from catalog_mail.adapters.servers import Mailboxes, Senders, Servers
from catalog_mail.config import Config, read_secret
from catalog_mail.domain.clouds import MicrosoftAccess
from catalog_mail.domain.errors import Misconfigured
from catalog_mail.domain.people import Principal
from catalog_mail.domain.settings import TLS, Deployment, SmtpServer
from catalog_mail.services.email_settings import EmailSettings, Installation, Trying
from catalog_mail.services.tokens import Tokens

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from catalog_mail.adapters.database.catalog import DatabaseCatalog
    from catalog_mail.adapters.database.replies import DatabaseReplies
    from catalog_mail.adapters.database.reply_state import DatabaseReplyState
    from catalog_mail.adapters.queue import DurableQueue
    from catalog_mail.api.context import Services
    from catalog_mail.ports.conversations import Conversations
    from catalog_mail.ports.notifications import DeliveryQueue
    from catalog_mail.services.catalog import Catalog
    from catalog_mail.services.notifications import Notifications
    from catalog_mail.services.reply_watch import ReplyWatch
    from catalog_mail.services.tracking import Tracking

log = logging.getLogger(__name__)

UNSUBSCRIBE = b"catalog-mail unsubscribe"
INTENT = b"catalog-mail intent"
# Of a mail's hand-over to the host's own Postfix.
BUILTIN_SECONDS = 30


class Application:
    """Everything, made when it is first needed: a command that reads one thing opens no more than that."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._clock = SystemClock()

    # -- what the commands do --------------------------------------------------------------------------------------------

    def serve(self) -> None:
        """Answer and send until stopped. Raises Misconfigured."""
        from catalog_mail import daemon  # noqa: PLC0415
        from catalog_mail.api.app import create_app  # noqa: PLC0415

        self._check_database()
        queue = self._queue
        app = create_app(self._services(queue))
        log.info("node %s, database %s", self._config.node, self._engine.url.render_as_string())
        try:
            daemon.serve(app, host=self._config.host, port=self._config.port, parts=[queue])
        finally:
            self._senders.close()

    def reply_sync(self) -> None:
        """Read the mailbox of replies until stopped. Raises Misconfigured."""
        from catalog_mail import daemon  # noqa: PLC0415

        self._check_database()
        watch = self._reply_watch
        try:
            daemon.watch(watch.run)
        finally:
            self._senders.close()

    def archive(self) -> dict[str, Any]:
        """Archive what was handled in the mailbox of replies, once; what was done. Raises MailboxFailed, NotConfigured."""
        from catalog_mail.services.archiving import Archiving  # noqa: PLC0415

        self._check_database()
        archiving = Archiving(
            settings=self._settings, mailboxes=self._mailboxes, store=self._reply_store, clock=self._clock
        )
        return asdict(archiving.run())

    def migrate(self) -> str:
        """Bring the database to what this version needs; its revision."""
        from catalog_mail.adapters.database.migrate import migrate  # noqa: PLC0415

        return migrate(self._engine)

    @cached_property
    def tokens(self) -> Tokens:
        """The API's tokens."""
        self._check_database()
        return Tokens(store=DatabaseTokens(self._engine, self._clock))

    def test_email(self, recipient: str, who: Principal) -> dict[str, Any]:
        """A test message with the settings in force; the server's evidence."""
        tested = self._checked_settings.test(None, recipient=recipient, principal=who)
        return {"recipient": tested.recipient, "message_id": tested.message_id, **asdict(tested.evidence)}

    def export_settings(self) -> Mapping[str, Any]:
        """The settings in force, as GET answers them."""
        return self._checked_settings.read().document

    def import_settings(self, document: Mapping[str, Any], *, test: bool, to: str | None, who: Principal) -> list[dict[str, Any]]:
        """Test and Save; what has changed."""
        trying = Trying(wanted=test, recipient=to)
        saved = self._checked_settings.save(document, trying=trying, if_match=None, principal=who)
        return [change.plain() for change in saved.changes]

    # -- parts -----------------------------------------------------------------------------------------------------------

    @cached_property
    def _engine(self) -> Engine:
        return make_engine(self._config.database())

    @cached_property
    def _cipher(self) -> Cipher:
        return Cipher.from_file(Path(self._config.key_file))

    @cached_property
    def _servers(self) -> Servers:
        return Servers(self._config.state_folder(), self._config.microsoft.sent_items_seconds)

    @cached_property
    def _senders(self) -> Senders:
        return Senders(self._servers)

    @cached_property
    def _mailboxes(self) -> Mailboxes:
        return Mailboxes(self._servers)

    @cached_property
    def _audit(self) -> DatabaseAudit:
        return DatabaseAudit(self._engine)

    @cached_property
    def _settings(self) -> EmailSettings:
        config = self._config
        builtin = SmtpServer(config.builtin.host, config.builtin.port, TLS.NONE, timeout=BUILTIN_SECONDS)
        cloud = config.cloud if config.deployment == "cloud" else None
        return EmailSettings(
            store=DatabaseSettings(self._engine, self._cipher),
            audit=self._audit,
            senders=self._senders,
            mailboxes=self._mailboxes,
            clock=self._clock,
            installation=Installation(
                deployment=Deployment(config.deployment),
                builtin=builtin,
                cloud_from=(cloud.from_address, cloud.display_name) if cloud else None,
                catalog_name=config.catalog_name,
                microsoft=MicrosoftAccess(**config.microsoft.model_dump(exclude={"sent_items_seconds"})),
            ),
        )

    @property
    def _checked_settings(self) -> EmailSettings:
        self._check_database()
        return self._settings

    @cached_property
    def _queue(self) -> DurableQueue:
        from catalog_mail.adapters.database.deliveries import DatabaseDeliveries  # noqa: PLC0415
        from catalog_mail.adapters.database.nodes import DatabaseNodes  # noqa: PLC0415
        from catalog_mail.adapters.queue import DurableQueue, QueueOptions  # noqa: PLC0415
        from catalog_mail.adapters.templates import JinjaTemplates  # noqa: PLC0415
        from catalog_mail.domain.retry import Backoff  # noqa: PLC0415
        from catalog_mail.services.delivery import DeliverNotifications  # noqa: PLC0415
        from catalog_mail.services.rendering import Rendering  # noqa: PLC0415

        limits = self._config.queue
        store = DatabaseDeliveries(self._engine)
        templates = JinjaTemplates(Path(self._config.templates))
        for problem in templates.problems():
            log.error("%s", problem)
        rendering = Rendering(
            templates=templates,
            signing_keys=self._cipher.derived(UNSUBSCRIBE),
            intent_keys=self._intent_keys,
            base_url=self._config.base_url,
            catalog_name=self._config.catalog_name,
        )
        deliver = DeliverNotifications(
            store=store,
            rendering=rendering,
            settings=self._settings,
            senders=self._senders,
            catalog=self._people,
            replying=self._tracking.replying,
            clock=self._clock,
            backoff=Backoff(
                first=timedelta(seconds=limits.retry_first_seconds), keep_trying=timedelta(hours=limits.retry_for_hours)
            ),
        )
        return DurableQueue(
            database=self._config.queue_database(),
            store=store,
            nodes=DatabaseNodes(self._engine, self._clock),
            work=deliver.work,
            clock=self._clock,
            options=QueueOptions(
                node=self._config.node,
                concurrency=limits.concurrency,
                per_second=limits.per_second,
                takeover_after=limits.takeover_after,
                keep_days=limits.keep_days,
            ),
        )

    def _services(self, queue: DurableQueue) -> Services:
        from catalog_mail.adapters.database.notifications import DatabaseNotifications  # noqa: PLC0415
        from catalog_mail.api.context import Services  # noqa: PLC0415
        from catalog_mail.services.health import Health  # noqa: PLC0415
        from catalog_mail.services.reply_state import ReplyState  # noqa: PLC0415
        from catalog_mail.services.unsubscribing import Unsubscribing  # noqa: PLC0415

        people = self._people
        store = DatabaseNotifications(self._engine)
        notifications = self._notifications(queue)
        return Services(
            settings=self._settings,
            notifications=notifications,
            catalog=self._catalog(notifications),
            replies=ReplyState(
                settings=self._settings,
                tracking=self._tracking,
                workers=self._reply_state,
                store=self._reply_store,
                clock=self._clock,
            ),
            clock=self._clock,
            unsubscribing=Unsubscribing(
                store=people,
                signing_keys=self._cipher.derived(UNSUBSCRIBE),
                clock=self._clock,
                catalog_name=self._config.catalog_name,
            ),
            tokens=self.tokens,
            audit=self._audit,
            health=Health(store=store, worker=queue, configured=self._settings.configured, clock=self._clock),
        )

    def _notifications(self, queue: DeliveryQueue) -> Notifications:
        from catalog_mail.adapters.database.notifications import DatabaseNotifications  # noqa: PLC0415
        from catalog_mail.services.notifications import Notifications  # noqa: PLC0415

        return Notifications(
            store=DatabaseNotifications(self._engine),
            queue=queue,
            catalog=self._people,
            settings=self._settings,
            clock=self._clock,
        )

    def _catalog(self, notifications: Notifications) -> Catalog:
        from catalog_mail.services.catalog import Catalog  # noqa: PLC0415

        return Catalog(store=self._people, notifications=notifications, clock=self._clock, base_url=self._config.base_url)

    @cached_property
    def _people(self) -> DatabaseCatalog:
        from catalog_mail.adapters.database.catalog import DatabaseCatalog  # noqa: PLC0415

        return DatabaseCatalog(self._engine)

    # -- replies ---------------------------------------------------------------------------------------------------------

    @cached_property
    def _intent_keys(self) -> list[bytes]:
        return self._cipher.derived(INTENT)

    @cached_property
    def _reply_store(self) -> DatabaseReplies:
        from catalog_mail.adapters.database.replies import DatabaseReplies  # noqa: PLC0415

        return DatabaseReplies(self._engine)

    @cached_property
    def _reply_state(self) -> DatabaseReplyState:
        from catalog_mail.adapters.database.reply_state import DatabaseReplyState  # noqa: PLC0415

        return DatabaseReplyState(self._engine, self._clock)

    @cached_property
    def _tracking(self) -> Tracking:
        from catalog_mail.services.tracking import Tracking  # noqa: PLC0415

        return Tracking(
            settings=self._settings,
            probes=self._reply_state,
            senders=self._senders,
            keys=self._intent_keys,
            clock=self._clock,
            catalog_name=self._config.catalog_name,
        )

    @cached_property
    def _reply_watch(self) -> ReplyWatch:
        from catalog_mail.adapters.queue_elsewhere import QueueElsewhere  # noqa: PLC0415
        from catalog_mail.services.explaining import Explaining  # noqa: PLC0415
        from catalog_mail.services.reply_sync import ReplySync  # noqa: PLC0415
        from catalog_mail.services.reply_watch import ReplyWatch, Rules  # noqa: PLC0415

        limits = self._config.replies
        notifications = self._notifications(QueueElsewhere())
        sync = ReplySync(
            store=self._reply_store,
            people=self._people,
            conversations=self._conversations(notifications),
            explaining=Explaining(self._reply_store, notifications, self._clock),
            clock=self._clock,
            embedded=limits.webhook_url is None,
            largest=limits.largest_message,
            probe_arrived=self._tracking.arrived,
        )
        return ReplyWatch(
            name=f"{self._config.node}/{os.getpid()}",
            version=catalog_mail.__version__,
            settings=self._settings,
            mailboxes=self._mailboxes,
            sync=sync,
            tracking=self._tracking,
            store=self._reply_store,
            workers=self._reply_state,
            marks=self._reply_state,
            clock=self._clock,
            rules=Rules(
                intent_keys=self._intent_keys,
                valid_for=timedelta(days=limits.intent_days),
                list_domain=urlsplit(self._config.base_url).hostname or "localhost",
            ),
        )

    def _conversations(self, notifications: Notifications) -> Conversations:
        from catalog_mail.services.replies import EmbeddedConversations, ForeignConversations  # noqa: PLC0415

        limits = self._config.replies
        if limits.webhook_url is None:
            catalog = self._catalog(notifications)
            return EmbeddedConversations(store=self._reply_store, people=self._people, catalog=catalog, clock=self._clock)
        from catalog_mail.adapters.webhook import WebhookConversations  # noqa: PLC0415

        secret = read_secret(limits.webhook_secret_file, "replies.webhook_secret_file") or ""
        webhook = WebhookConversations(
            limits.webhook_url, secret, workers=limits.workers, timeout=limits.timeout, ca_file=limits.webhook_ca_file
        )
        return ForeignConversations(store=self._reply_store, catalog=webhook, clock=self._clock)

    def _check_database(self) -> None:
        """Raises Misconfigured if the database is not what this version needs."""
        found = current(self._engine)
        if found != WANTED:
            raise Misconfigured(
                f"The database has the revision {found or 'none'}, and this version needs {WANTED}.",
                "Run 'catalog-mail migrate'; the service does so when systemd starts it.",
                field="database_url",
            )
