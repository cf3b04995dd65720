# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reactions that mail programs send in place of an answer, and replies of people that resemble them."""

from __future__ import annotations

import time
from email import message_from_bytes
from email.message import Message

import pytest
from catalog_mail.domain.replies.automatic import OwnAddresses, automatic
from catalog_mail.domain.replies.reaction import is_reaction
from hypothesis import given
from hypothesis import strategies as st

LINK = "https://www.google.com/gmail/about/?utm_source=gmail-in-product&utm_medium=et&utm_campaign=emojireactionemail#app"
GMAIL_PLAIN = f"\N{THUMBS UP SIGN}\n\nJane reacted via Gmail\n<{LINK}>\n"
GMAIL_THAI = f"\N{PARTY POPPER}\n\nJane ส่งรีแอ็กชันผ่าน Gmail\n<{LINK}>\n"
QUOTE = "\nOn Sat, 21 Nov 2026, Corp Catalog <catalog@corp.test> wrote:\n\n> Please type your reply above this line\n> Hello\n"
GMAIL_HTML = (
    '<div><p style="font-size:50px;margin-top:0;margin-bottom:0">\N{THUMBS UP SIGN}</p><p>Jane reacted via '
    f'<a href="{LINK.replace("&", "&amp;")}">Gmail</a></p></div><br><div class="gmail_quote"><div class="gmail_attr">'
    'On Sat, Corp Catalog wrote:<br></div><blockquote class="gmail_quote">'
    'Please type your reply above this line<br>Hello</blockquote></div>'
)
REACTION_JSON = 'Content-Type: text/vnd.google.email-reaction+json; charset="UTF-8"\n\n{"emoji": "x", "version": 1}'
HEADER = "From: Corp Catalog <catalog@corp.test>\nSent: Saturday, November 21, 2026 10:00 AM\nTo: Jane Doe <jane@corp.test>\n" \
    "Subject: Joe mentioned you\n\nPlease type your reply above this line\nHello\n"
OUTLOOK = "[like] Jane Doe reacted to your message:\n________________________________\n" + HEADER
OUTLOOK_HTML = (
    '<html><body><table><tr><td><img alt="0" src="" style="height:25px"> </td><td><span style="font-weight:bold">Jane Doe</span> '
    '<span>reacted to your message:</span></td></tr></table><hr tabindex="-1"><div id="divRplyFwdMsg"><b>From:</b> Corp Catalog '
    "&lt;catalog@corp.test&gt;<br><b>Sent:</b> Saturday, November 21, 2026 10:00 AM<br><b>To:</b> Jane Doe<br>"
    "<b>Subject:</b> Joe mentioned you</div><div>Please type your reply above this line<br>Hello</div></body></html>"
)


def part(kind: str, text: str) -> str:
    return f"Content-Type: text/{kind}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{text}"


def mail(*parts: str, sender: str = "Jane Doe <jane@corp.test>", kind: str = "alternative") -> Message:
    """Compose a message of these parts, or of one part without a multipart around it."""
    head = f"From: {sender}\nIn-Reply-To: <x@corp.test>\n"
    if len(parts) == 1:
        return message_from_bytes((head + parts[0]).encode())
    inner = "".join(f"\n--b\n{text}\n" for text in parts)
    return message_from_bytes(f"{head}Content-Type: multipart/{kind}; boundary=b\n{inner}--b--\n".encode())


def nested(*parts: str) -> str:
    inner = "".join(f"\n--n\n{text}\n" for text in parts)
    return f"Content-Type: multipart/alternative; boundary=n\n{inner}--n--\n"


PLAIN, HTML = part("plain", GMAIL_PLAIN + QUOTE), part("html", GMAIL_HTML)
ATTACHED = REACTION_JSON.replace("\n\n", "\nContent-Disposition: attachment; filename=x.json\n\n", 1)
REACTIONS = {
    "gmail": mail(PLAIN, REACTION_JSON, HTML),
    "gmail inline": mail(PLAIN, REACTION_JSON.replace("\n\n", "\nContent-Disposition: inline\n\n", 1), HTML),
    "gmail, type in capitals": mail(PLAIN, REACTION_JSON.replace("text/vnd", "Text/VND"), HTML),
    "the reaction alone": mail(REACTION_JSON),
    "the reaction alone, as an attachment": mail(ATTACHED),
    "gmail with a footer of a gateway": mail(nested(PLAIN, REACTION_JSON, HTML), part("plain", "Checked."), kind="mixed"),
    "gmail with its part as an attachment": mail(nested(PLAIN, HTML), ATTACHED, kind="mixed"),
    "gmail without its part": mail(PLAIN, HTML),
    "gmail's plain text": mail(PLAIN),
    "gmail's plain text in another language": mail(part("plain", GMAIL_THAI + QUOTE)),
    "gmail's HTML": mail(HTML),
    "outlook": mail(part("plain", OUTLOOK), part("html", OUTLOOK_HTML)),
    "outlook's plain text": mail(part("plain", OUTLOOK)),
    "outlook's HTML": mail(part("html", OUTLOOK_HTML)),
    **{f"outlook {kind}": mail(part("plain", OUTLOOK.replace("like", kind)))
       for kind in ("heart", "celebrate", "laugh", "surprised", "sad")},
    "outlook, a kind of 2027": mail(part("plain", OUTLOOK.replace("like", "rocket"))),
    "outlook, an emoji": mail(part("plain", OUTLOOK.replace("[like]", "\N{THUMBS UP SIGN}"))),
    "outlook, surname first": mail(part("plain", OUTLOOK.replace("[like]", "")), sender='"Doe, Jane" <jane@corp.test>'),
    "outlook, name in encoded words": mail(part("plain", OUTLOOK.replace("[like] Jane Doe", "Zoë Weiß")),
                                           sender="=?utf-8?q?Zo=C3=AB_Wei=C3=9F?= <zoe@corp.test>"),
    **{f"outlook: {words}": mail(part("plain", OUTLOOK.replace("[like] Jane Doe reacted to your message:", words)),
                                 part("html", OUTLOOK_HTML.replace("reacted to your message:", words.partition("Doe ")[2])))
       for words in (
           "[like] Jane Doe hat auf Ihre Nachricht reagiert:", "[heart] Jane Doe a réagi à votre message :",
           "[Gefällt mir] Jane Doe hat auf deine Nachricht reagiert:", "[like] Jane Doe reaccionó a su mensaje:",
           "[celebrate] Jane Doe zareagoval na vaši zprávu:", "\N{THUMBS UP SIGN} Jane Doe 对你的邮件做出了反应\uff1a",
           "[like] Doe, Jane reagoval(a) na wiadomość:", "[like] Jane Doe さんがメッセージにリアクションしました:",
       )},
    "outlook's HTML in Dutch": mail(
        part("html", OUTLOOK_HTML.replace("reacted to your message:", "heeft gereageerd op uw bericht:"))),
    "outlook in Chinese, a name without spaces": mail(
        part("plain", OUTLOOK.replace("[like] Jane Doe reacted to your message:", "[like] 王小明对你的邮件做出了反应\uff1a")),
        sender="=?utf-8?B?546L5bCP5piO?= <wang@corp.test>"),
}  # fmt: skip


@pytest.mark.parametrize("name", REACTIONS)
def test_a_reaction_is_recognised(name: str) -> None:
    assert is_reaction(REACTIONS[name])


def above(text: str) -> Message:
    return mail(part("plain", text))


REPLIES = {
    "an emoji": above("\N{THUMBS UP SIGN}\n" + QUOTE),
    "a word and an emoji": above("Thanks \N{THUMBS UP SIGN}\n" + QUOTE),
    "gmail's text and words": above(GMAIL_PLAIN + "\nBut please look at the second column.\n" + QUOTE),
    "words above gmail's text": above("See what came back:\n" + GMAIL_PLAIN + QUOTE),
    "outlook's text and words": above(OUTLOOK.replace(":\n___", ":\n\nNo, this is from me.\n\n___", 1)),
    "words above outlook's text": above("Is this you?\n\n" + OUTLOOK),
    "a sentence": above("Joe reacted to your message: he likes it.\n" + QUOTE),
    "a sentence about somebody else": above("Joe Poe reacted to your message:\n" + QUOTE),
    "a tag and another name": above(OUTLOOK.replace("[like] Jane Doe reacted to your message:", "[note] Joe Poe owns this:")),
    "a tag and the own name alone": above(OUTLOOK.replace("[like] Jane Doe reacted to your message:", "[signed] Jane Doe:")),
    "a tag, the own name and an answer": above(OUTLOOK.replace("reacted to your message:", "says:\n\nFinance.")),
    "a tag and the own name in a sentence": above(OUTLOOK.replace("reacted to your message:", "owns it: since May.")),
    "a dash and the own name": above(OUTLOOK.replace("[like] Jane Doe reacted to your message:", "- Jane Doe owns these:")),
    "reacted": above("I reacted to your post yesterday.\n" + QUOTE),
    "the link in prose": above(f"What is {LINK} for?\n" + QUOTE),
    "the link alone": above(f"{LINK}\n" + QUOTE),
    "an answer to a reaction": above(
        "\N{THUMBS UP SIGN}\n\nOn Sat, Joe <joe@corp.test> wrote:\n\n> " + GMAIL_PLAIN.replace("\n", "\n> ")
    ),
    "a reaction attached as a message": mail(
        part("plain", "Look at this."), "Content-Type: message/rfc822\n\nFrom: joe@corp.test\n" + REACTION_JSON, kind="mixed"
    ),
    "a reaction attached as a file": mail(part("plain", "Look at this."), ATTACHED, kind="mixed"),
    "disallowed reactions": message_from_bytes(b"From: jane@corp.test\nX-MS-Reactions: disallow\n\nYes."),
}


@pytest.mark.parametrize("name", REPLIES)
def test_a_reply_that_resembles_a_reaction_is_none(name: str) -> None:
    assert not is_reaction(REPLIES[name])
    assert automatic(REPLIES[name], OwnAddresses("catalog@corp.test", "replies@corp.test", "catalog.corp.test")) is None


@pytest.mark.parametrize("text", [" |" * 50_000, "[" * 100_000, "\N{THUMBS UP SIGN}" * 30_000, "a " * 50_000])
def test_a_long_line_is_cheap(text: str) -> None:
    message = above(f"{text} reacted to your message:\n{LINK}\n")
    start = time.process_time()
    is_reaction(message)
    assert time.process_time() - start < 1


@given(st.binary(max_size=2000))
def test_any_bytes_have_an_answer(content: bytes) -> None:
    head = b"From: Jane <jane@corp.test>\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n"
    for message in (content, head + content, b"reacted to your message:\n" + content):
        assert is_reaction(message_from_bytes(message)) in {True, False}
