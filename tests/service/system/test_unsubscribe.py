# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unsubscribe link of a mail: one click for mail programs, a page for people, and resubscription."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
import requests
from helpers.service.catalog_users import notify, settled, states, text_of
from helpers.service.process import RunningService, through
from helpers.service.smtp_sink import MailSink
from helpers.waiting import PATIENCE, wait_until

MESSAGE = {"subject": "Hello", "text": "A text."}


class Page(HTMLParser):
    """A page as a browser shows it: its language, title and text, and its one form."""

    def __init__(self, answer: requests.Response) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.answer = answer
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.texts)

    def submit(self) -> Page:
        """Press the button."""
        (form,) = [attributes for tag, attributes in self.tags if tag == "form"]
        assert form["method"] == "post"
        assert [tag for tag, _ in self.tags].count("button") == 1
        # As a browser resolves it: an action that starts with ? replaces only the query.
        return Page(requests.post(urljoin(self.answer.url, form["action"]), timeout=PATIENCE))


def link_of(service: RunningService, sink: MailSink, address: str) -> str:
    """Return the link of a mail to this address, at the service's own port."""
    notify(service, "message", **MESSAGE, recipients=[{"address": address}])
    message = sink.wait_for(1)[0]
    url = message["List-Unsubscribe"].strip("<>")
    assert url.startswith("https://catalog.example.com/unsubscribe/")
    return service.url + urlsplit(url).path


def reaches(service: RunningService, address: str, kind: str = "message") -> str:
    """Return the result of a mail of this kind to this address."""
    data = {"title": "Disk full", "text": "Nothing left."} if kind == "system_health" else None
    texts = MESSAGE if kind == "message" else {}
    notification = notify(service, kind, data, **texts, recipients=[{"address": address}])
    return states(settled(service, notification))[address.partition("@")[0]]


def test_one_click_of_a_mail_program(catalog: RunningService, sink: MailSink) -> None:
    """RFC 8058, 3.2: a POST with this body, without cookies or other context."""
    link = link_of(catalog, sink, "click@corp.test")
    for _ in range(2):
        answer = requests.post(link, data={"List-Unsubscribe": "One-Click"}, timeout=PATIENCE, allow_redirects=False)
        assert answer.status_code == 200
        assert reaches(catalog, "click@corp.test") == "unsubscribed"
    assert reaches(catalog, "CLICK@corp.test") == "unsubscribed", "the address is compared without case"
    assert reaches(catalog, "other@corp.test") == "sent", "other recipients get the mail"
    assert reaches(catalog, "click@corp.test", "system_health") == "sent", "other kinds are still sent"


def test_one_click_as_a_form_with_files(catalog: RunningService, sink: MailSink) -> None:
    """RFC 8058, 3.2 allows multipart/form-data as well."""
    link = link_of(catalog, sink, "multipart@corp.test")
    assert requests.post(link, files={"List-Unsubscribe": (None, "One-Click")}, timeout=PATIENCE).status_code == 200
    assert reaches(catalog, "multipart@corp.test") == "unsubscribed"


def test_viewing_the_page_changes_nothing(catalog: RunningService, sink: MailSink) -> None:
    """Security scanners of mail follow every link in it."""
    link = link_of(catalog, sink, "look@corp.test")
    for _ in range(3):
        assert requests.get(link, timeout=PATIENCE).status_code == 200
        requests.head(link, timeout=PATIENCE)
        requests.get(link, params={"undo": "yes"}, timeout=PATIENCE)
    assert reaches(catalog, "look@corp.test") == "sent"


def test_a_person_unsubscribes_and_resubscribes(catalog: RunningService, sink: MailSink) -> None:
    link = link_of(catalog, sink, "person@corp.test")
    page = Page(requests.get(link, timeout=PATIENCE))
    assert "person@corp.test gets e-mails about other matters of the catalog." in normal(page.text)
    stopped = page.submit()
    assert "person@corp.test gets no more e-mails about" in normal(stopped.text)
    assert reaches(catalog, "person@corp.test") == "unsubscribed"
    assert normal(Page(requests.get(link, timeout=PATIENCE)).text) == normal(stopped.text), "the page shows the current state"
    again = stopped.submit()
    assert normal(again.text) == normal(page.text)
    assert reaches(catalog, "person@corp.test") == "sent"


def test_the_link_is_in_the_text_too(catalog: RunningService, sink: MailSink) -> None:
    link = urlsplit(link_of(catalog, sink, "text@corp.test")).path
    message = sink.messages[0]
    assert link in text_of(message) and link in text_of(message, "html")


def test_the_page_is_accessible_and_loads_nothing(catalog: RunningService, sink: MailSink) -> None:
    answer = requests.get(link_of(catalog, sink, "page@corp.test"), timeout=PATIENCE)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    page = Page(answer)
    tags = [tag for tag, _ in page.tags]
    assert dict(page.tags)["html"] == {"lang": "en"}
    assert [tags.count(tag) for tag in ("title", "main", "h1", "button")] == [1, 1, 1, 1]
    assert not {"script", "img", "link", "iframe"} & set(tags)
    assert not re.search(r"(src|href)=", answer.text)


@pytest.mark.parametrize("token", ["x", "%00", "a" * 100, "a" * 1500, "%ED%A0%80", "..%2f", "%3Cscript%3E", "\u00e9"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unsigned_link_is_refused(catalog: RunningService, method: str, token: str) -> None:
    answer = requests.request(method, f"{catalog.url}/unsubscribe/{token}", timeout=PATIENCE)
    assert answer.status_code == 404
    if "%2f" not in token:  # that is another address
        page = Page(answer)
        assert "This link is not valid." in page.text
        assert "<script" not in answer.text
        assert "form" not in [tag for tag, _ in page.tags]


def test_a_link_with_another_ending_is_refused(catalog: RunningService, sink: MailSink) -> None:
    link = link_of(catalog, sink, "end@corp.test")
    changed = link[:-1] + ("A" if link[-1] != "A" else "Q")
    assert requests.post(changed, timeout=PATIENCE).status_code == 404
    assert requests.post(link[:-4], timeout=PATIENCE).status_code == 404
    assert reaches(catalog, "end@corp.test") == "sent"


def test_an_opt_out_stops_a_waiting_mail(catalog: RunningService, sink: MailSink) -> None:
    link = link_of(catalog, sink, "late@corp.test")
    settings = through(sink.port, enabled=True)
    settings["notifications"]["smtp"]["port"] = 1  # no server listens on this port
    assert catalog.save(settings).status_code == 200
    waiting = notify(catalog, "message", **MESSAGE, recipients=[{"address": "late@corp.test"}])
    wait_until_tried(catalog, waiting["id"])
    assert requests.post(link, timeout=PATIENCE).status_code == 200
    assert catalog.save(through(sink.port)).status_code == 200
    assert states(settled(catalog, waiting)) == {"late": "unsubscribed"}
    assert len(sink.messages) == 1


def test_links_survive_a_restart_and_a_new_key(make_service: Callable[..., RunningService], sink: MailSink) -> None:
    """A new first key leaves links in old mails valid."""
    service = make_service()
    service.save(through(sink.port))
    link = link_of(service, sink, "key@corp.test")
    service.stop()
    key = service.folder / "key"
    old = key.read_text()
    key.unlink()
    assert service.command("key").returncode == 0
    key.write_text(key.read_text().rstrip("\n") + "\n" + old)
    service.start()
    assert requests.post(link, timeout=PATIENCE).status_code == 200
    assert reaches(service, "key@corp.test") == "unsubscribed"


def wait_until_tried(service: RunningService, notification: str) -> None:
    def state() -> str:
        found: str = service.call("GET", f"/notifications/{notification}").json()["deliveries"][0]["state"]
        return found

    wait_until(lambda: state() == "retrying", lambda: f"the delivery is {state()}")


def normal(text: str) -> str:
    """Collapse whitespace, as a browser does."""
    return " ".join(text.split())
