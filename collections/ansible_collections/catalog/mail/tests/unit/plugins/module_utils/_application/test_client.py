# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of the API against a real server on the loopback interface: its requests and its failures."""

from __future__ import annotations

import datetime
import ipaddress
import os
import socket
import ssl
import time

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._application.client import CatalogApi
from ansible_collections.catalog.mail.plugins.module_utils._application.port import Saved, Stored
from ansible_collections.catalog.mail.plugins.module_utils._core.errors import ApiFailed, InputRefused, Outdated, TokenMissing
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

TOKEN = "cmail_0123456789abcdefghijklmnopqrstuvwxyz-_ABCDE"
PATH = "/api/v1/settings/email-server"
SETTINGS = {"deployment": "on_premises", "notifications": {"enabled": False}, "interactions": {"enabled": False}}
CHANGES = [{"path": "notifications.enabled", "before": False, "after": True}]


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / "admin-token"
    path.write_text(TOKEN + "\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def api(token_file):
    """Return a function that creates a client: api(server or its URL, options)."""
    def make(where, logins=(), **options):
        url = where if isinstance(where, str) else f"http://127.0.0.1:{where.port}"
        return CatalogApi({"api_url": url, "token_file": str(token_file), "ca_file": None, "timeout": 5, **options}, logins)

    return make


def test_reading(http_server, api):
    server = http_server(lambda _asked: (200, {"ETag": '"7"'}, SETTINGS))
    assert api(server).read() == Stored(SETTINGS, 7)
    [asked] = server.asked
    assert asked.what == f"GET {PATH}"
    assert asked.headers["Authorization"] == f"Bearer {TOKEN}"


def test_planning(http_server, api):
    server = http_server(lambda _asked: (200, {}, {"changes": CHANGES}))
    assert api(server).plan({"notifications": {}}) == CHANGES
    assert (server.asked[0].what, server.asked[0].body) == (f"POST {PATH}/plan", {"settings": {"notifications": {}}})


@pytest.mark.parametrize("test,body", [
    (None, {"settings": {}}),
    (False, {"settings": {}, "test": False}),
    ({"recipient": "a@b.example"}, {"settings": {}, "test": {"recipient": "a@b.example"}}),
])
@pytest.mark.parametrize("advice", [{}, {"advice": None}, {"advice": []}, {"advice": ["Use sub-addresses."]}])
def test_saving(http_server, api, test, body, advice):
    evidence = {"response": "250 Ok"}
    answer = {"settings": SETTINGS, "changes": CHANGES, "test": evidence, "tested_mailbox": {"messages": 3}, **advice}
    server = http_server(lambda _asked: (200, {"ETag": '"8"'}, answer))
    saved = api(server).save({}, test, 7, 0)
    assert saved == Saved(Stored(SETTINGS, 8), CHANGES, evidence, {"messages": 3}, advice.get("advice") or [])
    [asked] = server.asked
    assert (asked.what, asked.headers["If-Match"], asked.body) == (f"PUT {PATH}", '"7"', body)


def test_saving_over_a_newer_revision(http_server, api):
    problem = {"cause": "It was changed.", "remedy": "Read it again.", "code": "precondition-failed"}
    server = http_server(lambda _asked: (412, {}, problem))
    with pytest.raises(Outdated, match="It was changed"):
        api(server).save({}, None, 7, 0)


def test_health_needs_no_settings(http_server, api):
    server = http_server(lambda _asked: (503, {}, {"ready": False, "problems": ["No."]}))
    assert api(server).health() == {"ready": False, "problems": ["No."]}
    assert server.requests == ["GET /api/v1/health"]


def test_one_connection_serves_all_requests(http_server, api):
    """Requests over the same connection have the same source port."""
    server = http_server(lambda _asked: (200, {"ETag": '"7"'}, {**SETTINGS, "changes": []}))
    edge = api(server)
    edge.read()
    port = edge._connection.sock.getsockname()
    edge.plan({})
    assert edge._connection.sock.getsockname() == port


def test_a_proxy_in_the_environment_is_not_used(http_server, api, monkeypatch):
    proxy = http_server(lambda _asked: (200, {"ETag": '"1"'}, SETTINGS))
    server = http_server(lambda _asked: (200, {"ETag": '"2"'}, SETTINGS))
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    assert api(server).read().revision == 2
    assert proxy.asked == []


def test_the_token_follows_no_redirection(http_server, api):
    other = http_server(lambda _asked: (200, {"ETag": '"1"'}, SETTINGS))
    place = f"http://127.0.0.1:{other.port}/api/v1"
    server = http_server(lambda _asked: (307, {"Location": place}, b""))
    with pytest.raises(ApiFailed, match=f"redirects to {place}"):
        api(server).read()
    assert other.asked == []


# -- the token ---------------------------------------------------------------------------------------------------------


def test_no_token_file(api, token_file):
    token_file.unlink()
    with pytest.raises(TokenMissing, match=r"There is no file .*admin-token on this host.*role catalog\.mail\.application"):
        api("http://127.0.0.1:1")


@pytest.mark.parametrize("content", ["", "\n", "two words\n", "caf\u00e9\n", "a\x01b\n"])
def test_a_file_without_a_token(api, token_file, content):
    token_file.write_text(content)
    with pytest.raises(ApiFailed, match="does not begin with a token"):
        api("http://127.0.0.1:1")


def test_a_folder_is_not_a_token_file(api, tmp_path):
    with pytest.raises(ApiFailed, match="is no file"):
        api("http://127.0.0.1:1", token_file=str(tmp_path))


@pytest.mark.parametrize("mode,refused", [(0o600, False), (0o640, False), (0o604, True), (0o644, True), (0o602, True)])
def test_a_token_that_everybody_may_read_is_not_used(api, token_file, mode, refused):
    token_file.chmod(mode)
    if not refused:
        assert api("http://127.0.0.1:1")
        return
    with pytest.raises(ApiFailed, match=f"by everybody on this host .mode {mode:04o}") as failure:
        api("http://127.0.0.1:1")
    assert failure.value.details["code"] == "token-exposed"


def test_a_failure_contains_neither_token_nor_password(http_server, api):
    def repeating(asked):
        return 422, {}, {"cause": f"You sent {asked.headers['Authorization']} and hunter2.", "remedy": "-", "code": "x"}

    with pytest.raises(ApiFailed) as failure:
        api(http_server(repeating), [("u", "hunter2")]).read()
    shown = str(failure.value) + repr(failure.value.details)
    assert TOKEN not in shown and "hunter2" not in shown


# -- connections that fail ---------------------------------------------------------------------------------------------


def failure_of(edge, code):
    with pytest.raises(ApiFailed) as failure:
        edge.read()
    assert failure.value.details["code"] == code
    return str(failure.value)


def test_the_application_does_not_run(api):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    text = failure_of(api(f"http://127.0.0.1:{port}"), "api-refused")
    assert f"Nothing listens at http://127.0.0.1:{port}: the application is not running there." in text
    assert "systemctl status catalog-mail" in text


def test_a_name_that_does_not_exist(api):
    assert "no-such-host.invalid" in failure_of(api("https://no-such-host.invalid"), "api-name")


def test_no_answer_in_time(http_server, api):
    edge = api(http_server(lambda _asked: time.sleep(3)), timeout=1)
    assert "did not answer within 1 s" in failure_of(edge, "api-timeout")


def test_a_test_message_has_time_of_its_own(http_server, api):
    def slow(_asked):
        time.sleep(1.5)
        return 200, {"ETag": '"8"'}, {"settings": SETTINGS, "changes": [], "test": None}

    edge = api(http_server(slow), timeout=1)
    assert edge.save({}, None, 7, 10).stored.revision == 8
    with pytest.raises(ApiFailed, match=r"did not answer within 1 s.*Whether the settings were saved is not known"):
        edge.save({}, None, 7, 0)


def test_a_connection_that_is_hung_up_on(line_server, api):
    server = line_server(b"", lambda _line: None)
    assert "ended the connection without an answer" in failure_of(api(server), "api-lost")


def test_a_server_that_speaks_something_else(line_server, api):
    server = line_server(b"220 mail.example.com ESMTP\r\n", lambda _line: b"500 what?\r\n")
    assert "does not speak HTTP" in failure_of(api(server), "api-not-http")


def test_another_programs_answer(http_server, api):
    server = http_server(lambda _asked: (200, {"Content-Type": "text/html"}, b"<h1>It works!</h1>"))
    assert "is not the application's API: HTTP status 200, text/html" in failure_of(api(server), "api-foreign")


def test_an_answer_that_is_too_long_is_not_read_to_its_end(http_server, api):
    server = http_server(lambda _asked: (200, {"ETag": '"7"'}, b'{"notifications": "' + b"x" * 5_000_000 + b'"}'))
    assert "is not the application's API" in failure_of(api(server), "api-foreign")


def test_less_than_a_second_is_refused(api):
    with pytest.raises(InputRefused, match="timeout: less than a second"):
        api("http://127.0.0.1:1", timeout=0)


# -- TLS ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Return a self-signed certificate for 127.0.0.1."""
    return self_signed(tmp_path_factory.mktemp("tls"), "127.0.0.1")


def self_signed(folder, address):
    """Write PEM files of a new certificate and its key for an IP address; return their paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256()))
    (folder / "certificate").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return folder


def serving(folder):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "certificate", folder / "key")
    return context


def test_tls_with_the_authority_that_is_named(http_server, api, certificate):
    server = http_server(lambda _asked: (200, {"ETag": '"7"'}, SETTINGS), serving(certificate))
    edge = api(f"https://127.0.0.1:{server.port}", ca_file=str(certificate / "certificate"))
    assert edge.read().revision == 7


def test_a_certificate_that_is_not_trusted(http_server, api, certificate):
    server = http_server(lambda _asked: (200, {}, {}), serving(certificate))
    text = failure_of(api(f"https://127.0.0.1:{server.port}"), "api-untrusted")
    assert "is not trusted: certificate verify failed" in text
    assert "ca_file" in text
    assert server.asked == []


def test_a_certificate_for_another_name(http_server, api, tmp_path):
    folder = self_signed(tmp_path, "192.0.2.1")
    server = http_server(lambda _asked: (200, {}, {}), serving(folder))
    edge = api(f"https://127.0.0.1:{server.port}", ca_file=str(folder / "certificate"))
    assert "is for another name" in failure_of(edge, "api-name-mismatch")
    assert server.asked == []


def test_https_without_tls(http_server, api):
    server = http_server(lambda _asked: (200, {}, {}))
    assert "write http:// in api_url" in failure_of(api(f"https://127.0.0.1:{server.port}"), "api-tls")


def test_http_where_there_is_tls(http_server, api, certificate):
    server = http_server(lambda _asked: (200, {}, {}), serving(certificate))
    with pytest.raises(ApiFailed) as failure:
        api(server).read()
    assert failure.value.details["code"] in ("api-lost", "api-not-http")


def test_authorities_that_cannot_be_read(api, tmp_path):
    with pytest.raises(InputRefused, match=r"ca_file: .* cannot be read as certificates"):
        api("https://127.0.0.1:1", ca_file=os.devnull)
    with pytest.raises(InputRefused, match="ca_file: without TLS nothing is verified"):
        api("http://127.0.0.1:1", ca_file=str(tmp_path))
