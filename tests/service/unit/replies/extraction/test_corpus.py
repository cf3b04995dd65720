"""The mails of tests/service/replies, as people's clients write them: of each exactly what its author wrote."""

from __future__ import annotations

import email
from pathlib import Path

import pytest
from catalog_mail.domain.replies.extraction import MARKER, extract
from helpers.service.reply_forms import MAILS

# What is only in the notification that they quote.
NOTIFICATION = ("mentioned you in", "jumped on Monday", "Stop e-mails of this kind", "catalog.corp.test",
                "Corp Catalog", "wrote:")
# The client has lost or translated it beyond recognition.
WITHOUT_MARKER = {"gmail-marker-missing", "outlook-web-unknown-language", "plain-flat-no-signs", "plain-no-attribution-no-marker"}


def test_there_are_enough_of_them() -> None:
    assert len(MAILS) >= 45


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_a_reply_is_what_its_author_wrote(path: Path) -> None:
    expected = path.with_suffix(".expected.txt").read_text(encoding="utf-8").removesuffix("\n")
    found = extract(email.message_from_bytes(path.read_bytes()))
    assert found.text == expected
    assert found.marker_found == (path.stem not in WITHOUT_MARKER)


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_the_line_ends_of_transport_make_no_difference(path: Path) -> None:
    """As IMAP delivers it, with CRLF, and as a file keeps it, with LF."""
    lf = path.read_bytes().replace(b"\r\n", b"\n")
    crlf = lf.replace(b"\n", b"\r\n")
    assert extract(email.message_from_bytes(lf)) == extract(email.message_from_bytes(crlf))


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_no_word_of_the_notification_is_posted(path: Path) -> None:
    text = extract(email.message_from_bytes(path.read_bytes())).text
    if path.stem != "plain-marker-in-sentence":
        assert MARKER not in text
    assert [words for words in NOTIFICATION if words in text] == []
