# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The value of a new credential is stored in the application, and in no output, log or file of the control node."""

from __future__ import annotations

import pytest
from helpers.file_watch import FileWatch
from helpers.rotation import World


def pieces_of(value: str) -> list[str]:
    """Return the lines to search for: any line of a key reveals it."""
    pieces = [line for line in value.splitlines() if len(line) > 20 and "-----" not in line]
    assert pieces
    return pieces[: len(pieces) // 2 + 1]


@pytest.mark.parametrize("kind", ["secret", "certificate"])
def test_the_value_is_in_no_output_log_or_file(registered: World, kind: str) -> None:
    registration = {"unique_name": "data-catalog-mail", "uses": ["notifications", "interactions"], "credential": kind}
    registered.variables["entra_app_registrations"] = [registration]
    watch = FileWatch(registered.folder)
    watch.start()
    run = registered.rotate("-vvvv", "--diff", entra_app_rotate_now=True)
    watch.end()
    assert run.failed == 0, run.output
    value = registered.value(f"notifications.microsoft.{'client_secret' if kind == 'secret' else 'certificate'}")
    log = (registered.folder / "ansible.log").read_text()
    seen = b"\n".join(watch.contents).decode(errors="replace")
    for piece in pieces_of(value):
        assert piece not in run.output
        assert piece not in log
        assert piece not in seen
    # The watch works: it saw the modules that get no secret, and none of those that do.
    assert "AnsiballZ_email_settings_info.py" in watch.names
    assert not {"AnsiballZ_email_settings.py", "AnsiballZ_entra_app_credential.py"} & watch.names


def test_the_value_is_on_no_disk_of_the_control_node(registered: World) -> None:
    """With su, Ansible cannot pass a module without a file."""
    registered.variables |= {"ansible_become": True, "ansible_become_method": "su"}
    watch = FileWatch(registered.folder / "local")
    watch.start()
    run = registered.rotate(entra_app_rotate_now=True)
    watch.end()
    assert run.failed == 0, run.output
    [value] = pieces_of(registered.value())
    assert value not in b"\n".join(watch.contents).decode(errors="replace")
    assert watch.contents, "the watch saw no file"
