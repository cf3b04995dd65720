# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the commands that list messages, and the printing of a page and an entry."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from catalog_mail.domain.errors import InputRefused
from catalog_mail.ports.pages import PageRequest

MOST = 200
# Spaces between two columns.
_GAP = "  "


def add_page_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose a page."""
    parser.add_argument("--since", metavar="TIME", help="from this time on, such as 2026-03-01 or 2026-03-01T12:00:00Z")
    parser.add_argument("--until", metavar="TIME", help="before this time")
    parser.add_argument("--limit", type=int, default=50, metavar="NUMBER", help=f"at most so many, up to {MOST} (default: 50)")
    parser.add_argument("--cursor", metavar="TEXT", help="the next page, as the page before names it")
    add_json_option(parser)


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """Add the option for output that programs read."""
    parser.add_argument("--json", action="store_true", help="print JSON as the API returns it")


def page_request(options: argparse.Namespace) -> PageRequest:
    """Return the page that the options choose. Raises InputRefused."""
    from catalog_mail.api import pages  # noqa: PLC0415  not for --help and usage errors

    if not 1 <= options.limit <= MOST:
        raise InputRefused("--limit", f"{options.limit} is not between 1 and {MOST}.", "Give a number from 1 to 200.")
    after = pages.position(options.cursor) if options.cursor else None
    return PageRequest(options.limit, after, _time("--since", options.since), _time("--until", options.until))


def print_page(items: Sequence[Mapping[str, Any]], following: str | None, columns: Sequence[str], *, as_json: bool) -> None:
    """Print a page: as JSON, or as a table of these columns; the last one is not padded, so that it can be of any length."""
    if as_json:
        print(json.dumps({"items": list(items), "next": following}, indent=2, ensure_ascii=False))
        return
    rows = [[name.upper() for name in columns], *([_cell(item.get(name)) for name in columns] for item in items)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(columns) - 1)]
    for row in rows:
        print(_GAP.join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[-1]]).rstrip())
    if following:
        print(f"There are more: repeat the command with --cursor {following}", file=sys.stderr)


def print_entry(entry: Mapping[str, Any], *, as_json: bool) -> None:
    """Print one entry: as JSON, or one line for each value that it has."""
    if as_json:
        print(json.dumps(entry, indent=2, ensure_ascii=False))
        return
    width = max(len(name) for name in entry)
    for name, value in entry.items():
        if value is not None:
            print(f"{name.ljust(width)}{_GAP}{_cell(value)}")


def _cell(value: object) -> str:
    return "-" if value is None else str(value)


def _time(option: str, text: str | None) -> datetime | None:
    """Return a time; one without a zone is of this host's zone."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError) as error:
        raise InputRefused(option, f"{text!r} is no time.", "Give one such as 2026-03-01 or 2026-03-01T12:00:00Z.") from error
