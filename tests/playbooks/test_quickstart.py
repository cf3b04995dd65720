# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make quickstart` on a running lab shows the way of an e-mail and of its reply."""

from __future__ import annotations

import re

import pytest
from helpers.playbooks import lab, run_ansible

HOST = "catalog12"


def quickstart() -> str:
    """Run the playbook as the Makefile does and return its output."""
    arguments = ("-i", "inventories/lab", "playbooks/quickstart.yml")
    run = run_ansible("ansible-playbook", *arguments, ANSIBLE_STDOUT_CALLBACK="catalog.mail.steps")
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def outputs() -> tuple[str, str]:
    """Return the outputs of the first run, on a bare host, and of the second."""
    lab("up", HOST, "mail")
    lab("reset", HOST)
    return quickstart(), quickstart()


def test_the_first_run_shows_e_mail_and_reply(outputs: tuple[str, str]) -> None:
    """Every step passes, the output shows the way of the e-mail and of the reply once, and ends with the next steps."""
    first = outputs[0]
    assert "✗" not in first
    assert re.search(r"✓ Install Postfix and its login mechanisms +changed", first)
    assert first.count("The way of the e-mail") == 1
    way, after = first.split("The way of the e-mail")[1].split("and the next steps")
    assert re.search(r"mail\.corp\.test: from catalog12\.catalog\.test, ESMTPSA, TLSv1\.[23]", way)
    assert re.search(r"INBOX: found \d+\.\d s after", way)
    assert "dkim=pass" in way
    assert first.count("The way of the reply") == 1
    assert re.search(r"4\. The answer appeared in its conversation \d\.\d s later, by alice", way)
    # The last lines show the reply in its conversation, and the seconds until it was posted.
    assert re.search(r"The reply +Alice: This answer was sent by e-mail, .*\n +posted \d+\.\d+ s after it was sent", after)
    assert "inventories/example" in after
    assert re.search(rf"{HOST}: \d+ steps, \d+ changed, none failed", after)


def test_a_second_run_changes_nothing(outputs: tuple[str, str]) -> None:
    """The second run changes and installs nothing, and delivers another e-mail."""
    second = outputs[1]
    assert re.search(rf"{HOST}: \d+ steps, 0 changed, none failed", second)
    assert "Install" not in second
    assert "INBOX: found" in second
    assert "The answer appeared in its conversation" in second
