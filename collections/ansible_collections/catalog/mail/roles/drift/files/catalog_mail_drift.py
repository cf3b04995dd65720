# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look for drift, correct it within a limit, keep a history, and send a notice.

catalog-mail-drift                    look, and correct if the configuration says so; the timer runs this
catalog-mail-drift NAME=VALUE ...     the same with drift_correct or drift_limit for this run: drift_limit=0 is no limit
catalog-mail-drift history            what has drifted how often, most frequent first

As root the command continues as the user of the configuration. Exit status: 0 no drift or all corrected, 2 drift, 1 neither is
known, or the notice could not be sent.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import hmac
import json
import os
import pwd
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

CONFIG = Path(os.environ.get("CATALOG_MAIL_DRIFT_CONFIG", "/etc/catalog-mail-drift/config.json"))
SECRETS = ("ssh_key", "vault_password", "report_token", "webhook_secret")
MOST_CHANGES = 500
MOST_HOSTS = 2000
FIELDS = ("host", "role", "thing", "field", "is", "should_be")
TIMEOUT = 30
DAY = 86400


class Refused(Exception):
    """The run cannot begin or end as asked; the text says why and what to do."""


def main(words):
    """Run the command and return its exit status."""
    try:
        config = read_config()
        with secrets_of(config) as folder:
            if words == ["history"]:
                print("\n".join(history_lines(read_history(config))))
                return 0
            return run({**config, **overrides(words)}, Path(folder))
    except Refused as exc:
        print(f"catalog-mail-drift: {exc}", file=sys.stderr)
        return 1


# Configuration and secrets


def read_config():
    """Return the configuration that the role has written."""
    try:
        config = json.loads(CONFIG.read_text(encoding="utf-8"))
    except OSError as exc:
        raise Refused(f"{CONFIG}: {exc.strerror}. Run the role catalog.mail.drift, and this command as root.") from exc
    # Older versions of Ansible write numbers as texts.
    return {**config, "limit": int(config["limit"]), "history_days": int(config["history_days"])}


def overrides(words):
    """Return the settings of this run only."""
    found = {}
    for word in words:
        name, _sign, value = word.partition("=")
        if name == "drift_correct" and value in ("true", "false"):
            found["correct"] = value == "true"
        elif name == "drift_limit" and value.isdigit() and len(value) < 10:
            found["limit"] = int(value)
        else:
            raise Refused(f"{word}: it is neither drift_correct=true|false nor drift_limit=NUMBER nor history.")
    return found


def secrets_of(config):
    """Return a folder, as a context, with the secrets that this process may read. As root, become the user of the configuration.

    The folder is in memory, and removed at the end. A unit of your own may give credentials of systemd instead, which stay.
    """
    given = os.environ.get("CREDENTIALS_DIRECTORY")
    if given or os.geteuid() != 0:
        return _Folder(given or "/nonexistent")
    user = pwd.getpwnam(config["user"])
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = tempfile.TemporaryDirectory(prefix="catalog-mail-drift-", dir=memory)
    for name in SECRETS:
        if config["files"].get(name):
            copy = Path(folder.name, name)
            with open(os.open(copy, os.O_CREAT | os.O_WRONLY, 0o400), "wb") as file:
                file.write(_secret(config["files"][name]))
            os.chown(copy, user.pw_uid, user.pw_gid)
    os.chown(folder.name, user.pw_uid, user.pw_gid)
    os.initgroups(user.pw_name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.environ.update(HOME=user.pw_dir, USER=user.pw_name, LOGNAME=user.pw_name)
    return folder


class _Folder:
    def __init__(self, path):
        self._path = path

    def __enter__(self):
        return self._path

    def __exit__(self, *_error):
        pass


def _secret(path):
    try:
        return Path(path).read_bytes()
    except OSError as exc:
        raise Refused(f"{path}: {exc.strerror}. The configuration {CONFIG} names this file.") from exc


# One run


def run(config, secrets):
    """Look, correct within the limit, record and tell; return the exit status."""
    state = Path(config["state"])
    with open(state / "lock", "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            raise Refused("another run is at work. Wait until it has ended: systemctl status catalog-mail-drift.") from exc
        report = play(config, secrets, correct=False)
        found, limit = len(report["changes"]), config["limit"]
        report["stopped_by_limit"] = bool(config["correct"] and limit and found > limit)
        if config["correct"] and found and not report["stopped_by_limit"]:
            report = {**play(config, secrets, correct=True), "stopped_by_limit": False}
        if report["stopped_by_limit"]:
            print(f"Stopped: {found} differences are more than drift_limit, {limit}, and nothing was corrected. Read the report, "
                  "then correct by hand: catalog-mail-drift drift_limit=0")
        remember(config, report)
        told = tell(config, secrets, report)
        return report["exit_status"] if told else 1


def play(config, secrets, correct):
    """Run the playbook and return its report. Raises Refused when there is none."""
    state = Path(config["state"])
    files = {kind: state / f"last.{kind}" for kind in ("json", "html")}
    for path in files.values():
        path.unlink(missing_ok=True)
    words = [config["command"]]
    for inventory in config["inventory"]:
        words += ["-i", inventory]
    for option, name in (("--private-key", "ssh_key"), ("--vault-password-file", "vault_password")):
        if (secrets / name).exists():
            words += [option, str(secrets / name)]
    words += [*config["arguments"], "-e", json.dumps({"drift_correct": correct}), config["playbook"]]
    environment = {
        **os.environ, "ANSIBLE_CALLBACKS_ENABLED": "catalog.mail.drift",
        **{f"CATALOG_MAIL_DRIFT_{kind.upper()}": str(path) for kind, path in files.items()}}
    try:
        done = subprocess.run(words, cwd=config["project"], env=environment, stdin=subprocess.DEVNULL, check=False)
    except OSError as exc:
        raise Refused(f"{exc.filename}: {exc.strerror}. drift_command and drift_project name the program and its folder.") from exc
    try:
        return json.loads(files["json"].read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise Refused(f"the playbook ended with {done.returncode} and has written no report: see its output above.") from exc


# History


def remember(config, report):
    """Add a run to the history and drop the oldest ones."""
    path = Path(config["state"], "history.jsonl")
    kept = [entry for entry in read_history(config) if entry["time"] > time.time() - config["history_days"] * DAY]
    kept.append({
        "time": int(time.time()), "at": report["ended_at"], "state": report["state"], "corrected": report["corrected"],
        "stopped_by_limit": report["stopped_by_limit"], "unreachable": lost(report),
        "changes": [[change[name] for name in ("host", "thing", "field")] for change in report["changes"]]})
    new = path.with_suffix(".new")
    new.write_text("".join(json.dumps(entry) + "\n" for entry in kept), encoding="utf-8")
    new.replace(path)


def read_history(config):
    """Return the recorded runs, oldest first."""
    path = Path(config["state"], "history.jsonl")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def history_lines(entries):
    """Return how often each thing began to differ: a difference that stays from run to run counts once."""
    found, before = {}, set()
    for entry in entries:
        now = {tuple(change) for change in entry["changes"]}
        for key in now:
            times, first, _last = found.get(key, (0, entry["at"], ""))
            found[key] = (times + (key not in before), first, entry["at"])
        # What was not looked at may still differ.
        before = set() if entry["corrected"] else now | {key for key in before if key[0] in entry["unreachable"]}
    lines = [f"{len(entries)} runs", "times  first                 last                  host  thing  field"]
    for key, (times, first, last) in sorted(found.items(), key=lambda item: (-item[1][0], item[0])):
        lines.append(f"{times:>5}  {first}  {last}  {'  '.join(key)}")
    return lines


def lost(report):
    """Return the hosts that could not be looked at."""
    return sorted({*report["unreachable"], *report["failed"]})


# The notice


def tell(config, secrets, report):
    """Send a notice when the outcome differs from that of the last notice; return whether nothing failed."""
    path = Path(config["state"], "told")
    outcome = json.dumps([report["state"], lost(report), report["changes"], report["stopped_by_limit"]])
    mark = hashlib.sha256(outcome.encode()).hexdigest()
    told = path.read_text(encoding="utf-8") if path.exists() else ""
    # The first run has nothing to tell when nothing differs. Each correction is told.
    if (told == mark and report["state"] != "corrected") or (not told and report["state"] == "none"):
        return True
    body = json.dumps(notice(report)).encode()
    try:
        if config["report_url"]:
            token = (secrets / "report_token").read_text(encoding="utf-8").strip()
            post(config, config["report_url"], body, {"Authorization": f"Bearer {token}"})
        if config["webhook_url"]:
            secret = (secrets / "webhook_secret").read_text(encoding="utf-8").strip()
            post(config, config["webhook_url"], body, signature(secret, body, time.time()))
    except (OSError, ValueError) as exc:
        print(f"catalog-mail-drift: the notice could not be sent, and the next run tries again: {reason(exc)}", file=sys.stderr)
        return False
    path.write_text(mark, encoding="utf-8")
    return True


def notice(report):
    """Return the body of POST /api/v1/drift-reports, which the webhook gets as well."""
    return {
        "hosts": sorted({*report["hosts"], *lost(report)})[:MOST_HOSTS], "unreachable": lost(report)[:MOST_HOSTS],
        "corrected": report["corrected"], "stopped_by_limit": report["stopped_by_limit"],
        "changes": [{name: change[name] for name in FIELDS} for change in report["changes"][:MOST_CHANGES]],
        "started_at": report["started_at"]}


def signature(secret, body, now):
    """Return the headers of Standard Webhooks (standardwebhooks.com). The secret is ``whsec_`` and base64."""
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    number, seconds = f"drift_{hashlib.sha256(body).hexdigest()[:24]}", str(int(now))
    signed = hmac.new(key, f"{number}.{seconds}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": number, "webhook-timestamp": seconds,
        "webhook-signature": "v1," + base64.b64encode(signed).decode()}


def post(config, url, body, headers):
    """Post a body of JSON. Raises OSError when the answer is not a good one."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers}, method="POST")
    context = ssl.create_default_context(cafile=config["ca_file"] or None)
    # No proxy of the environment, and no redirection, which would carry the token elsewhere.
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context), _NoRedirect())
    with opener.open(request, timeout=TIMEOUT):
        pass


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments):
        return None


def reason(exc):
    """Return why a notice failed, with the first words of the server's answer."""
    if isinstance(exc, urllib.error.HTTPError):
        return f"{exc.url} answered {exc.code}: {exc.read(500).decode(errors='replace')}"
    return str(exc)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
