# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tamperings with a host that the site playbook has set up: each is a shell command, and a run corrects it."""

from __future__ import annotations

_ETC = "/etc/catalog-mail"
_UNITS = "/etc/systemd/system"
_STATE = "/var/lib/catalog-mail"
_FOLDER = "/opt/catalog-mail"
_PACKAGES = f"{_FOLDER}/$(readlink {_FOLDER}/current)/lib/python3*/site-packages"
_RENAME = """
catalog-mail settings export | sed 's/"display_name": "Data Catalog"/"display_name": "Tampered"/' > /run/settings.json
catalog-mail settings import --no-test /run/settings.json
rm -f /run/settings.json
"""

POSTFIX = {
    "parameter changed": "sed -i 's/^mydestination.*/mydestination = elsewhere.example/' /etc/postfix/main.cf; postfix reload",
    "parameter removed": "sed -i /^smtp_tls_CAfile/d /etc/postfix/main.cf",
    "password file readable": "chmod 0644 /etc/postfix/sasl_passwd",
    "password table readable": "chmod 0644 /etc/postfix/sasl_passwd.db",
    "password file of another owner": "chown postfix /etc/postfix/sasl_passwd",
    "password file removed": "rm -f /etc/postfix/sasl_passwd",
    "password table removed": "rm -f /etc/postfix/sasl_passwd.db",
    "Postfix disabled": "systemctl disable --quiet postfix",
    "Postfix stopped": "postfix stop",
    "package removed": "dpkg --remove libsasl2-modules",
}
RUNTIME = {
    "library removed": f"rm -rf {_PACKAGES}/fastapi",
    "program edited": f"echo '# by hand' >> $(echo {_PACKAGES}/catalog_mail/cli.py)",
    "interpreter removed": f"rm -f {_FOLDER}/$(readlink {_FOLDER}/current)/bin/python3",
    "program not executable": f"chmod 0644 {_FOLDER}/$(readlink {_FOLDER}/current)/bin/catalog-mail",
    "installation not complete": f"rm -f {_FOLDER}/$(readlink {_FOLDER}/current)/.complete",
    "command removed": "rm -f /usr/local/bin/catalog-mail",
    "command of something else": "ln -sfn /bin/true /usr/local/bin/catalog-mail",
    "link current removed": f"rm -f {_FOLDER}/current",
    "link proven removed": f"rm -f {_FOLDER}/proven",
    "folder of versions closed": f"chmod 0700 {_FOLDER}",
}
APPLICATION = {
    "key readable": f"chmod 0644 {_ETC}/key",
    "key of another group": f"chgrp root {_ETC}/key",
    "token readable": f"chmod 0644 {_ETC}/admin-token",
    "token removed": f"rm -f {_ETC}/admin-token",
    "token replaced": f"echo cmail_another > {_ETC}/admin-token",
    "token empty": f"truncate --size 0 {_ETC}/admin-token",
    "configuration edited": f"echo 'catalog_name = \"Other\"' >> {_ETC}/config.toml",
    "configuration removed": f"rm -f {_ETC}/config.toml",
    "configuration readable": f"chmod 0644 {_ETC}/config.toml",
    "configuration not yet read": f"touch {_ETC}/config.toml",
    "folder of configuration open": f"chmod 0755 {_ETC}",
    "unit of application edited": f"echo '# by hand' >> {_UNITS}/catalog-mail.service",
    "unit of application removed": f"rm -f {_UNITS}/catalog-mail.service",
    "unit of application unreadable": f"chmod 0600 {_UNITS}/catalog-mail.service",
    "application stopped": "systemctl stop catalog-mail",
    "application disabled": "systemctl disable --quiet catalog-mail",
    "database readable": f"chmod 0644 {_STATE}/catalog-mail.db",
    "database of another group": f"chgrp root {_STATE}/catalog-mail.db",
    "state folder open": f"chmod 0777 {_STATE}",
    "user with a shell": "usermod --shell /bin/bash catalog-mail",
    "leftover secret": f"echo x > {_ETC}/webhook-secret",
}
REPLIES = {
    "reader stopped": "systemctl stop catalog-mail-reply-sync",
    "reader disabled": "systemctl disable --quiet catalog-mail-reply-sync",
    "timer stopped": "systemctl stop catalog-mail-archive.timer",
    "timer disabled": "systemctl disable --quiet --now catalog-mail-archive.timer",
    "unit of reader removed": f"rm -f {_UNITS}/catalog-mail-reply-sync.service",
    "unit of timer removed": f"rm -f {_UNITS}/catalog-mail-archive.timer",
    "unit of archive edited": f"echo '# by hand' >> {_UNITS}/catalog-mail-archive.service",
    "unit of timer writable": f"chmod 0666 {_UNITS}/catalog-mail-archive.timer",
    "settings changed": _RENAME,
    "archive moved to another day": (
        # No run moves it back, since the inventory does not say when: another tampering may have moved it before.
        "catalog-mail settings export | sed 's/\"Sun 02:00\"/\"other\"/; s/\"Mon 03:00\"/\"Sun 02:00\"/; "
        "s/\"other\"/\"Mon 03:00\"/' > /run/settings.json; "
        "catalog-mail settings import --no-test /run/settings.json; rm -f /run/settings.json"),
}
TAMPERINGS = {**POSTFIX, **RUNTIME, **APPLICATION, **REPLIES}

GROUPS = {
    # A lost library and everything that does not need the application to answer.
    "stopped": [
        "parameter changed", "password file readable", "password table removed", "Postfix disabled", "library removed",
        "command removed", "folder of versions closed", "application stopped", "database readable", "key readable",
        "token readable", "unit of archive edited", "reader disabled"],
    # The application answers. The command that changes the settings is replaced after that.
    "edited": [
        "settings changed", "parameter removed", "password file removed", "Postfix stopped", "link proven removed",
        "command of something else", "configuration edited", "folder of configuration open", "leftover secret",
        "user with a shell", "timer disabled"],
    "removed": [
        "package removed", "password table readable", "link current removed", "configuration removed", "token replaced",
        "unit of application removed", "application disabled", "state folder open", "unit of timer removed",
        "unit of reader removed", "reader stopped", "key of another group"],
}
