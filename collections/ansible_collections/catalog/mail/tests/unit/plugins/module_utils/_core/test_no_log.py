# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets of sub-options do not reach the log of the host."""

from __future__ import annotations

import inspect
import json

import pytest
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.catalog.mail.plugins.module_utils._core.no_log import HIDDEN, NoLogModule, known, loggable

OPTIONS = {
    "name": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "one": {"type": "dict", "options": {
        "host": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "deeper": {"type": "dict", "options": {"key": {"type": "str", "no_log": True}}},
    }},
    "many": {"type": "list", "elements": "dict", "options": {"user": {}, "secret": {"no_log": True}}},
}


def test_secrets_are_replaced_at_any_depth_and_nothing_else_is():
    params = {
        "name": "x", "password": "a", "other": {"secret": "kept"},
        "one": {"host": "h", "password": "it's \"b\\\\", "deeper": {"key": "c"}},
        "many": [{"user": "u", "secret": "d"}, {"user": "v", "secret": None}],
    }
    assert loggable(params, OPTIONS) == {
        "name": "x", "password": "a", "other": {"secret": "kept"},
        "one": {"host": "h", "password": HIDDEN, "deeper": {"key": HIDDEN}},
        "many": [{"user": "u", "secret": HIDDEN}, {"user": "v", "secret": None}],
    }
    assert params["one"]["password"] == "it's \"b\\\\"


def test_options_that_were_not_given_stay_so():
    assert loggable({"one": None, "many": None}, OPTIONS) == {"one": None, "many": None}


def test_ansible_core_has_the_method_that_is_overridden():
    """A failure means that this version of ansible-core changed the method: adapt module_utils/_core/no_log.py."""
    assert list(inspect.signature(basic.AnsibleModule._log_invocation).parameters) == ["self"]
    assert list(inspect.signature(NoLogModule._log_invocation).parameters) == ["self"]


@pytest.mark.parametrize("kind,logged", [(NoLogModule, False), (basic.AnsibleModule, True)])
def test_a_secret_with_a_quotation_mark_is_not_logged(monkeypatch: pytest.MonkeyPatch, kind: type, logged: bool):
    """AnsibleModule itself logs the secret; once it does not, NoLogModule is not needed any more."""
    messages: list[str] = []
    monkeypatch.setattr(basic.AnsibleModule, "log", lambda self, msg, log_args=None: messages.append(msg + str(log_args)))
    params = {"one": {"host": "h", "password": """it's "open\\sesame"""}}
    with patch_module_args(json.loads(json.dumps(params))):
        module = kind(argument_spec={"one": OPTIONS["one"]})
    assert messages
    assert any("sesame" in message for message in messages) == logged
    assert module.params["one"]["password"] == params["one"]["password"]


@pytest.mark.parametrize("params,shown", [
    ({"name": "x", "passwort": "hunter2"}, {"name": "x", "passwort": HIDDEN}),
    ({"label": "x", "client_secret": {"a": "hunter2"}}, {"label": "x", "client_secret": HIDDEN}),
    ({"one": {"host": "h", "pasword": "hunter2"}}, {"one": {"host": "h", "pasword": HIDDEN}}),
    ({"one": {"deeper": {"secret": "hunter2"}}}, {"one": {"deeper": {"secret": HIDDEN}}}),
    ({"one": "host=h pasword=hunter2"}, {"one": HIDDEN}),
    ({"many": [{"user": "u", "pw": "hunter2"}, "hunter2"]}, {"many": [{"user": "u", "pw": HIDDEN}, HIDDEN]}),
    ({"unknown": None, "_ansible_x": "y"}, {"unknown": None}),
])
def test_values_of_unknown_options_are_not_returned(params, shown):
    assert known(params, {**OPTIONS, "name": {"type": "str", "aliases": ["label"]}}) == shown


@pytest.mark.parametrize("params", [{"passwort": "hunter2"}, {"one": {"passwort": "hunter2"}}, {"one": "passwort=hunter2"}])
def test_a_password_under_a_wrong_name_is_not_returned(capsys: pytest.CaptureFixture[str], params):
    with patch_module_args(params), pytest.raises(SystemExit):
        NoLogModule(argument_spec=OPTIONS)
    result = capsys.readouterr().out
    assert "passwort" in result
    assert "hunter2" not in result


def test_secrets_within_values_are_neither_logged_nor_returned(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    messages: list[str] = []
    monkeypatch.setattr(basic.AnsibleModule, "log", lambda self, msg, log_args=None: messages.append(msg + str(log_args)))
    values = {"a": "inline:{x=y:hunter2}", "b": ["kept", "inline:{x=y:hunter2}"]}
    with patch_module_args({"values": values}):
        module = NoLogModule(argument_spec={"values": {"type": "dict"}}, secrets_of=(lambda params: [params["values"]["a"]],))
        with pytest.raises(SystemExit):
            module.exit_json(changed=True, text=f"it was {values['a']}")
    assert "hunter2" not in capsys.readouterr().out + "".join(messages)
    assert "kept" in "".join(messages)
    assert module.params["values"] == values


def test_the_words_of_a_command_stay_as_they_are():
    with patch_module_args({}):
        module = NoLogModule(argument_spec={})
    words = ["$HOME", "~", "~root", "${PATH}", "a b"]
    assert module.run_command(["printf", "%s|", *words])[1] == "".join(f"{word}|" for word in words)
