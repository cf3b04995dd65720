# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the wheels of the Python packages of an image, on this machine."""
from __future__ import annotations

import pathlib
import subprocess
import sys

from labkit.state import LabError


def wheels(requirements: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """Write a wheel of each package of a requirements file with hashes into a folder, and return the folder. Raises LabError."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--require-hashes", "--disable-pip-version-check",
         "--requirement", str(requirements), "--wheel-dir", str(folder)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LabError(f"pip did not build the packages of {requirements.name}:\n{done.stderr[-2000:]}")
    return folder

