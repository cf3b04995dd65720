# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a delivery, for people."""

from __future__ import annotations

from ansible_collections.catalog.mail.plugins.module_utils._mail.authentication_results import read_header
from ansible_collections.catalog.mail.plugins.module_utils._mail.diagnosis import diagnose
from ansible_collections.catalog.mail.plugins.module_utils._mail.maillog import Attempt
from ansible_collections.catalog.mail.plugins.module_utils._mail.received import hops
from ansible_collections.catalog.mail.plugins.module_utils._mail.report import accepted, failure, way

RECEIVED = [
    "from m.test\r\n\tby m.test with LMTP id 1 for <a@m.test>; Mon, 1 Jun 2026 10:00:12 +0000",
    "from localhost (localhost [127.0.0.1]) by m.test (Postfix) with ESMTP id 1; Mon, 1 Jun 2026 10:00:02 +0000",
    "from c.test (c.test [192.0.2.1]) (using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))"
    " by m.test (Postfix) with ESMTPSA id 1; Mon, 1 Jun 2026 10:00:01 +0000",
    "from app (app [192.0.2.7]) by c.test (Postfix) with ESMTP id 1; Mon, 1 Jun 2026 10:00:00 +0000",
    "by app (Postfix, from userid 0) id 1; Mon, 1 Jun 2026 12:00:00 +0200",
]
JUDGED = [
    "m.test; dmarc=pass (p=none) header.from=c.test",
    "m.test; dkim=pass header.d=c.test header.s=x; spf=softfail smtp.mailfrom=c.test; iprev=pass",
    "m.test; none",
    "dkim=none header.d=none",
]


def test_the_way_has_a_line_for_each_host():
    assert way(hops(RECEIVED), [read_header(value) for value in JUDGED], "INBOX", 12.34) == [
        "1. app: handed over on the host itself at 10:00:00 UTC",
        "2. c.test: from app, ESMTP, not encrypted, +0 s",
        "3. m.test: from c.test, ESMTPSA, TLSv1.3 TLS_AES_256_GCM_SHA384, +1 s",
        "4. m.test: ESMTP, within the host, +1 s",
        "5. m.test: LMTP, within the host, +10 s",
        "6. INBOX: found 12 s after it was handed over",
        "m.test judges: spf=softfail (c.test), dkim=pass (c.test), dmarc=pass (c.test), iprev=pass",
        "The receiving server judges: dkim=none (none)",
    ]


def test_a_message_without_a_trace_is_still_found():
    assert way([], [], "Junk", 0.31) == ["1. Junk: found 0.3 s after it was handed over"]


def test_the_report_without_a_mailbox():
    sent = Attempt("sent", "m.test[192.0.2.1]:587", "250 Ok")
    assert accepted("sendmail", sent, "250 Ok", 0.4) == [
        "m.test[192.0.2.1]:587 took the message after 0.4 s, saying: 250 Ok",
        "No mailbox was given, so its arrival was not checked",
    ]
    assert accepted("sendmail", None, None, 5.0)[1].endswith("whether it was delivered (only root may be able to read the log)")
    assert accepted("m.test:25", None, "250 Ok", 0.1)[0] == "m.test:25 took the message after 0.1 s, saying: 250 Ok"


WHERE = {
    "recipient": "a@m.test", "server": "m.test:587", "username": "u", "mailbox": "m.test:993", "mailbox_username": "v",
    "timeout": "60",
}


def test_a_failure_is_one_paragraph():
    text = failure(WHERE, "login", "535 5.7.8 no", diagnose("535 5.7.8 no"), removed=False)
    assert text.startswith(
        "The test e-mail to a@m.test was not sent: the login at m.test:587 as u failed (stage login)."
        ' The reason given: "535 5.7.8 no". Cause: The server does not accept this user name and password. Remedy: '
    )
    assert "\n" not in text


def test_a_failure_of_a_deleted_message():
    text = failure(WHERE, "relay", None, diagnose("timed out"), removed=True)
    assert text.endswith(" The message was deleted from the queue, so it does not arrive later.")
    assert "reason given" not in text


def test_a_failure_of_the_relay_names_it():
    where = {**WHERE, "relay": "m.test[192.0.2.1]:587"}
    text = failure(where, "relay", "no", diagnose("no"), removed=False)
    assert 'The reason given at m.test[192.0.2.1]:587: "no".' in text


def test_every_stage_has_its_sentence():
    for stage in ("connect", "login", "submit", "relay", "mailbox_connect", "mailbox_login", "mailbox"):
        assert f"(stage {stage})" in failure(WHERE, stage, "x", diagnose("x"), removed=False)
