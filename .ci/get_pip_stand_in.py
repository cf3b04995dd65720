# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-test runs in place of get-pip where Ansible's own host cannot be reached.

Called like get-pip: with pip's options and the packages to install. Python brings a pip of its own (ensurepip),
which installs them; the two options that only get-pip knows are left out.
"""

import subprocess
import sys

# In a process of its own: ensurepip switches pip's configuration off for the whole process, and with it the CA.
subprocess.run([sys.executable, "-m", "ensurepip"], stdout=subprocess.DEVNULL, check=True)
arguments = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", *arguments]))
