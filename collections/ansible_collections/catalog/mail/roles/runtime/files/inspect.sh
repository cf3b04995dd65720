#!/bin/sh
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What role runtime has to know about a host before it does anything, asked for in one task.
#
# Arguments: the folder of the versions, the name of the version that is wanted. Prints lines of a word and its value:
#   system NAME      the operating system, and each one that it is made from (os-release(5): ID, ID_LIKE)
#   machine NAME     the processor, as `uname -m` calls it
#   python VERSION   such as 3.11, the one that the application will run on
#   venv yes         where that Python can make virtual environments
#   wanted NAME      the version that is wanted, with this Python; another Python needs another installation
#   version NAME     one that is installed, completely
#   current NAME     the one that the link `current` names
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
    # The links name versions, and are none.
    [ -L "$folder" ] || [ ! -e "$folder/.complete" ] || echo "version $(basename "$folder")"
done
[ ! -e "$1/current/.complete" ] || echo "current $(basename "$(readlink "$1/current")")"
