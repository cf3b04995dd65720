# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge the negative reply of an SMTP server: by its rules, else by its codes and the stage of the session."""

from __future__ import annotations

from catalog_mail.domain.failures.smtp_attempt import Stage
from catalog_mail.domain.failures.smtp_replies import Meaning, Reply
from catalog_mail.domain.failures.smtp_rules import RULES


def meaning(reply: Reply, stage: Stage) -> Meaning:
    """Return the meaning of a reply; without a rule that fits, the one that its stage and codes leave."""
    found = next((rule.meaning for rule in RULES if rule.fits(reply, stage)), None) or _by_stage(reply, stage)
    # 4yz says nothing about the password, whatever the words.
    return Meaning.LOGIN_TEMPORARILY_REFUSED if found is Meaning.LOGIN_REFUSED and reply.temporary else found


# Meanings of a reply that names nothing, by the stage before any message, for 4yz and 5yz.
_BEFORE_A_MESSAGE = {
    Stage.GREETING: (Meaning.SERVER_UNAVAILABLE, Meaning.HOST_REFUSED),
    Stage.TLS: (Meaning.TLS_NOT_OFFERED, Meaning.TLS_NOT_OFFERED),
    Stage.LOGIN: (Meaning.LOGIN_TEMPORARILY_REFUSED, Meaning.LOGIN_REFUSED),
}


def _by_stage(reply: Reply, stage: Stage) -> Meaning:
    """Judge by codes and stage alone."""
    if reply.code == 421:
        return Meaning.SERVER_UNAVAILABLE
    if reply.code == 530 and stage is not Stage.TLS:
        return Meaning.LOGIN_NEEDED
    if stage in _BEFORE_A_MESSAGE:
        passing, lasting = _BEFORE_A_MESSAGE[stage]
        return passing if reply.temporary else lasting
    return _of_an_address(reply, stage) or _of_the_message(reply, stage)


def _of_an_address(reply: Reply, stage: Stage) -> Meaning | None:
    """Return whose address is refused; a refusal at RCPT is the recipient's only by its codes."""
    named = reply.code in {550, 551, 553} if not reply.enhanced else reply.subject in {1, 2}
    if stage is Stage.RECIPIENT and (named or (not reply.enhanced and reply.code == 450)):
        return Meaning.RECIPIENT_REFUSED
    if stage is Stage.SENDER and not reply.temporary and (named or reply.subject == 7):
        return Meaning.SENDER_REFUSED
    if stage is Stage.HELLO and reply.code in {550, 553, 554}:
        return Meaning.HOST_REFUSED
    return None


def _of_the_message(reply: Reply, stage: Stage) -> Meaning:
    if reply.code == 552 and stage in (Stage.SENDER, Stage.CONTENT):
        return Meaning.TOO_LARGE
    return Meaning.SERVER_UNAVAILABLE if reply.subject == 3 and reply.temporary else Meaning.UNKNOWN
