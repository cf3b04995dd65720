#!@interpreter@
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `alation_conf`, in words that Python 2 and Python 3 both understand."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "stand_in"))
from stand_in_store import Refused, Store, UnknownKey


def parsed(words):
    """Yield (key, None) for each key to be read and (key, value) for each to be set, in either order of key and `-s`."""
    words = list(words)
    while words:
        word = words.pop(0)
        if word == "-s":
            if len(words) < 2:
                raise ValueError("expected a value and a key after -s")
            value = words.pop(0)
            yield words.pop(0), value
        elif words and words[0] == "-s":
            if len(words) < 2:
                raise ValueError("expected a value after -s")
            yield word, words[1]
            del words[:2]
        else:
            yield word, None


def execute(store, key, value):
    """Read or set one key; return the exit code."""
    try:
        if value is None:
            print(key + " = " + store.shown(key))
        else:
            store.write(key, value)
    except UnknownKey:
        if store.modes["unknown_key"] == "error":
            sys.stderr.write("alation_conf: error: unknown key: " + key + "\n")
            return 1
    except Refused as error:
        sys.stderr.write("alation_conf: error: " + str(error) + "\n")
        return 1
    return 0


def main(words):
    """Run the command; return its exit code. Keys are read and set one by one up to the first failure."""
    store = Store()
    try:
        requests = list(parsed(words))
    except ValueError as error:
        sys.stderr.write("alation_conf: error: " + str(error) + "\n")
        return 2
    if not requests:
        sys.stderr.write("usage: alation_conf KEY [-s VALUE] ...\n")
        return 2
    modes = store.modes
    store.record("calls", [key if value is None else key + " -s" for key, value in requests])
    time.sleep(modes["delay"])
    for line in modes["noise_before"]:
        print(line)
    for line in modes["noise_errors"]:
        sys.stderr.write(line + "\n")
    sys.stdout.flush()
    code = 0
    for key, value in requests:
        code = code or execute(store, key, value)
    for line in modes["noise_after"]:
        print(line)
    sys.stdout.flush()
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
