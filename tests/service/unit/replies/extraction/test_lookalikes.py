# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of clients and gateways are removed, and the lines of people that resemble them are kept, in pairs."""

from __future__ import annotations

import email

import pytest
from catalog_mail.domain.replies.extraction import extract
from helpers.service.reply_forms import ATTRIBUTION, MENTION, MENTION_HTML, PAGES, QUOTED
from helpers.service.reply_wrappings import BANNERS, both, page, plain

OUTLOOK = f"""From: Data Catalog <replies+1aq7mzk3@corp.test>
Sent: Friday, November 20, 2026 10:15 AM
To: Jane Doe
Subject: Ben mentioned you in Orders

{MENTION}"""
WORD = PAGES["outlook"].replace("Catalog<br>", "Data Catalog<br>")


def text_of(raw: bytes) -> str:
    return extract(email.message_from_bytes(raw)).text


LAST_LINES = [
    "Q: drop it?\nA: yes, drop it",
    "An: all of us",
    "To: do",
    "Date: 20.11.2026 10:15",
    "Von: mir\nAn: dich",
    "Subject: to change",
    "Cc: nobody",
    "\u5b9b\u5148: \u6771\u4eac",
    "De: Paris\nA: Lyon\nData: 10:15",
    "Sent: yes\nDate: 10:15\nTo: Ben",
    "Betreff: alles\n\nAn: jeden",
]


@pytest.mark.parametrize("text", LAST_LINES)
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_labels_above_outlooks_block_are_kept(text: str, gap: str) -> None:
    text = f"See below.\n\n{text}"
    page_text = text.replace("\n", "<br>")
    assert text_of(plain(text + gap + OUTLOOK)) == text
    assert text_of(page(WORD.replace("{}", page_text))) == text
    assert text_of(both(text + gap + OUTLOOK, WORD.replace("{}", page_text))) == text


@pytest.mark.parametrize("pasted", [
    "From: Supplier <s@supplier.test>\nSent: Friday, November 13, 2026 9:01 AM\nTo: Jane\nSubject: Orders",
    "Von: Supplier <s@supplier.test>\nGesendet: Freitag, 13. November 2026 09:01\nAn: Jane\nBetreff: Orders",
    OUTLOOK.partition("\n\n")[0],  # the header of the answered mail itself
    "-----Original Message-----\nFrom: Supplier <s@supplier.test>\nDate: 13.11.2026 09:01\nTo: Jane\nSubject: Orders",
    "From \"Supplier\" <s@supplier.test>\nTo \"Jane\" <jane@corp.test>\nDate 13.11.2026 09:01:00\nSubject Orders",
    "De la: Supplier <s@supplier.test>\nTrimis: 13.11.2026 09:01\nC\u0103tre: Jane\nSubiect: Orders",
    "On Fri, 13 Nov 2026 at 9:01 Supplier <s@supplier.test> wrote:",
])
@pytest.mark.parametrize("client", [OUTLOOK, f"{ATTRIBUTION}\n{QUOTED}"], ids=["outlook", "gmail"])
def test_pasted_headers_do_not_end_the_text(pasted: str, client: str) -> None:
    text = f"They wrote:\n\n{pasted}\n\nIs that right?"
    assert text_of(plain(f"{text}\n\n{client}")) == text
    assert text_of(plain(f"{pasted}\n\nIs that right?\n\n{client}")) == f"{pasted}\n\nIs that right?"


NOT_BANNERS = [
    "Attention: the external source for orders is down since Monday.",
    "Caution: do not open attachments of this vendor before the scan has ended.",
    "Warning: the message queue originated from outside the organization, so nobody knows it.",
    "External sender IDs are in column two.",
    "External e-mail addresses: see the table.",
    "This message came from outside the company, so I do not trust it.",
    "Important: please do not click run twice, the links break.",
    "You don't often get email from me. Learn why this is important: the table is gone.",
    "Achtung: die externe Quelle sendet keine Nachricht mehr.",
    "Attention : la source externe n'envoie plus de message.",
    "[EXTERNAL] is the prefix of those tables.",
    "[EXTERNAL]\nhost = db.corp.test",
    "External: yes, mail: no.",
    "Warning: this e-mail originated from outside of the organization and I kept it.",
]


@pytest.mark.parametrize("text", NOT_BANNERS)
def test_sentences_like_a_gateways_are_kept(text: str) -> None:
    shown = text.replace("\n", "<br>")
    for reply in (text, f"{text}\n\nThat is all."):
        assert text_of(plain(f"{reply}\n\n{OUTLOOK}")) == reply
        assert text_of(plain(f"{ATTRIBUTION}\n\n{reply}\n\n{QUOTED}")) == reply
    for box in ("<div>{}</div>", "<div style='background-color:white'>{}</div>", "<table><tr><td>{}</td></tr></table>"):
        found = text_of(page(PAGES["outlook web"].replace("{}", box.format(shown) + "<p>Yes.</p>")))
        assert found in {f"{text}\n\nYes.", f"{text}\nYes."}


@pytest.mark.parametrize("banner", BANNERS.values(), ids=BANNERS)
def test_a_banner_is_removed_wherever_gateways_write_it(banner: str) -> None:
    assert text_of(plain(f"{banner}\n\nYes.\n\n{OUTLOOK}")) == "Yes."
    assert text_of(plain(f"Yes.\n\n{ATTRIBUTION}\n\n{banner}\n\n{MENTION}")) == "Yes."
    assert text_of(plain(f"{banner}\n\n{ATTRIBUTION}\n{QUOTED}")) == ""


@pytest.mark.parametrize("table", [
    "<table bgcolor=red><tr><td>Think twice: mail of external origin. Avoid clicking links.</td></tr></table>",
    "<table><tr><td></td><td><b>[EXTERNAL EMAIL]</b></td></tr></table>",
    "<table><tr><td>EXTERNAL SENDER</td></tr><tr><td>Please be careful with links.</td></tr></table>",
    '<div style="background:#eee; padding:3px"><p>[EXTERNAL]</p></div>',
    '<table><tr><td style="background:#A6A6A6"></td><td><div>Algunas personas no suelen recibir correo de jane@corp.test. '
    '<a href="https://aka.ms/LearnAboutSenderIdentification">Por qu\u00e9 es importante</a></div></td><td></td></tr></table>',
])
def test_a_banner_in_a_box_is_removed(table: str) -> None:
    assert text_of(page(table + PAGES["outlook web"].replace("{}", "Yes."))) == "Yes."


def test_a_table_of_the_author_is_no_banner() -> None:
    table = "<table><tr><td>External</td><td>Sender</td></tr><tr><td>1</td><td>2</td></tr></table>"
    assert text_of(page(table + PAGES["outlook web"].replace("{}", "Yes."))) == "External | Sender\n1 | 2\n\nYes."


@pytest.mark.parametrize("below", [
    "January 12\nFebruary 13", "orders 12", "1\n2\n3", "jane@corp.test", "https://wiki.corp.test", "Ben Miller\nJane Doe",
    "Jane 12", "Jane Doe owns it", "SELECT 1;", "Total: 12", "+49 40 123",
])
@pytest.mark.parametrize("mark", ["--", "\u2014"])
def test_a_rule_of_dashes_is_no_signature(below: str, mark: str) -> None:
    for above in ("Here are the counts:\n", "Here they are.\n\n", "Owners:\n\n"):
        text = f"{above}{mark}\n{'Jane Doe' if above.startswith('Owners') else 'a line'}\n{below}"
        assert text_of(plain(f"{text}\n\n{OUTLOOK}")) == text
        assert text_of(plain(f"{ATTRIBUTION}\n{QUOTED}\n\n{text}\n")) == text


@pytest.mark.parametrize("signature", [
    "-- \nanything\nat all", "--\nJane", "--\nJane Doe\nData Office", "--\nJ. Doe\n+49 40 123", "\u2014\nJane Doe",
])
def test_a_signature_below_dashes_is_removed(signature: str) -> None:
    assert text_of(plain(f"Yes.\n\n{signature}\n\n{OUTLOOK}")) == "Yes."
    assert text_of(page(PAGES["outlook web"].replace("{}", f"Yes.<br><br>{signature}".replace("\n", "<br>")))) == "Yes."


@pytest.mark.parametrize("element", [
    '<div id="Signature"><p>Jane Doe</p><p>Data Office</p></div>',
    '<div class="elementToProof" id="Signature" style="color:black">Jane<br></div>',
    "<div id=Signature>Jane</div>",
    '<div id="x_Signature">Jane Doe</div>',
    '<div id="Signature"><table><tr><td>Jane Doe</td><td>Data Office</td></tr></table></div>',
    '<div id="Signature">' + "".join(f"<p>line {number}</p>" for number in range(14)) + "</div>",
    '<div id="_rc_sig">-- <br>Jane</div>',
    '<div class="gmail_signature" data-smartmail="gmail_signature">Jane<br>Data Office</div>',
    '<div class="bloop_sign">Jane</div>',
    '<div name="messageSignatureSection">Jane</div>',
    '<div id="Zm-_Id_-Sgn">Jane</div>',
    '<div class="ydp1a2b3c4dsignature">Jane</div>',
])
def test_a_signature_that_the_html_names_is_removed(element: str) -> None:
    shown = PAGES["outlook web"].replace("{}", f"Yes.<br><br>{element}")
    assert text_of(page(shown)) == "Yes."
    if "table" not in element:
        lines = "\n".join(["Jane Doe", "Data Office"]) if "Jane Doe</p>" in element else "Jane"
        found = text_of(both(f"Yes.\n\n{lines}\n\n{OUTLOOK}", shown))
        assert found == "Yes."


@pytest.mark.parametrize("element, text", [
    ('<div id="Signature"><p>I wrote this sentence in the wrong place.</p></div>', "I wrote this sentence in the wrong place."),
    ('<div class="method-signature">def owner(table)</div>', "def owner(table)"),
    ('<div id="signatures">Jane: yes</div>', "Jane: yes"),
    ('<div class="signature">f(x)</div>', "f(x)"),
])
def test_text_in_elements_like_a_signature_is_kept(element: str, text: str) -> None:
    assert text_of(page(PAGES["outlook web"].replace("{}", f"Yes.<br><br>{element}"))).split() == ["Yes.", *text.split()]


def test_the_html_shows_where_the_quote_begins() -> None:
    """The plain text has a header that no list knows, with neither address nor date."""
    code = ('{\n  "a": 1\n}', '{<br>&nbsp; "a": 1<br>}')
    for text, shown in (("Yes.", "Yes."), code, ("* one\n* two", "<ul><li>one<li>two</ul>")):
        raw = both(f"{text}\n\n{'_' * 32}\nKutoka: Katalogi\nLini: leo\n\n{MENTION}", PAGES["outlook web"].replace("{}", shown))
        assert text_of(raw) == text


def test_the_html_without_a_quote_changes_nothing() -> None:
    assert text_of(both(f"Yes, all of it.\n\n{QUOTED}", f"<div>Yes.</div>{MENTION_HTML}")) == "Yes, all of it."
