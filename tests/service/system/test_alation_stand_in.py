# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in for Alation itself, called as administrators call Alation: through `chroot` and a login of one of its users."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.service.alation import PASSWORD, REPLICATION, SETTINGS, Alation, AlationBase
from helpers.service.alation_base import why_unavailable
from helpers.service.secret_watch import SecretWatch

pytestmark = pytest.mark.skipif(bool(why_unavailable()), reason=why_unavailable())

HOST = "alation.email.host"
BUILTIN = "alation.email.use_builtin"
USER = "alation.email.email_user"
SECRET = "s3cret with a 'quote'"
KINDS = ("python", "wrapper", "python2")
BY_STANDARD_INPUT = """
import sys
path = "/opt/alation/bin/alation_conf"
sys.argv = [path, "-s", "SECRET", "KEY"]
exec(compile(open(path).read(), path, "exec"), {"__name__": "__main__", "__file__": path})
"""


def settings_in(done: subprocess.CompletedProcess[str], key: str) -> list[str]:
    """Return the values that the output gives for a key."""
    assert done.returncode == 0, done.stderr
    return [line.partition(" = ")[2] for line in done.stdout.splitlines() if line.startswith(f"{key} = ")]


@pytest.mark.parametrize("user", ["alationadmin", "alation"])
@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])
def test_a_login_is_that_of_its_user(make_alation: Callable[..., Alation], user: str, shell: str) -> None:
    alation = make_alation(shell=shell)
    done = alation.run('id -un; pwd; echo "$SHELL"; echo > /dev/null', user)
    assert done.stdout.splitlines()[-3:] == [user, f"/home/{user}", shell]
    assert "last.login = yesterday" in done.stdout and "stty" in done.stderr
    alation.change(banner=("it's = new",), banner_errors=())
    done = alation.run("true", user)
    assert (done.stdout, done.stderr) == ("it's = new\n", "")


@pytest.mark.parametrize("kind", KINDS)
def test_settings_are_read_and_set(make_alation: Callable[..., Alation], kind: str) -> None:
    alation = make_alation(kind=kind)
    done = alation.run(f"alation_conf {HOST}")
    assert settings_in(done, HOST) == ["localhost"]
    assert "log.level = INFO" in done.stdout and "option = value" in done.stderr
    assert settings_in(alation.run(f"alation_conf {REPLICATION}", "alation"), REPLICATION) == ["standalone"]
    assert alation.run(f"alation_conf {HOST} -s mail.example.com").returncode == 0
    assert alation.run(f"alation_conf -s fAlse {BUILTIN}").returncode == 0
    assert alation.run(f"alation_conf {USER} -s 25 alation.install.base_url -s 'https://a.example.com/?a = b'").returncode == 0
    assert settings_in(alation.run(f"alation_conf {BUILTIN}"), BUILTIN) == ["False"]
    assert alation.stored() == SETTINGS | {
        REPLICATION: "standalone", HOST: "mail.example.com", BUILTIN: False, USER: 25,
        "alation.install.base_url": "https://a.example.com/?a = b"}
    assert [call.words for call in alation.calls()][2:5] == [
        (f"{HOST} -s",), (f"{BUILTIN} -s",), (f"{USER} -s", "alation.install.base_url -s")]


def test_a_wrong_call_shows_the_usage(make_alation: Callable[..., Alation]) -> None:
    alation = make_alation()
    for line in ("alation_conf", f"alation_conf {HOST} -s", f"alation_conf -s {HOST}"):
        assert alation.run(line).returncode == 2


def test_a_call_takes_its_time(make_alation: Callable[..., Alation]) -> None:
    begun = time.monotonic()
    assert make_alation(delay=0.3).run(f"alation_conf {HOST}").returncode == 0
    assert time.monotonic() - begun > 0.3


@pytest.mark.parametrize("shown, as_alation", [("masked", "********"), ("encrypted", "encrypted:"), ("clear", SECRET)])
def test_passwords_are_for_user_alation(make_alation: Callable[..., Alation], shown: str, as_alation: str) -> None:
    alation = make_alation(passwords_shown=shown, settings={PASSWORD: "old"})
    refused = alation.run(f"alation_conf {PASSWORD} -s new")
    assert refused.returncode == 1 and "permission denied for user alationadmin" in refused.stderr
    assert alation.stored()[PASSWORD] == "old"
    quoted = SECRET.replace("'", "'\\''")
    assert alation.run(f"alation_conf {PASSWORD} -s '{quoted}'", "alation").returncode == 0
    assert alation.stored()[PASSWORD] == SECRET
    [value] = settings_in(alation.run(f"alation_conf {PASSWORD}", "alation"), PASSWORD)
    assert value.startswith(as_alation)
    assert SECRET not in alation.run(f"alation_conf {PASSWORD}").stdout
    assert not [path for path in (alation.root / "var/lib/stand_in").iterdir() if b"s3cret" in path.read_bytes()]
    assert alation.run("cat /var/lib/stand_in/key").returncode == 1


def test_an_unknown_key_is_an_error(make_alation: Callable[..., Alation]) -> None:
    alation = make_alation(absent=(USER,))
    for line in (f"alation_conf {USER}", f"alation_conf {USER} -s a"):
        done = alation.run(line)
        assert done.returncode == 1 and f"unknown key: {USER}" in done.stderr and USER not in done.stdout
    assert USER not in alation.stored()


@pytest.mark.parametrize("mode, stored", [("silence", None), ("creation", "a")])
def test_an_unknown_key_is_passed_over(make_alation: Callable[..., Alation], mode: str, stored: str | None) -> None:
    alation = make_alation(unknown_key=mode)
    assert settings_in(alation.run("alation_conf a.b"), "a.b") == []
    assert settings_in(alation.run("alation_conf a.b -s a"), "a.b") == []
    assert alation.stored().get("a.b") == stored


def test_a_write_may_fail_or_be_ignored(make_alation: Callable[..., Alation]) -> None:
    alation = make_alation(refused_keys=(HOST,), ignored_keys=(USER,))
    done = alation.run(f"alation_conf {USER} -s a {BUILTIN} -s false {HOST} -s b")
    assert done.returncode == 1 and f"cannot set {HOST}" in done.stderr
    assert alation.stored() == SETTINGS | {REPLICATION: "standalone", BUILTIN: False}


def test_another_writer_comes_between(make_alation: Callable[..., Alation]) -> None:
    alation = make_alation(other_writer=(HOST, "other.example.com"), replication_mode="slave")
    assert settings_in(alation.run(f"alation_conf {REPLICATION}"), REPLICATION) == ["slave"]
    assert settings_in(alation.run(f"alation_conf {HOST}"), HOST) == ["localhost"]
    assert alation.stored()[HOST] == "other.example.com"
    assert alation.run(f"alation_conf {HOST} -s mail.example.com").returncode == 0
    assert settings_in(alation.run(f"alation_conf {HOST}"), HOST) == ["mail.example.com"]
    alation.set(HOST, "again.example.com")
    assert alation.stored()[HOST] == "again.example.com"


@pytest.mark.parametrize("interpreter", ["python", "python2"])
def test_its_code_runs_from_standard_input(make_alation: Callable[..., Alation], interpreter: str) -> None:
    alation = make_alation(kind=interpreter, delay=0.1)
    program = BY_STANDARD_INPUT.replace("SECRET", SECRET).replace("KEY", PASSWORD)
    with SecretWatch("s3cret") as watch:
        done = alation.run({"python": "python3 -"}.get(interpreter, "python2 -"), "alation", stdin=program)
    assert done.returncode == 0, done.stderr
    assert alation.stored()[PASSWORD] == SECRET
    assert watch.seen == [] and watch.samples > 5 and watch.processes > 0


@pytest.mark.parametrize("kind", ["python", "python2"])
def test_the_module_reads_settings(make_alation: Callable[..., Alation], kind: str) -> None:
    alation = make_alation(kind=kind, settings={PASSWORD: SECRET})
    line = "python2 -" if kind == "python2" else "python3 -"
    program = f"""
from alation_conf import conf
print(conf[{HOST!r}])
print(conf[{PASSWORD!r}])
try:
    conf["a.b"]
except KeyError:
    print("KeyError")
print(conf.get_decrypted({PASSWORD!r}))
"""
    done = alation.run(line, "alation", stdin=program)
    host, encrypted, error, decrypted = done.stdout.splitlines()[-4:]
    assert (host, error, decrypted) == ("localhost", "KeyError", SECRET)
    assert encrypted.startswith("encrypted:")
    done = alation.run(line, "alationadmin", stdin=program)
    assert done.returncode == 1 and "PermissionError" in done.stderr and done.stdout.splitlines()[-1] == "KeyError"


def test_the_module_may_need_another_or_be_missing(make_alation: Callable[..., Alation]) -> None:
    alation = make_alation(module="bootstrap")
    program = "from alation_conf import conf\nprint(conf['alation.email.host'])\n"
    folder = "cd /opt/alation/django/rosemeta/one_off_scripts;"
    assert "ModuleNotFoundError" in alation.run("python3 -", stdin=program).stderr
    assert alation.run(f"{folder} python3 -", stdin=f"import bootstrap_rosemeta\n{program}").stdout.endswith("localhost\n")
    alation.change(module="missing")
    assert "ModuleNotFoundError" in alation.run(f"{folder} python3 -", stdin=f"import bootstrap_rosemeta\n{program}").stderr
    assert settings_in(alation.run(f"alation_conf {HOST}"), HOST) == ["localhost"]


@pytest.mark.parametrize("program, reason", [
    ("x = 1\nprint(f'{x}')", "line 2\nSyntaxError: f-string"),
    ("def a(*, b): pass", "keyword-only argument"),
    ("def a(b: int): pass", "annotation"),
    ("a: int = 1", "annotation"),
    ("def a():\n    b = 1\n    def c():\n        nonlocal b", "nonlocal"),
    ("import sys\nprint('a', file=sys.stderr)", "invalid syntax near '='"),
    ("print('a', 'b')", "print of other than one value"),
    ("try:\n    pass\nexcept FileNotFoundError:\n    pass", "FileNotFoundError"),
    ("import sys\nsys.stdin.buffer.read()", "no attribute sys.stdin.buffer"),
    ("from pathlib import Path", "no module named pathlib"),
    ("from shlex import quote", "cannot import shlex.quote"),
    ("open('a', encoding='utf-8')", "no argument 'encoding'"),
    ("a = 'ä'", "Non-ASCII character"),
    ("print('a'", "SyntaxError"),
])
def test_python_2_refuses_newer_programs(program: str, reason: str, tmp_path: Path) -> None:
    """Run the interpreter outside a chroot, which is the same program."""
    path = tmp_path / "program.py"
    path.write_text(program)
    interpreter = ["/usr/bin/python3.11", str(Path(sys.modules[AlationBase.__module__].__file__ or "").parent
                                             / "alation_chroot/python2.py")]
    done = subprocess.run([*interpreter, path], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and reason in done.stderr and str(path) in done.stderr and done.stdout == ""


def test_python_2_runs_older_programs(make_alation: Callable[..., Alation]) -> None:
    alation = make_alation(kind="python2", banner=())
    program = "from __future__ import print_function\nimport sys\nprint('a', sys.argv, file=sys.stdout)\nprint(__name__)\n"
    program += "try:\n    from shlex import quote\nexcept ImportError:\n    from pipes import quote\n"
    assert alation.run("python2 -u - b", stdin=program).stdout == "a ['-', 'b']\n__main__\n"
    assert alation.run("python2 -c 'import sys; sys.exit(3)'").returncode == 3
    assert "Unknown option: -I" in alation.run("python2 -I -").stderr
    assert alation.run("command -v python3").returncode != 0


def test_settings_count_after_a_restart(make_alation: Callable[..., Alation]) -> None:
    alation = make_alation()
    begun = time.time()
    assert alation.run(f"alation_conf {HOST} -s a").returncode == 0
    assert alation.run(f"alation_conf {PASSWORD} -s b", "alation").returncode == 0
    assert alation.run("alation_action deploy_conf_all").returncode == 0
    assert alation.in_use()[HOST] == "localhost" and alation.in_use("celery")[PASSWORD] == ""
    assert alation.run("alation_supervisor restart web:uwsgi").returncode == 0
    assert alation.in_use() == alation.stored() and alation.in_use("celery")[HOST] == "localhost"
    assert alation.run("alation_supervisor restart web:* celery:*").returncode == 0
    assert alation.in_use("celery") == alation.stored() and alation.stored()[PASSWORD] == "b"
    assert alation.run("alation_supervisor restart nothing:*").returncode == 1
    alation.change(restart_fails=True)
    alation.set(HOST, "c")
    assert alation.run("alation_action restart_alation").returncode == 1 and alation.in_use()[HOST] == "a"
    alation.change(restart_fails=False)
    assert alation.run("alation_action restart_alation").returncode == 0 and alation.in_use()[HOST] == "c"
    restarts = alation.restarts()
    assert [call.words[:2] for call in restarts] == [
        ("alation_action", "deploy_conf_all"), *[("alation_supervisor", "restart")] * 3,
        *[("alation_action", "restart_alation")] * 2]
    assert restarts[2].words == ("alation_supervisor", "restart", "web:*", "celery:*")
    assert restarts[2].user == "alationadmin" and begun < restarts[0].at < restarts[1].at < time.time()


def test_sendmail_logs_in_the_form_of_postfix(make_alation: Callable[..., Alation]) -> None:
    alation = make_alation()
    message = "Message-ID: <1@example.com>\nTo: Jane <jane@example.com>\nSubject: test\n\nHello\n"
    assert alation.run("/usr/sbin/sendmail -t -i -f a@example.com", stdin=message).returncode == 0
    alation.change(mail="deferred")
    assert alation.run("/usr/sbin/sendmail -oi joe@example.com", "alation", stdin=message).returncode == 0
    lines = alation.maillog().splitlines()
    assert [word for line in lines for word in line.split() if word.startswith(("message-id=", "to=", "status="))] == [
        "message-id=<1@example.com>", "to=<jane@example.com>,", "status=sent",
        "message-id=<1@example.com>", "to=<joe@example.com>,", "status=deferred"]
    assert [one["Subject"] for one in alation.messages()] == ["test", "test"]
    alation.change(mail="missing")
    assert alation.run("/usr/sbin/sendmail a@example.com", stdin=message).returncode == 127


def test_chroots_do_not_share_what_changes(alation_base: AlationBase, tmp_path: Path) -> None:
    one, other = alation_base.make(tmp_path / "one"), alation_base.make(tmp_path / "other", kind="python2")
    assert one.run(f"alation_conf {HOST} -s a").returncode == 0
    assert other.stored()[HOST] == "localhost"
    assert one.run("command -v python2").returncode != 0 and other.run("command -v python2").returncode == 0


def test_the_watch_sees_a_secret(make_alation: Callable[..., Alation]) -> None:
    alation = make_alation(delay=0.1)
    with SecretWatch("s3cret") as watch:
        alation.run(f"alation_conf {PASSWORD} -s s3cret", "alation")
        alation.run("S=s3cret; export S; sleep 0.1")
    assert {sighting.place for sighting in watch.seen} == {"cmdline", "environ"}
    assert any("/opt/alation/bin/alation_conf" in sighting.text for sighting in watch.seen)
