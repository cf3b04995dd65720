# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Render Jinja2 templates: the package's own, or files of the host that replace single ones."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

import catalog_mail
from catalog_mail.domain.errors import Misconfigured

# Independent of the host's locale, so that a mail is the same on every host.
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
           "December")  # fmt: skip
PACKAGED = Path(catalog_mail.__file__).parent / "templates"


class JinjaTemplates:
    """Implements ports.Templates.

    Templates run in Jinja2's sandbox; an undefined variable is an error, not an empty text; in `.html` all variables are
    escaped. A changed file is used from the next mail on.
    """

    def __init__(self, overrides: Path | None = None) -> None:
        self._overrides = overrides
        self._environment = ImmutableSandboxedEnvironment(
            loader=jinja2.FunctionLoader(self._load),
            autoescape=lambda name: name is not None and name.endswith(".html"),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
            auto_reload=True,
        )
        self._environment.filters["when"] = when

    def render(self, name: str, context: Mapping[str, Any]) -> str:
        """Return the rendered text of a template. Raises Misconfigured, with file and line."""
        try:
            return self._environment.get_template(name).render(context)
        except Exception as error:  # the expressions of a template may raise anything
            raise self._misconfigured(name, error) from error

    def _load(self, name: str) -> tuple[str, str, Callable[[], bool]] | None:
        """Return source and file of a template, and a function that tells whether they are current (for Jinja2)."""
        if Path(name).name != name:  # it leads out of the folders
            return None
        paths = [str(folder / name) for folder in (self._overrides, PACKAGED) if folder]
        found = _first(paths)
        if found is None:
            return None
        return Path(found[0]).read_text(encoding="utf-8"), found[0], lambda: _first(paths) == found

    def problems(self) -> list[Misconfigured]:
        """Return the errors of the host's own templates that show without a mail."""
        if self._overrides is None or not self._overrides.is_dir():
            return []
        found = []
        for path in sorted(self._overrides.iterdir()):
            try:
                if path.suffix in (".txt", ".html"):
                    self._environment.get_template(path.name)
            except (jinja2.TemplateError, OSError, UnicodeDecodeError) as error:
                found.append(self._misconfigured(path.name, error))
        return found

    def _misconfigured(self, name: str, error: Exception) -> Misconfigured:
        place = self._place(name, error)
        reason = str(error) if isinstance(error, jinja2.TemplateError) else f"{type(error).__name__}: {error}"
        return Misconfigured(
            f"The template {place} cannot be used: {' '.join(reason.split()).rstrip('.')}.",
            "Mend it, or remove the file to use the one that comes with the package; waiting mails are then sent.",
            field="templates",
        )

    def _place(self, name: str, error: Exception) -> str:
        """Return file and line, if known: Jinja2 puts the template's lines into the traceback."""
        if isinstance(error, jinja2.TemplateSyntaxError):
            return f"{error.filename or error.name or name} line {error.lineno}"
        folders = [str(folder) for folder in (self._overrides, PACKAGED) if folder]
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            if any(frame.filename.startswith(folder) for folder in folders) and not frame.filename.endswith(".py"):
                return f"{frame.filename} line {frame.lineno}"
        overriding = self._overrides / name if self._overrides else None
        return str(overriding if overriding and overriding.exists() else PACKAGED / name)


def _first(paths: Sequence[str]) -> tuple[str, int] | None:
    """Return the first file that exists, and its modification time in nanoseconds; asked for each mail."""
    for path in paths:
        try:
            return path, os.stat(path).st_mtime_ns
        except FileNotFoundError:
            continue
    return None


def when(value: str) -> str:
    """Format a time for people: `21 November 2026, 05:30 UTC`. Returns any other text unchanged."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    offset = moment.strftime("%z")
    zone = "UTC" if offset in ("", "+0000") else f"UTC{offset[:3]}:{offset[3:5]}"
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}, {moment:%H:%M} {zone}"
