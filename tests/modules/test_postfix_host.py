# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""postfix_host against real Postfix on both Debians: it does what postfix_relayhost and postfix_config do together."""
from __future__ import annotations

from typing import Any

from helpers.modules.lab_host import LabHost

PASSWORD = "p w:#$x{y}%'\"\\\u00e9;"
RELAY = {
    "relayhost": ["[smtp.corp.test]:587"], "username": "catalog@corp.test", "password": PASSWORD, "tls_level": "encrypt",
    "reload": True}
PARAMETERS = {"mydestination": ["$myhostname", "localhost"], "biff": False}


def configure(host: LabHost, options: dict[str, Any], check: bool = False) -> dict[str, Any]:
    result = host.module("postfix_host", options, check=check)
    assert PASSWORD not in str(result)
    return result


def files(host: LabHost) -> str:
    return host.sh("cd /etc/postfix; cat main.cf; stat -c '%n %a %U' main.cf sasl_passwd* 2>/dev/null || true")


def reloads_of(host: LabHost) -> str:
    return host.sh("journalctl --no-pager -o cat -t postfix/master | grep -c -e 'reload --' || true").strip()


def test_check_apply_again_change_remove(host: LabHost) -> None:
    pristine = files(host)
    options = {**RELAY, "parameters": PARAMETERS}
    shown = configure(host, options, check=True)
    assert shown["changed"] and files(host) == pristine
    reloads = int(reloads_of(host))
    applied = configure(host, options)
    assert applied["diff"] == shown["diff"] and applied["reloaded"]
    assert int(reloads_of(host)) == reloads + 1
    assert (applied["system"], applied["missing_packages"], applied["running"]) == ("debian", [], True)
    again = configure(host, options)
    assert not again["changed"] and not again["reload_required"]

    # Each of the two modules agrees.
    assert not host.module("postfix_relayhost", RELAY)["changed"]
    assert not host.module("postfix_config", {"parameters": PARAMETERS})["changed"]

    assert configure(host, {"parameters": PARAMETERS, "reload": True})["changed"]
    assert "sasl_passwd" not in files(host)
    assert host.sh("postconf -h relayhost biff") == "\nno\n"


def test_a_refused_reload_restores_relay_and_parameters(debian12: LabHost) -> None:
    """Only the reload detects a missing daemon_directory."""
    debian12.sh("echo 'daemon_directory = /nonexistent' >> /etc/postfix/main.cf; touch -d '-5 sec' /etc/postfix/main.cf")
    before = files(debian12)
    result = configure(debian12, {**RELAY, "parameters": PARAMETERS})
    assert result["failed"] and result["rolled_back"]
    assert files(debian12) == before


def test_nothing_is_written_while_a_package_is_missing(debian12: LabHost) -> None:
    before = files(debian12)
    result = configure(debian12, {**RELAY, "packages": ["no-such-package"]})
    assert (result["changed"], result["missing_packages"]) == (False, ["no-such-package"])
    assert files(debian12) == before
    assert configure(debian12, {**RELAY, "packages": ["no-such-package"], "require_packages": False})["changed"]


def test_a_parameter_overrides_that_of_the_relay(debian12: LabHost) -> None:
    """And the next run changes nothing."""
    options = {**RELAY, "parameters": {"smtp_tls_security_level": "may"}}
    assert configure(debian12, options)["changed"]
    assert debian12.sh("postconf -h smtp_tls_security_level") == "may\n"
    assert not configure(debian12, options)["changed"]


def test_the_default_table_type_counts_in_the_same_run(debian12: LabHost) -> None:
    options = {**RELAY, "parameters": {"default_database_type": "btree"}}
    shown = configure(debian12, options, check=True)
    applied = configure(debian12, options)
    assert applied["changed"] and applied["diff"] == shown["diff"]
    assert "btree:" in debian12.sh("postconf -h smtp_sasl_password_maps")
    again = configure(debian12, options)
    assert not again["changed"] and not again["reload_required"]


def test_old_copies_for_chrooted_daemons_are_renewed(host: LabHost) -> None:
    """Each kind of copy; the master process runs on."""
    configure(host, {"reload": True})
    settled = configure(host, {"reload": True})
    assert not settled["changed"], settled
    master = host.sh("cat /var/spool/postfix/pid/master.pid")
    host.sh("mkdir -p /run/kept; cd /etc; cp -L resolv.conf hosts services nsswitch.conf /run/kept")
    authority = "/etc/ssl/certs/00000000.0 /etc/ssl/certs/new-authority.pem"
    try:
        host.sh(f"cd /etc; for file in resolv.conf hosts services nsswitch.conf; do echo '# new' >> $file; done; "
                f"for file in {authority}; do cp ssl/lab-ca.crt $file; done; rm /var/spool/postfix/etc/localtime; "
                "postconf -e smtp_tls_CApath=/etc/ssl/certs; mkdir -p /var/spool/postfix/etc/ssl/certs")
        shown = configure(host, {"reload": True}, check=True)
        names = [change["name"] for change in shown["changes"]]
        assert names == [f"/var/spool/postfix/etc/{name}" for name in (
            "localtime", "services", "resolv.conf", "hosts", "nsswitch.conf", "ssl/certs")]
        assert shown["changed"] and shown["reload_required"] and "# new" not in host.sh("cat /var/spool/postfix/etc/hosts")
        renewed = configure(host, {"reload": True})
        assert renewed["reloaded"] and renewed["diff"] == shown["diff"]
        host.sh("cd /var/spool/postfix/etc; for file in localtime $(ls /run/kept); do cmp /etc/$file $file; done")
        assert not configure(host, {"reload": True})["changed"]
        assert host.sh("cat /var/spool/postfix/pid/master.pid") == master
    finally:
        host.sh(f"cd /run/kept; for file in *; do cat $file > /etc/$file; done; rm -f {authority}")
    assert [change["name"] for change in configure(host, {"reload": True})["changes"]][-1].endswith("ssl/certs")
