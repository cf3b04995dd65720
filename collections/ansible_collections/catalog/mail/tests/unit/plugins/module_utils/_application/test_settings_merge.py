# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task's e-mail settings are merged into those in force; the diff shows the changes."""

from __future__ import annotations

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._application.settings_merge import (
    diff,
    given,
    logins,
    longest_test,
    merged,
    redacted,
)
from ansible_collections.catalog.mail.plugins.module_utils._application.settings_options import SECRETS

PASSWORD = "notifications.smtp.password"
SECRET = {"present": True, "changed_at": "2026-11-02T08:15:00Z"}
CURRENT = {
    "deployment": "on_premises",
    "notifications": {
        "enabled": True,
        "transport": "smtp",
        "from": {"address": "noreply@example.com", "display_name": "Catalog"},
        "smtp": {"host": "smtp.example.com", "port": 587, "tls": "starttls", "username": "u", "password": SECRET,
                 "timeout": 30, "ca_file": None},
    },
    "interactions": {"enabled": False, "imap": {"host": None, "password": {"present": False, "changed_at": None}}},
    "changed_at": "2026-11-02T08:15:00Z",
    "changed_by": "ansible",
}
KEPT = {
    "notifications": {
        "enabled": True,
        "transport": "smtp",
        "from": {"address": "noreply@example.com", "display_name": "Catalog"},
        "smtp": {"host": "smtp.example.com", "port": 587, "tls": "starttls", "username": "u", "timeout": 30, "ca_file": None},
    },
    "interactions": {"enabled": False, "imap": {"host": None}},
}
CLOUD = {"deployment": "cloud", "notifications": {"enabled": True}, "interactions": {"enabled": False}, "changed_at": None}


def test_the_secrets_are_known_by_their_places():
    assert {
        PASSWORD, "notifications.microsoft.client_secret", "notifications.microsoft.certificate",
        "interactions.imap.password", "interactions.microsoft.client_secret", "interactions.microsoft.certificate",
    } == SECRETS


@pytest.mark.parametrize("options,said", [
    ({}, {}),
    ({"enabled": None, "smtp": {"host": None, "port": None}}, {}),
    ({"enabled": False, "smtp": {"host": None, "port": 25}}, {"enabled": False, "smtp": {"port": 25}}),
    ({"smtp": {"username": "", "password": ""}}, {"smtp": {"username": "", "password": ""}}),
    ({"notifications": {"smtp": None}, "interactions": {"archive": {"keep_days": 0}}},
     {"interactions": {"archive": {"keep_days": 0}}}),
])
def test_options_left_out_are_not_given(options, said):
    assert given(options) == said


def with_smtp(**changes):
    smtp = {**KEPT["notifications"]["smtp"], **changes}
    return {**KEPT, "notifications": {**KEPT["notifications"], "smtp": smtp}}


@pytest.mark.parametrize("desired,document", [
    # Settings left out stay; a secret stays by not being sent. Values that the application itself computes are not sent.
    ({}, KEPT),
    ({"notifications": {"smtp": {"port": 25}}}, with_smtp(port=25)),
    ({"notifications": {"enabled": False}}, {**KEPT, "notifications": {**KEPT["notifications"], "enabled": False}}),
    # A secret is sent only when the task gives one, and as null for an empty text.
    ({"notifications": {"smtp": {"password": "x"}}}, with_smtp(password="x")),
    ({"notifications": {"smtp": {"password": ""}}}, with_smtp(password=None)),
    ({"interactions": {"imap": {"password": ""}}},
     {**KEPT, "interactions": {"enabled": False, "imap": {"host": None, "password": None}}}),
    # For an empty text any other setting is left out, which resets it to its default.
    ({"notifications": {"from": {"display_name": ""}}},
     {**KEPT, "notifications": {**KEPT["notifications"], "from": {"address": "noreply@example.com"}}}),
    # A section that the application does not show is sent as well: the application decides whether it may be set.
    ({"notifications": {"microsoft": {"tenant_id": "t", "client_secret": "s"}}},
     {**KEPT, "notifications": {**KEPT["notifications"], "microsoft": {"tenant_id": "t", "client_secret": "s"}}}),
])
def test_the_document_to_write(desired, document):
    assert merged(CURRENT, desired) == document


REGISTRATION = {"tenant_id": "t", "client_id": "c"}
NOTES = {"client_secret_key_id": "k", "client_secret_expires_at": "2027-05-01T10:00:00Z"}


@pytest.mark.parametrize("section", ["notifications", "interactions"])
@pytest.mark.parametrize("said,sent", [
    ({}, NOTES),
    ({"tenant_id": "u"}, {"tenant_id": "u", **NOTES}),
    # With a secret only the metadata in the task are sent: the application knows whether the secret is new.
    ({"client_secret": "s"}, {"client_secret": "s"}),
    ({"client_secret": "s", "client_secret_key_id": "l"}, {"client_secret": "s", "client_secret_key_id": "l"}),
    ({"client_secret": ""}, {"client_secret": None}),
    ({"client_secret_key_id": ""}, {**NOTES, "client_secret_key_id": None}),
])
def test_the_metadata_of_a_secret_are_removed_with_it(section, said, sent):
    current = {section: {"microsoft": {**REGISTRATION, "client_secret": SECRET, **NOTES}}}
    assert merged(current, {section: {"microsoft": said}}) == {section: {"microsoft": {**REGISTRATION, **sent}}}


def test_removing_an_unset_value_is_sent_to_the_application():
    document = merged(CURRENT, {"notifications": {"smtp": {"username": "", "password": ""}}})
    assert "username" not in document["notifications"]["smtp"]
    assert document["notifications"]["smtp"]["password"] is None


@pytest.mark.parametrize("desired,document", [
    ({"notifications": {"enabled": False}}, {"notifications": {"enabled": False}, "interactions": {"enabled": False}}),
    ({"notifications": {"smtp": {"host": "h"}}},
     {"notifications": {"enabled": True, "smtp": {"host": "h"}}, "interactions": {"enabled": False}}),
])
def test_in_the_cloud_edition(desired, document):
    assert merged(CLOUD, desired) == document


def test_the_present_settings_are_left_as_they_are():
    before = repr(CURRENT)
    merged(CURRENT, {"notifications": {"smtp": {"port": 25, "password": "x"}, "from": {"display_name": ""}}})
    assert repr(CURRENT) == before


def change(path, before, after):
    return {"path": path, "before": before, "after": after}


@pytest.mark.parametrize("changes,before,after", [
    ([change("notifications.smtp.port", 25, 587), change(PASSWORD, "present", "changed")],
     {"notifications": {"smtp": {"port": 25, "password": "(present)"}}},
     {"notifications": {"smtp": {"port": 587, "password": "(changed)"}}}),
    ([change(PASSWORD, "absent", "changed")],
     {"notifications": {"smtp": {"password": "(absent)"}}}, {"notifications": {"smtp": {"password": "(changed)"}}}),
    ([change(PASSWORD, "present", "removed")],
     {"notifications": {"smtp": {"password": "(present)"}}}, {"notifications": {"smtp": {"password": "(removed)"}}}),
    ([change("notifications.enabled", False, True), change("interactions.reply_to", None, "r@example.com")],
     {"notifications": {"enabled": False}, "interactions": {"reply_to": None}},
     {"notifications": {"enabled": True}, "interactions": {"reply_to": "r@example.com"}}),
    # A setting with such a word as value is shown unchanged.
    ([change("notifications.from.display_name", "present", "changed")],
     {"notifications": {"from": {"display_name": "present"}}}, {"notifications": {"from": {"display_name": "changed"}}}),
])
def test_the_diff_has_the_changed_settings_only(changes, before, after):
    assert diff(changes) == [
        {"before_header": "e-mail settings", "after_header": "e-mail settings", "before": before, "after": after}]


def test_no_changes_make_no_difference():
    assert diff([]) == []


def test_a_secret_is_hidden_even_if_the_application_returns_it():
    told = [change(PASSWORD, "old-secret", "new-secret"), change("notifications.smtp.host", None, "h")]
    assert redacted(told) == [change(PASSWORD, "changed", "changed"), change("notifications.smtp.host", None, "h")]
    assert "secret" not in repr(diff(told))


@pytest.mark.parametrize("document,seconds", [
    ({"notifications": {"smtp": {"timeout": 60}}}, 60),
    ({"notifications": {"smtp": {"timeout": 4.5}}}, 5),
    ({"notifications": {"smtp": {"timeout": "soon"}}}, 30),
    ({"notifications": {"smtp": None}}, 30),
    ({"notifications": {"enabled": True}}, 30),
    ({"notifications": {"smtp": {"timeout": 10}}, "interactions": {"enabled": True}}, 70),
    ({"notifications": {"smtp": {"timeout": 10}}, "interactions": {"enabled": False}}, 10),
    ({}, 30),
    ({"notifications": {"transport": "microsoft", "smtp": {"timeout": 10}}}, 120),
    ({"notifications": {}, "interactions": {"enabled": True, "receiver": "microsoft"}}, 150),
    ({"notifications": {}, "interactions": {"enabled": False, "receiver": "microsoft"}}, 30),
])
def test_a_test_message_has_its_time(document, seconds):
    assert longest_test(document) == seconds


def test_secrets_with_their_user_names():
    desired = {
        "notifications": {"smtp": {"username": "u", "password": "p"}, "microsoft": {"client_secret": "s"}},
        "interactions": {"imap": {"password": ""}},
    }
    assert logins(desired) == [("u", "p"), ("", "s")]
