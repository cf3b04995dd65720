# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections to PostgreSQL notice a server or a network that is gone without a word."""

from __future__ import annotations

import socket

import pytest
from catalog_mail.adapters.database.engine import make_engine
from catalog_mail.domain.errors import StorageFailed
from helpers.service import postgres
from sqlalchemy import make_url


def driver(url: str) -> str:
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def options(url: str) -> dict[str, int]:
    """Return the options of a connection's socket, as the kernel has them."""
    engine = make_engine(url)
    with engine.connect() as connection:
        number = connection.connection.dbapi_connection.pgconn.socket  # type: ignore[union-attr]  # psycopg's
        with socket.fromfd(number, socket.AF_INET, socket.SOCK_STREAM) as same:
            names = ("TCP_USER_TIMEOUT", "TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT")
            found = {name: same.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in names}
            found["SO_KEEPALIVE"] = same.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    engine.dispose()
    return found


def test_a_server_that_is_gone_is_noticed(postgresql_server: str) -> None:
    url = driver(postgres.create_database(postgresql_server, "engine"))
    told = {"TCP_USER_TIMEOUT": 30_000, "TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3, "SO_KEEPALIVE": 1}
    assert options(url) == told
    assert options(f"{url}?keepalives_idle=7") == {**told, "TCP_KEEPIDLE": 7}


def test_a_proxy_that_swallows_all_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        engine = make_engine(f"postgresql+psycopg://u:p@127.0.0.1:{proxy.getsockname()[1]}/x?connect_timeout=2")
        with pytest.raises(StorageFailed, match="timeout"):
            engine.connect()
