#!/bin/sh
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Install a version of the application, unless it is installed, and point the link `current` to it.
#
# Usage: install.sh FOLDER VERSION [ARCHIVE [CERTIFICATES]]. A version that is not installed
# needs the archive, made by bundle.py. pip downloads dependencies without wheels in the archive, as configured on this host.
#
# May be killed at any point. A version is complete when its file `.complete` exists, and `current` is replaced by a rename.
# The previous version and the last one that worked (the link `proven`) stay installed; other versions are removed.
set -eu
umask 022
folder=$1 version=$2 archive=${3:-} certificates=${4:-}
target=$folder/$version
command=/usr/local/bin/catalog-mail
mkdir -p "$folder"

# One installation at a time; this also waits for processes that a killed run left.
exec 9>"$folder/.lock"
flock --exclusive 9

if [ ! -e "$target/.complete" ]; then
    rm -rf "$target" "$folder/.unpacked"
    mkdir "$folder/.unpacked"
    tar -x -f "$archive" -C "$folder/.unpacked"
    /usr/bin/python3 -m venv "$target"
    install="$target/bin/python -m pip --disable-pip-version-check --quiet --no-input install --no-compile"
    # Silence pip's warning about running as root.
    export PIP_ROOT_USER_ACTION=ignore
    if [ -d "$folder/.unpacked/wheels" ]; then
        # bundle.py has checked their hashes.
        $install --no-index --no-deps "$folder"/.unpacked/wheels/*.whl
    else
        [ -z "$certificates" ] || export PIP_CERT="$certificates"
        # The requirements are complete, so pip has nothing to resolve.
        $install --require-hashes --no-deps --requirement "$folder/.unpacked/requirements.txt"
    fi
    $install --no-index --no-deps "$folder"/.unpacked/package/*.whl
    "$target/bin/python" -m compileall -q "$target/lib" >/dev/null
    "$target/bin/catalog-mail" --version >/dev/null
    sync -f "$target"
    touch "$target/.complete"
    rm -rf "$folder/.unpacked"
fi

before=$(readlink "$folder/current" || true)
proven=$(readlink "$folder/proven" || true)
if [ "$before" != "$version" ]; then
    mkdir -p "$(dirname "$command")"
    ln --symbolic --force --no-dereference "$folder/current/bin/catalog-mail" "$command"
    ln --symbolic --force --no-dereference "$version" "$folder/.current"
    mv --no-target-directory "$folder/.current" "$folder/current"
    for found in "$folder"/*/; do
        name=$(basename "$found")
        case $name in
            current | proven | "$version" | "$before" | "$proven") ;;
            *) rm -rf "$found" ;;
        esac
    done
fi
rm -f "$archive"
