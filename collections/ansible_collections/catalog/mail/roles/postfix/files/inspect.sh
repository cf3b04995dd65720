#!/bin/sh
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Print the facts about a host that the role postfix needs, in one task. Separate tasks for facts, packages and service
# would each take as long as all the rest of a run that changes nothing.
#
# Arguments: names of packages. Prints lines of a word and its value:
#   system NAME     the operating system, and each one that it is derived from (os-release(5): ID, ID_LIKE)
#   release NUMBER  the major version
#   package NAME    an installed package among the arguments
#   service STATE   the state of the unit postfix, by `systemctl is-enabled`; no line without a unit
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
