# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask dpkg or rpm for installed packages."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._core.package_manager import installed_packages


class Module:
    """The parts of an Ansible module that find and run a program, on this machine or with a prepared output."""

    def __init__(self, program="", output=""):
        self.program = program
        self.output = output

    def get_bin_path(self, name):
        if self.program:
            return name if name == self.program else None
        return shutil.which(name)

    def run_command(self, command, environ_update):
        if self.program:
            return 1, self.output, ""
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ_update)
        return done.returncode, done.stdout, done.stderr


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="this machine is no Debian")
def test_this_machine():
    assert installed_packages(Module(), ["no-such-package-at-all", "base-files"]) == ["base-files"]


@pytest.mark.parametrize("program,output,expected", [
    ("dpkg-query", "installed postfix\nconfig-files exim4\nnot-installed sendmail\n", ["postfix"]),
    ("rpm", "installed postfix\npackage cyrus-sasl-plain is not installed\n", ["postfix"]),
    ("apk", "installed postfix\n", []),
])
def test_output_of_each_program(program, output, expected):
    assert installed_packages(Module(program, output), ["postfix", "exim4", "sendmail", "cyrus-sasl-plain"]) == expected
