from __future__ import annotations

import pytest

from holdfast.errors import UsageError
from holdfast.gate.fault.wiring import Endpoint, Unproxied, endpoint, rewire


@pytest.mark.parametrize(
    ("url", "where", "rewired"),
    [
        ("http://pay.test", ("pay.test", 80), "http://127.0.0.1:9"),
        ("http://pay.test:8080/v1?x=1#f", ("pay.test", 8080), "http://127.0.0.1:9/v1?x=1#f"),
        ("http://u:p%40s@pay.test/v1@2", ("pay.test", 80), "http://u:p%40s@127.0.0.1:9/v1@2"),
        ("http://[::1]:81/", ("::1", 81), "http://127.0.0.1:9/"),
        (
            "postgresql+asyncpg://a:b@db.test/shop?timeout=3",
            ("db.test", 5432),
            "postgresql+asyncpg://a:b@127.0.0.1:9/shop?timeout=3",
        ),
        (
            "postgres://a@db:6000/shop?sslmode=disable",
            ("db", 6000),
            "postgres://a@127.0.0.1:9/shop?sslmode=disable",
        ),
        ("redis://:secret@cache:7000/2", ("cache", 7000), "redis://:secret@127.0.0.1:9/2"),
        ("redis:///0", ("localhost", 6379), "redis://127.0.0.1:9/0"),
        ("amqp://guest:guest@mq//", ("mq", 5672), "amqp://guest:guest@127.0.0.1:9//"),
        ("mysql://a@db:3306/x", ("db", 3306), "mysql://a@127.0.0.1:9/x"),
    ],
)
def test_address_is_read_and_replaced(url: str, where: tuple[str, int], rewired: str) -> None:
    assert endpoint(url) == where
    assert rewire(url, "127.0.0.1", 9) == rewired
    assert endpoint(rewired) == Endpoint("127.0.0.1", 9)


def test_to_an_ipv6_proxy() -> None:
    assert rewire("http://a/b", "::1", 9) == "http://[::1]:9/b"


@pytest.mark.parametrize("url", ["sqlite:///shop.db", "sqlite+aiosqlite:////tmp/a b.db", "sqlite://"])
def test_sqlite_has_no_network(url: str) -> None:
    assert endpoint(url) is None
    with pytest.raises(UsageError, match="DATABASE_URL: no network"):
        rewire(url, "127.0.0.1", 9, variable="DATABASE_URL")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://pay.test", "TLS"),
        ("rediss://cache", "TLS"),
        ("amqps://mq", "TLS"),
        ("postgres://db/x?sslmode=require", "TLS"),
        ("postgresql+asyncpg://db/x?ssl=verify-full", "TLS"),
        ("redis://a?ssl=true", "TLS"),
        ("postgres://a,b/x", "several hosts"),
        ("postgres://a:1,b:2/x", "several hosts"),
        ("postgres:///x", "unix socket"),
        ("unix:///run/redis.sock", "unix socket"),
        ("postgres://a@/x?host=/run/pg", "in the query"),
        ("postgres://a@db/x?host=other", "in the query"),
        ("mongodb+srv://cluster/x", "no port"),
    ],
)
def test_what_no_proxy_can_stand_before(url: str, why: str) -> None:
    where = endpoint(url)
    assert isinstance(where, Unproxied)
    assert why in where.why
    assert "not measured" in where.why
    with pytest.raises(UsageError, match=why):
        rewire(url, "127.0.0.1", 9)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "no scheme"),
        ("localhost:8080", "no scheme"),
        ("http://", "no host"),
        ("http://:80", "no host"),
        ("http://a:b/", "port"),
        ("http://a:99999/", "port"),
        ("http://a b/", "white space"),
        ("http://a/\n", "white space"),
        ("http://[::1/", "IPv6"),
        ("postgres://u:sec/ret@db/x", "percent-encoded"),
    ],
)
def test_malformed_names_the_variable_and_no_password(url: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        endpoint(url, variable="PAYMENTS_URL")
    assert caught.value.place == "PAYMENTS_URL"
    assert why in str(caught.value)
    assert "sec" not in str(caught.value)


def test_password_of_a_well_formed_part_is_not_shown() -> None:
    with pytest.raises(UsageError) as caught:
        endpoint("http://user:secret@a:b/", variable="X")
    assert "secret" not in str(caught.value)
    assert "a:b" in str(caught.value)
