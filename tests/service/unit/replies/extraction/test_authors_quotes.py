# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quotes, pasted mails, tables and boxes of the author are kept beside those of clients and gateways."""

from __future__ import annotations

import email

import pytest
from catalog_mail.domain.replies.extraction import Extracted, extract
from helpers.service.reply_forms import ATTRIBUTION, HEADERS, MENTION, MENTION_HTML, PAGES, QUOTED
from helpers.service.reply_wrappings import both, page, plain

QUOTES = {
    "gmail": PAGES["gmail"].partition("{}</div>")[2],
    "outlook web": PAGES["outlook web"].partition("{}</div>")[2],
    "outlook": PAGES["outlook"].partition("{}</p>")[2],
    "apple": PAGES["apple"].partition("{}")[2],
    "none": "",
}
# Gmail's button for quotes makes this.
FROM_GMAIL = '<blockquote class="gmail_quote" style="margin:0 0 0 0.8ex">each column has one</blockquote>'


def text_of(raw: bytes) -> str:
    return extract(email.message_from_bytes(raw)).text


@pytest.mark.parametrize("quote", QUOTES.values(), ids=QUOTES)
@pytest.mark.parametrize("shown, text", [
    (f"<div>The policy:</div>{FROM_GMAIL}", "The policy: > each column has one"),
    (f"<div>The policy:</div>{FROM_GMAIL}<div>So yes.</div>", "The policy: > each column has one So yes."),
    (f"{FROM_GMAIL}<div>So yes.</div>", "> each column has one So yes."),
    ("<p>The policy:</p><blockquote>each column has one</blockquote>", "The policy: > each column has one"),
    ("<pre>&gt;&gt;&gt; len(rows)\n12</pre>", ">>> len(rows) 12"),
    ("<table><tr><td>mail</td><td>links</td></tr><tr><td>external</td><td>12</td></tr></table>", "mail | links external | 12"),
    ("<table><tr><td>external links</td></tr><tr><td>attachments</td></tr></table>", "external links attachments"),
    ('<div style="background:#ff0;padding:4px">External links are dead, do not click.</div><p>Jane</p>',
     "External links are dead, do not click. Jane"),
    ('<pre style="background-color:#eee;border:1px solid">curl --external x/links</pre>', "curl --external x/links"),
    ("<details><summary>Log</summary>row 1</details>", "Log row 1"),
])
def test_what_the_author_sets_apart_is_kept(quote: str, shown: str, text: str) -> None:
    assert text_of(page(f"<html><body>{shown}{quote}</body></html>")).split() == text.split()


@pytest.mark.parametrize("typed", [
    ">>> len(rows)\n12", "You ask:\n\n> Who owns it?\n\nFinance.", "Run\n> npm run build\n> tsc", ">> a\n> b",
    "https://wiki.corp.test",
    "This message is intended for Ben: read it.", "Confidentiality: internal", "The upload was checked for viruses by me.",
    "Stop e-mails of this kind for Ben, please.", "This e-mail is in error: the totals are right.",
])
def test_text_below_the_quoted_mail_keeps_its_marks(typed: str) -> None:
    assert text_of(plain(f"{ATTRIBUTION}\n{QUOTED}\n\n{typed}\n")) == typed
    assert text_of(plain(f"{HEADERS}\n{MENTION}\n\n{typed}\n")) == typed


def test_a_wrapped_footer_is_not_the_authors() -> None:
    address = "https://catalog.corp.test/unsubscribe/1"
    assert text_of(plain(f"{ATTRIBUTION}\n{QUOTED.replace(': ' + address, ':')}\n{address}\n\nYes.")) == "Yes."
    assert text_of(plain(f"{HEADERS}\n{MENTION.replace(': ' + address, ':')}\n{address}\n\nYes.")) == "Yes."


def test_python_between_quoted_lines_is_kept() -> None:
    quoted = QUOTED.replace("\n> https", "\n\nLook:\n\n>>> len(rows)\n12\n>>> rows\n\n> https", 1)
    assert text_of(plain(f"{ATTRIBUTION}\n{quoted}\n")) == "Look:\n\n>>> len(rows)\n12\n>>> rows"


@pytest.mark.parametrize("typed", [">>> len(rows)\n12", "He asks:\n\n> Who?\n\nI do.", ">> a"])
def test_marks_in_text_typed_above_the_marker_are_kept(typed: str) -> None:
    assert text_of(plain(f"{ATTRIBUTION}\n\n{typed}\n\n{QUOTED}")) == typed
    assert text_of(plain(f"{HEADERS}\n{typed}\n\n{MENTION}")) == typed
    if not typed.startswith(">> "):
        marked = "\n".join(f"> {line}" for line in typed.split("\n"))
        assert text_of(plain(f"{ATTRIBUTION}\n{marked}\n{QUOTED}")) == typed


@pytest.mark.parametrize("name", ["gmail", "outlook web", "outlook", "apple"])
def test_a_mail_pasted_from_gmails_page_is_kept(name: str) -> None:
    attribution = "On Thu, Nov 19, 2026 at 4:12 PM Vera <vera@x.test> wrote:"
    shown = f'<div class="gmail_attr">{attribution.replace("<", "&lt;")}</div><blockquote>each line</blockquote><div>No.</div>'
    assert text_of(page(f"<div>Vera:</div>{shown}{QUOTES[name]}")).split() == f"Vera: {attribution} > each line No.".split()


@pytest.mark.parametrize("quoted, text", [
    ("> Who owns this column?\n\nFinance.", "Finance."),
    ("Finance.\n\n> each column has one", "Finance.\n\n> each column has one"),
    (">>> len(rows)\n12", ">>> len(rows)\n12"),
])
def test_marks_without_a_known_quote(quoted: str, text: str) -> None:
    assert text_of(plain(quoted)) == text


@pytest.mark.parametrize("answer, text", [("yes", "yes"), ("question?", "")])
def test_a_short_answer_is_no_rest_of_a_wrapped_line(answer: str, text: str) -> None:
    """A client wraps only where the next word does not fit."""
    asked = "> Can you please tell me who in the company owns that old column as" + (" a general" if not text else "")
    assert text_of(plain(f"{ATTRIBUTION}\n{QUOTED.partition(chr(10))[0]}\n{asked}\n{answer}\n> or not\n")) == text


@pytest.mark.parametrize("pasted", [
    "Vera:\n\nFrom: Vera <vera@x.test>\nSent: Thursday, November 19, 2026 4:12 PM\nTo: Jane\nSubject: rounding",
    "Vera:\n\nOn Thu, Nov 19, 2026 at 4:12 PM Vera <vera@x.test> wrote:\n> each line\n\nNo.",
    "Vera:\n\n> On Thu, Nov 19, 2026 at 4:12 PM Vera <vera@x.test> wrote:\n> each line",
    "Kutoka: Vera <vera@x.test>\nIlitumwa: 19.11.2026 16:12\nKwa: Jane\nMada: rounding",
])
@pytest.mark.parametrize("quote", [f"{HEADERS}\n{MENTION}", f"{ATTRIBUTION}\n{QUOTED}", QUOTED, MENTION])
def test_a_mail_of_somebody_else_is_the_authors(pasted: str, quote: str) -> None:
    assert text_of(plain(f"{pasted}\n\n{quote}")) == pasted
    if quote is not QUOTED and not quote.startswith(HEADERS):
        assert text_of(plain(f"{pasted}\n{quote}")) == pasted


@pytest.mark.parametrize("quote", [f"{ATTRIBUTION}\n{QUOTED}", MENTION])
def test_an_attribution_of_nothing_is_the_authors(quote: str) -> None:
    pasted = "Vera:\n\nOn Thu, Nov 19, 2026 at 4:12 PM Vera <vera@x.test> wrote:"
    assert text_of(plain(f"{pasted}\n\n{quote}")) == pasted


@pytest.mark.parametrize("typed", ["", "Yes."])
def test_an_attribution_to_an_earlier_address_is_no_text(typed: str) -> None:
    """The service had another address when it sent the mail: the line above the quoted mail is the client's all the same."""
    attribution = ATTRIBUTION.replace("<", "<earlier.")
    assert attribution != ATTRIBUTION
    assert text_of(plain(f"{typed}\n\n{attribution}\n{QUOTED}")) == typed
    assert text_of(plain(f"{typed}\n\n{attribution}\n\n{QUOTED}")) == typed


def test_the_quoted_mail_of_a_colleague_is_removed() -> None:
    """A reply to a reply: the client's quote has the colleague's text, and in it the notification."""
    inner = "\n".join(f">{line}" for line in QUOTED.split("\n"))
    colleague = f"On Thu, Nov 19, 2026 at 4:12 PM Vera <vera@corp.test> wrote:\n> Each line.\n>\n> {ATTRIBUTION}\n{inner}"
    assert text_of(plain(f"Yes.\n\n{colleague}")) == "Yes."


def test_double_spaced_text_below_dashes_is_no_signature() -> None:
    rows = "\n\n".join(f"row {number}" for number in range(30))
    assert text_of(plain(f"Here:\n\n-- \n{rows}\n\n{ATTRIBUTION}\n{QUOTED}")) == f"Here:\n\n--\n{rows}"


@pytest.mark.parametrize("footer", [
    "Virus-free. www.avast.com", "This email has been checked for viruses by Avast antivirus software.\nwww.avast.com",
    "CONFIDENTIALITY NOTICE: This e-mail is for the sole use of the intended recipient(s) and may contain privileged data.",
    "This message is intended only for the individual or entity to\nwhich it is addressed. If you are not, delete it.",
    "Diese E-Mail kann vertrauliche Informationen enthalten. Wenn Sie sie irrt\u00fcmlich erhalten haben, l\u00f6schen Sie sie.",
    "Ce message et ses pi\u00e8ces jointes sont destin\u00e9s au seul destinataire.",
])
def test_a_gateways_text_below_an_answer_is_removed(footer: str) -> None:
    assert text_of(plain(f"Yes.\n\n{ATTRIBUTION}\n{QUOTED}\n\n{footer}\n")) == "Yes."
    assert text_of(plain(f"{HEADERS}\n{MENTION}\n\nYes.\n\n{footer}\n")) == "Yes."


def test_a_line_about_armour_is_no_encrypted_block() -> None:
    text = "-----BEGIN PGP MESSAGE-----\nis all that I see."
    assert extract(email.message_from_bytes(plain(f"{text}\n\n{ATTRIBUTION}\n{QUOTED}"))) == Extracted(text, True)


def test_an_emoji_above_a_named_signature_is_the_text() -> None:
    shown = f'<div name="messageBodySection">\U0001f44d</div><div name="messageSignatureSection">Jane</div>{MENTION_HTML}'
    assert text_of(both(f"\U0001f44d\n\nJane\n{ATTRIBUTION}\n{QUOTED}", shown)) == "\U0001f44d"
