"""What role reply_sync looks at and does on the host, in one task each.

Usage: host.py look|start|stop URL TOKEN FOLDER
  URL is where the application answers, TOKEN the file with its token, FOLDER that of role runtime's versions.

`look` prints, as JSON, what is there. `start` has the service run with what is there now, and not with what was there when
it started, and the timer run as the application's settings say. `stop` ends both. Uses the standard library only.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request

SERVICE = "catalog-mail-reply-sync.service"
TIMER = "catalog-mail-archive.timer"
UNITS = (SERVICE, "catalog-mail-archive.service", TIMER)
UNIT_FOLDER = "/etc/systemd/system"
# What the service reads at its start, beside its unit and its version.
FILES = tuple(f"/etc/catalog-mail/{name}" for name in ("config.toml", "key", "database-password", "webhook-secret"))
# The application's own, which its settings give for an archive that nobody has described.
DEFAULT_ARCHIVE = {"enabled": False, "on_calendar": "Sun 02:00"}
JOURNAL_LINES = 15


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """A command's end, its output as text."""
    return subprocess.run(words, capture_output=True, text=True, check=False)


def prop(unit: str, name: str) -> str:
    """A property of a unit; empty where systemd does not know the unit."""
    return run("systemctl", "show", f"--property={name}", "--value", "--timestamp=us", unit).stdout.strip()


def described(path: str) -> str | None:
    """Content and rights of a file, its owners as numbers; None where there is none."""
    try:
        status = os.stat(path)
        with open(path, "rb") as file:
            content = hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return None
    return f"{content} {stat.S_IMODE(status.st_mode):04o} {status.st_uid}:{status.st_gid}"


def is_stale(folder: str) -> bool:
    """Whether something that the service read at its start is younger than that start."""
    started = prop(SERVICE, "ExecMainStartTimestamp")
    paths = [*FILES, os.path.join(UNIT_FOLDER, SERVICE), os.path.join(folder, "current")]
    there = [path for path in paths if os.path.lexists(path)]
    if not started:
        return False
    found = run("find", *there, "-maxdepth", "0", "-newerct", started)
    return bool(found.stdout.strip()) or found.returncode != 0


def is_on(unit: str) -> bool:
    """Whether it runs, and will after a boot."""
    return prop(unit, "ActiveState") == "active" and prop(unit, "UnitFileState") == "enabled"


def archive(url: str, token_file: str) -> tuple[dict[str, object], str]:
    """When mail is archived, and whether at all, by the settings in force; and why that cannot be known, else empty."""
    try:
        with open(token_file, encoding="utf-8") as file:
            token = file.readline().strip()
        request = urllib.request.Request(  # noqa: S310  # the role's own argument
            f"{url.rstrip('/')}/api/v1/settings/email-server", headers={"Authorization": "Bearer " + token})
        # No proxy of the environment may stand in between.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as response:
            interactions = json.loads(response.read().decode("utf-8"))["interactions"]
        wanted = interactions["archive"]
        enabled = bool(interactions["enabled"] and interactions["receiver"] == "imap" and wanted["enabled"])
        return {"enabled": enabled, "on_calendar": str(wanted["on_calendar"])}, ""
    except (OSError, ValueError, LookupError, TypeError) as error:
        reason = f"The application's settings cannot be read from {url} with the token in {token_file}: {error}. "
        return dict(DEFAULT_ARCHIVE), reason + "Run the role catalog.mail.application before this one, and see that it runs."


def systemd_version() -> int:
    """The number of this systemd, 0 where it does not tell."""
    words = run("systemctl", "--version").stdout.split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


def look(url: str, token_file: str, folder: str) -> None:
    """Print what there is."""
    wanted, trouble = archive(url, token_file)
    units = {unit: described(os.path.join(UNIT_FOLDER, unit)) for unit in UNITS}
    alive = [unit for unit in UNITS if prop(unit, "ActiveState") not in ("inactive", "", "failed")]
    print(json.dumps({
        "units": units,
        "archive": wanted,
        "trouble": trouble,
        "systemd": systemd_version(),
        "runs": is_on(SERVICE) and not is_stale(folder) and not trouble,
        "timer": is_on(TIMER),
        "gone": not alive and not any(units.values()),
    }))


def start(url: str, token_file: str, folder: str) -> None:
    """Have them run with what is there now. Prints what was done; a failure ends with the reason on stderr."""
    began = int(time.time())
    wanted, trouble = archive(url, token_file)
    if trouble:
        sys.exit(trouble)
    run("systemctl", "daemon-reload")
    done = set_timer(bool(wanted["enabled"]))
    if not is_on(SERVICE) or is_stale(folder):
        run("systemctl", "reset-failed", SERVICE)
        run("systemctl", "enable", "--quiet", SERVICE)
        if run("systemctl", "restart", SERVICE).returncode != 0:
            words = ("journalctl", f"--unit={SERVICE}", f"--since=@{began}", "--no-pager", "--output=cat")
            said = run(*words, f"--lines={JOURNAL_LINES}").stdout.strip() or "(nothing)"
            sys.exit(f"{SERVICE} does not become ready. Its last words: {said}")
        done = "restarted"
    print(done)


def set_timer(wanted: bool) -> str:
    """Have the timer run, with the calendar that stands in its unit, or not. What was done."""
    if wanted:
        was_on = is_on(TIMER) and prop(TIMER, "NeedDaemonReload") != "yes" and not calendar_is_old()
        if was_on:
            return "kept"
        run("systemctl", "enable", "--quiet", TIMER)
        ended = run("systemctl", "restart", TIMER)
        if ended.returncode != 0:
            sys.exit(f"{TIMER} does not start: {ended.stderr.strip()} Mend interactions.archive.on_calendar.")
        return "timer started"
    if prop(TIMER, "ActiveState") != "active" and prop(TIMER, "UnitFileState") != "enabled":
        return "kept"
    run("systemctl", "disable", "--now", "--quiet", TIMER)
    return "timer stopped"


def calendar_is_old() -> bool:
    """Whether the timer's unit is younger than its start."""
    started = prop(TIMER, "ActiveEnterTimestamp")
    return bool(run("find", os.path.join(UNIT_FOLDER, TIMER), "-newerct", started).stdout.strip()) if started else True


def stop() -> None:
    """End them, and have no boot start them."""
    run("systemctl", "disable", "--now", "--quiet", TIMER, SERVICE)
    run("systemctl", "stop", *UNITS)


if __name__ == "__main__":
    if sys.argv[1] == "stop":
        stop()
    else:
        {"look": look, "start": start}[sys.argv[1]](*sys.argv[2:5])
