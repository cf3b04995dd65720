# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Install packages in place of get-pip, for ansible-test, when Ansible's own host cannot be reached.

Takes the arguments of get-pip: pip's options and the packages. Installs them with the pip that Python contains (ensurepip),
without the two options that only get-pip knows.
"""

import subprocess
import sys

# In a separate process, because ensurepip disables pip's configuration, and with it the CA, for its whole process.
subprocess.run([sys.executable, "-m", "ensurepip"], stdout=subprocess.DEVNULL, check=True)
arguments = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", *arguments]))
