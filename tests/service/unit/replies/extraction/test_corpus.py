# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sample mails of tests/service/replies, in the forms of real clients: exactly the author's text is extracted."""

from __future__ import annotations

import email
from pathlib import Path

import pytest
from catalog_mail.domain.replies.extraction import MARKER, extract
from helpers.service.reply_forms import MAILS

# Text that occurs only in the quoted notification.
NOTIFICATION = ("mentioned you in", "jumped on Monday", "Stop e-mails of this kind", "catalog.corp.test",
                "Corp Catalog", "wrote:")
# The client has removed it or translated it beyond recognition.
WITHOUT_MARKER = {"gmail-marker-missing", "outlook-web-unknown-language", "plain-flat-no-signs", "plain-no-attribution-no-marker",
                  "pgp-inline-encrypted"}


def test_the_corpus_is_large_enough() -> None:
    assert len(MAILS) >= 45


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_a_reply_is_its_authors_text(path: Path) -> None:
    expected = path.with_suffix(".expected.txt").read_text(encoding="utf-8").removesuffix("\n")
    found = extract(email.message_from_bytes(path.read_bytes()))
    assert found.text == expected
    assert found.marker_found == (path.stem not in WITHOUT_MARKER)


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_line_ends_make_no_difference(path: Path) -> None:
    """IMAP delivers CRLF; files have LF."""
    lf = path.read_bytes().replace(b"\r\n", b"\n")
    crlf = lf.replace(b"\n", b"\r\n")
    assert extract(email.message_from_bytes(lf)) == extract(email.message_from_bytes(crlf))


@pytest.mark.parametrize("path", MAILS, ids=lambda path: path.stem)
def test_no_word_of_the_notification_is_posted(path: Path) -> None:
    text = extract(email.message_from_bytes(path.read_bytes())).text
    if path.stem != "plain-marker-in-sentence":
        assert MARKER not in text
    assert [words for words in NOTIFICATION if words in text] == []
