# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands `catalog-mail mail`: list outgoing mail, try it again, cancel it, forget a recipient."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from catalog_mail import cli_lists
from catalog_mail.domain.catalog.people import Principal
from catalog_mail.domain.errors import InputRefused
from catalog_mail.domain.notifications.mail_log import CauseCode, Selection
from catalog_mail.domain.notifications.notification import Kind, State

if TYPE_CHECKING:
    from catalog_mail.bootstrap.application import Application

_ID = re.compile(r"[a-z2-7]{26}")
_COLUMNS = ("accepted_at", "state", "kind", "to", "reason", "id", "subject")


def add_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    application: Callable[[argparse.Namespace], Application],
    operator: Callable[[], Principal],
) -> None:
    """Add the commands; `application` wires the service, `operator` returns who runs the command."""

    def run(parser: argparse.ArgumentParser, command: Callable[[argparse.Namespace, Application, Principal], None]) -> None:
        parser.set_defaults(run=lambda options: command(options, application(options), operator()))

    listing = commands.add_parser("list", help="list outgoing mail, the mail that was accepted last first")
    listing.add_argument("--state", type=State, choices=list(State), metavar="|".join(State), help="in this state")
    listing.add_argument("--kind", type=Kind, choices=list(Kind), metavar="KIND", help="of this kind of notification")
    listing.add_argument("--recipient", metavar="ADDRESS", help="to this address; or @ and a name that no user has")
    listing.add_argument("--reason", type=CauseCode, choices=list(CauseCode), metavar="REASON", help="with this reason")
    cli_lists.add_page_options(listing)
    run(listing, _list)
    show = commands.add_parser("show", help="show one mail: its state, why, and what helps")
    show.add_argument("id")
    cli_lists.add_json_option(show)
    run(show, _show)
    retry = commands.add_parser("retry", help="try mails again at once")
    retry.add_argument("id", nargs="*", help="id of a mail, as `mail list` shows it")
    retry.add_argument("--reason", type=CauseCode, choices=list(CauseCode), metavar="REASON", help="all mails with this reason")
    run(retry, _retry)
    cancel = commands.add_parser("cancel", help="cancel mails that are not sent yet")
    cancel.add_argument("id", nargs="+", help="id of a mail, as `mail list` shows it")
    run(cancel, _cancel)
    forget = commands.add_parser("forget", help="remove the traces of a recipient from the logs of mail")
    forget.add_argument("address")
    forget.add_argument("--cancel", action="store_true", help="cancel the waiting mails to this address first")
    run(forget, _forget)


def _list(options: argparse.Namespace, application: Application, _operator: Principal) -> None:
    from catalog_mail.api.deliveries import logged  # noqa: PLC0415  not for --help and usage errors
    from catalog_mail.api.pages import cursor  # noqa: PLC0415  not for --help and usage errors

    if options.recipient is not None and "@" not in options.recipient:
        raise InputRefused("--recipient", f"{options.recipient!r} is no address.", "Give one such as jane.doe@example.com.")
    selection = Selection(options.state, options.kind, options.recipient, options.reason and options.reason.value)
    found = application.mail_log.page(selection, cli_lists.page_request(options))
    items: list[Mapping[str, Any]] = [logged(entry).model_dump(mode="json") for entry in found.items]
    if not options.json:
        items = [{**item, "to": item["recipient"]["address"] or f"@{item['recipient']['display_name']}"} for item in items]
    cli_lists.print_page(items, cursor(found.following), _COLUMNS, as_json=options.json)


def _show(options: argparse.Namespace, application: Application, _operator: Principal) -> None:
    from catalog_mail.api.deliveries import logged  # noqa: PLC0415  not for --help and usage errors

    found = logged(application.mail_log.entry(_checked(options.id))).model_dump(mode="json")
    recipient = found["recipient"]
    shown = recipient if options.json else recipient["address"] or f"@{recipient['display_name']}"
    cli_lists.print_entry({**found, "recipient": shown}, as_json=options.json)


def _retry(options: argparse.Namespace, application: Application, operator: Principal) -> None:
    if bool(options.id) == bool(options.reason):
        raise InputRefused("id", "The command needs ids or a reason, and not both.", "Give ids, or --reason.")
    if options.reason:
        done = application.mail_log.retry_all(options.reason.value, operator)
        print(f"{done.retried} mails are tried again; {done.refused} would be suppressed again and stay as they are")
        return
    for key in map(_checked, options.id):
        application.mail_log.retry(key, operator)
        print(f"{key} is tried again")


def _cancel(options: argparse.Namespace, application: Application, operator: Principal) -> None:
    for key in map(_checked, options.id):
        application.mail_log.cancel(key, operator)
        print(f"{key} is cancelled")


def _forget(options: argparse.Namespace, application: Application, operator: Principal) -> None:
    done = application.mail_log.forget(options.address, operator, cancel=options.cancel)
    print(f"removed: {done.deliveries} mails, {done.explanations} records of explanations")
    print(f"removed from {done.replies} records of replies: sender, subject and details")
    if done.opt_outs_kept:
        print(f"kept: {done.opt_outs_kept} opt-outs, so that the person is not written to again")
    print("not touched: the user in the catalog and the user's posts, the audit log, the journal, the mailbox of replies")


def _checked(key: str) -> str:
    if not _ID.fullmatch(key):
        raise InputRefused("id", f"{key[:100]!r} is no id of a mail.", "Use an id that 'catalog-mail mail list' shows.")
    return key
