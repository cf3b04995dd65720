# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of postfix_host, and the commands that it runs, on a simulated host."""

from __future__ import annotations

import os

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused
from ansible_collections.catalog.mail.plugins.module_utils._postfix import host as host_module
from ansible_collections.catalog.mail.plugins.module_utils._postfix.host import PostfixHost

DEFAULTS = {
    "default_database_type": "hash", "inet_interfaces": "all", "mydestination": "$myhostname", "relayhost": "",
    "queue_directory": "/nonexistent", "smtp_tls_CAfile": "", "smtp_tls_security_level": "", "smtp_tls_wrappermode": "no",
    "smtp_sasl_auth_enable": "no", "smtp_sasl_password_maps": "", "smtp_sasl_tls_security_options": "noplaintext"}
PACKAGES = ["postfix", "libsasl2-modules", "ca-certificates"]
OPTIONS = {
    "relayhost": ["[smtp.example.com]:587"], "username": "user", "password": "word", "tls_level": "encrypt", "ca_file": None,
    "sender_dependent": [], "parameters": {"inet_interfaces": ["loopback-only"]}, "packages": [], "require_packages": True,
    "reload": True, "tables": [], "root_alias": [], "tidy": False}


class Module:
    """An Ansible module on a host where each command prints a prepared text."""

    def __init__(self, folder, **options):
        self.params = {**OPTIONS, "config_directory": str(folder), **options}
        self.check_mode = False
        self.tmpdir = str(folder)
        self.warnings = []
        self.commands = []
        self.installed = list(PACKAGES)
        self.at_boot = "enabled"

    def get_bin_path(self, name, opt_dirs=None, required=False):
        """Every command exists, except the other family's."""
        return None if name == "rpm" else f"/bin/{name}"

    def warn(self, text):
        self.warnings.append(text)

    def run_command(self, command, **_settings):
        name, words = os.path.basename(command[0]), command[1:]
        self.commands.append(" ".join([name, *(word for word in words if word[0] == "-" and word not in ("-c", "-o"))]))
        if name == "dpkg-query":
            return 1, "".join(f"installed {one}\n" for one in self.installed) + "config-files exim4\n", ""
        if name == "systemctl":
            return 0, f"{self.at_boot}\n", ""
        if name == "postmap":
            return 0, "[smtp.example.com]:587\tuser:word\n", ""
        return 0, "hash\n" if "-m" in words else "".join(f"{one} = {value}\n" for one, value in DEFAULTS.items()), ""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Return the module on a Debian host whose Postfix has its relay already."""
    release = tmp_path / "os-release"
    release.write_text("ID=debian\nVERSION_ID=12\n")
    monkeypatch.setattr(host_module, "OS_RELEASE", str(release))
    passwords = tmp_path / "sasl_passwd"
    (tmp_path / "main.cf").write_text(
        "inet_interfaces = loopback-only\nrelayhost = [smtp.example.com]:587\nsmtp_tls_security_level = encrypt\n"
        f"smtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = hash:{passwords}\n"
        "smtp_sasl_tls_security_options = noanonymous\n")
    return Module(tmp_path)


@pytest.fixture
def without_tables(module):
    """The relay without a login: the files of a table would need root."""
    module.params.update(username=None, password=None)
    return module


STEADY = ["dpkg-query --show --showformat=${db:Status-Status} ${Package}\\n", "systemctl", "postconf", "postconf -m"]


def test_a_run_without_changes_runs_four_commands(without_tables):
    """A table with passwords needs a fifth, which reads its compiled form."""
    main_cf = os.path.join(without_tables.tmpdir, "main.cf")
    with open(main_cf, "w", encoding="ascii") as stream:
        stream.write("inet_interfaces = loopback-only\nrelayhost = [smtp.example.com]:587\nsmtp_tls_security_level = encrypt\n")
    plan = PostfixHost(without_tables).plan()
    assert plan.changes == []
    assert without_tables.commands == STEADY
    assert plan.result == {
        "changes": [], "reload_required": False, "restart_required": False, "reloaded": False, "running": False,
        "system": "debian", "system_family": "debian", "missing_packages": [], "enabled": True,
        "unit": f"postfix@{os.path.basename(without_tables.tmpdir)}.service"}


def test_relay_and_parameters_are_one_plan(without_tables):
    without_tables.params["parameters"] = {"inet_interfaces": "all", "smtp_tls_security_level": "secure"}
    plan = PostfixHost(without_tables).plan()
    changes = {one["name"]: (one["before"], one["after"]) for one in plan.result["changes"]}
    assert changes["inet_interfaces"] == ("loopback-only", "all")
    assert changes["smtp_tls_security_level"] == ("encrypt", "secure"), "a parameter overrides the relay's"
    assert changes["smtp_sasl_auth_enable"] == ("yes", None)
    # Postfix is asked once about the whole new file.
    assert without_tables.commands == [*STEADY, "postmap -q", "postconf -x"]
    assert len(plan.diff) == 1


@pytest.mark.parametrize("state,expected", [
    ("enabled", True), ("disabled", False), ("enabled-runtime", False), ("masked", False), ("", False)])
def test_service_at_boot(module, state, expected):
    module.at_boot = state
    module.installed.remove("postfix")
    assert PostfixHost(module).plan().result["enabled"] is expected


def test_nothing_is_planned_while_packages_are_missing(module):
    module.installed.remove("libsasl2-modules")
    module.params["packages"] = ["postfix-pcre"]
    plan = PostfixHost(module).plan()
    assert (plan.changes, plan.diff) == ((), ())
    assert plan.result["missing_packages"] == ["libsasl2-modules", "postfix-pcre"]
    assert module.commands == STEADY[:2]


@pytest.mark.parametrize("how", [{"check_mode": True}, {"require_packages": False}])
def test_missing_packages_can_be_ignored(without_tables, how):
    """In check mode nothing installs them; and the name of a package that provides another is never installed."""
    without_tables.installed.remove("libsasl2-modules")
    without_tables.check_mode = how.get("check_mode", False)
    without_tables.params["require_packages"] = how.get("require_packages", True)
    plan = PostfixHost(without_tables).plan()
    assert plan.result["missing_packages"] == ["libsasl2-modules"]
    assert plan.result["changes"]


def test_an_unknown_system_is_left_alone(module, tmp_path, monkeypatch):
    release = tmp_path / "other"
    release.write_text("ID=alpine\n")
    monkeypatch.setattr(host_module, "OS_RELEASE", str(release))
    plan = PostfixHost(module).plan()
    assert plan.changes == ()
    assert (plan.result["system"], plan.result["system_family"]) == ("alpine", "")
    assert module.commands == []


@pytest.mark.parametrize("options,field", [
    ({"relayhost": ["[smtp.example.com:587]"]}, "relayhost"),
    ({"parameters": {"relay_host": "x"}}, "parameters.relay_host"),
    ({"parameters": {"inet_interfaces": {"a": 1}}}, "parameters.inet_interfaces"),
    ({"ca_file": "/nonexistent.pem"}, "ca_file"),
])
def test_options_that_cannot_work_are_refused(without_tables, options, field):
    without_tables.params.update(options)
    with pytest.raises(InputRefused) as caught:
        PostfixHost(without_tables).plan()
    assert caught.value.details["field"] == field
