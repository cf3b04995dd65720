# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The frame that every module stands in: specification, run, result, failure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Sequence, Tuple

from ansible.module_utils.basic import AnsibleModule

from .errors import CatalogMailError, Outdated
from .no_log import DiscreetModule


@dataclass(frozen=True)
class Spec:
    """An argument specification as a value; ``+`` merges two."""

    options: Dict[str, Dict[str, Any]] = field(default_factory=dict)
    mutually_exclusive: Tuple[Tuple[str, ...], ...] = ()
    required_together: Tuple[Tuple[str, ...], ...] = ()
    required_one_of: Tuple[Tuple[str, ...], ...] = ()
    required_if: Tuple[Tuple[Any, ...], ...] = ()

    def __add__(self, other: Spec) -> Spec:
        return Spec(
            options={**self.options, **other.options},
            mutually_exclusive=self.mutually_exclusive + other.mutually_exclusive,
            required_together=self.required_together + other.required_together,
            required_one_of=self.required_one_of + other.required_one_of,
            required_if=self.required_if + other.required_if,
        )

    def module(self) -> AnsibleModule:
        """The Ansible module object; ends the process when the options do not fit."""
        return DiscreetModule(
            argument_spec=self.options,
            mutually_exclusive=self.mutually_exclusive,
            required_together=self.required_together,
            required_one_of=self.required_one_of,
            required_if=self.required_if,
            supports_check_mode=True,
        )


@dataclass(frozen=True)
class Plan:
    """What a run would do: the changes, what it returns either way, and the diff to show.

    ``diff`` is in Ansible's form: ``before``, ``after`` and their headers, without a secret.
    """

    changes: Sequence[Any]
    result: Dict[str, Any] = field(default_factory=dict)
    diff: Sequence[Dict[str, str]] = ()


class Job:
    """One thing to bring about: ``plan`` reads and decides, ``apply`` does."""

    def plan(self) -> Plan:
        """Read the present state and decide; touches nothing."""
        raise NotImplementedError

    def apply(self, plan: Plan) -> Dict[str, Any]:
        """Carry out a plan that has changes; returns what the doing adds to the result.

        Raises Outdated, before anything is done, where the plan's ground has changed: then there is a new plan, once.
        """
        raise NotImplementedError


def run(spec: Spec, job: Callable[[AnsibleModule], Job]) -> None:
    """Run a module that changes something: plan, apply unless in check mode, report."""
    module = spec.module()
    try:
        plan, result = _brought_about(job(module), module.check_mode)
    except CatalogMailError as exc:
        module.fail_json(msg=str(exc), **exc.details)
    except PermissionError as exc:
        module.fail_json(msg=_not_permitted(exc))
    if plan.diff:
        result["diff"] = list(plan.diff)
    module.exit_json(changed=bool(plan.changes), **result)


def _brought_about(task: Job, check_mode: bool) -> Tuple[Plan, Dict[str, Any]]:
    """Plan and apply. Where somebody else changed things in between, that is done once more from what is there now."""
    plan = task.plan()
    if check_mode or not plan.changes:
        return plan, dict(plan.result)
    try:
        return plan, {**plan.result, **task.apply(plan)}
    except Outdated:
        plan = task.plan()
        return plan, {**plan.result, **(task.apply(plan) if plan.changes else {})}


def report(spec: Spec, read: Callable[[AnsibleModule], Dict[str, Any]], in_check_mode: bool = True) -> None:
    """Run a module that changes nothing. ``in_check_mode=False`` skips it there."""
    module = spec.module()
    if module.check_mode and not in_check_mode:
        module.exit_json(changed=False, skipped=True, msg="Nothing is sent in check mode.")
    try:
        result = read(module)
    except CatalogMailError as exc:
        module.fail_json(msg=str(exc), **exc.details)
    except PermissionError as exc:
        module.fail_json(msg=_not_permitted(exc))
    module.exit_json(changed=False, **result)


def _not_permitted(exc: PermissionError) -> str:
    return f"{exc.filename or 'A file'}: {exc.strerror}. Run this task as root (become: true)."
