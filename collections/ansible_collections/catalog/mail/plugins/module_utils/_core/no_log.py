# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""A module object that keeps secrets out of the target's log and of the result, and runs commands as they are given.

Ansible logs the options of a module. It turns an option with sub-options into one text and searches that text
for the secrets. In that text quotation marks and backslashes are escaped, and a text such as user:password@host
is rewritten, so Ansible does not find a password with such characters, and logs it.

When options are wrong, Ansible returns all of them in `invocation`: also a password under a wrong name.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterable, Mapping, Sequence, Tuple

from ansible.module_utils.basic import AnsibleModule

HIDDEN = "NOT_LOGGING_PARAMETER"
"""Ansible's own replacement for a secret option in the log."""


SecretsOf = Callable[[Mapping[str, Any]], Iterable[str]]
"""Return the secrets in values of options that are no secrets as a whole."""


class NoLogModule(AnsibleModule):
    """An AnsibleModule that replaces secrets in the options before it turns them into a text or returns them."""

    params: Dict[str, Any]

    def __init__(self, secrets_of: Tuple[SecretsOf, ...] = (), **options: Any) -> None:
        self._secrets_of = secrets_of
        super().__init__(**options)

    def run_command(self, args: Sequence[str], **options: Any) -> Tuple[int, str, str]:
        """Run a command with its words as they are. Ansible would replace ~ and $NAME in them, also in a user's values."""
        done: Tuple[int, str, str] = super().run_command(args, **{"expand_user_and_vars": False, **options})
        return done

    def fail_json(self, msg: str, **kwargs: Any) -> Any:
        """Fail, and return the known options only."""
        kwargs.setdefault("invocation", {"module_args": known(self.params, self.argument_spec)})
        return super().fail_json(msg, **kwargs)

    def _log_invocation(self) -> None:
        params = self.params
        secrets = sorted({text for secrets_of in self._secrets_of for text in secrets_of(params)}, key=len, reverse=True)
        self.no_log_values.update(secrets)  # no result has them
        self.params = _hidden(loggable(params, self.argument_spec), secrets)
        try:
            super()._log_invocation()
        finally:
            self.params = params


def loggable(params: Mapping[str, Any], options: Mapping[str, Mapping[str, Any]]) -> Dict[str, Any]:
    """Replace the secrets in sub-options at any depth. Ansible itself replaces the secrets at the top level."""
    return {name: _without_secrets(value, options.get(name, {}).get("options")) for name, value in params.items()}


def known(params: Mapping[str, Any], options: Mapping[str, Mapping[str, Any]]) -> Dict[str, Any]:
    """Replace the values of unknown options at any depth, and of options with secrets that are no dictionary."""
    specs = {name: spec for main, spec in options.items() for name in (main, *(spec.get("aliases") or ()))}
    shown: Dict[str, Any] = {}
    for name, value in params.items():
        if value is None or name in specs:
            shown[name] = _known(value, specs[name].get("options")) if name in specs else None
        elif not name.startswith("_ansible_"):
            shown[name] = HIDDEN
    return shown


def _known(value: Any, suboptions: Any) -> Any:
    if not suboptions or value is None:
        return value
    if isinstance(value, list):
        return [_known(one, suboptions) for one in value]
    return known(value, suboptions) if isinstance(value, dict) else HIDDEN


def _hidden(value: Any, secrets: Iterable[str]) -> Any:
    """Replace the secrets in all texts of a value."""
    if isinstance(value, dict):
        return {name: _hidden(one, secrets) for name, one in value.items()}
    if isinstance(value, list):
        return [_hidden(one, secrets) for one in value]
    for secret in secrets:
        value = value.replace(secret, HIDDEN) if isinstance(value, str) else value
    return value


def _without_secrets(value: Any, suboptions: Any) -> Any:
    if not suboptions:
        return value
    if isinstance(value, list):
        return [_without_secrets(one, suboptions) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: HIDDEN if suboptions.get(name, {}).get("no_log") and one is not None
        else _without_secrets(one, suboptions.get(name, {}).get("options"))
        for name, one in value.items()
    }
