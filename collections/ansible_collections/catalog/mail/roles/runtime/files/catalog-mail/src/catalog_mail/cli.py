# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `catalog-mail`."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import catalog_mail
from catalog_mail import cli_mail, cli_replies, repeated_log
from catalog_mail import config as configuration
from catalog_mail.domain.catalog.people import Principal, Role
from catalog_mail.domain.errors import CatalogMailError, Conflict, InputRefused, Misconfigured, StorageFailed
from catalog_mail.privileges import become

if TYPE_CHECKING:
    from sqlalchemy import URL

    from catalog_mail.bootstrap.application import Application


# Exit status of `database check-move` when something would be left behind, or a database cannot be asked.
LEFT_BEHIND = 3


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0 done, 1 refused or failed (the reason on stderr), 2 wrong usage.

    `database check-move` and `diagnose` have further statuses.
    """
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    repeated_log.install()
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        options.run(options)
    except (CatalogMailError, StorageFailed) as error:
        sys.exit(f"catalog-mail: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="catalog-mail", description=catalog_mail.__doc__)
    parser.add_argument("--version", action="version", version=catalog_mail.__version__)
    parser.add_argument(
        "--config",
        type=Path,
        default=Path(os.environ.get("CATALOG_MAIL_CONFIG", configuration.DEFAULT_PATH)),
        metavar="FILE",
        help="the configuration file (default: $CATALOG_MAIL_CONFIG or %(default)s)",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="serve the API and send notifications, until SIGTERM")
    serve.set_defaults(run=_serve)
    sync = commands.add_parser("reply-sync", help="read the mailbox of replies and post the replies, until SIGTERM")
    sync.set_defaults(run=_reply_sync)
    archive = commands.add_parser("archive", help="move handled messages of the mailbox of replies to its archive, once")
    archive.set_defaults(run=_archive)
    migrate = commands.add_parser("migrate", help="create or upgrade the database schema")
    migrate.set_defaults(run=_migrate)
    _database_commands(commands.add_parser("database", help="move the data").add_subparsers(required=True, metavar="WHAT"))
    key = commands.add_parser("key", help="create the key that encrypts the stored secrets, unless it exists")
    key.add_argument("--group", help="group that may read the key file, such as catalog-mail")
    key.set_defaults(run=_key)
    test = commands.add_parser("test-email", help="send a test message with the settings in force")
    test.add_argument("--to", required=True, metavar="ADDRESS")
    test.set_defaults(run=_test_email)
    diagnose = commands.add_parser("diagnose", help="find out why e-mail is not sent, received or posted")
    diagnose.add_argument("--json", action="store_true", help="print JSON, not text")
    diagnose.add_argument("--message-id", metavar="ID", default="", help="follow one message through the mail log of this host")
    diagnose.add_argument("--public-address", metavar="ADDRESS", help="check PTR, HELO and SPF for the address that others see")
    diagnose.add_argument("--helo-name", metavar="NAME", default="", help="the name in HELO (default: that of Postfix)")
    diagnose.add_argument("--dkim-selector", metavar="NAME", action="append", default=[], help="a selector; may be repeated")
    diagnose.add_argument("--name-server", metavar="ADDRESS", action="append", default=[], help="ask this one; may be repeated")
    diagnose.set_defaults(run=_diagnose)
    openapi = commands.add_parser("openapi", help="print the OpenAPI description of the API")
    openapi.set_defaults(run=_openapi)
    _token_commands(commands.add_parser("token", help="manage API tokens").add_subparsers(required=True, metavar="WHAT"))
    mail = commands.add_parser("mail", help="look at outgoing mail, try it again, cancel it")
    cli_mail.add_commands(mail.add_subparsers(required=True, metavar="WHAT"), _application, _operator)
    replies = commands.add_parser("replies", help="find messages of the mailbox of replies")
    cli_replies.add_commands(replies.add_subparsers(required=True, metavar="WHAT"), _application)
    _settings_commands(commands.add_parser("settings", help="manage the settings").add_subparsers(required=True, metavar="WHAT"))
    return parser


def _token_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    create = commands.add_parser("create", help="create a token and print it; it is not shown again")
    ensure = commands.add_parser("ensure", help="create the token in a file unless it exists, and make it valid")
    for parser in (create, ensure):
        parser.add_argument("--name", required=True, help="name of the token in the audit log")
        parser.add_argument("--role", required=True, type=Role, choices=list(Role), metavar="|".join(Role))
        parser.add_argument("--email", help="default recipient of test messages that the token's owner requests")
    create.set_defaults(run=_token_create)
    ensure.add_argument("--file", required=True, type=Path)
    ensure.set_defaults(run=_token_ensure)
    commands.add_parser("list", help="list all tokens, without their text").set_defaults(run=_token_list)
    revoke = commands.add_parser("revoke", help="revoke a token")
    revoke.add_argument("name")
    revoke.set_defaults(run=_token_revoke)


def _database_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    copy = commands.add_parser("copy", help="copy all data into an empty database, while nothing uses the present one")
    copy.set_defaults(run=_database_copy)
    about_check = "fail (status 3) while messages or replies wait that another database does not know"
    check = commands.add_parser("check-move", help=about_check)
    check.set_defaults(run=_database_check_move)
    for parser in (copy, check):
        parser.add_argument("--to", required=True, metavar="URL", help="the other database, without a password")
        parser.add_argument("--to-password-file", metavar="FILE", help="file with the password of the user in URL")


def _settings_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    commands.add_parser("export", help="print the settings as JSON, without the secrets").set_defaults(run=_export)
    parser = commands.add_parser("import", help="test and save a settings document as `export` prints it")
    parser.add_argument("file", type=Path, help="file with the document; - reads standard input")
    parser.add_argument("--to", metavar="ADDRESS", help="recipient of the test message")
    parser.add_argument("--no-test", action="store_true", help="save without a test message")
    parser.set_defaults(run=_import)


def _application(options: argparse.Namespace) -> Application:
    """Return the wired application. Imported late, so that `--help` and usage errors load nothing."""
    from catalog_mail.bootstrap.application import Application  # noqa: PLC0415  not for --help and usage errors

    config = configuration.load(options.config)
    become(config.user)
    return Application(config)


def _operator() -> Principal:
    """Return the principal of a command on the host: a server admin, since its user can read the key."""
    return Principal(f"command line ({os.environ.get('SUDO_USER', 'uid ' + str(os.getuid()))})", Role.SERVER_ADMIN)


def _serve(options: argparse.Namespace) -> None:
    _application(options).serve()


def _reply_sync(options: argparse.Namespace) -> None:
    _application(options).reply_sync()


def _archive(options: argparse.Namespace) -> None:
    print(json.dumps(_application(options).archive()))


def _migrate(options: argparse.Namespace) -> None:
    print(_application(options).migrate())


def _database_copy(options: argparse.Namespace) -> None:
    target = _target(options)
    print(json.dumps(_application(options).copy_database(target), indent=2))
    print("Everything is copied. Set database_url to the new database before you start the services.", file=sys.stderr)


def _database_check_move(options: argparse.Namespace) -> None:
    target = _target(options)
    try:
        _application(options).check_nothing_is_left(target)
    except (Conflict, StorageFailed) as error:
        sys.exit(_left_behind(str(error)))
    except Misconfigured as error:
        # The application does not start, so its database can't be asked. Without another database nothing is left behind.
        # The address is not shown: in a file that nobody has checked it may hold a password.
        if configuration.database_url_of_damaged(options.config) != options.to:
            sys.exit(_left_behind(f"what waits in the present database is not known. Mend the configuration first. {error}"))


def _left_behind(reason: str) -> int:
    print(f"catalog-mail: {reason}", file=sys.stderr)
    return LEFT_BEHIND


def _target(options: argparse.Namespace) -> URL:
    """Return the other database. Its password is read as the present user, who may be root."""
    return configuration.database_address(options.to, options.to_password_file, "to-password-file")


def _key(options: argparse.Namespace) -> None:
    from catalog_mail import secret_files  # noqa: PLC0415  only this command needs it
    from catalog_mail.adapters.cipher import new_key  # noqa: PLC0415  only this command needs it

    path = Path(configuration.load(options.config).key_file)
    made = secret_files.create(path, new_key() + "\n", group=options.group)
    print("created" if made else "unchanged")


def _token_create(options: argparse.Namespace) -> None:
    print(_application(options).tokens.create(options.name, options.role, options.email))


def _token_ensure(options: argparse.Namespace) -> None:
    from catalog_mail import secret_files  # noqa: PLC0415  only this command needs it
    from catalog_mail.services.tokens import new_token  # noqa: PLC0415  only this command needs it

    # Write the file first: if the process is killed in between, the next run registers the token that the file holds.
    secret_files.create(options.file, new_token() + "\n")
    token = configuration.read_secret(str(options.file), "file")
    if not token:
        raise Misconfigured(f"The file {options.file} holds no token.", "Remove it and run this again.", field="file")
    print(_application(options).tokens.ensure(token, options.name, options.role, options.email))


def _token_list(options: argparse.Namespace) -> None:
    for token in _application(options).tokens.all():
        state = f"revoked {token.revoked_at:%Y-%m-%d}" if token.revoked_at else "valid"
        print(f"{token.name}\t{token.role}\t{token.email or '-'}\tmade {token.created_at:%Y-%m-%d}\t{state}")


def _token_revoke(options: argparse.Namespace) -> None:
    _application(options).tokens.revoke(options.name)


def _test_email(options: argparse.Namespace) -> None:
    evidence = _application(options).test_email(options.to, _operator())
    print(json.dumps(evidence, indent=2, ensure_ascii=False))


def _diagnose(options: argparse.Namespace) -> None:
    """Check the host before root is given up, then the service; exit with 4 for an error, 3 for a warning, else 0."""
    from catalog_mail import diagnose_command  # noqa: PLC0415  only this command needs it

    dns = diagnose_command.dns_options(options.public_address, options.dkim_selector, options.name_server)
    message_id = diagnose_command.checked_message_id(options.message_id)
    host = diagnose_command.look_at_host(message_id, options.helo_name, dns)
    findings = diagnose_command.joined(host, lambda: _application(options).diagnose(dns))
    print(diagnose_command.shown(findings, as_json=options.json), end="")
    sys.exit(diagnose_command.exit_status(findings))


def _openapi(_options: argparse.Namespace) -> None:
    from catalog_mail.api.app import description  # noqa: PLC0415  only this command needs it

    print(json.dumps(description(), indent=2, ensure_ascii=False))


def _export(options: argparse.Namespace) -> None:
    print(json.dumps(_application(options).export_settings(), indent=2, ensure_ascii=False))


def _import(options: argparse.Namespace) -> None:
    try:
        text = sys.stdin.read() if str(options.file) == "-" else options.file.read_text(encoding="utf-8")
        document = json.loads(text)
    except (OSError, ValueError) as error:
        raise InputRefused(
            "file",
            f"{options.file} cannot be read as JSON: {error}.",
            "Give a document as 'catalog-mail settings export' prints it.",
        ) from error
    changes = _application(options).import_settings(document, test=not options.no_test, to=options.to, who=_operator())
    print(json.dumps(changes, indent=2, ensure_ascii=False))
