# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Judge the way of a message on this host: whether it proves that mail leaves the host by the relay. Pure."""

from __future__ import annotations

from typing import List, Optional

from .finding import Finding
from .route import Choice, Route

NOT_LEFT = "not_left"
RELAY_NOT_USED = "relay_not_used"
REWRITTEN = "recipient_rewritten"


def flaw(route: Route) -> Optional[Finding]:
    """Return why the way of a message that was sent proves nothing; None when it does."""
    if not route.left:
        return _not_left(route)
    if route.expected and not route.by_relay:
        return _relay_not_used(route, route.expected)
    if route.changed:
        return Finding(
            REWRITTEN, f"Postfix sent the message to {route.recipient} in place of the recipient{_because(route.rewritten)}",
            f"{_remedy(route.rewritten, 'a canonical, virtual or alias table, or a .forward file')}; or test with the recipient"
            f" {route.recipient}, or give the mailbox in which the message arrives")
    return None


def is_certain(finding: Finding, route: Route, wants_mailbox: bool) -> bool:
    """Whether the flaw is a failure before the mailbox was searched to the end.

    A message that was delivered here, or to another address, may be in the mailbox: then all is well, unless a relay is set.
    """
    return not wants_mailbox or (finding.name != REWRITTEN and route.expected is not None)


def described(route: Route) -> List[str]:
    """Return the way as sentences for a summary."""
    lines = [f"Postfix changed the recipient to {route.recipient}{_because(route.rewritten)}"] if route.changed else []
    if not route.left:
        return [*lines, f"Postfix kept the message on this host ({route.agent}){_because(route.chosen)}"]
    if route.by_relay and route.chosen:
        return [*lines, f"Postfix used the relay {route.chosen.value}, since {route.chosen.words}"]
    if route.chosen:
        return [*lines, f"Postfix chose {route.relay}{_because(route.chosen)}"]
    return [*lines, f"Postfix delivered directly to {route.relay}; no relay is set"]


def _not_left(route: Route) -> Finding:
    done = "threw the message away" if route.agent == "discard" else f"handed it to its own delivery agent {route.agent}"
    unused = f"; the relay {route.expected.value} ({route.expected.parameter}) was not used" if route.expected else ""
    changed = f" as {route.recipient}{_because(route.rewritten)}" if route.changed else ""
    why = _because(route.chosen)
    remedy = _remedy(route.rewritten if route.changed and route.rewritten else route.chosen, _PLACES)
    return Finding(
        NOT_LEFT, f"The message did not leave this host: Postfix {done}{changed}{why}{unused}",
        f"{remedy}; or test with a recipient whose mailbox is elsewhere")


def _relay_not_used(route: Route, expected: Choice) -> Finding:
    return Finding(
        RELAY_NOT_USED,
        f"The relay {expected.value}, which {expected.parameter} sets, was not used: {route.relay} got the"
        f" message{_because(route.chosen)}",
        f"{_remedy(route.chosen, _OVERRIDES)}; or test with a recipient whose mail goes by the relay")


_PLACES = "mydestination, virtual_mailbox_domains or transport_maps"
_OVERRIDES = "transport_maps, a FILTER action of a check or an option -o in master.cf"


def _because(choice: Optional[Choice]) -> str:
    return f", because {choice.words}" if choice else ""


def _remedy(choice: Optional[Choice], places: str) -> str:
    """Return how the choice is undone; ``places`` are where an unknown choice may be."""
    if choice is None:
        return f"Look for the recipient in {places} (postconf -x shows them), and remove what leads there"
    if choice.table.startswith(("inline:", "static:")) or (choice.key and not choice.table):
        return f"Take {choice.key or choice.table} out of {choice.parameter} (postconf {choice.parameter}) and reload Postfix"
    if choice.table:
        return f"Remove {choice.key} from {choice.table}, or correct its value there, and reload Postfix"
    return f"Correct {choice.parameter} and reload Postfix"
