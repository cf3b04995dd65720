# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The metrics in each state of the service, and the example of alert rules on them, judged by Prometheus' promtool."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from helpers import promtool
from helpers.promtool import MINUTES, RULES, UP, assert_firing
from helpers.service.dovecot import Dovecot
from helpers.service.process import RunningService, free_port, through
from helpers.service.settings_bodies import imap_mailbox, interactions
from helpers.service.smtp_sink import MailSink
from helpers.systemd import NotifySocket
from helpers.waiting import wait_until

AGE = "catalog_mail_reply_last_good_poll_age_seconds{}"
NAMES = ("backlog", "oldest_unread_seconds", "taken_by_others", "foreign_intents", "misplaced")
OF_THE_MAILBOX = {f"catalog_mail_reply_{name}{{}}" for name in NAMES}
LASTS = f"+0x{MINUTES}"
OUTCOMES = 'catalog_mail_reply_outcomes_total{outcome="%s",reason="%s"}'
# Values of a service that works.
GOOD = {
    **UP,
    "catalog_mail_storage_ok": f"1{LASTS}",
    "catalog_mail_configured": f"1{LASTS}",
    "catalog_mail_oldest_open_seconds": f"0{LASTS}",
    'catalog_mail_deliveries{state="failed"}': f"3{LASTS}",
    'catalog_mail_deliveries{state="sent"}': f"100+20x{MINUTES}",
    "catalog_mail_reply_enabled": f"1{LASTS}",
    "catalog_mail_reply_last_good_poll_age_seconds": f"170{LASTS}",
    "catalog_mail_reply_oldest_unread_seconds": f"200{LASTS}",
    "catalog_mail_reply_backlog": f"5{LASTS}",
    "catalog_mail_reply_taken_by_others": f"0{LASTS}",
    "catalog_mail_reply_foreign_intents": f"0{LASTS}",
    "catalog_mail_reply_misplaced": f"0{LASTS}",
    OUTCOMES % ("quarantined", "undecidable"): f"2{LASTS}",
    OUTCOMES % ("rejected", "no_intent"): f"0+1x{MINUTES}",
    OUTCOMES % ("retried", ""): f"0+1x{MINUTES}",
    'catalog_mail_credential_expires_timestamp_seconds{use="notifications",credential="certificate"}': f"{90 * 86400}{LASTS}",
}
CREDENTIAL = 'catalog_mail_credential_expires_timestamp_seconds{use="interactions",credential="client_secret"}'
QUARANTINED = OUTCOMES % ("quarantined", "undecidable")
FAILED = 'catalog_mail_deliveries{state="failed"}'
CASES: list[tuple[str, dict[str, str | None]]] = [
    ("CatalogMailDown", {'up{job="catalog-mail"}': f"1x30 0x{MINUTES}"}),
    ("CatalogMailDown", {'up{job="catalog-mail"}': None}),
    ("CatalogMailStorageFails", {"catalog_mail_storage_ok": f"1+0x100 0+0x{MINUTES}"}),
    ("CatalogMailNotConfigured", {"catalog_mail_configured": f"0{LASTS}"}),
    ("CatalogMailNotSent", {"catalog_mail_oldest_open_seconds": f"0+60x{MINUTES}"}),
    ("CatalogMailFailed", {FAILED: "3+0x90 4+0x100"}),
    ("CatalogMailCredentialExpires", {CREDENTIAL: f"{10 * 86400}{LASTS}"}),
    ("CatalogMailCredentialExpires", {CREDENTIAL: f"-86400{LASTS}"}),
    ("CatalogMailRepliesNotRead", {"catalog_mail_reply_last_good_poll_age_seconds": f"+Inf{LASTS}"}),
    ("CatalogMailRepliesNotRead", {"catalog_mail_reply_last_good_poll_age_seconds": f"0+60x{MINUTES}"}),
    ("CatalogMailRepliesWait", {"catalog_mail_reply_oldest_unread_seconds": f"0+60x{MINUTES}"}),
    ("CatalogMailRepliesTakenByOthers", {"catalog_mail_reply_taken_by_others": f"1{LASTS}"}),
    ("CatalogMailRepliesForAnother", {"catalog_mail_reply_foreign_intents": f"1{LASTS}"}),
    ("CatalogMailRepliesMisplaced", {"catalog_mail_reply_misplaced": f"2{LASTS}"}),
    ("CatalogMailRepliesSetAside", {QUARANTINED: "0+0x90 1+0x100"}),
    # States that need nobody.
    ("", {}),
    ("", {name: None for name in GOOD if "_reply_" in name} | {"catalog_mail_reply_enabled": f"0{LASTS}"}),
    ("", {"catalog_mail_reply_last_good_poll_age_seconds": "170+0x117 +Inf 170 170"}),
    ("", {CREDENTIAL: f"{30 * 86400}{LASTS}"}),
    ("", {"catalog_mail_storage_ok": f"1+0x60 0 1+0x{MINUTES}"}),
    ("", {FAILED: f"3+0x30 4+0x{MINUTES}"}),
]


def test_promtool_accepts_the_rules() -> None:
    ran = promtool.promtool("check", "rules", "--lint=all", "--lint-fatal", RULES)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize(("alert", "change"), CASES)
def test_an_alert_fires_for_its_state(alert: str, change: dict[str, str | None], tmp_path: Path) -> None:
    values = {name: value for name, value in {**GOOD, **change}.items() if value is not None}
    assert_firing(tmp_path, [alert] if alert else [], values)


def test_each_alert_has_its_state() -> None:
    assert {alert for alert, _change in CASES if alert} == promtool.alerts()


_numbers = itertools.count(1)


class Watched:
    """A service on PostgreSQL, its scrapes, and the alerts that fire when a state lasts."""

    def __init__(self, service: RunningService, folder: Path) -> None:
        self.service = service
        self.systemd = NotifySocket(folder / "notify")
        self._folder = folder

    def scrape(self) -> dict[str, str]:
        """Return the series of one scrape, which always succeeds."""
        answer = self.service.call("GET", "/metrics", role=None)
        assert answer.status_code == 200, answer.text
        return promtool.series(answer.text, time.time())

    def assert_firing(self, *expected: str) -> None:
        """Check that these alerts and no others fire in the present state."""
        assert_firing(self._folder, expected, {**UP, **self.scrape()})

    def save(self, settings: dict[str, Any]) -> None:
        """Save these settings."""
        answer = self.service.save(settings)
        assert answer.status_code == 200, answer.text

    @contextlib.contextmanager
    def reading(self) -> Iterator[NotifySocket]:
        """Run a process that reads the mailbox, with a watchdog of half a second; yield systemd's end of it."""
        systemd = NotifySocket(self._folder / f"reader-{next(_numbers)}")
        with contextlib.ExitStack() as running:
            with systemd.environment(seconds=0.5):
                running.enter_context(self.service.syncing())
            systemd.wait_ready()
            yield systemd

    def reading_fails(self) -> bool:
        """Return whether a process reports that it cannot read the mailbox."""
        workers = self.service.call("GET", "/replies/sync", role="viewer").json()["workers"]
        return any(worker["error"] for worker in workers)

    @contextlib.contextmanager
    def database_away(self) -> Iterator[None]:
        """Close the service's connections to its database, and let nobody connect."""
        url, _slash, name = str(self.service.settings["database_url"]).rpartition("/")
        with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")  # type: ignore[call-overload]
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            try:
                yield
            finally:
                connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")  # type: ignore[call-overload]


@pytest.fixture
def watched(make_service: Callable[..., RunningService], postgresql: str, tmp_path: Path) -> Watched:
    """Return a service on PostgreSQL, with a watchdog of half a second."""
    made = Watched(make_service(start=False, database_url=postgresql), tmp_path)
    made.service.prepare()
    with made.systemd.environment(seconds=0.5):
        made.service.start()
    made.systemd.wait_ready()
    made.systemd.wait_for_beats()
    return made


def by_microsoft(expires: datetime) -> dict[str, Any]:
    """Return settings that send by Microsoft with a secret that expires then."""
    registration = {
        "tenant_id": "3f0c6f2e-0000-4000-8000-000000000001",
        "client_id": "3f0c6f2e-0000-4000-8000-000000000002",
        "email_address": "noreply@corp.test",
        "client_secret": "not-a-secret",
        "client_secret_expires_at": expires.isoformat(),
    }
    return {
        "notifications": {
            "enabled": True, "transport": "microsoft", "from": {"address": "noreply@corp.test"}, "microsoft": registration,
        }
    }  # fmt: skip


def test_metrics_and_alerts_in_each_state(watched: Watched, sink: MailSink, dovecot: Dovecot) -> None:
    """One service goes through its states: new, sending, replies never read, read, off, an expiring secret, no database.

    In the states in which a server or the database is away, systemd's watchdog gets its beats.
    """
    watched.assert_firing("CatalogMailNotConfigured")
    assert AGE not in watched.scrape(), "replies are off"

    sending = through(sink.port)
    watched.save(sending)
    watched.assert_firing()

    user = dovecot.add_user()
    away = interactions(imap_mailbox(dovecot, user, port=free_port()))
    watched.save({**sending, "interactions": away})
    for running in (contextlib.nullcontext(), watched.reading()):  # no process, then one that cannot read
        with running as reader:
            if reader:
                wait_until(watched.reading_fails, "no process reports its failure")
                reader.wait_for_beats()
            scraped = watched.scrape()
            assert scraped[AGE] == f"+inf{LASTS}"
            assert not OF_THE_MAILBOX & set(scraped), "nothing is known of the mailbox"
            assert scraped["catalog_mail_reply_enabled{}"] == f"+1.0{LASTS}"
            watched.assert_firing("CatalogMailRepliesNotRead")

    watched.save({**sending, "interactions": interactions(imap_mailbox(dovecot, user))})
    with watched.service.syncing():
        wait_until(lambda: "inf" not in watched.scrape()[AGE], "the mailbox is not read")
        scraped = watched.scrape()
        assert set(scraped) >= OF_THE_MAILBOX
        assert promtool.named_metrics() - {name.partition("{")[0] for name in scraped} == {
            "catalog_mail_credential_expires_timestamp_seconds"
        }
        watched.assert_firing()

        watched.save({**sending, "interactions": {"enabled": False}})
        scraped = watched.scrape()
        assert not {AGE, *OF_THE_MAILBOX} & set(scraped), "values of a mailbox that is not read any more"
        watched.assert_firing()

    watched.save(by_microsoft(datetime.now(UTC) + timedelta(days=5)))
    assert any(name.startswith("catalog_mail_credential_expires_timestamp_seconds{") for name in watched.scrape())
    watched.assert_firing("CatalogMailCredentialExpires")

    with watched.reading() as reader, watched.database_away():
        assert watched.scrape() == {"catalog_mail_storage_ok{}": f"+0.0{LASTS}"}
        watched.assert_firing("CatalogMailStorageFails")
        for systemd in (watched.systemd, reader):
            systemd.wait_for_beats()
    wait_until(lambda: watched.scrape()["catalog_mail_storage_ok{}"] == f"+1.0{LASTS}", "the database is not used again")


def test_replies_count_as_on_without_their_secret(
    service: RunningService, tmp_path: Path, sink: MailSink, dovecot: Dovecot
) -> None:
    """With a key that cannot decrypt the mailbox's password replies are not off, and the alert fires."""
    watched = Watched(service, tmp_path)
    mailbox = imap_mailbox(dovecot, dovecot.add_user())
    watched.save({**through(sink.port), "interactions": interactions(mailbox)})
    watched.service.stop()
    (watched.service.folder / "key").unlink()
    assert watched.service.command("key").returncode == 0
    watched.service.start()
    assert watched.scrape()["catalog_mail_reply_enabled{}"] == f"+1.0{LASTS}"
    watched.assert_firing("CatalogMailRepliesNotRead")
