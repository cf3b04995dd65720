# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Log a failure that repeats once, and then count it."""

from __future__ import annotations

import atexit
import logging
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType

from catalog_mail.domain.errors import StorageFailed

# Seconds between two lines about the same failure.
HOLD = 60.0
# Number of kinds that are remembered; the one that came first is forgotten first.
KINDS = 500
# Longest text of a storage failure that is logged without its traceback.
MAX_TEXT = 1000

# What differs between two messages of the same failure: numbers, identifiers of hexadecimal digits or of ULIDs, addresses in
# memory, times.
_VARYING = re.compile(r"\b(?:0x)?(?=[0-9a-zA-Z-]*\d)[0-9a-zA-Z-]{8,}\b|\d+(?:\.\d+)?")
# What SQLAlchemy and the queue's engine write into their messages beside the cause: tracebacks, statements, links.
_FOREIGN = re.compile(
    r"Traceback \(most recent call last\):\n(?:[ \t].*\n)*|^The above exception .*$|^During handling .*$"
    r"|\[SQL: (?:.|\n)*?\](?=\n\[SQL parameters|\n\(Background|\s*\Z)|\[SQL parameters hidden.*\]"
    r"|\(Background on this error at: \S+\)",
    re.MULTILINE,
)
# The packages whose errors are failures of the database.
_DRIVERS = frozenset({"sqlalchemy", "sqlite3", "psycopg"})
# Their kinds of errors, by the names that PEP 249 gives.
_TROUBLE = frozenset({"DatabaseError", "InterfaceError", "TimeoutError"})
_MISTAKES = frozenset({"DataError", "IntegrityError", "NotSupportedError", "ProgrammingError"})


@dataclass
class _Kind:
    """A kind of record: its first record, when it was logged or counted last, and the number held back since."""

    first: logging.LogRecord
    since: float
    repeated: int = 0


class RepeatedLog(logging.Filter):
    """A filter of a handler: the first warning or error of a kind passes, equal ones are held back for HOLD seconds.

    Then one line tells their number, and it goes on so until none has come for HOLD seconds. Equal are records of the same
    logger and level with the same text, numbers and identifiers aside, or with the same exception from the same line. The
    traceback of a failure of storage is replaced by one line with its cause.
    """

    def __init__(self, handler: logging.Handler, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._handler = handler
        self._clock = clock
        self._kinds: OrderedDict[tuple[object, ...], _Kind] = OrderedDict()
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the handler may write the record."""
        if record.levelno < logging.WARNING or hasattr(record, "repeated"):
            return True
        _shorten(record)
        key = _key(record)
        with self._lock:
            known = self._kinds.get(key)
            if known is not None:
                known.repeated += 1
                return False
            self._kinds[key] = _Kind(record, self._clock())
            forgotten = self._kinds.popitem(last=False)[1] if len(self._kinds) > KINDS else None
            self._set_timer()
        if forgotten is not None and forgotten.repeated:
            self._handler.handle(_summary(forgotten, self._clock()))
        return True

    def tell(self, *, all_kinds: bool = False) -> None:
        """Log the numbers of kinds that were held back for HOLD seconds, or of all; forget those that did not repeat."""
        now = self._clock()
        with self._lock:
            due = [key for key, kind in self._kinds.items() if all_kinds or now - kind.since >= HOLD]
            summaries = []
            for key in due:
                kind = self._kinds[key]
                if kind.repeated:
                    summaries.append(_summary(kind, now))
                    kind.since, kind.repeated = now, 0
                else:
                    del self._kinds[key]
            self._timer = None
            self._set_timer()
        for summary in summaries:
            self._handler.handle(summary)

    def _set_timer(self) -> None:
        """Let `tell` run when the oldest kind is due; the lock is held."""
        if self._timer is not None or not self._kinds:
            return
        left = min(kind.since for kind in self._kinds.values()) + HOLD - self._clock()
        self._timer = threading.Timer(max(left, 0.0), self.tell)
        self._timer.daemon = True
        self._timer.start()


def install() -> None:
    """Add the filter to each handler of the root logger; what is counted at the end of the process is told there."""
    for handler in logging.getLogger().handlers:
        repeated = RepeatedLog(handler)
        handler.addFilter(repeated)
        atexit.register(repeated.tell, all_kinds=True)


def _key(record: logging.LogRecord) -> tuple[object, ...]:
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        return record.name, record.levelno, str(record.msg)[:MAX_TEXT], type(error), _place(error.__traceback__)
    return record.name, record.levelno, _VARYING.sub("#", record.getMessage()[:MAX_TEXT])


def _place(trace: TracebackType | None) -> tuple[str, int] | None:
    """Return file and line of the innermost frame."""
    found = None
    while trace is not None:
        found = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next
    return found


def _shorten(record: logging.LogRecord) -> None:
    """Replace the traceback of a failure of storage by the cause, in one line; also one that is part of the text."""
    error = record.exc_info[1] if record.exc_info else None
    failure = next((cause for cause in _causes(error) if _is_of_storage(cause)), None)
    text = record.getMessage()
    if failure is not None:
        # The text of SQLAlchemy's errors holds the statement; that of the driver's error does not.
        text = f"{text}: {getattr(failure, 'orig', None) or failure}"
        record.exc_info = record.exc_text = None
    elif not _FOREIGN.search(text):
        return
    record.msg, record.args = " ".join(_FOREIGN.sub(" ", text).split())[:MAX_TEXT], None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and those that it was raised from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _is_of_storage(error: BaseException) -> bool:
    return isinstance(error, StorageFailed) or _is_of_a_driver(error)


def _is_of_a_driver(error: BaseException) -> bool:
    """Return whether a driver reports trouble of the database, not a mistake in a statement or in its data."""
    kind = type(error)
    names = {base.__name__ for base in kind.__mro__}
    return kind.__module__.partition(".")[0] in _DRIVERS and bool(names & _TROUBLE) and not names & _MISTAKES


def _summary(kind: _Kind, now: float) -> logging.LogRecord:
    """Return the record that tells how often a kind was held back."""
    first = kind.first
    text = f"{kind.repeated} more like this in {now - kind.since:.0f} s: {first.getMessage()[:MAX_TEXT]}"
    made = logging.LogRecord(first.name, first.levelno, first.pathname, first.lineno, text, None, None)
    made.repeated = kind.repeated
    return made
