# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ids of a login that were copied with marks or blanks around them."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import InputRefused
from ansible_collections.catalog.mail.plugins.module_utils._microsoft.login import LOGIN, read_login

GUID = "5C0E7A5E-0000-4000-8000-00000000000a"


def given(**values):
    return {
        **dict.fromkeys(LOGIN["options"]), "method": "client_secret", "client_secret": "x8Q~secret", "cloud": "global",
        "tenant_id": GUID, "client_id": GUID, **values,
    }


@pytest.mark.parametrize("name", ["tenant_id", "client_id"])
@pytest.mark.parametrize("around", ["{%s}", '"%s"', "<%s>", "%s\u200b", "\ufeff%s", "%s.", "(%s)"])
def test_marks_around_an_id_are_named(name, around):
    with pytest.raises(InputRefused) as refused:
        read_login(given(**{name: around % GUID}))
    assert refused.value.details["field"] == f"login.{name}"
    assert f"Write {GUID}." in str(refused.value)


@pytest.mark.parametrize("name", ["tenant_id", "client_id"])
@pytest.mark.parametrize("around", ["%s", " %s", "%s\n", "%s\u00a0", "\t%s"])
def test_blanks_around_an_id_are_left_out(name, around):
    assert getattr(read_login(given(**{name: around % GUID})), name) == GUID


@pytest.mark.parametrize("tenant", ["https://login.microsoftonline.com/x", "admin@contoso.com", "contoso.com.", "a b"])
def test_another_text_is_no_tenant(tenant):
    with pytest.raises(InputRefused, match="neither the id of a directory nor a domain"):
        read_login(given(tenant_id=tenant))


GITHUB = {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://token.test/x", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x"}


@pytest.mark.parametrize("values,variables,method", [
    ({"federated_token": "a.b.c"}, {}, "workload_identity"),
    ({"federated_token_file": "/run/token"}, {}, "workload_identity"),
    ({}, GITHUB, "workload_identity"),
    # A secret or a certificate that the task gives comes first; half of GitHub's variables are no token.
    ({"federated_token": "a.b.c", "client_secret": "x8Q~secret"}, {}, "client_secret"),
    ({}, {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://token.test/x", "IDENTITY_ENDPOINT": "http://127.0.0.1"}, "managed_identity"),
    # Without the ids a job's token is meant for something else.
    ({"client_id": None}, {**GITHUB, "IDENTITY_ENDPOINT": "http://127.0.0.1"}, "managed_identity"),
])
def test_auto_takes_the_token_of_a_workload(monkeypatch, values, variables, method):
    for name in (*GITHUB, "IDENTITY_ENDPOINT", "MSI_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert read_login(given(**{"method": "auto", "client_secret": None, **values})).method == method
