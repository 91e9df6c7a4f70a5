from __future__ import annotations

import pytest

from holdfast.audit.evidence.where import Files, same_function

FILES = Files(["shop/main.py", "shop/orders/main.py", "admin/main.py", "shop/payments.py"])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/srv/app/shop/main.py", ("shop/main.py",)),
        ("shop/orders/main.py", ("shop/orders/main.py",)),
        ("orders/main.py", ("shop/orders/main.py",)),
        ("./payments.py", ("shop/payments.py",)),
        ("C:\\service\\shop\\payments.py", ("shop/payments.py",)),
        ("/elsewhere/main.py", ("admin/main.py", "shop/main.py", "shop/orders/main.py")),
        ("/srv/payments.pyc", ()),
        ("/venv/lib/python3.11/site-packages/shop/main.py", ()),
        ("<frozen runpy>", ()),
        ("", ()),
        ("/", ()),
    ],
)
def test_the_longest_common_end_decides(path: str, expected: tuple[str, ...]) -> None:
    assert FILES.like(path) == expected
    assert FILES.like(path) == expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Client.get", "Client.get", True),
        ("Client.get", "get", True),
        ("outer.inner", "outer.<locals>.inner", True),
        ("Client.get", "Server.get", False),
        ("get", "target", False),
    ],
)
def test_names_may_be_qualified_or_bare(one: str, other: str, *, same: bool) -> None:
    assert same_function(one, other) is same
    assert same_function(other, one) is same
