"""Finding what replies answer that name a Message-ID which is not ours: one look-up for each, remembered."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from catalog_mail.domain.replies.original import Original, look_again_after
from catalog_mail.ports.mailbox import Mailbox

# Seconds for which it is known that a mail is none of ours; one that is found stays found.
_REMEMBERED = 3600.0
_MOST = 10_000


@dataclass(frozen=True)
class Sought:
    """By the keys of replies: the Message-ID that we wrote the answered mail with, or the seconds until another look."""

    found: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, float] = field(default_factory=dict)


@dataclass
class Originals:
    """For one thread."""

    _known: OrderedDict[tuple[str, str], tuple[float, Original]] = field(default_factory=OrderedDict)

    def seek(self, mailbox: Mailbox, answers: Mapping[str, tuple[str, timedelta]]) -> Sought:
        """`answers` are replies by their keys: the Message-ID that each names, and its age. Nothing is asked without any."""
        box = mailbox.place.mailbox
        known = {name: original for name, _age in answers.values() if (original := self._recall(box, name))}
        unknown = {name for name, _age in answers.values()} - set(known)
        known.update(mailbox.originals(sorted(unknown)) if unknown else {})
        sought = Sought()
        for key, (name, age) in answers.items():
            original = known.get(name)
            if original is None:  # there is nowhere to look
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
