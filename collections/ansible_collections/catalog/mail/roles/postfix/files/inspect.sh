#!/bin/sh
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What role postfix has to know about a host before it does anything, asked for in one task: facts, packages and
# service would be three, each as costly as the whole rest of a run that changes nothing.
#
# Arguments: names of packages. Prints lines of a word and its value:
#   system NAME     the operating system, and each one that it is made from (os-release(5): ID, ID_LIKE)
#   release NUMBER  the major version
#   package NAME    a package of the arguments that is installed
#   service STATE   of the unit postfix, as `systemctl is-enabled` calls it; no such line without a unit
. /etc/os-release
for name in $ID $ID_LIKE; do
    echo "system $name"
done
echo "release ${VERSION_ID%%.*}"

if command -v dpkg-query >/dev/null; then
    dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null
else
    rpm --query --queryformat 'installed %{NAME}\n' "$@"
fi | sed -n 's/^installed /package /p'

systemctl is-enabled postfix 2>/dev/null | sed -n 's/^[a-z-]*$/service &/p'
