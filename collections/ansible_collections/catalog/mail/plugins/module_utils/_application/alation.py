# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The adapter of Alation on premises: ``alation_conf`` inside its chroot, and a worksheet for what only its page sets."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from .._core.errors import CatalogMailError, InputRefused, Outdated, SettingsRefused
from .._mail.connection import SMTP_PORTS, Server, server
from .._mail.message import checked_address
from .alation_commands import REPLICATION, RESTARTS, STANDALONE, checked_value
from .alation_conf import AlationConf
from .alation_settings import LABELS, TRANSPORT, checked, document, keys_of, reason, split, text_of, value_of
from .candidate_test import checked_recipient, send_by_built_in, send_candidate
from .port import Application, Document, Planned, Saved, Stored, Unmanaged
from .restart_record import DUE, RestartRecord
from .secret_digests import SecretDigests
from .settings_compared import PASSWORD, at, refuse_stored_secret
from .settings_merge import leaves
from .settings_options import SECRETS

_TIMEOUT = 30
"""Seconds for each step of the test's SMTP session."""
_NOT_HELD = ("absent", "unknown")
_FROM = "notifications.from.address"


class _Write(NamedTuple):
    """A key: the setting's path, its name, the text before and after, and whether it has to be set.

    The text before of a secret is its state.
    """

    path: str
    key: str
    before: str
    after: str
    due: bool


class Alation(Application):
    """An Alation on this host."""

    def __init__(self, module, desired: Document) -> None:
        self._module = module
        self._options = module.params["alation"]
        self._keys = keys_of(self._options["keys"])
        self._plain_keys, self._secret_keys = split(self._keys)
        secrets = [value for path, value in leaves(desired) if path in SECRETS and value]
        self._conf = AlationConf(module, self._options, secrets)
        self._record = RestartRecord("alation", self._options["root"])
        self._digests = SecretDigests("alation", self._options["root"])
        self._texts: Dict[str, Optional[str]] = {}
        self._states: Dict[str, str] = {}
        self._writes: List[_Write] = []
        self._was_due = False

    def read(self) -> Stored:
        """Return the settings that alation_conf tells; what only the page has is left out."""
        return self._look({})

    def health(self) -> Dict[str, Any]:
        """Return whether Alation runs with the settings of alation_conf; whether it is ready, it does not tell."""
        due, notifications = self._record.due(), self.read().settings["notifications"]
        reasons = [{
            "about": "settings", "code": "restart-due", "cause": "Alation has not been restarted since its settings changed.",
            "remedy": "Run the task again.", "field": None, "count": None}] if due else []
        return {
            "status": "degraded" if due else "ok", "ready": None, "reasons": reasons,
            "configured": notifications.get("transport") == "builtin" or bool(notifications["smtp"].get("host")),
            "problems": [f"{one['cause']} {one['remedy']}" for one in reasons], "version": None}

    def plan(self, desired: Document) -> Planned:
        """Compare the keys of the task's settings with what alation_conf tells."""
        wanted = {path: checked(path, value) for path, value in leaves(desired)}
        present = self._look(wanted)
        self._refuse_secondary()
        self._writes, missing = [], []
        for path, value in wanted.items():
            write = self._secret_write(path, value) if path in SECRETS else self._plain_write(path, value)
            if write is None:
                missing.append(Unmanaged(path, LABELS.get(path, path), value, reason(path, self._keys)))
            elif write.due:
                self._writes.append(write)
        # Secrets come last: nothing that could fail follows them, since an earlier secret cannot be put back.
        self._writes.sort(key=lambda write: write.path in SECRETS)
        found = [_change(write, at(present.settings, write.path)) for write in self._writes]
        refuse_stored_secret(found, desired, self._states.get(PASSWORD, "absent") not in _NOT_HELD)
        if self._is_tested():
            self._candidate(desired, present)
        if not found and self._record.due():
            found = [DUE]
        return Planned(present, found, missing, self._restarts() if found else ())

    def save(self, desired: Document, planned: Planned) -> Saved:
        """Test, set the keys one after the other, restart what the task says. Earlier values come back when a key fails."""
        test = self._tested(desired, planned.stored) if self._is_tested() else None
        self._was_due = bool(self._record.due())
        if self._restarts():
            self._record.note(self._restarts())
        self._set_all()
        self._conf.restart(self._options["restart"])
        self._record.clear()
        advice = () if self._restarts() else ("Alation has to be restarted before the new settings count: see alation.restart.",)
        return Saved(self.read(), planned.changes, test, None, advice, self._restarts())

    def _set_all(self) -> None:
        done: List[_Write] = []
        secret_was_set = False
        try:
            for write in self._writes:
                if write.path in SECRETS:
                    self._set_secret(write)
                    secret_was_set = True
                else:
                    self._set_plain(write, done)
        except CatalogMailError as exc:
            self._put_back(done, exc)
            # A secret cannot be put back: after one was set, the restart is due all the same.
            if not self._was_due and not secret_was_set:
                self._record.clear()
            raise

    def _put_back(self, done: List[_Write], failure: CatalogMailError) -> None:
        """Put the earlier values back. Raises SettingsRefused with ``failure`` when one of them cannot be."""
        left: List[str] = []
        for write in reversed(done):
            if self._conf.value(write.key) == write.before:
                continue
            try:
                self._conf.set(write.path, write.key, write.before)
            except CatalogMailError as exc:
                left.append(str(exc))
        if left:
            raise SettingsRefused(
                f"{failure} Earlier values cannot be put back either: {' '.join(left)}", field=failure.details.get("field"))

    def _set_plain(self, write: _Write, done: List[_Write]) -> None:
        if self._conf.value(write.key) != write.before:
            raise Outdated(f"{write.key} of Alation changed during the task.", "Run the task again.", field=write.path)
        done.append(write)
        self._conf.set(write.path, write.key, write.after)
        kept = self._conf.value(write.key)
        if value_of(write.path, kept) != value_of(write.path, write.after):
            raise SettingsRefused(
                f"{write.path}: alation_conf ended without an error and did not keep the value of {write.key}. "
                "Set it on Alation's page.", field=write.path, code="not-kept")

    def _set_secret(self, write: _Write) -> None:
        self._conf.set_secret(write.path, write.key, write.after)
        if self._conf.secret_state(write.key, write.after) in ("different", "absent"):
            raise SettingsRefused(
                f"{write.path}: alation_conf ended without an error and did not keep the secret of {write.key}. "
                "Set it on Alation's page.", field=write.path, code="not-kept")
        self._digests.remember(write.path, write.after)

    def _plain_write(self, path: str, value: Any) -> Optional[_Write]:
        """Return the key to set, with equal texts when nothing has to be; None when alation_conf cannot set it."""
        key, now = self._plain_keys.get(path), self._texts.get(path)
        if key is None or now is None:
            return None
        text = text_of(path, value)
        if text is None:
            return None
        return _Write(path, key, now, text, value_of(path, now) != value)

    def _secret_write(self, path: str, value: str) -> Optional[_Write]:
        key, state = self._secret_keys.get(path), self._states.get(path, "unknown")
        if key is None or state == "unknown" or value == "":
            return None
        if state != "same":
            self._conf.refuse_shown_secret(path)
            checked_value(path, value)
        return _Write(path, key, state, value, state != "same")

    def _look(self, wanted: Mapping[str, Any]) -> Stored:
        """Read every key once, and compare the secrets of a task. Raises InputRefused when there is no Alation."""
        self._conf.check()
        self._texts = {path: self._conf.value(key) for path, key in self._plain_keys.items()}
        self._states = {path: self._state(path, key, wanted.get(path)) for path, key in self._secret_keys.items()}
        values = {path: value_of(path, text) for path, text in self._texts.items()}
        return Stored(document(values, {path: state not in _NOT_HELD for path, state in self._states.items()}), 0)

    def _state(self, path: str, key: str, secret: Optional[str]) -> str:
        """Return what is known of a secret: same, different, absent or unknown (no such key)."""
        state = self._conf.secret_state(key, secret)
        if state != "unable":
            return state
        if not self._conf.tells_secret_key(key):
            return "unknown"
        return "same" if secret is not None and self._digests.matches(path, secret) else "different"

    def _refuse_secondary(self) -> None:
        mode = self._conf.value(REPLICATION)
        if mode != STANDALONE and not self._options["primary"]:
            shown = f"is {mode!r}" if mode else "cannot be read"
            raise InputRefused(
                "alation.primary", f"{REPLICATION} {shown}, and settings are made on the primary alone",
                "On the primary set alation.primary: true; leave out the secondary, which takes over the configuration")

    def _restarts(self) -> Tuple[str, ...]:
        return tuple(" ".join(words) for words in RESTARTS[self._options["restart"]])

    def _is_tested(self) -> bool:
        return bool(self._module.params["test"]) and any(write.path.startswith("notifications.") for write in self._writes)

    def _tested(self, desired: Document, present: Stored) -> Dict[str, Any]:
        smtp, sender, recipient = self._candidate(desired, present)
        if smtp is None:
            return send_by_built_in(self._conf, sender, recipient)
        return send_candidate(smtp, sender, recipient)

    def _candidate(self, desired: Document, present: Stored) -> Tuple[Optional[Server], str, str]:
        """Return server, None for the built-in one, sender and recipient of the test. Raises InputRefused without a value."""
        given = {path: at(desired, path) for path in LABELS}
        known = {path: value if value is not None else at(present.settings, path) for path, value in given.items()}
        built_in = known[TRANSPORT] == "builtin"
        for path in (_FROM, "notifications.smtp.host", "notifications.smtp.tls"):
            if not known[path] and not (built_in and path != _FROM):
                raise InputRefused(
                    path, "the test of the new settings needs it, and alation_conf does not tell it",
                    "Give it, with unmanaged: warn where only Alation's page has it, or set test: false")
        sender, recipient = checked_address(_FROM, known[_FROM]), checked_recipient(self._module.params["test_recipient"])
        if built_in:
            return None, sender, recipient
        if known["notifications.smtp.username"] and not given[PASSWORD]:
            raise InputRefused(PASSWORD, "the test of the new settings needs it", "Give the password, or set test: false")
        smtp = {name: known[f"notifications.smtp.{name}"] or None for name in ("host", "port", "tls", "username")}
        smtp.update(password=given[PASSWORD] if smtp["username"] else None, ca_file=None)
        return server("notifications.smtp", smtp, SMTP_PORTS, _TIMEOUT), sender, recipient


def _change(write: _Write, before: Any) -> Dict[str, Any]:
    if write.path in SECRETS:
        return {"path": write.path, "before": "absent" if write.before == "absent" else "present", "after": "changed"}
    return {"path": write.path, "before": before, "after": value_of(write.path, write.after)}
