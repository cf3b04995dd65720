# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The e-mail settings through the running service: Test and Save, plan, lost updates, secrets, destinations, the audit log."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from aiosmtpd.smtp import AuthResult, LoginPassword
from helpers.service.dovecot import Dovecot
from helpers.service.process import ADMIN, RunningService, free_port, started_service, through
from helpers.service.settings_bodies import imap_mailbox, interactions, with_value
from helpers.service.smtp_sink import MailSink
from helpers.waiting import PATIENCE

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

PATH = "/settings/email-server"
PASSWORD = "notifications.smtp.password"
HUNTER2 = "hunter2-p\u00e4ss \u2603"
PROBLEM = "application/problem+json"
MakeService = Callable[..., RunningService]


class Guard:
    """Accepts logins with this password and records every password it receives."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.offered: list[str] = []

    def __call__(self, _server: object, _session: object, _envelope: object, _mechanism: str, data: LoginPassword) -> AuthResult:
        self.offered.append(data.password.decode())
        return AuthResult(success=self.offered[-1] == self.password, handled=False)


@pytest.fixture
def guard() -> Guard:
    return Guard(HUNTER2)


@pytest.fixture
def guarded(guard: Guard) -> Iterator[MailSink]:
    """Run a mail server that requires a login."""
    with MailSink(authenticator=guard, auth_required=True, auth_require_tls=False) as running:
        yield running


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """Run one service for many tests: its start takes longer than a request."""
    with started_service(tmp_path_factory.mktemp("shared")) as running:
        yield running


@pytest.fixture
def emptied(shared: RunningService) -> RunningService:
    """Return the shared service, with all settings and secrets reset to their defaults."""
    done = shared.save({"notifications": {"enabled": False}})
    assert done.status_code == 200, done.text
    assert done.json()["settings"]["notifications"]["smtp"]["host"] is None
    return shared


@pytest.fixture
def log(emptied: RunningService) -> Callable[[], list[dict[str, Any]]]:
    """Return a function for the audit log's entries about the settings since the test began, oldest first."""
    begin = len(audited(emptied))
    return lambda: audited(emptied)[begin:]


def logged_in(port: int, **smtp: Any) -> dict[str, Any]:
    """Return settings that log in to a server on the loopback."""
    document = through(port)
    document["notifications"]["smtp"] |= {"username": "app", "password": HUNTER2, **smtp}
    return document


def without_password(document: dict[str, Any]) -> dict[str, Any]:
    result = copy.deepcopy(document)
    del result["notifications"]["smtp"]["password"]
    return result


def put(service: RunningService, document: dict[str, Any], **options: Any) -> requests.Response:
    """Call Test and Save."""
    return service.call("PUT", PATH, {"settings": document}, **options)


def revision(service: RunningService) -> int:
    """Return how often the settings were saved."""
    return int(service.call("GET", PATH).headers["ETag"].strip('"'))


def problem(answer: requests.Response, status: int, field: str | None = None) -> dict[str, Any]:
    """Return the problem in a response, which has a cause and a remedy."""
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, PROBLEM), answer.text
    body: dict[str, Any] = answer.json()
    assert body["cause"].endswith(".")
    assert body["remedy"].endswith(".")
    assert body["detail"] == f"{body['cause']} {body['remedy']}"
    assert body.get("field") == field, body
    return body


def audited(service: RunningService) -> list[dict[str, Any]]:
    """Return the audit log's entries about the settings, oldest first."""
    entries = service.call("GET", "/audit?limit=500").json()["entries"]
    return [entry for entry in reversed(entries) if entry["action"].startswith("email_settings")]


# -- roles --------------------------------------------------------------------------------------------------------------


def test_the_defaults_are_read_before_the_first_save(service: RunningService) -> None:
    answer = service.call("GET", PATH, role="viewer")
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"0"')
    document = answer.json()
    assert (document["deployment"], document["changed_at"], document["changed_by"]) == ("on_premises", None, None)
    assert document["notifications"]["enabled"] is False
    assert document["notifications"]["from"] == {"address": None, "display_name": ""}
    assert document["notifications"]["smtp"]["password"] == {"present": False, "changed_at": None}


@pytest.mark.parametrize(
    ("method", "path", "role", "status"),
    [
        ("GET", PATH, None, 401),
        ("GET", PATH, "catalog", 403),
        ("PUT", PATH, None, 401),
        ("PUT", PATH, "viewer", 403),
        ("PUT", PATH, "catalog", 403),
        ("POST", f"{PATH}/plan", "viewer", 403),
        ("POST", f"{PATH}/test", "viewer", 403),
        ("POST", f"{PATH}/test", "catalog", 403),
    ],
)
def test_only_server_admins_change_the_settings(
    shared: RunningService, sink: MailSink, method: str, path: str, role: str | None, status: int
) -> None:
    before = revision(shared)
    problem(shared.call(method, path, {"settings": through(sink.port)}, role=role), status)
    assert revision(shared) == before
    assert sink.taken == []


# -- Test and Save ------------------------------------------------------------------------------------------------------


def test_the_test_message_is_accepted_before_the_save(emptied: RunningService, sink: MailSink) -> None:
    service, before, seen = emptied, revision(emptied), []

    def look(_envelope: object) -> str:
        seen.append(revision(service))
        return "250 2.0.0 Ok: queued as 4F1"

    sink.answer = look
    answer = put(service, through(sink.port))
    assert answer.status_code == 200, answer.text
    assert (seen, answer.headers["ETag"]) == ([before], f'"{before + 1}"')
    body = answer.json()
    [message] = sink.messages
    assert (message["To"], message["Message-ID"]) == (ADMIN, body["test"]["message_id"])
    assert body["test"]["recipient"] == ADMIN
    assert body["test"]["response"] == "250 2.0.0 Ok: queued as 4F1"
    assert 0 < body["test"]["seconds"] < 10
    assert {"path": "notifications.smtp.port", "before": 587, "after": sink.port} in body["changes"]
    assert body["settings"] == service.call("GET", PATH).json()
    assert body["settings"]["changed_by"] == "server_admin"


def test_the_test_message_goes_to_the_given_address(emptied: RunningService, sink: MailSink) -> None:
    answer = emptied.call("PUT", PATH, {"settings": through(sink.port), "test": {"recipient": "alice@corp.test"}})
    assert answer.json()["test"]["recipient"] == "alice@corp.test"
    assert [recipients for _, recipients, _ in sink.taken] == [["alice@corp.test"]]


@pytest.mark.parametrize(
    ("fault", "code", "field", "smtp"),
    [
        ("refused", "connection-refused", "notifications.smtp.port", None),
        ("login", "login-refused", PASSWORD, 535),
        ("message", "other-smtp-answer", None, 554),
    ],
)
def test_settings_that_fail_their_test_are_not_saved(
    emptied: RunningService,
    log: Callable[[], list[dict[str, Any]]],
    sink: MailSink,
    guarded: MailSink,
    fault: str,
    code: str,
    field: str | None,
    smtp: int | None,
) -> None:
    service = emptied
    assert put(service, through(sink.port)).status_code == 200
    before = service.call("GET", PATH)
    guarded.answer = lambda _envelope: "554 5.7.1 Not wanted here"
    candidate = {
        "refused": through(free_port()),
        "login": logged_in(guarded.port, password="wrong-pass"),
        "message": logged_in(guarded.port),
    }[fault]
    body = problem(put(service, candidate), 422, field)
    assert (body["code"], body["type"]) == (code, f"/problems/{code}")
    assert body.get("smtp", {}).get("code") == smtp
    after = service.call("GET", PATH)
    assert (after.json(), after.headers["ETag"]) == (before.json(), before.headers["ETag"])
    sink.clear()
    assert service.call("POST", f"{PATH}/test", {}).status_code == 200
    assert len(sink.taken) == 1
    entry = log()[-2]
    assert (entry["outcome"], entry["detail"]["code"]) == ("refused", code)
    assert any(change["path"] == "notifications.smtp.port" for change in entry["detail"]["changes"])
    assert "wrong-pass" not in json.dumps(log())


def test_other_changes_need_no_mail_server(emptied: RunningService) -> None:
    service, document = emptied, through(free_port())
    assert service.save(document).status_code == 200
    switched = service.call(
        "PUT", PATH, {"settings": with_value(document, "notifications.enabled", False), "test": {"recipient": "alice@corp.test"}}
    )
    assert (switched.status_code, switched.json()["test"]) == (200, None)
    assert switched.json()["changes"] == [{"path": "notifications.enabled", "before": True, "after": False}]
    replies = with_value(switched.json()["settings"], "interactions.sync_interval", 60)
    assert put(service, replies).json()["test"] is None
    untested = service.save(with_value(replies, "notifications.smtp.timeout", 7))
    assert (untested.status_code, untested.json()["test"]) == (200, None)
    problem(put(service, with_value(replies, "notifications.smtp.timeout", 8)), 422, "notifications.smtp.port")


def test_a_test_without_a_save_saves_nothing(emptied: RunningService, sink: MailSink) -> None:
    service = emptied
    before = revision(service)
    problem(service.call("POST", f"{PATH}/test", {}), 409, "notifications.from.address")
    tested = service.call("POST", f"{PATH}/test", {"settings": through(sink.port), "recipient": "alice@corp.test"})
    assert tested.json()["test"]["recipient"] == "alice@corp.test"
    assert revision(service) == before


def test_a_plan_predicts_a_save_and_saves_nothing(
    emptied: RunningService, sink: MailSink, log: Callable[[], list[dict[str, Any]]]
) -> None:
    service, before = emptied, revision(emptied)
    planned = service.call("POST", f"{PATH}/plan", {"settings": logged_in(sink.port)})
    assert (planned.status_code, sink.taken) == (200, [])
    assert (revision(service), log()) == (before, [])
    assert service.save(logged_in(sink.port)).json()["changes"] == planned.json()["changes"]
    assert {"path": PASSWORD, "before": "absent", "after": "changed"} in planned.json()["changes"]
    for same in (logged_in(sink.port), without_password(logged_in(sink.port)), service.call("GET", PATH).json()):
        assert service.call("POST", f"{PATH}/plan", {"settings": same}).json() == {"changes": []}
    refused = service.call("POST", f"{PATH}/plan", {"settings": with_value({}, "notifications.smtp.port", 0)})
    problem(refused, 422, "notifications.smtp.port")


# -- lost updates ---------------------------------------------------------------------------------------------------------


def test_a_revision_protects_anothers_save(
    emptied: RunningService, sink: MailSink, log: Callable[[], list[dict[str, Any]]]
) -> None:
    service, begin, document = emptied, revision(emptied), through(sink.port)

    def save(settings: dict[str, Any], if_match: str) -> requests.Response:
        return service.save(settings, headers={"If-Match": if_match})

    first = save(document, f'"{begin}"')
    assert (first.status_code, first.headers["ETag"]) == (200, f'"{begin + 1}"')
    other = with_value(document, "notifications.smtp.timeout", 7)
    problem(save(other, f'"{begin}"'), 412)
    assert service.call("GET", PATH).json()["notifications"]["smtp"]["timeout"] == round(PATIENCE)
    assert log()[-1]["detail"]["code"] == "precondition-failed"
    assert save(other, "*").headers["ETag"] == f'"{begin + 2}"'
    assert save(document, f'"{begin + 2}"').headers["ETag"] == f'"{begin + 3}"'
    unchanged = save(document, f'"{begin + 3}"')
    assert (unchanged.json()["changes"], unchanged.headers["ETag"]) == ([], f'"{begin + 3}"')


@pytest.mark.parametrize("malformed", ["3", "W/3", '"x"', '"3', "\u00fc", '"99999999999999999999"', '"1", "2"', ""])
def test_an_invalid_revision_saves_nothing(shared: RunningService, malformed: str) -> None:
    before = revision(shared)
    document = {"notifications": {"enabled": False}, "interactions": {"sync_interval": 77}}
    answer = shared.save(document, headers={"If-Match": malformed.encode("latin-1")})
    assert answer.status_code in (412, 422), answer.text
    assert answer.headers["Content-Type"] == PROBLEM
    assert revision(shared) == before


def test_of_two_saves_at_the_same_time_one_is_refused(
    emptied: RunningService, sink: MailSink, log: Callable[[], list[dict[str, Any]]]
) -> None:
    service, document = emptied, through(sink.port)
    etag = service.save(document).headers["ETag"]
    both = [with_value(document, "notifications.smtp.timeout", seconds) for seconds in (7, 8)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda one: put(service, one, headers={"If-Match": etag}), both))
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    won = next(answer for answer in answers if answer.status_code == 200)
    assert service.call("GET", PATH).json() == won.json()["settings"]
    assert sorted(entry["outcome"] for entry in log()) == ["refused", "saved", "saved"]


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


# -- secrets --------------------------------------------------------------------------------------------------------------


def test_a_secret_is_kept_changed_and_removed(emptied: RunningService, guarded: MailSink, guard: Guard) -> None:
    service = emptied
    document = logged_in(guarded.port)
    assert put(service, document).status_code == 200
    read = service.call("GET", PATH).json()
    state = read["notifications"]["smtp"]["password"]
    assert state["present"] is True
    for same in (read, without_password(document), document):
        answer = put(service, same)  # the stored secret logs in
        assert (answer.status_code, answer.json()["changes"]) == (200, [])
    assert service.call("GET", PATH).json()["notifications"]["smtp"]["password"] == state
    guard.password = "another-hunter2"
    replaced = put(service, with_value(document, PASSWORD, "another-hunter2"))
    assert replaced.json()["changes"] == [{"path": PASSWORD, "before": "present", "after": "changed"}]
    assert replaced.json()["settings"]["notifications"]["smtp"]["password"]["changed_at"] > state["changed_at"]
    assert guard.offered == [HUNTER2, HUNTER2, HUNTER2, HUNTER2, "another-hunter2"]
    problem(service.save(with_value(document, PASSWORD, None)), 422, PASSWORD)
    removed = service.save(with_value(with_value(document, PASSWORD, None), "notifications.smtp.username", None))
    assert {"path": PASSWORD, "before": "present", "after": "removed"} in removed.json()["changes"]
    assert removed.json()["settings"]["notifications"]["smtp"]["password"]["present"] is False


@pytest.mark.parametrize("how", [{}, {"password": {"present": True}}])
def test_a_stored_secret_is_not_sent_to_another_server(
    emptied: RunningService, guarded: MailSink, how: dict[str, Any]
) -> None:
    service, stolen = emptied, Guard("")
    assert put(service, logged_in(guarded.port)).status_code == 200
    with MailSink(authenticator=stolen, auth_required=True, auth_require_tls=False) as thief:
        elsewhere = without_password(logged_in(thief.port))
        elsewhere["notifications"]["smtp"] |= how
        for method, path in (("PUT", PATH), ("POST", f"{PATH}/plan"), ("POST", f"{PATH}/test")):
            body = problem(service.call(method, path, {"settings": elsewhere}), 422, PASSWORD)
            assert "port" in body["cause"]
        assert stolen.offered == []
    assert service.call("POST", f"{PATH}/test", {}).status_code == 200


def test_no_response_log_or_file_has_a_secret(service: RunningService, guarded: MailSink) -> None:
    answers: list[requests.Response] = []
    document = logged_in(guarded.port)
    document["notifications"]["microsoft"] = {"tenant_id": "t", "client_id": "c", "client_secret": HUNTER2}
    document["interactions"] = {"imap": {"host": "imap.corp.test", "username": "r", "password": HUNTER2}}
    for path in (PATH, f"{PATH}/plan", f"{PATH}/test"):
        method = "PUT" if path == PATH else "POST"
        for body in (
            {"settings": document},
            {"settings": with_value(document, "notifications.smtp.port", free_port())},
            {"settings": with_value(document, "notifications.smtp.port", HUNTER2)},
            {"settings": with_value(document, PASSWORD, {"value": HUNTER2})},
            {"settings": with_value(document, PASSWORD, [HUNTER2])},
            {"settings": with_value(document, PASSWORD, HUNTER2 + "\0")},
            {"settings": document, "test": HUNTER2},
            {"settings": [HUNTER2]},
            {"settings": document, "nonsense": HUNTER2},
        ):
            answers.append(service.call(method, path, body))
    assert put(service, document).status_code == 200
    answers += [service.call("GET", path) for path in (PATH, "/audit?limit=500")]
    for answer in answers:
        assert answer.status_code < 500
        assert "hunter2" not in answer.text
    service.stop()
    for file in service.folder.rglob("*"):
        if file.is_file():
            assert b"hunter2" not in file.read_bytes(), file


def test_a_lost_key_is_the_cause_and_a_new_secret_helps(service: RunningService, guarded: MailSink) -> None:
    assert put(service, logged_in(guarded.port)).status_code == 200
    service.stop()
    (service.folder / "key").unlink()
    assert service.command("key").returncode == 0
    service.start()
    read = service.call("GET", PATH).json()
    assert read["notifications"]["smtp"]["password"]["present"] is True
    assert "decrypted" in problem(service.call("POST", f"{PATH}/test", {}), 409, PASSWORD)["cause"]
    assert "decrypted" in problem(put(service, read), 422, PASSWORD)["cause"]
    assert put(service, logged_in(guarded.port)).status_code == 200
    assert service.call("POST", f"{PATH}/test", {}).status_code == 200


# -- the cloud edition ------------------------------------------------------------------------------------------------------


def test_in_the_cloud_edition_sending_is_the_providers(
    make_service: MakeService, sink: MailSink, dovecot: Dovecot
) -> None:
    service = make_service(
        deployment="cloud",
        cloud={"from_address": "noreply@provider.test", "display_name": "Data Catalog"},
        builtin={"host": "127.0.0.1", "port": sink.port},
    )
    read = service.call("GET", PATH).json()
    assert (read["deployment"], list(read["notifications"])) == ("cloud", ["enabled"])
    for name, value in through(sink.port)["notifications"].items():
        if name != "enabled":
            body = problem(put(service, {"notifications": {name: value}}), 403, f"notifications.{name}")
            assert body["code"] == "managed-by-provider"
    problem(service.call("POST", f"{PATH}/plan", {"settings": through(sink.port)}), 403, "notifications.transport")
    assert [entry["outcome"] for entry in audited(service)] == ["refused"] * 3
    user = dovecot.add_user()
    replies = interactions(imap_mailbox(dovecot, user))
    saved = put(service, {"notifications": {"enabled": True}, "interactions": replies})
    assert saved.status_code == 200, saved.text
    assert (saved.json()["test"], sink.taken) == (None, [])
    assert saved.json()["settings"]["interactions"]["enabled"] is True
    assert saved.json()["tested_mailbox"]["server"] == f"localhost:{dovecot.imaps}"  # the mailbox belongs to the customer
    assert put(service, service.call("GET", PATH).json()).json()["changes"] == []
    assert service.call("POST", f"{PATH}/test", {}).status_code == 200
    assert sink.messages[0]["From"].addresses[0].addr_spec == "noreply@provider.test"


# -- malformed requests -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"settings": null}',
        b'{"settings": {"\\ud800": 1}}',
        b'{"settings": {"notifications": {"\\ud800": 1, "\\u0000": 2}}}',
        b'{"settings": {"notifications": {"smtp": {"username": "\\ud800"}}}}',
        b'{"settings": {"notifications": {"smtp": {"password": "\\ud800"}}}}',
        b'{"settings": {"notifications": {"smtp": {"host": "fe80::1%\\r\\n\\u0000"}}}}',
        b'{"settings": {"notifications": {"smtp": {"port": NaN, "timeout": 1e400}}}}',
        b'{"settings": {"notifications": {"smtp": {"port": ' + b"9" * 5000 + b"}}}}",
        b'{"settings": {"notifications": {"from": {"address": "' + b"\xc3\xa9" * 100_000 + b'"}}}}',
        b'{"settings": {"' + b"x" * 300_000 + b'": 1}}',
        b'{"settings": {' + b", ".join(b'"x%d": 1' % number for number in range(50_000)) + b"}}",
        b"{" + b", ".join(b'"x%d": 1' % number for number in range(50_000)) + b"}",
        b'{"settings": ' + b'{"a":' * 20_000 + b"1" + b"}" * 20_000 + b"}",
        b'{"settings": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"settings": {}, "test": {"recipient": "\\ud800"}}',
        b'{"settings": {}, "test": {"recipient": "a@b\\r\\nBcc: c@d"}}',
        b'{"settings": {}, "test": true}',
        b"\xff\xfe",
    ],
)
def test_malformed_requests_are_refused(shared: RunningService, body: bytes) -> None:
    before = revision(shared)
    headers = {"Authorization": f"Bearer {shared.tokens['server_admin']}", "Content-Type": "application/json"}
    for method, path in (("PUT", PATH), ("POST", f"{PATH}/plan"), ("POST", f"{PATH}/test")):
        answer = requests.request(method, f"{shared.url}/api/v1{path}", data=body, headers=headers, timeout=PATIENCE)
        assert 400 <= answer.status_code < 500, (path, answer.text)
        assert answer.headers["Content-Type"] == PROBLEM
        assert len(answer.content) < 100_000
    assert revision(shared) == before
    assert len(shared.call("GET", "/audit?limit=5").content) < 100_000


def test_the_audit_log_shows_every_attempt(
    emptied: RunningService, sink: MailSink, tmp_path: Path, log: Callable[[], list[dict[str, Any]]]
) -> None:
    service = emptied
    assert put(service, through(sink.port)).status_code == 200
    put(service, through(free_port()))
    service.call("POST", f"{PATH}/test", {"recipient": "alice@corp.test"})
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(with_value(through(sink.port), "notifications.smtp.timeout", 7)))
    assert service.command("settings", "import", str(file), "--no-test").returncode == 0
    entries = log()
    assert [(entry["action"], entry["outcome"]) for entry in entries] == [
        ("email_settings.save", "saved"),
        ("email_settings.save", "refused"),
        ("email_settings.test", "sent"),
        ("email_settings.save", "saved"),
    ]
    assert [entry["actor"] for entry in entries[:3]] == ["server_admin"] * 3
    assert entries[3]["actor"].startswith("command line (")
    assert entries[3]["detail"]["changes"] == [{"path": "notifications.smtp.timeout", "before": round(PATIENCE), "after": 7}]
    assert entries[0]["detail"]["tested"] == ADMIN
    assert all(entry["at"].endswith("Z") for entry in entries)
