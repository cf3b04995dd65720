# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages are parsed as the standard library parses them."""

from __future__ import annotations

import re
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
from catalog_mail.domain.replies.parser import parse_message
from hypothesis import given
from hypothesis import strategies as st

CORPUS = sorted((Path(__file__).parents[2] / "replies").glob("*.eml"))
PIECES = [
    b"Content-Type: multipart/mixed; boundary=x", b'Content-Type: multipart/alternative; boundary="x(.*)"', b"--x", b"--x--",
    b"--x \t", b"--xy", b"--x(.*)", b"--x(.*)--", b"--x--tail", b"Content-Type: text/plain", b"Content-Type: message/rfc822",
    b"Subject: a", b"a", b"", b"\xe9", b"Content-Type: multipart/mixed",
    b'Content-Type: multipart/mixed; boundary=")(?P<end>--)?"',
]  # fmt: skip


def tree(message: Message) -> Any:
    """Return all that the parser has found of a message."""
    payload: Any = message.get_payload()
    content = [tree(part) for part in payload] if isinstance(payload, list) else payload
    defects = [type(defect) for defect in message.defects]
    return list(message.raw_items()), content, message.preamble, message.epilogue, defects, message.get_unixfrom()


def check(content: bytes) -> None:
    for header_only in (False, True):
        expected = tree(BytesParser().parsebytes(content, headersonly=header_only))
        assert tree(parse_message(content, header_only=header_only)) == expected


@pytest.mark.parametrize("path", CORPUS, ids=[path.stem for path in CORPUS])
def test_the_corpus_is_parsed_alike(path: Path) -> None:
    check(path.read_bytes())


@given(st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from([b"\n", b"\r\n", b"\r"])), max_size=25))
def test_any_parts_are_parsed_alike(lines: list[tuple[bytes, bytes]]) -> None:
    check(b"".join(text + end for text, end in lines))


def test_no_expression_is_compiled_for_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"Content-Type: multipart/mixed; boundary=never-seen\r\n\r\n--never-seen\r\n\r\na\r\n--never-seen--"
    compiled: list[str] = []
    compile_now = re.compile
    monkeypatch.setattr(re, "compile", lambda *words: compiled.append(words[0]) or compile_now(*words))
    assert parse_message(content, header_only=False).is_multipart()
    assert compiled == []
