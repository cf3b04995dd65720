# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration file: its values, and the error for each invalid one."""

from __future__ import annotations

from pathlib import Path

import pytest
from catalog_mail import config
from catalog_mail.domain.errors import Misconfigured
from catalog_mail.http_limits import HttpLimits

LEAST = 'base_url = "https://catalog.example.com"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text)
    return path


def test_one_line_is_a_valid_configuration(tmp_path: Path):
    found = config.load(written(tmp_path, LEAST))
    assert (found.host, found.port, found.deployment) == ("127.0.0.1", 8025, "on_premises")
    assert str(found.database()) == "sqlite:////var/lib/catalog-mail/catalog-mail.db"


def test_the_addresses_of_microsoft(tmp_path: Path):
    usual = config.load(written(tmp_path, LEAST)).microsoft.model_dump()
    assert {name: value for name, value in usual.items() if value is not None} == {"sent_items_seconds": 60}
    text = '[microsoft]\nauthority_url = "https://login.corp.test:8443/"\nca_file = "/etc/ca.pem"\n'
    found = config.load(written(tmp_path, LEAST + text)).microsoft
    assert (found.authority_url, found.graph_url, found.ca_file) == ("https://login.corp.test:8443", None, "/etc/ca.pem")


def test_the_notices_about_problems(tmp_path: Path):
    assert config.load(written(tmp_path, LEAST)).notices == config.Notices(admin_email=None, begin_after=120, end_after=600)
    for text, field in (('admin_email = "nobody"', "admin_email"), ("begin_after = 0", "begin_after"), ("end = 5", "end")):
        with pytest.raises(Misconfigured) as refused:
            config.load(written(tmp_path, f"{LEAST}[notices]\n{text}\n"))
        assert refused.value.field == f"notices.{field}"
        assert refused.value.remedy


def test_limits_and_hosts_of_http(tmp_path: Path):
    usual = config.load(written(tmp_path, LEAST))
    assert (usual.allowed_hosts, HttpLimits(**usual.http.model_dump())) == ([], HttpLimits())
    text = 'allowed_hosts = ["proxy", "192.0.2.1:8025", "[2001:db8::1]"]\n[http]\nconnections = 16\nidle_timeout = 300\n'
    found = config.load(written(tmp_path, LEAST + text))
    assert found.allowed_hosts == ["proxy", "192.0.2.1:8025", "[2001:db8::1]"]
    assert HttpLimits(**found.http.model_dump()) == HttpLimits(connections=16, idle_timeout=300)


@pytest.mark.parametrize(
    ("database", "expected"),
    [
        ("sqlite:////srv/data/x.db", "/srv/data"),
        ("sqlite://", "/var/lib/catalog-mail"),
        ("postgresql://app@db/catalog", "/var/lib/catalog-mail"),
    ],
)
def test_the_shared_folder_of_a_hosts_processes(tmp_path: Path, database: str, expected: str):
    found = config.load(written(tmp_path, f'{LEAST}database_url = "{database}"\n'))
    assert str(found.state_folder()) == expected


def test_the_password_of_postgresql_comes_from_its_file(tmp_path: Path):
    (tmp_path / "password").write_text("p@ss/wörd\n")
    text = f'{LEAST}database_url = "postgresql://app@db.example.com/catalog"\ndatabase_password_file = "{tmp_path}/password"\n'
    url = config.load(written(tmp_path, text)).database()
    assert (url.drivername, url.password, url.host) == ("postgresql+psycopg", "p@ss/wörd", "db.example.com")
    assert "wörd" not in str(url)


REFUSED = {
    "unknown name": (LEAST + "listten = 1\n", "listten"),
    "no base_url": ("", "base_url"),
    "not an address": ('base_url = "catalog.example.com"\n', "base_url"),
    "listen without a port": (LEAST + 'listen = "127.0.0.1"\n', "listen"),
    "listen on port 0": (LEAST + 'listen = "127.0.0.1:0"\n', "listen"),
    "a wildcard as a host": (LEAST + 'allowed_hosts = ["*.example.com"]\n', "allowed_hosts.0"),
    "an address as a host": (LEAST + 'allowed_hosts = ["a", "https://a"]\n', "allowed_hosts.1"),
    "a host without brackets": (LEAST + 'allowed_hosts = ["::1"]\n', "allowed_hosts.0"),
    "a host as a number": (LEAST + "allowed_hosts = [1]\n", "allowed_hosts.0"),
    "hosts as one text": (LEAST + 'allowed_hosts = "a"\n', "allowed_hosts"),
    "too few connections": (LEAST + "[http]\nconnections = 15\n", "http.connections"),
    "no time for a header": (LEAST + "[http]\nheader_timeout = 0\n", "http.header_timeout"),
    "much time for a body": (LEAST + "[http]\nbody_timeout = 301\n", "http.body_timeout"),
    "half an idle second": (LEAST + "[http]\nidle_timeout = 0.5\n", "http.idle_timeout"),
    "a misspelt limit": (LEAST + "[http]\nheaders = 1\n", "http.headers"),
    "other database": (LEAST + 'database_url = "mysql://h/d"\n', "database_url"),
    "no database address": (LEAST + 'database_url = "/var/lib/x"\n', "database_url"),
    "other deployment": (LEAST + 'deployment = "saas"\n', "deployment"),
    "port as text": (LEAST + '[builtin]\nport = "25"\n', "builtin.port"),
    "concurrency 0": (LEAST + "[queue]\nconcurrency = 0\n", "queue.concurrency"),
    "Graph by its path": (LEAST + '[microsoft]\ngraph_url = "https://graph.corp.test/v1.0"\n', "microsoft.graph_url"),
    "Entra without TLS": (LEAST + '[microsoft]\nauthority_url = "http://login.corp.test"\n', "microsoft.authority_url"),
    "a CA file by a relative path": (LEAST + '[microsoft]\nca_file = "ca.pem"\n', "microsoft.ca_file"),
    "cloud with a sender that is no address": (LEAST + '[cloud]\nfrom_address = "a@b\\r\\nBcc: c@d"\n', "cloud.from_address"),
    "cloud without its sender": (LEAST.replace("base", 'deployment = "cloud"\nbase'), "cloud.from_address"),
}


@pytest.mark.parametrize(("text", "field"), REFUSED.values(), ids=REFUSED)
def test_each_error_is_named_with_its_remedy(tmp_path: Path, text: str, field: str):
    path = written(tmp_path, text)
    with pytest.raises(Misconfigured) as caught:
        config.load(path)
    assert caught.value.field == field
    assert str(path) in caught.value.cause
    assert caught.value.remedy


SENTENCES = {
    "a near name": ("databas_url = 'x'\n", "databas_url", ["no setting of this name", "Did you mean database_url?"]),
    "the issue's name": ("database = 'x'\n", "database", ["no setting of this name", "Known there: ", "database_url"]),
    "a far name": ("zzz = 1\n", "zzz", ["Remove it. Known there: deployment, base_url"]),
    "a near name in a table": ("[queue]\nconcurency = 1\n", "queue.concurency", ["[queue]", "Did you mean concurrency?"]),
    "a name of another table": ("concurrency = 1\n", "concurrency", ["It belongs into the table [queue]."]),
    "a name of no table": ("[queue]\nlisten = 1\n", "queue.listen", ["It belongs above the first table."]),
    "an unknown table": ("[quee]\na = 1\n", "quee", ["Did you mean queue?"]),
    "a number for a text": ("node = 5\n", "node", ["is a whole number, and must be a text", "in quotes"]),
    "a text for a number": ("[queue]\nconcurrency = '5'\n", "queue.concurrency", ["is a text, and must be a whole number"]),
    "a fraction": ("[queue]\nconcurrency = 1.5\n", "queue.concurrency", ["a number with a fraction"]),
    "a truth value": ("[queue]\nconcurrency = true\n", "queue.concurrency", ["is true or false, and must be a whole"]),
    "a date": ("node = 2026-11-30\n", "node", ["is a date or a time, and must be a text"]),
    "a list": ("node = ['a']\n", "node", ["is a list, and must be a text"]),
    "a text for a table": ("queue = 'x'\n", "queue", ["is a text, and must be a table", "in brackets"]),
    "a table for a text": ("[node]\na = 1\n", "node", ["is a table, and must be a text"]),
    "too small": ("[queue]\nconcurrency = 0\n", "queue.concurrency", ["is 0.", "1 or more"]),
    "too large": ("[queue]\nconcurrency = 101\n", "queue.concurrency", ["is 101.", "100 or less"]),
    "empty": ("catalog_name = ''\n", "catalog_name", ["is empty."]),
    "too long": (f"node = '{'n' * 101}'\n", "node", ["has 101 characters.", "at most 100"]),
    "another choice": ("deployment = 'saas'\n", "deployment", ["is 'saas'.", "'on_premises' or 'cloud'"]),
    "no listen address": ("listen = 'x'\n", "listen", ["is not a host and a port such as 127.0.0.1:8025."]),
}


@pytest.mark.parametrize(("text", "field", "words"), SENTENCES.values(), ids=SENTENCES)
def test_each_kind_of_error_has_a_sentence_of_ours(tmp_path: Path, text: str, field: str, words: list[str]):
    with pytest.raises(Misconfigured) as caught:
        config.load(written(tmp_path, LEAST + text))
    said = str(caught.value)
    assert said.startswith(f"{field}: ")
    assert field not in caught.value.cause
    assert all(word in said for word in words), said
    assert not any(word in said for word in ("Extra inputs", "Input should", "valid string", "Value error"))


def test_a_missing_setting_is_named(tmp_path: Path):
    with pytest.raises(Misconfigured, match=r"base_url: .* lacks this setting"):
        config.load(written(tmp_path, ""))


@pytest.mark.parametrize("content", [b"base_url = ", b"\xff\xfe", b"[a\n"])
def test_a_file_that_is_not_toml(tmp_path: Path, content: bytes):
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    with pytest.raises(Misconfigured, match="not TOML"):
        config.load(path)


def test_a_file_that_is_missing(tmp_path: Path):
    with pytest.raises(Misconfigured, match="cannot be read: No such file"):
        config.load(tmp_path / "none.toml")


def test_a_password_file_that_is_missing(tmp_path: Path):
    text = f'{LEAST}database_url = "postgresql://app@db/catalog"\ndatabase_password_file = "{tmp_path}/none"\n'
    with pytest.raises(Misconfigured) as caught:
        config.load(written(tmp_path, text)).database()
    assert caught.value.field == "database_password_file"
