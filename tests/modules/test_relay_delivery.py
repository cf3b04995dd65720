# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every form of a relay delivers a message to a mailbox; without a relay Postfix delivers directly."""
from __future__ import annotations

from typing import Any

import pytest
from helpers.modules.lab_host import CA, Hidden, LabHost

ACCOUNT = "catalog@corp.test"
SENDER = "noreply@catalog.test"
CLOSED = "[mail.corp.test]:9"

FORMS = {
    "a host, STARTTLS": {"relayhost": ["[mail.corp.test]:587"]},
    "a host, implicit TLS": {"relayhost": ["[mail.corp.test]:465"]},
    "the MX of a domain": {"relayhost": ["corp.test:587"]},
    "an IPv4 address": {"relayhost": ["[198.18.25.25]:587"], "tls_level": "encrypt"},
    "an IPv6 address": {"relayhost": ["[fd25:ca7a:1096::25]:587"], "tls_level": "encrypt"},
    "the second of two, the first being closed": {"relayhost": [CLOSED, "[smtp.corp.test]:587"]},
}


def set_relay(host: LabHost, passwords: Hidden, options: dict[str, Any]) -> None:
    account = {"username": ACCOUNT, "password": passwords[ACCOUNT], "ca_file": CA, "reload": True}
    result = host.module("postfix_relayhost", {**account, **options})
    assert result["changed"], result


def proof(host: LabHost, mailbox: Hidden, sender: str = SENDER) -> dict[str, Any]:
    """Return the hops of a test e-mail from this host."""
    result = host.module("test_email", {"recipient": "alice@corp.test", "sender": sender, "mailbox": mailbox, "timeout": 45})
    assert not result.get("failed"), result["msg"]
    return result


@pytest.mark.parametrize("form", FORMS)
def test_a_form_of_a_relay(form: str, debian12: LabHost, passwords: Hidden, mailbox: Hidden) -> None:
    set_relay(debian12, passwords, FORMS[form])
    [submission] = [hop for hop in proof(debian12, mailbox)["hops"] if "ESMTPSA" in str(hop["protocol"])]
    assert submission["by"] == "mail.corp.test" and submission["tls"]["version"] == "TLSv1.3"


def test_a_sender_with_a_relay_of_its_own(debian12: LabHost, passwords: Hidden, mailbox: Hidden) -> None:
    """The relay for other senders is closed."""
    own = {"sender": SENDER, "relayhost": "[smtp.corp.test]:587", "username": ACCOUNT, "password": passwords[ACCOUNT]}
    set_relay(debian12, passwords, {"relayhost": [CLOSED], "sender_dependent": [own]})
    assert any("ESMTPSA" in str(hop["protocol"]) for hop in proof(debian12, mailbox)["hops"])


def test_a_relay_of_one_sender_leaves_all_other_mail(debian12: LabHost, passwords: Hidden, mailbox: Hidden) -> None:
    """Others keep their relay, which offers no TLS at all, with its level; what is in the way is named once."""
    others = {"relayhost": "[mail.corp.test]:2525", "smtp_tls_security_level": "none", "smtp_sasl_mechanism_filter": "gssapi"}
    debian12.sh("cd /etc/postfix; echo 'x y:z' > old_passwd; postmap old_passwd; chmod 644 old_passwd*")
    more = {"myhostname": "catalog12.catalog.test", "smtp_sasl_password_maps": "hash:/etc/postfix/old_passwd"}
    debian12.module("postfix_config", {"parameters": {**others, **more}})
    own = {"sender": SENDER, "relayhost": "[mail.corp.test]:587", "username": ACCOUNT, "password": passwords[ACCOUNT]}
    options = {"sender_dependent": [own], "ca_file": CA, "reload": True}
    result = debian12.module("postfix_relayhost", options)
    [warning] = map(str, result["warnings"])
    for word in ("smtp_sasl_mechanism_filter", "/etc/postfix/old_passwd may", "/etc/postfix/old_passwd.db may", "chmod 600"):
        assert word in warning
    debian12.module("postfix_config", {"parameters": {"smtp_sasl_mechanism_filter": None}, "reload": True})
    again = debian12.module("postfix_relayhost", options)
    assert not again["changed"] and not again.get("warnings")
    kept = {name: debian12.sh(f"postconf -h {name}").strip() for name in ("relayhost", "smtp_tls_security_level")}
    assert kept.items() <= others.items()

    [submission] = [hop for hop in proof(debian12, mailbox)["hops"] if "ESMTPSA" in str(hop["protocol"])]
    assert submission["tls"]["version"] == "TLSv1.3"
    plain = proof(debian12, mailbox, sender="other@catalog.test")["hops"]
    assert next(hop["protocol"] for hop in plain if hop["by"] == "mail.corp.test") == "ESMTP"


def test_without_the_relay_mail_is_delivered_directly(host: LabHost, passwords: Hidden, mailbox: Hidden) -> None:
    host.module("postfix_config", {"parameters": {"myhostname": f"{host.name}.catalog.test"}})
    set_relay(host, passwords, {"relayhost": [CLOSED]})
    assert host.module("postfix_relayhost", {"state": "absent", "reload": True})["changed"]
    result = proof(host, mailbox)
    assert not any("ESMTPSA" in str(hop["protocol"]) for hop in result["hops"])
    verdicts = {row["method"]: row["result"] for header in result["authentication_results"] for row in header["results"]}
    assert verdicts["spf"] == verdicts["dmarc"] == "pass"
