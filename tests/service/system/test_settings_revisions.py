# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No save of the e-mail settings undoes another: revisions, saves at the same time, two nodes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from helpers.service.process import RunningService, through
from helpers.service.settings_api import PATH, PROBLEM, logged_in, problem, put, revision
from helpers.service.settings_bodies import with_value
from helpers.service.smtp_sink import MailSink
from helpers.waiting import PATIENCE

MakeService = Callable[..., RunningService]
Log = Callable[[], list[dict[str, Any]]]


def test_a_revision_protects_anothers_save(
    emptied: RunningService, sink: MailSink, settings_log: Log
) -> None:
    service, begin, document = emptied, revision(emptied), through(sink.port)

    def save(settings: dict[str, Any], if_match: str) -> requests.Response:
        return service.save(settings, headers={"If-Match": if_match})

    first = save(document, f'"{begin}"')
    assert (first.status_code, first.headers["ETag"]) == (200, f'"{begin + 1}"')
    other = with_value(document, "notifications.smtp.timeout", 7)
    problem(save(other, f'"{begin}"'), 412)
    assert service.call("GET", PATH).json()["notifications"]["smtp"]["timeout"] == round(PATIENCE)
    assert settings_log()[-1]["detail"]["code"] == "precondition-failed"
    assert save(other, "*").headers["ETag"] == f'"{begin + 2}"'
    assert save(document, f'"{begin + 2}"').headers["ETag"] == f'"{begin + 3}"'
    unchanged = save(document, f'"{begin + 3}"')
    assert (unchanged.json()["changes"], unchanged.headers["ETag"]) == ([], f'"{begin + 3}"')


@pytest.mark.parametrize("malformed", ["3", "W/3", '"x"', '"3', "\u00fc", '"99999999999999999999"', '"1", "2"', ""])
def test_an_invalid_revision_saves_nothing(settings_service: RunningService, malformed: str) -> None:
    before = revision(settings_service)
    document = {"notifications": {"enabled": False}, "interactions": {"sync_interval": 77}}
    answer = settings_service.save(document, headers={"If-Match": malformed.encode("latin-1")})
    assert answer.status_code in (412, 422), answer.text
    assert answer.headers["Content-Type"] == PROBLEM
    assert revision(settings_service) == before


def test_of_two_saves_at_the_same_time_one_is_refused(
    emptied: RunningService, sink: MailSink, settings_log: Log
) -> None:
    service, document = emptied, through(sink.port)
    etag = service.save(document).headers["ETag"]
    both = [with_value(document, "notifications.smtp.timeout", seconds) for seconds in (7, 8)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda one: put(service, one, headers={"If-Match": etag}), both))
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    won = next(answer for answer in answers if answer.status_code == 200)
    assert service.call("GET", PATH).json() == won.json()["settings"]
    assert sorted(entry["outcome"] for entry in settings_log()) == ["refused", "saved", "saved"]


def test_two_nodes_with_one_postgresql_have_the_same_settings(
    make_service: MakeService, postgresql: str, sink: MailSink
) -> None:
    one = make_service(database_url=postgresql)
    other = make_service(start=False, database_url=postgresql, key_file=str(one.folder / "key"))
    other.tokens = one.tokens
    other.prepare()
    other.start()
    assert other.call("POST", f"{PATH}/test", {}).status_code == 409
    assert one.save(logged_in(sink.port, username=None, password=None)).status_code == 200
    assert other.call("POST", f"{PATH}/test", {}).status_code == 200
    documents = [with_value(through(sink.port), "notifications.smtp.timeout", 20 + number) for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda one_of: (one, other)[one_of[0] % 2].save(one_of[1]), enumerate(documents)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    saved = [answer for answer in answers if answer.status_code == 200]
    assert one.call("GET", PATH).json() == other.call("GET", PATH).json()
    assert one.call("GET", PATH).headers["ETag"] == f'"{1 + len(saved)}"'
