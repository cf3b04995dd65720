#!/bin/sh
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Print the facts about a host that the role runtime needs, in one task.
#
# Arguments: the folder of the versions, the name of the requested version. Prints lines of a word and its value:
#   system NAME      the operating system, and each one that it is derived from (os-release(5): ID, ID_LIKE)
#   machine NAME     the processor, by `uname -m`
#   python VERSION   the version of Python for the application, such as 3.11
#   venv yes         when this Python can create virtual environments
#   wanted NAME      the requested version, with this Python; another Python needs another installation
#   version NAME     a version that is completely installed
#   current NAME     the target of the link `current`
. /etc/os-release
for name in $ID $ID_LIKE; do
    echo "system $name"
done
echo "machine $(uname -m)"
python=$(/usr/bin/python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
echo "python $python"
/usr/bin/python3 -c 'import ensurepip, venv' 2>/dev/null && echo "venv yes"
echo "wanted $2-py$python"
for folder in "$1"/*; do
    # Skip the links `current` and `proven`.
    [ -L "$folder" ] || [ ! -e "$folder/.complete" ] || echo "version $(basename "$folder")"
done
[ ! -e "$1/current/.complete" ] || echo "current $(basename "$(readlink "$1/current")")"
