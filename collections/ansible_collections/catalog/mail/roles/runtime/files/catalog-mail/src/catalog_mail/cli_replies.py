# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands `catalog-mail replies`: find a message of the mailbox of replies, and try it again."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from catalog_mail import cli_lists
from catalog_mail.domain.errors import InputRefused

if TYPE_CHECKING:
    from catalog_mail.bootstrap.application import Application

OUTCOMES = ("posted", "ignored", "rejected", "quarantined", "left", "waiting", "gone")
_COLUMNS = ("at", "outcome", "reason", "sender", "id", "subject")


def add_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], application: Callable[[argparse.Namespace], Application]
) -> None:
    """Add the commands; `application` wires the service."""

    def run(parser: argparse.ArgumentParser, command: Callable[[argparse.Namespace, Application], None]) -> None:
        parser.set_defaults(run=lambda options: command(options, application(options)))

    messages = commands.add_parser("list", help="list the messages that were read, the latest first")
    messages.add_argument("--outcome", choices=OUTCOMES, metavar="|".join(OUTCOMES), help="with this outcome")
    messages.add_argument("--sender", metavar="ADDRESS", help="of this sender")
    cli_lists.add_page_options(messages)
    run(messages, _list)
    show = commands.add_parser("show", help="show one message: what became of it, why, and what helps")
    show.add_argument("id")
    cli_lists.add_json_option(show)
    run(show, _show)
    retry = commands.add_parser("retry", help="have a message that is not posted read and decided again, within seconds")
    retry.add_argument("id")
    cli_lists.add_json_option(retry)
    run(retry, _retry)


def _list(options: argparse.Namespace, application: Application) -> None:
    from catalog_mail.api.pages import cursor  # noqa: PLC0415  not for --help and usage errors
    from catalog_mail.api.reply_messages import answer  # noqa: PLC0415  not for --help and usage errors
    from catalog_mail.domain.replies.logged import LogOutcome  # noqa: PLC0415  not for --help and usage errors
    from catalog_mail.ports.message_log import MessageFilter  # noqa: PLC0415  not for --help and usage errors

    if options.sender is not None and "@" not in options.sender:
        raise InputRefused("--sender", f"{options.sender!r} is no address.", "Give one such as jane.doe@example.com.")
    outcome = LogOutcome(options.outcome) if options.outcome else None
    which = MessageFilter(outcome, options.sender.lower() if options.sender else None)
    found = application.reply_messages.page(cli_lists.page_request(options), which)
    items = [answer(message).model_dump(mode="json") for message in found.items]
    cli_lists.print_page(items, cursor(found.following), _COLUMNS, as_json=options.json)


def _show(options: argparse.Namespace, application: Application) -> None:
    from catalog_mail.api.reply_messages import answer  # noqa: PLC0415  not for --help and usage errors

    entry = answer(application.reply_messages.message(options.id)).model_dump(mode="json")
    cli_lists.print_entry(entry, as_json=options.json)


def _retry(options: argparse.Namespace, application: Application) -> None:
    from catalog_mail.api.reply_messages import answer  # noqa: PLC0415  not for --help and usage errors

    entry = answer(application.reply_messages.retry(options.id)).model_dump(mode="json")
    if options.json:
        cli_lists.print_entry(entry, as_json=True)
    else:
        print(f"Requested: the process that reads the mailbox tries it again. 'catalog-mail replies show {options.id}' tells.")
