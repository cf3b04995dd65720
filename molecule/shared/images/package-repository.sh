#!/bin/sh
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Runs at the end of mmdebstrap (customize hook): $1 is the new system's root, the rest are package names.
#
# Downloads the packages with what they need into /srv/packages of the new system and makes that its only package
# source: the lab's network leads nowhere, and still `apt-get update && apt-get install postfix` works as anywhere.
# Without package names the system is left without any source.
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

# What mmdebstrap used from this machine must not stay: its sources and its apt options (a proxy, say).
rm -rf "$root"/etc/apt/sources.list.d/* "$root"/etc/apt/apt.conf.d/99mmdebstrap "$root"/etc/apt/apt.conf
if [ "$#" -gt 0 ]; then
    echo 'deb [trusted=yes] file:/srv/packages ./' >"$root"/etc/apt/sources.list
else
    : >"$root"/etc/apt/sources.list
fi

# No package lists, as on a cloud image, and an old date there: what judges lists by their age must not think them new.
# (mmdebstrap is told to leave this to us: its own cleaning would give them today's date.)
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/lib/apt/periodic "$root"/var/cache/apt/*.bin \
    "$root"/var/cache/apt/archives/*.deb
touch --date=@0 "$root"/var/lib/apt/lists
