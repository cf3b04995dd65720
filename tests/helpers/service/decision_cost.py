# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the cost of the decision about one message over its size, for ordinary messages and expensive ones."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from catalog_mail.domain.replies import intent
from catalog_mail.domain.replies.automatic import OwnAddresses
from catalog_mail.domain.replies.decision import Policy, read
from catalog_mail.domain.replies.mailbox import RawMessage

KEY = b"k" * 32
POLICY = Policy(
    keys=[KEY],
    valid_for=timedelta(days=90),
    own_addresses=OwnAddresses("noreply@corp.test", "replies@corp.test", "catalog.corp.test"),
    authserv_id="mx.corp.test",
)
INTENT = intent.make(KEY, "d" * 26)
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SIZES = (4_000, 100_000, 2_000_000, 20_000_000)
MARKER = b"Please type your reply above this line"


def message(kind: str, body: bytes, **headers: str) -> bytes:
    """Compose a reply with a valid intent."""
    lines = [
        "From: Jane <jane@corp.test>",
        "To: replies@corp.test",
        f"In-Reply-To: <{INTENT}@corp.test>",
        "Message-ID: <1@x>",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
        "MIME-Version: 1.0",
        f"Content-Type: {kind}",
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + body


def _text(size: int) -> bytes:
    line = b"An ordinary line of an answer that somebody has written.\r\n"
    return message("text/plain; charset=utf-8", line * (size // len(line)) + MARKER + b"\r\n> quoted\r\n")


def _html(size: int) -> bytes:
    line = b"<p>An ordinary <b>line</b> of an <i>answer</i>.</p>\r\n"
    return message("text/html; charset=utf-8", b"<body>" + line * (size // len(line)) + b"<p>" + MARKER + b"</p></body>")


def _quotes(size: int) -> bytes:
    return message("text/plain", b"yes\r\n" + b"> > > quoted\r\n" * (size // 14))


def _one_line(size: int) -> bytes:
    return message("text/plain", b"a " * (size // 2))


def _spaces(size: int) -> bytes:
    return message("text/plain", b"x" + b" \t" * (size // 2) + b"x")


def _blank(size: int) -> bytes:
    return message("text/plain", b"x" + b"\r\n" * (size // 2) + b"x")


def _attributions(size: int) -> bytes:
    return message("text/plain", b"On Mon, 1 Jan 2026 at 10:00, somebody\r\n" * (size // 39))


def _header_lines(size: int) -> bytes:
    return message("text/plain", b"x\r\n" + b"From: a\r\nSent: b\r\n" * (size // 18))


def _deep(size: int) -> bytes:
    return message("text/html", b"<div>" * (size // 5) + b"x")


def _brackets(size: int) -> bytes:
    return message("text/html", b"<" * size)


def _styles(size: int) -> bytes:
    return message("text/html", b'<p style="' + b"border-top: solid " * (size // 18) + b'">x</p>')


def _entities(size: int) -> bytes:
    return message("text/html", b"&nbsp;" * (size // 6) + b"x")


def _links(size: int) -> bytes:
    return message("text/html", b'x<a href="http://x.test/y">http://x.test/y</a>' * (size // 45))


def _parts(size: int) -> bytes:
    return message("multipart/mixed; boundary=x", b"--x\r\n\r\na\r\n" * (size // 10) + b"--x--")


def _nested(size: int) -> bytes:
    levels = size // 60
    parts = b"".join(b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (n, n + 1) for n in range(levels))
    return message("multipart/mixed; boundary=b0", parts)


def _header(size: int) -> bytes:
    return message("text/plain", b"x", References="<" + "a" * size + ">")


def _tokens(size: int) -> bytes:
    return message("text/plain", b"x", References=" ".join([f"<{'a' * 32}@x>"] * (size // 37)))


def _comments(size: int) -> bytes:
    return message("text/plain", b"x", Cc="(" * size)


def _headers(size: int) -> bytes:
    return b"X-A: b\r\n" * (size // 8) + message("text/plain", b"x")


def _words(size: int) -> bytes:
    return message("text/plain", b"x", Subject="=?utf-8?q?a?= " * (size // 14))


def _encoded(size: int) -> bytes:
    return message("text/plain\r\nContent-Transfer-Encoding: base64", b"QUFB" * (size // 4))


def _quoted(size: int) -> bytes:
    return message("text/plain\r\nContent-Transfer-Encoding: quoted-printable", b"=41=\r\n" * (size // 6))


def _flowed(size: int) -> bytes:
    return message("text/plain; format=flowed; delsp=yes", b"a \r\n" * (size // 4))


SHAPES: dict[str, Callable[[int], bytes]] = {
    "text": _text, "HTML": _html, "quoted lines": _quotes, "one line": _one_line, "spaces": _spaces, "blank lines": _blank,
    "attributions": _attributions, "header blocks": _header_lines, "deep HTML": _deep, "brackets": _brackets,
    "long style": _styles, "entities": _entities, "links": _links, "many parts": _parts, "nested parts": _nested,
    "long header": _header, "many references": _tokens, "comments": _comments, "many headers": _headers,
    "encoded words": _words, "base64": _encoded, "quoted-printable": _quoted, "flowed": _flowed,
}  # fmt: skip


def seconds(shape: str, size: int) -> float:
    """Return the seconds of the decision about a message of this shape and about this size in bytes; small ones: best of two."""
    content = SHAPES[shape](size)
    raw = RawMessage("1", content, len(content), NOW)
    best = float("inf")
    for _ in range(2 if size < 1_000_000 else 1):
        start = time.perf_counter()
        read(raw, POLICY)
        best = min(best, time.perf_counter() - start)
    return best


def growth(sizes: tuple[int, ...] = SIZES) -> str:
    """Return a table of microseconds for each KB, by shape and size. Values that grow to the right mean superlinear cost."""
    lines = [f"{'decision, us for each KB':24}" + "".join(f"{size / 1000:>10,.0f} KB" for size in sizes)]
    for shape in SHAPES:
        costs = [seconds(shape, size) * 1e6 / (size / 1000) for size in sizes]
        lines.append(f"{shape:24}" + "".join(f"{cost:>13,.1f}" for cost in costs))
    return "\n".join(lines)
