# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The errors that this collection raises on purpose; anything else is a bug."""

from __future__ import annotations


class CatalogMailError(Exception):
    """Base of the tree. The text is for an administrator: what failed, why, what to do.

    ``details`` are returned beside ``msg`` by the module, so they hold no secret.
    """

    def __init__(self, message: str, **details) -> None:
        super().__init__(message)
        self.details = details


class InputRefused(CatalogMailError):
    """An option that cannot work: which one, why, and what to write instead."""

    def __init__(self, field: str, reason: str, remedy: str) -> None:
        super().__init__(f"{field}: {reason}. {remedy}.", field=field, cause=reason, remedy=remedy)


class RegistrationMissing(InputRefused):
    """There is no app registration, or no service principal of it, as before the first run of entra_app."""


class PostfixRefused(CatalogMailError):
    """Postfix itself rejects a configuration, in its own words."""


class CommandFailed(CatalogMailError):
    """A command of Postfix is missing or ended with an error that has no better name."""


class DeliveryFailed(CatalogMailError):
    """A test e-mail did not arrive: at which stage, with what evidence, and the remedy."""


class ReplyFailed(CatalogMailError):
    """An answer by e-mail did not become a post: on which leg of its way, why, and what to do.

    ``cause`` and ``remedy`` are sentences without their full stops.
    """

    def __init__(self, leg: str, cause: str, remedy: str, **details) -> None:
        super().__init__(
            f"{_LEGS[leg]} Cause: {cause}. Remedy: {remedy}.", leg=leg, cause=f"{cause}.", remedy=f"{remedy}.", **details)

    def at(self, progress) -> ReplyFailed:
        """The same, with how far it came."""
        self.details = {**progress, **self.details}
        return self


_LEGS = {
    "mention": "The mention was not made (leg mention).",
    "mail": "The mail of the mention was not read (leg mail).",
    "reply": "The answer to the mail was not sent (leg reply).",
    "post": "The answer was sent, but does not stand in its conversation (leg post).",
}


class ApiFailed(CatalogMailError):
    """The application's API cannot be used, or refuses: ``cause`` and ``remedy``, ``field`` and ``code`` if it has them.

    ``errors`` are several at once, each with the first three; then the text tells all of them.
    """

    def __init__(self, cause: str, remedy: str, **details) -> None:
        found = details.get("errors") or [{"field": details.get("field"), "cause": cause, "remedy": remedy}]
        super().__init__(" ".join(map(_sentences, found)), cause=cause, remedy=remedy, **details)


def _sentences(error) -> str:
    place = f"{error['field']}: " if error["field"] else ""
    return f"{place}{error['cause']} {error['remedy']}"


class TokenMissing(ApiFailed):
    """There is no file with a token for the API, as on a host that has no application yet."""


class Outdated(ApiFailed):
    """What a plan was made from was changed by somebody else before the plan was carried out."""


class LibraryMissing(CatalogMailError):
    """A Python library that the module needs is not there: which one, for which Python, and what installs it."""

    def __init__(self, library: str, requirement: str, python: str) -> None:
        super().__init__(
            f"The Python library {library} is missing for {python}. Install it there: {python} -m pip install '{requirement}'. "
            "The module runs on the host of its task: with delegate_to: localhost that is the control node.",
            library=library, remedy=f"{python} -m pip install '{requirement}'")


class MicrosoftFailed(CatalogMailError):
    """Entra or Graph cannot be used, or refuses: ``cause`` and ``remedy`` are sentences.

    ``details`` are what there is of ``field``, ``code`` (theirs), ``status`` of HTTP and ``request_id`` (for their support).
    """

    def __init__(self, cause: str, remedy: str, **details) -> None:
        said = {name: value for name, value in details.items() if value is not None}
        super().__init__(f"{cause} {remedy}", cause=cause, remedy=remedy, **said)


class LoginRefused(MicrosoftFailed):
    """No token. ``lag`` says that it may yet come, once all replicas know what was just made."""

    lag = False


class NotSettled(MicrosoftFailed):
    """What was written was not seen, or reads did not agree, before the time was up."""
