# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs is read from the results of each kind of task, field by field, and never with a secret."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.catalog.mail.plugins.plugin_utils._drift_changes import MAX_LENGTH, Step, changes_of

STEP = Step("host1", "application", "Do it", "ansible.builtin.copy")
DEBUG = Step("host1", "postfix", "Install", "ansible.builtin.debug")
MAIN_CF = [{"before_header": "/etc/postfix/main.cf", "after_header": "/etc/postfix/main.cf", "before": "a", "after": "b"}]


def arguments(**values: Any) -> dict[str, Any]:
    return {"invocation": {"module_args": values}}


def found(result: dict[str, Any], step: Step = STEP) -> list[tuple[str, str, str, str]]:
    changes = changes_of(step, {"changed": True, **result})
    assert all((change.host, change.role) == (step.host, step.role) for change in changes)
    return [(change.thing, change.field, change.found, change.should_be) for change in changes]


def listed(name: str, before: Any, after: Any) -> dict[str, Any]:
    return {"changes": [{"name": name, "before": before, "after": after}], "diff": MAIN_CF}


def unit(state: str | None, enabled: bool | None, **status: str) -> dict[str, Any]:
    return {"name": "x.service", "status": status, **arguments(state=state, enabled=enabled, daemon_reload=False)}


def text(before: str, after: str, **headers: str) -> dict[str, Any]:
    return {"dest": "/etc/x", "diff": [{"before": before, "after": after, "before_header": "/etc/x", **headers}]}


@pytest.mark.parametrize("result, expected", [
    (listed("relayhost", None, "[a]:25"), [("/etc/postfix/main.cf", "relayhost", "(none)", "[a]:25")]),
    (listed("/etc/m: attributes", "mode 0644, owner root, group root", "mode 0600, owner root, group mail"),
     [("/etc/m", "mode", "0644", "0600"), ("/etc/m", "group", "root", "mail")]),
    (listed("/etc/m: compiled", "missing", "as the entries say"), [("/etc/m", "compiled", "missing", "as the entries say")]),
    (listed("/etc/k", "0644 root:a", "0640 root:b"), [("/etc/k", "mode", "0644", "0640"), ("/etc/k", "group", "a", "b")]),
    (listed("/usr/bin/c", "", "/opt/c"), [("/usr/bin/c", "link", "(none)", "/opt/c")]),
    (listed("x.timer", "stopped", "running"), [("x.timer", "state", "stopped", "running")]),
    (listed("service", "stopped", "running"), [("/etc/postfix/main.cf", "state", "stopped", "running")]),
    (listed("many", True, ["a", 1]), [("/etc/postfix/main.cf", "many", "yes", '["a", 1]')]),
    ({"changes": [{"path": "/notifications/from/display_name", "before": "A", "after": "B"}], "settings": {}},
     [("e-mail settings", "notifications.from.display_name", "A", "B")]),
    (unit("started", True, ActiveState="inactive", UnitFileState="disabled"),
     [("x.service", "at boot", "disabled", "enabled"), ("x.service", "state", "stopped", "running")]),
    (unit("stopped", None, ActiveState="active"), [("x.service", "state", "running", "stopped")]),
    (unit("restarted", None, ActiveState="active"), [("x.service", "state", "not running", "running")]),
    ({"path": "/etc/d", "diff": {"before": {"path": "/etc/d", "mode": "0755"}, "after": {"path": "/etc/d", "mode": "0750"}}},
     [("/etc/d", "mode", "0755", "0750")]),
    (text("a = 1\nb = 2\n", "a = 1\nb = 3\nc: 4\n"), [("/etc/x", "b", "2", "3"), ("/etc/x", "c", "(none)", "4")]),
    (text("# mine\n", ""), [("/etc/x", "line", "# mine", "(none)")]),
    (text("", "".join(f"line {n}\n" for n in range(40))), [("/etc/x", "content", "0 other lines", "40 lines")]),
    ({"dest": "/etc/x", "diff": [{"before": "", "after": "a", "after_header": "x"}]},
     [("/etc/x", "state", "missing", "present")]),
    ({"diff": [{"before_header": "app registration a", "before": {"roles": ["A", "B"], "name": {"x": 1}},
                "after": {"roles": ["A", "C"], "name": {"x": 2}}}]},
     [("app registration a", "roles", "B", "C"), ("app registration a", "name.x", "1", "2")]),
    ({"name": "u", "shell": "/bin/bash", "home": "/h",
      "invocation": {"module_args": {"name": "u", "shell": "/sbin/nologin", "home": "/h", "create_home": False}}},
     [("user u", "shell", "/bin/bash", "/sbin/nologin")]),
    (arguments(name=["p", "q"], install_recommends=False),
     [("p", "package", "missing", "installed"), ("q", "package", "missing", "installed")]),
    ({"restart_required": True, "unit": "postfix.service"}, [("postfix.service", "restart", "required", "done")]),
    (arguments(argv=["c", "token", "--file=/etc/t"]), [("/etc/t", "state", "not in place", "in place")]),
    (arguments(argv=["c", "key"], creates="/etc/k"), [("/etc/k", "state", "not in place", "in place")]),
    ({}, [("Do it", "state", "not in place", "in place")]),
    ({"results": []}, [("Do it", "content", "differs", "differs")]),
    ({"results": [{"changed": False}, {"changed": True, "_ansible_item_label": "b"}]},
     [("b", "state", "not in place", "in place")]),
    # Secrets.
    ({"censored": "the output has been hidden"}, [("Do it", "content", "differs", "differs")]),
    (listed("/etc/m: entries", "", "[a]:25 ********\n"), [("/etc/m", "entries", "differs", "differs")]),
    (listed("smtp.password", "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER", "x"),
     [("/etc/postfix/main.cf", "smtp.password", "differs", "differs")]),
])
def test_a_result_is_read(result: dict[str, Any], expected: list[tuple[str, str, str, str]]) -> None:
    assert found(result) == expected


def test_a_message_names_missing_packages() -> None:
    assert [row[0] for row in found({"msg": "a, b"}, DEBUG)] == ["a", "b"]


def test_an_unchanged_result_differs_in_nothing() -> None:
    assert changes_of(STEP, {"changed": False, **listed("a", 1, 2)}) == []


def test_values_are_one_line_of_limited_length() -> None:
    (change,) = changes_of(STEP, {"changed": True, **listed("a", "x\x1b[31m\ny", "z" * 600)})
    assert change.found == "x [31m y"
    assert len(change.should_be) == MAX_LENGTH
    assert change.document() == {
        "host": "host1", "role": "application", "thing": "/etc/postfix/main.cf", "field": "a", "is": "x [31m y",
        "should_be": change.should_be, "corrected": False}
