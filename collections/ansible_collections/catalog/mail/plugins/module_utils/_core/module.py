# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The frame of every module: specification, run, result, failure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Sequence, Tuple

from ansible.module_utils.basic import AnsibleModule

from .errors import CatalogMailError, Outdated
from .no_log import NoLogModule, SecretsOf


@dataclass(frozen=True)
class Spec:
    """An argument specification; ``+`` merges two. ``secrets_of`` find the secrets in options that show their value."""

    options: Dict[str, Dict[str, Any]] = field(default_factory=dict)
    mutually_exclusive: Tuple[Tuple[str, ...], ...] = ()
    required_together: Tuple[Tuple[str, ...], ...] = ()
    required_one_of: Tuple[Tuple[str, ...], ...] = ()
    required_if: Tuple[Tuple[Any, ...], ...] = ()
    secrets_of: Tuple[SecretsOf, ...] = ()

    def __add__(self, other: Spec) -> Spec:
        return Spec(
            options={**self.options, **other.options},
            mutually_exclusive=self.mutually_exclusive + other.mutually_exclusive,
            required_together=self.required_together + other.required_together,
            required_one_of=self.required_one_of + other.required_one_of,
            required_if=self.required_if + other.required_if,
            secrets_of=self.secrets_of + other.secrets_of,
        )

    def module(self) -> AnsibleModule:
        """Create the Ansible module object; ends the process when the options are invalid."""
        return NoLogModule(
            secrets_of=self.secrets_of,
            argument_spec=self.options,
            mutually_exclusive=self.mutually_exclusive,
            required_together=self.required_together,
            required_one_of=self.required_one_of,
            required_if=self.required_if,
            supports_check_mode=True,
        )


@dataclass(frozen=True)
class Plan:
    """The planned changes, the result that check mode returns as well, and the diff to show.

    ``diff`` is in Ansible's form: ``before``, ``after`` and their headers, without a secret.
    """

    changes: Sequence[Any]
    result: Dict[str, Any] = field(default_factory=dict)
    diff: Sequence[Dict[str, str]] = ()


class Job:
    """A desired state to reach: ``plan`` reads and decides, ``apply`` writes."""

    def plan(self) -> Plan:
        """Read the present state and plan the changes; writes nothing."""
        raise NotImplementedError

    def apply(self, plan: Plan) -> Dict[str, Any]:
        """Apply a plan that has changes; return additions to the result.

        Raises Outdated, before the first write, when the present state has changed since ``plan``; one new plan follows.
        """
        raise NotImplementedError


def run(spec: Spec, job: Callable[[AnsibleModule], Job]) -> None:
    """Run a module that changes the host or a service: plan, apply unless in check mode, return the result.

    A module with the option ``apply`` only plans when it is false. Every result has ``check_mode``, the mode of the task:
    Ansible's variable of that name does not know it where a play or a task sets ``check_mode``.
    """
    module = spec.module()
    applies = module.params.get("apply", True)
    try:
        plan, result = _brought_about(job(module), module.check_mode or not applies)
    except CatalogMailError as exc:
        module.fail_json(msg=str(exc), **{"check_mode": module.check_mode, **exc.details})
    except PermissionError as exc:
        module.fail_json(msg=_not_permitted(exc))
    if plan.diff and applies:
        result["diff"] = list(plan.diff)
    module.exit_json(**{"changed": applies and bool(plan.changes), "check_mode": module.check_mode, **result})


def _brought_about(task: Job, check_mode: bool) -> Tuple[Plan, Dict[str, Any]]:
    """Plan and apply; once more when the present state changed in between."""
    plan = task.plan()
    if check_mode or not plan.changes:
        return plan, dict(plan.result)
    try:
        return plan, {**plan.result, **task.apply(plan)}
    except Outdated:
        plan = task.plan()
        return plan, {**plan.result, **(task.apply(plan) if plan.changes else {})}


def report(spec: Spec, read: Callable[[AnsibleModule], Dict[str, Any]], in_check_mode: bool = True) -> None:
    """Run a module that changes nothing. ``in_check_mode=False`` skips the module in check mode."""
    module = spec.module()
    if module.check_mode and not in_check_mode:
        module.exit_json(changed=False, skipped=True, msg="Nothing is sent in check mode.")
    try:
        result = read(module)
    except CatalogMailError as exc:
        module.fail_json(msg=str(exc), **{"check_mode": module.check_mode, **exc.details})
    except PermissionError as exc:
        module.fail_json(msg=_not_permitted(exc))
    module.exit_json(**{"changed": False, "check_mode": module.check_mode, **result})


def _not_permitted(exc: PermissionError) -> str:
    return f"{exc.filename or 'A file'}: {exc.strerror}. Run this task as root (become: true)."
