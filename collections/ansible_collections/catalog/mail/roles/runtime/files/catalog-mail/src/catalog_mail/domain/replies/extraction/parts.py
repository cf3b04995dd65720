# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Select the parts of a message that are its text: as plain text, and as HTML (RFC 2046, 5.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from functools import lru_cache
from typing import NamedTuple, cast

from catalog_mail.domain.replies.first_headers import FirstHeaders

MOST_PARTS = 200
DEEPEST = 20
_PARAMETER = re.compile(r';\s*([\w*-]+)\s*=\s*(?:"([^"]*)"|([^;\s]*))')
_HTML = frozenset({"text/html", "application/xhtml+xml"})


class TooComplex(Exception):
    """A message has more than MOST_PARTS parts, or parts nested deeper than DEEPEST."""


class Kind(NamedTuple):
    """A header's value and its parameters; value and names of parameters are in lower case."""

    value: str
    parameters: Mapping[str, str]


@dataclass
class Node:
    """A part, the index of its parent (-1 at the top), and whether it or a part in it is plain text or HTML."""

    part: Message
    parent: int
    depth: int
    kind: Kind
    inner: bool
    children: list[int] = field(default_factory=list)
    has_plain: bool = False
    has_html: bool = False


class TextPart(NamedTuple):
    """A part that is text, with its Content-Type."""

    part: Message
    kind: Kind

    @property
    def html(self) -> bool:
        """Whether the part is HTML."""
        return self.kind.value in _HTML


@lru_cache(maxsize=64)  # most parts have the same few values
def header(raw: str) -> Kind:
    """Parse a header's value of limited length to value and parameters; raises nothing, unlike the library's parser."""
    parameters = {match[1].lower().rstrip("*"): match[2] if match[2] is not None else match[3]
                  for match in _PARAMETER.finditer(raw)} if ";" in raw else {}
    return Kind(raw.partition(";")[0].strip().lower(), parameters)


def text_streams(message: Message, headers: FirstHeaders) -> tuple[list[TextPart], list[TextPart]]:
    """Return the parts of the text with plain text preferred, and with HTML preferred.

    Raises TooComplex when the message has too many parts.
    """
    nodes = _nodes(message, headers)
    for node in reversed(nodes):
        if node.parent >= 0:
            above = nodes[node.parent]
            above.has_plain |= node.has_plain
            above.has_html |= node.has_html
    return _stream(nodes, html=False), _stream(nodes, html=True)


def _nodes(message: Message, headers: FirstHeaders) -> list[Node]:
    """Return the parts in their order, each after its parent. Parts of attached messages are left out."""
    nodes: list[Node] = []
    waiting: list[tuple[Message, int, int]] = [(message, -1, 0)]
    while waiting:
        part, parent, depth = waiting.pop()
        if len(nodes) >= MOST_PARTS or depth > DEEPEST:
            raise TooComplex
        node = _node(part, headers.of(part), parent, depth)
        index = len(nodes)
        nodes.append(node)
        if parent >= 0:
            nodes[parent].children.append(index)
        if node.inner:
            children = cast("list[Message]", part.get_payload())
            if len(children) > MOST_PARTS:
                raise TooComplex
            waiting.extend((child, index, depth + 1) for child in reversed(children))
    return nodes


def _node(part: Message, headers: Mapping[str, str], parent: int, depth: int) -> Node:
    kind = header(headers.get("content-type", ""))
    inner = part.is_multipart() and not kind.value.startswith("message/")
    node = Node(part, parent, depth, kind, inner)
    if inner or part.is_multipart() or not _is_written(headers, kind, alone=parent < 0):
        return node
    node.has_html = kind.value in _HTML
    node.has_plain = not node.has_html
    return node


def _is_written(headers: Mapping[str, str], kind: Kind, *, alone: bool) -> bool:
    """Return whether a leaf is text of the message: plain text, HTML or of no declared type, and not an attachment."""
    if "name" in kind.parameters and not alone:
        return False
    if kind.value not in ("", "text/plain", "text") and kind.value not in _HTML and not kind.value.startswith("multipart/"):
        return False
    disposition = header(headers.get("content-disposition", ""))
    return disposition.value != "attachment" and "filename" not in disposition.parameters


def _stream(nodes: list[Node], *, html: bool) -> list[TextPart]:
    """Return the text parts; of each multipart/alternative only the preferred one, or the other if that is missing."""
    wanted = [False] * len(nodes)
    wanted[0] = True
    for index, node in enumerate(nodes):
        if not wanted[index] or not node.inner:
            continue
        for child in _chosen(nodes, node, html=html):
            wanted[child] = True
    return [TextPart(node.part, node.kind) for node, want in zip(nodes, wanted, strict=True)
            if want and not node.inner and (node.has_plain or node.has_html)]


def _chosen(nodes: list[Node], node: Node, *, html: bool) -> list[int]:
    if node.kind.value != "multipart/alternative":
        return node.children
    plain = [child for child in node.children if nodes[child].has_plain]
    rich = [child for child in node.children if nodes[child].has_html]
    order = (rich, plain) if html else (plain, rich)
    return next((found[-1:] if html else found[:1] for found in order if found), [])
