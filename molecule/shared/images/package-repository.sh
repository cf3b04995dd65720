#!/bin/sh
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Runs at the end of mmdebstrap (customize hook): $1 is the new system's root, the rest are package names.
#
# Downloads the packages with their dependencies into /srv/packages of the new system, and makes that folder its only
# package source: `apt-get update && apt-get install postfix` works although the lab's network has no way out.
# Without package names the system has no package source.
set -eu
root=$1
shift

if [ "$#" -gt 0 ]; then
    packages="$root/srv/packages"
    APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get clean
    APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get --yes --download-only install "$@"
    mkdir -p "$packages"
    mv "$root"/var/cache/apt/archives/*.deb "$packages/"
    python3 "$(dirname "$0")/package_index.py" "$packages"
    chmod -R u=rwX,go=rX "$packages"
fi

# Remove this machine's package sources and apt options (such as a proxy), which mmdebstrap has used.
rm -rf "$root"/etc/apt/sources.list.d/* "$root"/etc/apt/apt.conf.d/99mmdebstrap "$root"/etc/apt/apt.conf
if [ "$#" -gt 0 ]; then
    echo 'deb [trusted=yes] file:/srv/packages ./' >"$root"/etc/apt/sources.list
else
    : >"$root"/etc/apt/sources.list
fi

# Leave no package lists, as on a cloud image, and an old date, so that apt's cache is not taken for a new one.
# (mmdebstrap does not clean up itself, because it would set today's date.)
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/lib/apt/periodic "$root"/var/cache/apt/*.bin \
    "$root"/var/cache/apt/archives/*.deb
touch --date=@0 "$root"/var/lib/apt/lists
