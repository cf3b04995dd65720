#!/bin/sh
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Make a virtual environment in a root file system, from the wheels in a folder of this machine. mmdebstrap runs this script.
#
#   python-packages.sh ROOT WHEELS FOLDER
set -eu
root=$1 wheels=$2 folder=$3

mkdir "$root/wheels"
cp "$wheels"/*.whl "$root/wheels/"
chroot "$root" python3 -m venv "$folder"
chroot "$root" sh -c "$folder/bin/pip install --quiet --no-index --no-deps --disable-pip-version-check /wheels/*.whl"
rm -r "$root/wheels"
