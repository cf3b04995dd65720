# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the mails that replies answer by a Message-ID of another system: one look-up for each, cached."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from catalog_mail.domain.replies.original import Original, look_again_after
from catalog_mail.ports.mailbox import ReadableMailbox

# Seconds for which a failed look-up is cached; a successful one is cached without end.
_REMEMBERED = 3600.0
_MOST = 10_000


@dataclass(frozen=True)
class OriginalsSought:
    """By the keys of replies: the original Message-ID of the answered mail, or the seconds until the next look-up."""

    found: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, float] = field(default_factory=dict)


@dataclass
class Originals:
    """Look-ups with their cache; not thread-safe."""

    _known: OrderedDict[tuple[str, str], tuple[float, Original]] = field(default_factory=OrderedDict)

    def seek(self, mailbox: ReadableMailbox, answers: Mapping[str, tuple[str, timedelta]]) -> OriginalsSought:
        """Look up `answers`: by the key of a reply, the Message-ID that it names and the age of the reply."""
        box = mailbox.place.mailbox
        known = {name: original for name, _age in answers.values() if (original := self._recall(box, name))}
        unknown = {name for name, _age in answers.values()} - set(known)
        known.update(mailbox.originals(sorted(unknown)) if unknown else {})
        sought = OriginalsSought()
        for key, (name, age) in answers.items():
            original = known.get(name)
            if original is None:  # the mailbox cannot look up originals
                continue
            wait = look_again_after(original, age)
            if wait is not None:
                sought.waiting[key] = wait
                continue
            if original.message_id is not None:
                sought.found[key] = original.message_id
            self._remember(box, name, original)
        return sought

    def _recall(self, box: str, name: str) -> Original | None:
        at, original = self._known.get((box, name), (0.0, None))
        forgotten = original is not None and original.message_id is None and time.monotonic() - at > _REMEMBERED
        return None if forgotten else original

    def _remember(self, box: str, name: str, original: Original) -> None:
        if original.failed or self._recall(box, name):
            return
        self._known[box, name] = time.monotonic(), original
        while len(self._known) > _MOST:
            self._known.popitem(last=False)
