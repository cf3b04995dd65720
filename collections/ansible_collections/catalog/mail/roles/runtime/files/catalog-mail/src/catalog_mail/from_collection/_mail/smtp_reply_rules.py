# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The rules by which replies of SMTP servers are judged: reply code, enhanced code, words, in this order. Pure.

The service has rules of its own for the same replies; tests/data/server_answers.json of the repository holds both to real
replies. Reply codes are those of RFC 5321 and RFC 4954, enhanced codes those of RFC 3463 and its registry (RFC 5248).
"""

from __future__ import annotations

import re
from typing import FrozenSet, NamedTuple, Optional, Pattern, Tuple

from .smtp_reply import Reply


class Rule(NamedTuple):
    """The name of a finding, and what a reply must have for it; what is empty may be anything."""

    name: str
    codes: FrozenSet[int]
    enhanced: Optional[Pattern[str]]
    words: Optional[Pattern[str]]
    stages: FrozenSet[str]

    def fits(self, reply: Reply) -> bool:
        """Whether all fit that the rule names. A reply to an unknown command counts as one to RCPT."""
        return (
            (not self.codes or reply.code in self.codes)
            and (self.enhanced is None or self.enhanced.fullmatch(reply.enhanced) is not None)
            and (self.words is None or self.words.search(reply.words) is not None)
            and (not self.stages or (reply.stage or "recipient") in self.stages)
        )


def _rule(name: str, codes: str = "", enhanced: str = "", words: str = "", stages: Tuple[str, ...] = ()) -> Rule:
    return Rule(
        name,
        frozenset(int(code) for code in codes.split()),
        re.compile(enhanced) if enhanced else None,
        re.compile(words) if words else None,
        frozenset(stages),
    )


_OF_A_RECIPIENT = ("recipient", "content")

_ENCRYPTION = (
    _rule("tls_version", enhanced=r"[45]\.7\.66"),
    _rule("starttls_needed", words=r"(?:\btls|\bssl)\S{0,10} (?:connection|session|encryption) (?:is )?required"),
    _rule("tls_version", words=r"\b(?:tls|ssl) ?v?(?:1\.[0-3]|[23])\b|\b(?:tls|ssl) (?:protocol )?version|cipher"),
    _rule("starttls_needed", codes="523 538", words=r"encrypt|\btls\b|\bssl\b|\A\W*\Z"),
    _rule("starttls_needed", enhanced=r"4\.7\.29", words=r"\btls\b"),
    _rule("starttls_needed", enhanced=r"[45]\.7\.1[01]", words=r"encrypt|\btls\b|\bssl\b"),
    _rule(
        "starttls_needed",
        words=r"issue (?:a )?starttls"
        r"|(?:starttls|\btls|\bssl|encryption)(?: \w{1,20})? (?:is |are )?(?:required|needed|mandatory)"
        r"|(?:requires?|needs?|must use|use) (?:starttls|tls|ssl|encryption|an encrypted)|starttls (?:command )?first"
        r"|establish appropriate tls",
    ),
    _rule("starttls_needed", codes="530", words=r"encrypt|\btls\b|\bssl\b"),
    _rule(
        "tls_not_offered",
        words=r"(?:starttls|\btls)(?: \w{1,20})? (?:is )?(?:currently |temporarily )?"
        r"(?:not (?:available|supported|enabled)|unavailable)",
    ),
    _rule("smtputf8_missing", enhanced=r"[45]\.6\.7"),
    _rule(
        "smtputf8_missing",
        words=r"smtputf8|unicode address"
        r"|(?:non-ascii|utf-?8|8-?bit|internationali[sz]ed) (?:\w{1,20} )?(?:address|sender|recipient|localpart)",
    ),
)

_LIMITS = (
    _rule("login_refused", codes="534 535", words=r"too many (?:bad|failed|invalid)"),
    _rule("login_temporarily_refused", words=r"too many (?:\w{1,20} ){0,2}(?:logins?|auth(?:entication)?)\b"),
    # Gmail limits the rate of mail without SPF, DKIM or a PTR record: the reason counts, not the limit.
    _rule("not_authentic", enhanced=r"[45]\.7\.(?:2[67]|3[02])", words=r"unauthenticated|\bspf\b|dkim|dmarc"),
    _rule("host_refused", enhanced=r"[45]\.7\.2[35]", words=r"\bptr\b|reverse"),
    _rule("host_blocked", enhanced=r"[45]\.7\.(?:6[0-4]\d|70[6-9]|511)", words=r"banned|blocked|denied|ip\b"),
    _rule(
        "host_blocked",
        words=r"\bip (?:address )?(?:\S{1,50} )?(?:is |has been |was )(?:\w{1,20} )?(?:blocked|banned|(?:block|black) ?listed)",
    ),
    _rule("mailbox_full", words=r"\A\W*(?:the )?quota (?:limit )?(?:has been |is )?exceeded", stages=("recipient",)),
    _rule("mailbox_full", enhanced=r"[45]\.2\.2", stages=_OF_A_RECIPIENT),
    _rule(
        "mailbox_full", stages=_OF_A_RECIPIENT,
        words=r"over ?quota|mailbox (?:\w{1,20} ){0,3}full|mailbox size limit|mailbox quota|storage (?:quota|allocation)"
        r"|(?:user|disk|inbox|extended) quota|deliver\.exception:quotaexceeded",
    ),
    _rule("too_large", enhanced=r"[45]\.(?:3\.4|2\.3)", words=r"size|large|big|long|exceed|limit|\A\W*\Z"),
    _rule(
        "too_large",
        words=r"(?:message|mail|attachment|content|header) (?:\w{1,20} ){0,3}(?:too (?:large|big|long)|exceeds\b)"
        r"|message (?:file )?size"
        r"|size (?:\w{1,20} ){0,3}(?:exceed|limit)|too large",
    ),
    _rule(
        "recipient_busy", stages=_OF_A_RECIPIENT,
        words=r"receiving mail (?:too quickly|at a rate)|recipient thread limit|recipient (?:\w{1,20} ){0,2}exceeded"
        r"|messages to \S{1,320} deferred|mailbox received too much",
    ),
    _rule(
        "quota_exceeded",
        words=r"(?:daily|hourly|monthly) (?:\w{1,20} ){0,4}(?:quota|limit)|submissionquota|maximum credits|out of credit"
        r"|(?:insufficient|not enough|no) (?:\w{1,20} )?credits?\b"
        r"|credits? (?:\w{1,20} )?(?:exceeded|expired)|quota (?:was |has been |is )?exceeded",
    ),
    _rule("quota_exceeded", enhanced=r"5\.4\.5|5\.1\.9[0-2]"),
    _rule("rate_limited", enhanced=r"4\.7\.(?:28|500)"),
    _rule(
        "rate_limited",
        words=r"rate[ -]?limit|throttl|unusual rate|(?:unexpected|excessive) (?:volume|rate)|user complaints|thread limit"
        r"|too many (?:\w{1,20} ){0,4}(?:connections?|connects|messages|sessions|mails?|emails?|recipients|errors|requests)"
        r"|concurrent (?:smtp )?connections?"
        r"|(?:number of|max(?:imum)?|peak) (?:\w{1,20} ){0,4}(?:messages?|connections?|rate|limit)"
        r"|too much mail|server (?:is )?(?:too )?busy|too (?:frequent|fast|quickly)|per (?:second|minute) limit"
        r"|system load|maximum load|threshold (?:is |was |has been )?exceeded"
        r"|temporarily rate|message rate|(?:connection|submission|sending) rate",
    ),
    _rule(
        "quota_exceeded",
        words=r"(?:sending|messages?|messaging|submission|send|mail|user|account) "
        r"(?:\w{1,20} )?(?:quota|limits?)(?: \w{1,20}){0,2} (?:exceeded|reached)"
        r"|(?:exceeded|reached) (?:the |your |its |their |a )?(?:\w{1,20} ){0,3}(?:quota|limit|credits)",
    ),
    _rule("greylisted", words=r"gr[ea]y-?list|postgrey|(?:new|unknown) (?:sender|client|host).{0,40}(?:later|defer)"),
)

_ACCOUNT = (
    _rule(
        "login_method_disabled", codes="334 504 530 534 535 550 554",
        words=r"smtpclientauthentication is disabled|(?:basic|smtp) auth\w{0,12} is (?:disabled|not (?:enabled|supported))"
        r"|security defaults|did not meet the criteria|conditional access|web browser|not enabled for (?:smtp|imap)",
    ),
    _rule("login_method_disabled", words=r"by your organi[sz]ation", stages=("login",)),
    _rule(
        "login_mechanism_refused",
        words=r"unrecognized authentication type"
        r"|auth(?:entication)? (?:mechanism|type|method) (?:is )?(?:\w{1,20} ){0,2}(?:not|un|too weak)"
        r"|mechanism is too weak|no mechanism available|no worthy mechs|(?:unsupported|invalid|unknown) (?:\w{1,20} )?mechanism"
        r"|auth(?:entication)? (?:command )?(?:used when )?not (?:allowed|available|advertised|enabled|supported|implemented)",
    ),
    _rule("login_mechanism_refused", codes="500 502 503 504", stages=("login",)),
    # Exchange Online: spam from this account, the sender is banned (5.7.501 to 503); unregistered domains (5.7.750).
    _rule("account_blocked", enhanced=r"5\.7\.50[1-3]"),
    _rule("sender_unverified", enhanced=r"5\.7\.750"),
    _rule(
        "account_blocked",
        words=r"unusual sending activity|outboundspam|bad outbound sender|exceeded threshold|activate your"
        r"|pending (?:approval|review)"
        r"|sending (?:is |has been |was )?(?:suspended|paused|disabled|blocked)"
        r"|(?:suspended|paused|disabled|blocked) (?:from|for) sending|account under review"
        r"|not allowed to send: (?:account|please activate)",
    ),
    _rule(
        "account_blocked", stages=("greeting", "hello", "login", "sender", "content"),
        words=r"(?:account|subscription|tenant|user) (?:\w{1,20} ){0,3}"
        r"(?:suspended|paused|disabled|blocked|locked|terminated|deactivated|frozen|expired)",
    ),
    _rule(
        "login_temporarily_refused",
        words=r"temporary auth|(?:cannot|unable to|could not) authenticate .{0,30}temporar"
        r"|auth\w{0,12} (?:server|service|backend)"
        r"|auth\w{0,12} temporar",
    ),
    _rule("not_authentic", enhanced=r"[45]\.7\.(?:2\d|515)", words=r"auth|spf|dkim|dmarc|sender|\A\W*\Z"),
    _rule(
        "server_unavailable",
        words=r"temporary (?:\w{1,20} ){0,3}(?:lookup|dns) (?:failure|error)|temporary lookup"
        r"|configuration (?:error|problem)",
    ),
    _rule(
        "not_authentic",
        words=r"\b(?:dmarc|spf|dkim)\b|sender policy framework|sender is unauthenticated|unauthenticated e-?mail"
        r"|anti-?spoofing|spoofed",
    ),
    _rule("login_refused", codes="534 535"),
    _rule(
        "login_refused", stages=("login",),
        words=r"credentials|password"
        r"|(?:auth\w{0,12}|login) (?:\w{1,20} ){0,2}(?:failed|failure|unsuccessful|invalid|incorrect|refused|rejected)",
    ),
    # Exchange: the recipient takes mail from its own organization only (5.7.124, 129, 133, 134), or the
    # sender's blocks the recipient (5.7.703).
    _rule("recipient_refused", enhanced=r"5\.7\.(?:1(?:2[49]|3[34])|703)"),
    _rule("login_needed", enhanced=r"[45]\.7\.57"),
    _rule(
        "login_needed",
        words=r"auth\w{0,12} (?:is )?required|requires? auth|must (?:be )?authenticate|not (?:yet )?(?:logged in|authenticated)"
        r"|authenticate first"
        r"|log ?in (?:is )?(?:required|first)|unauthenticated senders|without auth"
        r"|please (?:authenticate|log ?in|turn on smtp auth)",
    ),
)

_SENDER = (
    _rule(
        "sender_unverified",
        words=r"not (?:a )?(?:\w{1,20} )?(?:verified|registered)|unverified (?:sender|domain)|unregistered"
        r"|(?:unconfigured|unauthenticated) (?:sending |sender )?domain|domain (?:is )?not (?:configured|authenticated)"
        r"|sender (?:identity|signature)|sandbox"
        r"|not one of your addresses|(?:address|sender|domain) (?:\w{1,20} )?(?:is )?not allowed to send"
        r"|not authori[sz]ed to send from",
    ),
    _rule(
        "sender_domain_unknown",
        words=r"sender address rejected: (?:domain|malformed dns|unverified|undeliverable)|domain of sender"
        r"|sender verify failed"
        r"|sender domain (?:not|must|does|could)|(?:resolve|verify) (?:the )?sender|sender(?:'s)? domain (?:\w{1,20} )?not",
    ),
    _rule(
        "sender_domain_unknown", stages=("sender",),
        words=r"domain (?:\w{1,20} )?(?:is )?(?:invalid|not valid|not found|unknown|does not exist|cannot be found|has no mx)"
        r"|no such domain",
    ),
    _rule(
        "sender_refused",
        words=r"sendasdenied|send as (?:this|that) sender|not owned by user"
        r"|(?:allowed|permitted|authori[sz]ed|permission\w?) to send (?:mail )?(?:as|from)"
        r"|relaying disallowed as|sender address (?:is )?(?:rejected|blocked|denied|invalid|not)"
        r"|sender (?:\S{1,60} )?(?:is )?(?:not (?:allowed|accepted)"
        r"|refused|denied|rejected|blocked|banned|prohibited)|blocked senders?"
        r"|(?:invalid|bad|banned) sender|mail ?from (?:\w{1,20} )?(?:not|denied|refused|rejected)"
        r"|mail ?from (?:\w{1,20} ){0,2}(?:must|should|doesn't|does not)|must be (?:the )?(?:same as|authenticated user)",
    ),
    _rule("sender_refused", enhanced=r"[45]\.(?:7\.60|2\.252|1\.[78])"),
)

_HOST = (
    _rule(
        "spam_refused",
        words=r"(?:spamhaus )?dbl\b|\bsurbl\b|\buribl\b|message is (?:likely )?suspicious|url in content",
    ),
    # Amazon SES keeps a list of recipients to which mail bounced.
    _rule("recipient_disabled", words=r"rejected: address blacklisted", stages=_OF_A_RECIPIENT),
    _rule(
        "host_blocked",
        words=r"blocked using|(?:block|black|deny|threat) ?list|\blisted (?:in|at|by|on|as)|\bis (?:currently )?listed"
        r"|spamhaus|spamcop|\b(?:d?nsbls?|rbls?|[psxc]bl)\b|(?:email|ip|sender) reputation|blocked for (?:\w{1,20} )?spam"
        r"|(?:poor|bad|low|negative) reputation"
        r"|\bip (?:address )?(?:\S{1,50} )?(?:is |has been |was )?(?:\w{1,20} )?(?:blocked|banned)"
        r"|(?:banned|blocked) (?:sending )?ip|not accepted from (?:this ip|ip|servers? on)"
        r"|connections will not be accepted|\Ablocked - see"
        r"|(?:your|client) host (?:\S{1,320} )?(?:is |has been |was )?(?:blocked|banned)",
    ),
    _rule(
        "helo_refused",
        words=r"\b(?:helo|ehlo)\b.{0,60}(?:reject|refus|invalid|denied|fail|not found|bad|unacceptable|malformed)"
        r"|(?:invalid|bad) (?:helo|ehlo)|(?:permission|not allowed|forged) .{0,60}\b(?:helo|ehlo)\b",
    ),
    _rule("helo_refused", codes="501", stages=("hello",)),
    _rule(
        "host_refused",
        words=r"client host rejected|access to (?:[\w-]{1,20} ){0,6}has been rejected"
        r"|authori[sz]ed to send (?:\w{1,20} ){0,2}directly|(?:reverse|ptr|rdns).{0,30}(?:hostname|dns|record)|\brdns\b|\bptr\b"
        r"|ip name lookup failed|not in (?:\w{1,20} )?(?:white|allow) ?list"
        r"|client (?:ip |address |host )?(?:is )?(?:not (?:allowed|permitted)|denied|rejected)"
        r"|connections? (?:not accepted|refused) ?(?:from|-|\Z)",
    ),
    # Before any message the rules of the server concern the host.
    _rule(
        "host_refused", stages=("greeting", "hello"),
        words=r"polic(?:y|ies)\b|\bspam|unsolicited|reject|refus|denied|not (?:allowed|permitted|welcome|authori[sz]ed|accept)",
    ),
    _rule("relay_denied", enhanced=r"[45]\.7\.(?:54|64)"),
    _rule(
        "relay_denied",
        words=r"relay(?:ing)? (?:access |to \S{1,320} )?(?:is )?(?:denied|not (?:permitted|allowed)|prohibited|disallowed)"
        r"|(?:unable|not permitted|not allowed|not configured) to relay"
        r"|(?:cannot|do not|does not|will not) relay|use me .{0,60} as a relay|open relay|allowed rcpthosts"
        r"|credentials for relay",
    ),
)

_RECIPIENT = (
    _rule("loop", words=r"loops? back|too many hops|hop count|(?:mail|routing|forwarding) loop|loop detect"),
    _rule("no_mail_domain", codes="556"),
    _rule("no_mail_domain", enhanced=r"[45]\.4\.310", words=r"domain"),
    _rule("no_mail_domain", words=r"null ?mx|does not accept mail|unrouteable (?:mail )?domain|no such domain"),
    _rule("recipient_unknown", enhanced=r"5\.4\.1", words=r"recipient|address|rejected", stages=_OF_A_RECIPIENT),
    _rule(
        "recipient_disabled", stages=_OF_A_RECIPIENT,
        words=r"(?:account|mailbox|user|recipient)\S{0,3} (?:\w{1,20} ){0,6}"
        r"(?:disabled|inactive|suspended|locked|blocked|isblocked|archived|deactivated|closed|terminated)"
        r"|(?:inactive|archived|disabled|deactivated|suspended|closed) (?:recipient|address|mailbox|account)|suppress",
    ),
    _rule("recipient_unknown", enhanced=r"[45]\.1\.(?:1|3|6|10)", stages=_OF_A_RECIPIENT),
    _rule(
        "recipient_unknown", stages=_OF_A_RECIPIENT,
        words=r"user unknown|unknown (?:user|recipient|mailbox|address)"
        r"|no such (?:user|recipient|mailbox|person|address)|recipientnotfound"
        r"|(?:user|mailbox|recipient|address|account) (?:\w{1,20} ){0,6}"
        r"(?:not found|unknown|does not exist|doesn't exist|no longer valid)"
        r"|invalid (?:recipient|mailbox)|unrouteable address|not our customer|mailbox unallocated|marked as invalid"
        r"|doesn't have a",
    ),
    _rule("no_mail_domain", enhanced=r"[45]\.1\.2", stages=_OF_A_RECIPIENT),
    _rule(
        "spam_refused",
        words=r"\bspam|junk ?mail|unsolicited|\bvirus|malware|phish|(?:local|security|mail) ?polic(?:y|ies)"
        r"|policy (?:reasons?|violation|rejection)|content (?:rejected|refused|filter|restriction)"
        r"|(?:attachment|file) (?:\w{1,20} ){0,3}(?:forbidden|prohibited|not allowed|not permitted|blocked|rejected)"
        r"|(?:forbidden|prohibited|blocked) (?:attachment|file)|banned content"
        r"|rejected by (?:\w{1,20} ){0,3}policy|rejectmessage|suspicious"
        r"|message (?:was )?(?:blocked|not accepted|not allowed|filtered)|administrative prohibition|envelope blocked",
    ),
    _rule(
        "recipient_refused",
        words=r"recipient address rejected|recipient (?:\w{1,20} ){0,2}(?:rejected|refused|denied|unavailable)",
    ),
    _rule("recipient_refused", words=r"\bmailbox (?:\w{1,20} )?unavailable", stages=("recipient",)),
    _rule(
        "server_unavailable", codes="421 431 450 451 452 454 455",
        words=r"insufficient|disk space|queue file|system (?:problem|error|resources)"
        r"|(?:local|server|internal|service|temporary) (?:\w{1,20} ){0,2}(?:error|problem|failure|unavailable)"
        r"|shutting down|closing|not available|unavailable|no space",
    ),
    _rule("loop", enhanced=r"[45]\.4\.6"),
)

RULES = (*_ENCRYPTION, *_LIMITS, *_ACCOUNT, *_SENDER, *_HOST, *_RECIPIENT)
"""Every rule, in the order of the search: the first that fits decides."""
