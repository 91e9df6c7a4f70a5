from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.budget import Budget, load
from holdfast.budget.model.ratelimit import parse_limit
from holdfast.budget.numbers import numbers
from holdfast.errors import BudgetError

REDIS = '[dependency.cache]\nkind = "redis"\nurl_env = "CACHE_URL"\n'
ORDERS = '[ratelimit.orders]\nkey = "client"\nlimits = ["10/s"]\n'


def read(folder: Path, toml: str) -> Budget:
    (folder / "holdfast.toml").write_text(toml, encoding="utf-8")
    return load(folder / "holdfast.toml", environ={}).budget


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("10/s", (10, 1)),
        ("1_000 / h", (1000, 3600)),
        ("100/15min", (100, 900)),
        ("5/2d", (5, 172800)),
        ("3/minute", (3, 60)),
    ],
)
def test_a_limit_is_calls_in_a_period(text: str, meant: tuple[int, int]) -> None:
    assert parse_limit(text) == meant


@pytest.mark.parametrize(
    "text", ["", "10", "0/s", "10/0s", "10/ms", "1.5/s", "-1/s", "10 per s", "10/s/s", "ten/s"]
)
def test_what_is_no_limit(text: str) -> None:
    with pytest.raises(ValueError, match="expected calls in a period"):
        parse_limit(text)


@pytest.mark.parametrize(
    ("toml", "said", "line"),
    [
        (ORDERS.replace("10/s", "10"), "ratelimit.orders.limits", 3),
        (ORDERS + 'limit = ["1/s"]\n', "unknown key ratelimit.orders.limit; did you mean limits", 4),
        ('[ratelimit.orders]\nlimits = ["1/s"]\n', "lacks the key key", 1),
        (ORDERS.replace("client", "ip"), 'expected one of "principal", "api-key", "client"', 2),
        (ORDERS.replace('"10/s"', '"10/s", "9/s"'), "same period", 3),
        (ORDERS + 'routes = ["/orders"]\n', 'such as "POST /orders"', 4),
        (ORDERS + 'header = "x key"\n', "name of a header", 4),
        (ORDERS + 'unavailable = "open"\n', "memory is never unavailable", 4),
        (REDIS + ORDERS + 'store = "cache"\nper_worker = true\n', "leave per_worker out", 8),
        (ORDERS + 'store = "cache"\n', 'no Redis dependency is named "cache"; known: none', 4),
        (REDIS.replace("redis", "http") + ORDERS + 'store = "cache"\n', "known: none", 7),
        (
            REDIS + ORDERS + 'routes = ["GET /a"]\n[ratelimit.b]\nkey = "client"\nlimits = ["1/s"]\n'
            'store = "cache"\nroutes = ["GET /a"]\n',
            "could not take back",
            12,
        ),
        (ORDERS.replace("orders", '"a b"'), "expected a name", 1),
        ('[trust]\nproxies = ["10.0.0.1/8"]\n', 'such as "10.0.0.0/8", got "10.0.0.1/8"', 2),
        ('[trust]\nproxies = ["*"]\n', "expected a network", 2),
        ('[trust]\ncallers = ["0.0.0.0/0"]\n', "then everybody is believed", 2),
        ("[trust]\nipv6_prefix = 129\n", "128 bits", 2),
        ('[trust]\nheader = "x-real-ip"\n', "x-forwarded-for", 2),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, toml: str, said: str, line: int) -> None:
    with pytest.raises(BudgetError) as mistake:
        read(tmp_path, toml)
    assert said in str(mistake.value)
    assert mistake.value.place.endswith(f"holdfast.toml:{line}")


def test_limits_of_different_periods_go_together(tmp_path: Path) -> None:
    found = read(tmp_path, ORDERS.replace('"10/s"', '"10/s", "600 / 60s"')).ratelimit["orders"]
    assert found.limits == ("10/s", "600/60s")


def test_what_has_to_be_decided_depends_on_the_store(tmp_path: Path) -> None:
    def missing(toml: str) -> list[str]:
        (tmp_path / "holdfast.toml").write_text(toml, encoding="utf-8")
        found = load(tmp_path / "holdfast.toml", environ={})
        return [n.path for n in numbers(found) if n.required and n.value is None and "ratelimit" in n.path]

    assert missing('[ratelimit.a]\nkey = "client"\n') == ["ratelimit.a.limits"]
    assert missing(ORDERS) == []
    assert missing(REDIS + ORDERS + 'store = "cache"\n') == ["ratelimit.orders.unavailable"]
    assert missing(REDIS + ORDERS + 'store = "cache"\nunavailable = "local"\n') == []
