# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The exceptions that this collection raises; any other exception is a bug."""

from __future__ import annotations


class CatalogMailError(Exception):
    """Base class. The message gives an administrator the failure, its cause and its remedy.

    ``details`` are returned beside ``msg`` by the module, so they hold no secret.
    """

    def __init__(self, message: str, **details) -> None:
        super().__init__(message)
        self.details = details


class InputRefused(CatalogMailError):
    """The value of an option cannot work: the option, the reason, the value to write instead."""

    def __init__(self, field: str, reason: str, remedy: str) -> None:
        super().__init__(f"{field}: {reason}. {remedy}.", field=field, cause=reason, remedy=remedy)


class RegistrationMissing(InputRefused):
    """The app registration or its service principal does not exist, as before the first run of entra_app."""


class PostfixRefused(CatalogMailError):
    """Postfix rejects a configuration; the message quotes Postfix."""


class CommandFailed(CatalogMailError):
    """A command of Postfix is missing, or ended with an error that no other class covers."""


class ServiceFailed(CatalogMailError):
    """A command of systemd failed, or a unit did not become ready; ``unit`` is its name."""


class InstallationFailed(CatalogMailError):
    """A version of the application cannot be installed: the step that failed, and the last lines of its output."""


class PackagesMissing(CatalogMailError):
    """The package manager cannot install packages; ``packages`` are their names."""


class SettingsRefused(CatalogMailError):
    """New settings were tested before they were saved, and a server refused: ``stage``, ``cause``, ``remedy``, ``field``."""


class DeliveryFailed(CatalogMailError):
    """A test e-mail did not arrive: the stage that failed, the evidence and the remedy."""


class ReplyFailed(CatalogMailError):
    """A reply by e-mail was not posted: the leg of the round trip that failed, the cause and the remedy.

    ``cause`` and ``remedy`` are sentences without their full stops.
    """

    def __init__(self, leg: str, cause: str, remedy: str, **details) -> None:
        super().__init__(
            f"{_LEGS[leg]} Cause: {cause}. Remedy: {remedy}.", leg=leg, cause=f"{cause}.", remedy=f"{remedy}.", **details)

    def at(self, progress) -> ReplyFailed:
        """Return the same failure with the progress of the round trip in its details."""
        self.details = {**progress, **self.details}
        return self


_LEGS = {
    "mention": "The mention was not made (leg mention).",
    "mail": "The mail of the mention was not read (leg mail).",
    "reply": "The answer to the mail was not sent (leg reply).",
    "post": "The answer was sent, but does not appear in its conversation (leg post).",
}


class ApiFailed(CatalogMailError):
    """The application's API cannot be used, or refuses a request: ``cause``, ``remedy`` and, if known, ``field`` and ``code``.

    ``errors`` lists several failures, each with cause, remedy and field; the message then contains all of them.
    """

    def __init__(self, cause: str, remedy: str, **details) -> None:
        found = details.get("errors") or [{"field": details.get("field"), "cause": cause, "remedy": remedy}]
        super().__init__(" ".join(map(_sentences, found)), cause=cause, remedy=remedy, **details)


def _sentences(error) -> str:
    place = f"{error['field']}: " if error["field"] else ""
    return f"{place}{error['cause']} {error['remedy']}"


class TokenMissing(ApiFailed):
    """The file with the token for the API does not exist, as before the application is deployed."""


class Outdated(ApiFailed):
    """The state that a plan was made from changed before the plan was applied."""


class LibraryMissing(CatalogMailError):
    """A Python library that the module needs is missing: the library, the Python, and the command that installs it."""

    def __init__(self, library: str, requirement: str, python: str) -> None:
        super().__init__(
            f"The Python library {library} is missing for {python}. Install it there: {python} -m pip install '{requirement}'. "
            "The module runs on the host of its task: with delegate_to: localhost that is the control node.",
            library=library, remedy=f"{python} -m pip install '{requirement}'")


class MicrosoftFailed(CatalogMailError):
    """Entra or Graph cannot be used, or refuses a request: ``cause`` and ``remedy`` are sentences.

    ``details`` are, as far as known, ``field``, Microsoft's ``code``, the HTTP ``status`` and Microsoft's ``request_id``.
    """

    def __init__(self, cause: str, remedy: str, **details) -> None:
        said = {name: value for name, value in details.items() if value is not None}
        super().__init__(f"{cause} {remedy}", cause=cause, remedy=remedy, **said)


class LoginRefused(MicrosoftFailed):
    """No token was issued. ``lag``: replication may explain the refusal, so a later request may succeed."""

    lag = False


class NotReplicated(MicrosoftFailed):
    """A write did not become visible, or consecutive reads differed, until the deadline."""
