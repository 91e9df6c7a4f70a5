"""Tests fail where the database would suffer in production: N+1, column loads, calls in transactions."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

from holdfast.client.strict import STRICT

__all__ = ["pytest_addoption", "pytest_configure", "pytest_runtest_protocol"]

_NAME = "holdfast_strict"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Have `holdfast_strict = true` in the project's settings mean all tests."""
    parser.addini(_NAME, "Raise in every test what would hurt the database in production.", "bool", False)


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, for `--strict-markers`."""
    about = "raise in this test what would hurt the database in production; with False, do not."
    config.addinivalue_line("markers", f"{_NAME}(on=True): {about}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Run a test, its fixtures included, as its marker or the project says; where neither does, as it is."""
    wanted = _wanted(item)
    if wanted is None:
        return (yield)
    before = os.environ.get(STRICT)
    os.environ[STRICT] = "1" if wanted else "0"
    try:
        return (yield)
    finally:
        if before is None:
            os.environ.pop(STRICT, None)
        else:
            os.environ[STRICT] = before


def _wanted(item: pytest.Item) -> bool | None:
    marker = item.get_closest_marker(_NAME)
    if marker is None:
        return True if item.config.getini(_NAME) else None
    return bool(marker.args[0] if marker.args else marker.kwargs.get("on", True))
