# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the report of drift names each tampering of a group: the thing, its field, what it is and what it should be."""

from __future__ import annotations

from helpers.check_mode.site_run import SiteRun

_SASL, _ETC, _UNITS, _OPT = "/etc/postfix/sasl_passwd", "/etc/catalog-mail", "/etc/systemd/system", "/opt/catalog-mail"
_MAIN_CF, _COMMAND, _DATABASE = "/etc/postfix/main.cf", "/usr/local/bin/catalog-mail", "/var/lib/catalog-mail/catalog-mail.db"
_LINKED = f"{_OPT}/current/bin/catalog-mail"
_SERVICE, _READER, _TIMER = (f"catalog-mail{name}" for name in (".service", "-reply-sync.service", "-archive.timer"))

ROWS = {
    "parameter changed": (_MAIN_CF, "mydestination", "elsewhere.example", "$myhostname, localhost.$mydomain, localhost"),
    "password file readable": (_SASL, "mode", "0644", "0600"),
    "password table removed": (_SASL, "compiled", "missing", "as the entries say"),
    "Postfix disabled": ("postfix.service", "at boot", "disabled", "enabled"),
    "library removed": (_OPT, "installation", "damaged", "complete"),
    "command removed": (_COMMAND, "link", "(none)", _LINKED),
    "folder of versions closed": (_OPT, "mode", "0700", "0755"),
    "application stopped": (_SERVICE, "state", "stopped", "running"),
    "database readable": (_DATABASE, "mode", "0644", "0600"),
    "key readable": (f"{_ETC}/key", "mode", "0644", "0640"),
    "token readable": (f"{_ETC}/admin-token", "mode", "0644", "0600"),
    "unit of archive edited": (f"{_UNITS}/catalog-mail-archive.service", "line", "# by hand", "(none)"),
    "reader disabled": (_READER, "state", "running, not enabled", "running"),
    "settings changed": ("e-mail settings", "notifications.from.display_name", "Tampered", "Data Catalog"),
    "parameter removed": (_MAIN_CF, "smtp_tls_CAfile", "(none)", "/etc/ssl/lab-ca.crt"),
    "password file removed": (_SASL, "entries", "differs", "differs"),
    "Postfix stopped": ("postfix.service", "state", "not running", "running"),
    "command of something else": (_COMMAND, "link", "/bin/true", _LINKED),
    "configuration edited": (f"{_ETC}/config.toml", "catalog_name", '"Other"', "(none)"),
    "folder of configuration open": (_ETC, "mode", "0755", "0750"),
    "leftover secret": (f"{_ETC}/webhook-secret", "state", "file", "absent"),
    "user with a shell": ("user catalog-mail", "shell", "/bin/bash", "/usr/sbin/nologin"),
    "timer disabled": (_TIMER, "state", "stopped", "running"),
    "package removed": ("libsasl2-modules", "package", "missing", "installed"),
    "password table readable": (_SASL, "compiled", "mode 0644, owner root, group root", "as the entries say"),
    "configuration removed": (f"{_ETC}/config.toml", "state", "missing", "present"),
    "unit of application removed": (f"{_UNITS}/{_SERVICE}", "state", "missing", "present"),
    "application disabled": (_SERVICE, "enabled", "no", "yes"),
    "state folder open": ("/var/lib/catalog-mail", "mode", "0777", "0750"),
    "unit of timer removed": (f"{_UNITS}/{_TIMER}", "state", "missing", "present"),
    "unit of reader removed": (f"{_UNITS}/{_READER}", "state", "missing", "present"),
    "key of another group": (f"{_ETC}/key", "group", "root", "catalog-mail"),
}
"""Without those whose values change from version to version, and whose effect the stopped application hides."""

FOLLOWING = {
    (_SERVICE, "state"), (_SERVICE, "proven_version"), (_READER, "state"), (_TIMER, "state"), (_OPT, "current"),
    (f"{_ETC}/admin-token", "state"),
}
"""Rows that follow from a tampering: services with older files, the versions installed and proven, a replaced token."""


def rows(run: SiteRun) -> set[tuple[str, str, str, str]]:
    """Return what the report of a run names."""
    return {(one["thing"], one["field"], one["is"], one["should_be"]) for one in run.report["changes"]}


def misnamed(run: SiteRun, names: tuple[str, ...]) -> list[object]:
    """Return what the report lacks of these tamperings, and what it names without a tampering."""
    found, expected = rows(run), {ROWS[name] for name in names if name in ROWS}
    return sorted(expected - found) + sorted(row for row in found - expected if row[:2] not in FOLLOWING)
