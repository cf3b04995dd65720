# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which reasons of the health are problems to tell of, and the words of the e-mail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from catalog_mail.domain.events import EventKind
from catalog_mail.domain.health import About, Reason
from catalog_mail.domain.notifications.data import check_data
from catalog_mail.domain.notifications.notification import Kind
from catalog_mail.domain.trouble import mail
from catalog_mail.domain.trouble.plan import Episode
from catalog_mail.domain.trouble.problem import Problem, keeps_mail, problems, stage

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def reason(about: About, code: str = "code", ends_at: datetime | None = None) -> Reason:
    return Reason(about, code, "It fails.", "Mend it.", "a.field", ends_at=ends_at)


@pytest.mark.parametrize(
    ("about", "key", "stays"),
    [
        (About.STORAGE, None, True),
        (About.SETTINGS, None, True),
        (About.QUEUE, "queue code a.field node1", True),
        (About.SENDING, "sending code a.field", True),
        (About.REPLIES, "replies code a.field", False),
        (About.DRIFT, "drift code a.field", False),
        (About.DISK, "disk code a.field node1", False),
    ],
)
def test_which_reasons_are_told_and_which_keep_mail(about: About, key: str | None, stays: bool) -> None:
    found = problems([reason(about), reason(about)], "node1", NOW)
    assert [problem.key for problem in found] == ([] if key is None else [key])
    assert keeps_mail([reason(about)]) is stays
    assert {problem.node for problem in found} <= {"node1" if key and "node1" in key else None}


def test_bouncing_recipients_keep_no_mail() -> None:
    assert not keeps_mail([reason(About.SENDING, "recipients-bounce")])
    assert keeps_mail([reason(About.SENDING, "recipients-bounce"), reason(About.SENDING, "login-refused")])


@pytest.mark.parametrize(
    ("left", "expected"),
    [(31 * DAY, 0), (30 * DAY, 1), (8 * DAY, 1), (7 * DAY, 2), (DAY, 3), (DAY / 2, 3), (0 * DAY, 4), (-DAY, 4)],
)
def test_the_stages_of_an_expiry(left: timedelta, expected: int) -> None:
    assert stage(left) == expected
    (problem,) = problems([reason(About.CREDENTIALS, ends_at=NOW + left)], "node1", NOW)
    assert problem.stage == expected


def test_an_expiry_is_one_problem_and_a_new_credential_another() -> None:
    soon = reason(About.CREDENTIALS, "credential-expires-soon", NOW + DAY)
    (first,) = problems([soon], "node1", NOW)
    (expired,) = problems([reason(About.CREDENTIALS, "credential-expired", NOW + DAY)], "node1", NOW + 2 * DAY)
    (renewed,) = problems([reason(About.CREDENTIALS, "credential-expires-soon", NOW + 20 * DAY)], "node1", NOW)
    assert first.key == expired.key != renewed.key


def episode(code: str, cause: str = "The mailbox is not read.") -> Episode:
    return Episode(Problem(code, None, "replies", code, cause, "Start it."), NOW - DAY, NOW)


def test_the_mail_names_each_problem_with_its_times() -> None:
    one, two = episode("no-reader"), episode("misplaced", "3 replies are in Junk.")
    assert mail.title([one], []) == "A problem has begun: The mailbox is not read."
    assert mail.title([], [one]) == "A problem has ended: The mailbox is not read."
    assert mail.title([one, two], [one]) == "Problems: 2 begun, 1 ended"
    text = mail.text([one], [two])
    assert "Begun:\n\nThe mailbox is not read.\nStart it.\nSince 2026-02-28 12:00 UTC." in text
    assert "Ended:\n\n3 replies are in Junk.\nFrom 2026-02-28 12:00 UTC to 2026-03-01 12:00 UTC." in text


def test_hostile_words_make_a_valid_mail() -> None:
    long = episode("code", 'The server said: "550\r\nBcc: x@example.com' + "y" * 5000 + '".')
    title = mail.title([long], [])
    assert len(title) <= 200 and "\n" not in title
    check_data(Kind.SYSTEM_HEALTH, {"title": title, "text": mail.text([long], [])})


def test_the_same_begins_and_ends_have_the_same_key() -> None:
    one, two = episode("no-reader"), episode("misplaced")
    assert mail.key([one, two], []) == mail.key([two, one], []) != mail.key([], [one, two])
    later = Episode(one.problem, NOW)
    assert mail.key([one], []) != mail.key([later], [])


def test_the_events() -> None:
    found = list(mail.events([episode("no-reader"), episode("taken-by-others")], [episode("misplaced")], NOW))
    assert [(event.kind, event.data.get("state"), event.data.get("code")) for event in found] == [
        (EventKind.HEALTH, "began", "no-reader"), (EventKind.HEALTH, "began", "taken-by-others"),
        (EventKind.MAILBOX_READ_BY_OTHERS, None, None), (EventKind.HEALTH, "ended", "misplaced"),
    ]  # fmt: skip
