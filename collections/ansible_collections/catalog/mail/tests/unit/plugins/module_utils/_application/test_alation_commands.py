# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands for Alation's chroot are quoted for its shell, and its noise is told from its answers."""

from __future__ import annotations

import subprocess
import sys

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._application.alation_commands import (
    checked_key,
    checked_value,
    in_chroot,
    interpreter_of,
    set_program,
    set_words,
    state_in,
    state_program,
    value_in,
)
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused
from hypothesis import given
from hypothesis import strategies as st

TEXTS = ["plain", "two words", "it's", '"quoted"', "$HOME", "`id`", "a;b|c&d", "\\", "M\u00fcller", "*", "~", "#", "!x", ""]


@pytest.mark.parametrize("text", TEXTS)
def test_a_shell_leaves_a_value_as_it_is(text: str) -> None:
    *_chroot, line = in_chroot("/opt/alation", "alationadmin", ["printf", "%s", text])
    assert subprocess.run(["sh", "-c", line], capture_output=True, check=True).stdout.decode() == text


@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=40))
def test_a_shell_leaves_any_value_as_it_is(text: str) -> None:
    *_chroot, line = in_chroot("/", "u", ["printf", "%s", text])
    assert subprocess.run(["sh", "-c", line], capture_output=True, check=True).stdout.decode() == text


@pytest.mark.parametrize("out,value", [
    ("alation.email.host = mail.example.com\n", "mail.example.com"),
    ("Welcome = to Alation\n\nalation.email.host = a = b\nBye\n", "a = b"),
    ("alation.email.host = \n", ""),
    ("  alation.email.host = x  \n", "x"),
    ("alation.email.hostname = x\n", None),
    ("unknown key alation.email.host = ?\n", None),
    ("", None),
])
def test_only_the_line_of_the_key_counts(out: str, value: str | None) -> None:
    assert value_in(out, "alation.email.host") == value


@pytest.mark.parametrize("key", ["alation.email.host;id", "a b", "", "A.b", "alation.$x", "-s", None, 5, "a\n"])
def test_a_key_that_a_shell_could_take_for_more_is_refused(key: object) -> None:
    with pytest.raises(InputRefused, match=r"^alation\.keys\[p\]: "):
        checked_key("p", key)


@pytest.mark.parametrize("value", ["-s", "--help", "a\nb", "a\rb", "a\0b", "\x1b[0m"])
def test_a_value_that_alation_conf_could_take_for_more_is_refused(value: str) -> None:
    with pytest.raises(InputRefused, match=r"^p: "):
        checked_value("p", value)


@pytest.mark.parametrize("first,words", [
    (b"#!/opt/alation/env/bin/python\n", ["/opt/alation/env/bin/python"]),
    (b"#!/usr/bin/env python2.7\n", ["python2.7"]),
    (b"#! /usr/bin/python3 -E\n", ["/usr/bin/python3", "-E"]),
    (b"#!/bin/sh\n", None), (b"\x7fELF", None), (b"", None), (b"#!/usr/bin/env\n", None), (b"#!/usr/bin/pythonish\n", None),
])
def test_the_python_of_a_script(first: bytes, words: list[str] | None) -> None:
    assert interpreter_of(first) == words


@pytest.mark.parametrize("secret", ["plain", "it's", '"', "\\", "$`", "M\u00fcller", "\u2713", "%s{}"])
def test_a_program_carries_a_secret_unchanged(secret: str, tmp_path) -> None:
    script = tmp_path / "alation_conf"
    script.write_text("import sys\nsys.stdout.buffer.write('|'.join(sys.argv).encode())\n")
    program = set_program(str(script), "alation.email.email_password", secret)
    assert program.isascii()
    done = subprocess.run([sys.executable, "-"], input=program.encode(), capture_output=True, check=True)
    assert done.stdout.decode() == "|".join([str(script), *set_words("alation.email.email_password", secret)[1:]])


@pytest.mark.parametrize("stored,secret,answer", [
    ("'s3cret'", "s3cret", "same"), ("'s3cret'", "other", "different"), ("None", "x", "absent"), ("''", "x", "absent"),
    ("b's3cret'", "s3cret", "same"), ("u'M\\xfcller'", "M\u00fcller", "same"), ("'s3cret'", None, "different"),
])
def test_a_program_compares_and_tells_one_word(tmp_path, stored: str, secret: str | None, answer: str) -> None:
    method = f" def get_decrypted(self, key):\n  return {{'k': {stored}}}[key]"
    lines = ["class C(object):", method, "conf = C()", "print('noise')"]
    (tmp_path / "alation_conf.py").write_text("\n".join(lines))

    def run(key: str) -> str:
        done = subprocess.run(
            [sys.executable, "-"], input=state_program(key, secret).encode(), capture_output=True, check=True, cwd=tmp_path)
        assert "s3cret" not in done.stdout.decode() + done.stderr.decode()
        return state_in(done.stdout.decode())

    assert (run("k"), run("unknown")) == (answer, "unknown")


def test_without_an_answer_the_state_is_not_known() -> None:
    done = subprocess.run([sys.executable, "-"], input=state_program("k", "x").encode(), capture_output=True, check=True)
    assert state_in(done.stdout.decode()) == "unable" == state_in("noise\n")
