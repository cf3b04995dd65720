# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that cannot work: the error names the option, the reason and the remedy; nothing is written to the directory."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.modules.graph_modules import Modules

CREDENTIAL, PERMISSIONS, SCOPE = "entra_app_credential", "graph_permissions", "mailbox_scope"
REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("entra_app", {"unique_name": " "}, "unique_name", "it is empty"),
    ("entra_app", {"unique_name": "x", "display_name": ""}, "display_name", "it is empty"),
    ("entra_app", {"app_id": "nonsense"}, "app_id", "there is no app registration with app_id 'nonsense'"),
    ("entra_app", {"timeout": 0}, "timeout", "0 is too little"),
    ("entra_app", {"consecutive_reads": 0}, "consecutive_reads", "0 is too little"),
    ("entra_app_info", {"unique_name": ""}, "unique_name", "it is empty"),
    (CREDENTIAL, {"unique_name": ""}, "unique_name", "it is empty"),
    (CREDENTIAL, {"app_id": ""}, "app_id", "it is empty"),
    ("entra_app", {"unique_name": "new", "app_id": "99999999-8888-7777-6666-555555555555"}, "app_id", "Microsoft chooses"),
    (CREDENTIAL, {"valid_days": 0}, "valid_days", "0 is not from 1 to 3650"),
    (CREDENTIAL, {"valid_days": 4_000_000}, "valid_days", "is not from 1 to 3650"),
    (CREDENTIAL, {"rotate_before_days": 10**12}, "rotate_before_days", "is not from 0 to 3650"),
    (CREDENTIAL, {"grace_seconds": -1}, "grace_seconds", "-1 is not from 0 to"),
    (CREDENTIAL, {"grace_seconds": 10**15}, "grace_seconds", "is not from 0 to"),
    (CREDENTIAL, {"state": "absent", "remove_key_id": ""}, "remove_key_id", "it is empty"),
    (CREDENTIAL, {"state": "absent", "keep_key_id": " "}, "keep_key_id", "it is empty"),
    (CREDENTIAL, {"remove_key_id": "one"}, "remove_key_id", "no effect with state: present"),
    (CREDENTIAL, {"keep_key_id": "one"}, "keep_key_id", "no effect with state: present"),
    (CREDENTIAL, {"state": "absent", "current_key_id": ""}, "current_key_id", "no effect with state: absent"),
    (CREDENTIAL, {"state": "absent", "kind": "certificate", "certificate": "PEM"}, "certificate", "no effect with state: absent"),
    (CREDENTIAL, {"valid_days": 30}, "rotate_before_days", "would be replaced in every run"),
    (CREDENTIAL, {"name": " "}, "name", "by it the module finds its own credentials"),
    (CREDENTIAL, {"name": "n" * 121}, "name", "by it the module finds its own credentials"),
    (CREDENTIAL, {"certificate": "PEM"}, "certificate", "it has no effect with kind: secret"),
    (CREDENTIAL, {"kind": "certificate", "certificate": "nonsense"}, "certificate", "it is not a certificate in PEM"),
    (PERMISSIONS, {"unique_name": "", "permissions": []}, "unique_name", "it is empty"),
    (PERMISSIONS, {"permissions": [""]}, "permissions", "has no application permission ''"),
    (PERMISSIONS, {"permissions": ["mail.send"]}, "permissions", "Did you mean Mail.Send"),
    ("graph_permissions_info", {"unique_name": ""}, "unique_name", "it is empty"),
    (SCOPE, {"roles": ["Mail.Send"]}, "mailboxes", "none is named"),
    (SCOPE, {"roles": [], "mailboxes": ["noreply@contoso.test"]}, "roles", "none is named"),
    (SCOPE, {"roles": ["Mail.Send"], "mailboxes": [" "]}, "mailboxes", "one of them is empty"),
    (SCOPE, {"roles": ["Mail.Send"], "mailboxes": ["no body@x"]}, "mailboxes", "there is no user no body@x"),
    ("mailbox_scope_info", {"app_id": ""}, "app_id", "it is empty"),
]
LOGINS: list[tuple[dict[str, Any], str, str]] = [
    ({"tenant_id": "a/b"}, "login.tenant_id", "neither the id of a directory nor a domain"),
    ({"tenant_id": "common"}, "login.tenant_id", "the tenant has to be named"),
    ({"tenant_id": " "}, "login.tenant_id", "needs it"),
    ({"client_id": ""}, "login.client_id", "needs it"),
    ({"method": "certificate"}, "login.certificate_file", "needs it"),
    ({"method": "token"}, "login.access_token", "needs it"),
]


@pytest.mark.parametrize(
    "module,options,field,words", REFUSED, ids=[f"{one[0]}-{one[2]}-{number}" for number, one in enumerate(REFUSED)])
def test_options(modules: Modules, app: dict[str, Any], module: str, options: dict[str, Any], field: str, words: str) -> None:
    which = {} if {"unique_name", "app_id"} & set(options) else {"unique_name": app["unique_name"]}
    refused = modules.run(module, **which, **options)
    assert refused["failed"] and refused["field"] == field and words in refused["msg"], refused
    assert refused["cause"] and refused["remedy"] and modules.writes() == []


@pytest.mark.parametrize("change,field,words", LOGINS, ids=[f"{one[1]}-{number}" for number, one in enumerate(LOGINS)])
def test_logins(modules: Modules, change: dict[str, Any], field: str, words: str) -> None:
    refused = modules.run("entra_app_info", unique_name="nobody", login={**modules.login, **change})
    assert refused["failed"] and refused["field"] == field and words in refused["msg"] and refused["remedy"], refused
