# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python module `bootstrap_rosemeta`: importing it makes `alation_conf` importable."""

import sys

sys.path.append("/opt/alation/python")
