"""What role application looks at and does on the host, in one task each.

Usage: host.py look|start LISTEN FOLDER FILE...
  LISTEN is where the service answers, FOLDER that of role runtime's versions, FILEs are what the service reads at its start.

`look` prints, as JSON, what is there. `start` has the service run with what is there now, and not with what was there when
it started: a run that was killed before it came to that is made good by the next one. If the service does not come up and
another version was seen working before, that one is put back. Uses the standard library only.
"""

from __future__ import annotations

import grp
import hashlib
import json
import os
import pwd
import stat
import subprocess
import sys
import time
import urllib.request

UNIT = "catalog-mail.service"
TOKEN = "/etc/catalog-mail/admin-token"
READY_SECONDS = 60
JOURNAL_LINES = 15


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """A command's end, its output as text."""
    return subprocess.run(words, capture_output=True, text=True, check=False)


def prop(name: str) -> str:
    """A property of the unit; empty where systemd does not know the unit."""
    return run("systemctl", "show", f"--property={name}", "--value", "--timestamp=us", UNIT).stdout.strip()


def described(path: str) -> str | None:
    """Content and rights of a file; None where there is none."""
    try:
        status = os.stat(path)
        with open(path, "rb") as file:
            content = hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return None
    return f"{content} {stat.S_IMODE(status.st_mode):04o} {owner_name(status.st_uid)}:{group_name(status.st_gid)}"


def owner_name(number: int) -> str:
    """A user's name; the number where the user is gone, so that the role can mend it."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def group_name(number: int) -> str:
    """A group's name; the number where the group is gone."""
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def is_stale(paths: list[str]) -> bool:
    """Whether something that the service read at its start is younger than that start."""
    started = prop("ExecMainStartTimestamp")
    there = [path for path in paths if os.path.lexists(path)]
    if not started or not there:
        return False
    found = run("find", *there, "-maxdepth", "0", "-newerct", started)
    return bool(found.stdout.strip()) or found.returncode != 0


def answer(listen: str, path: str, token: str | None = None) -> object:
    """The service's answer as JSON; None where there is none, or it is a refusal."""
    host, _colon, port = listen.rpartition(":")
    local = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}.get(host, host)  # noqa: S104  # asked, not listened on
    request = urllib.request.Request(f"http://{local}:{port}/api/v1{path}")
    if token:
        request.add_header("Authorization", "Bearer " + token)
    # No proxy of the environment may stand in between.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=5) as response:
            return json.loads(response.read().decode("utf-8"))
    except (OSError, ValueError):
        return None


def is_ready(listen: str) -> bool:
    """Whether the service says that it can work."""
    health = answer(listen, "/health")
    return isinstance(health, dict) and health.get("ready") is True


def token_is_valid(listen: str) -> bool:
    """Whether the service takes the administrator's token, and root alone can read it."""
    try:
        if stat.S_IMODE(os.stat(TOKEN).st_mode) != 0o600:
            return False
        with open(TOKEN, encoding="utf-8") as file:
            token = file.readline().strip()
    except (OSError, UnicodeDecodeError):
        return False
    return bool(token) and answer(listen, "/settings/email-server", token) is not None


def look(listen: str, folder: str, paths: list[str]) -> None:
    """Print what there is."""
    running = prop("ActiveState") == "active" and is_ready(listen)
    print(json.dumps({
        "files": {path: described(path) for path in paths},
        "enabled": prop("UnitFileState") == "enabled",
        "running": running,
        "stale": is_stale(paths + [os.path.join(folder, "current")]),
        "proven": version(folder, "current") == version(folder, "proven"),
        "token": running and token_is_valid(listen),
    }))


def version(folder: str, name: str) -> str:
    """The version that one of role runtime's links names."""
    try:
        return os.readlink(os.path.join(folder, name))
    except OSError:
        return ""


def point(folder: str, name: str, wanted: str) -> None:
    """Have a link name a version, by a rename."""
    aside = os.path.join(folder, "." + name)
    if os.path.lexists(aside):
        os.unlink(aside)
    os.symlink(wanted, aside)
    os.rename(aside, os.path.join(folder, name))


def comes_up(verb: str, listen: str) -> bool:
    """Start or restart the service; whether it then says that it is ready."""
    run("systemctl", "reset-failed", UNIT)
    if run("systemctl", verb, UNIT).returncode != 0:
        return False
    deadline = time.time() + READY_SECONDS
    while time.time() < deadline:
        if is_ready(listen):
            return True
        if prop("ActiveState") not in ("active", "activating"):
            return False
        time.sleep(0.2)
    return False


def journal(since: int) -> str:
    """What the service said since then."""
    words = ("journalctl", f"--unit={UNIT}", f"--since=@{since}", "--no-pager", "--output=cat", f"--lines={JOURNAL_LINES}")
    return run(*words).stdout.strip() or "(nothing)"


def start(listen: str, folder: str, paths: list[str]) -> None:
    """Have it run with what is there now. Prints what was done; a failure ends with the reason on stderr."""
    began = int(time.time())
    run("systemctl", "daemon-reload")
    enabled = prop("UnitFileState") == "enabled" or run("systemctl", "enable", "--quiet", UNIT).returncode != 0
    active = prop("ActiveState") == "active"
    wanted = version(folder, "current")
    if active and is_ready(listen) and not is_stale(paths + [os.path.join(folder, "current")]):
        print("kept" if enabled else "enabled")
    elif comes_up("restart" if active else "start", listen):
        print("restarted" if active else "started")
    else:
        sys.exit(f"{UNIT} does not become ready. {put_back(listen, folder, wanted, journal(began))}")
    if version(folder, "proven") != wanted:
        point(folder, "proven", wanted)


def put_back(listen: str, folder: str, wanted: str, words: str) -> str:
    """The way back to the version that worked last, if there is one; returns what to tell."""
    proven = version(folder, "proven")
    told = "Its last words: " + words
    if proven in ("", wanted) or not os.path.exists(os.path.join(folder, proven, ".complete")):
        return told + "\nNo other version was seen working here, so none could be put back."
    point(folder, "current", proven)
    works = comes_up("restart", listen)
    state = "is in use again" if works else "was put back as well, and does not become ready either"
    return f"The version {wanted} cannot be used here; {proven} {state}. {told}"


if __name__ == "__main__":
    {"look": look, "start": start}[sys.argv[1]](sys.argv[2], sys.argv[3], sys.argv[4:])
