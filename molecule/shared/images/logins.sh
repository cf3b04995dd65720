#!/bin/sh
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Runs at the end of mmdebstrap (customize hook): $1 is the new system's root, the rest are names of users to make.
#
# The users have no password and no key yet. Removes the host keys that the package made, because each host gets its own
# key when it is created.
set -eu
root=$1
shift

for user in "$@"; do
    chroot "$root" useradd --create-home --shell /bin/bash "$user"
done
rm -f "$root"/etc/ssh/ssh_host_*
