"""What pytest loads: the hooks and fixtures, each from a module of its own."""

from __future__ import annotations

from holdfast.testing.gate import gate
from holdfast.testing.strict import pytest_addoption, pytest_configure, pytest_runtest_protocol

__all__ = ["gate", "pytest_addoption", "pytest_configure", "pytest_runtest_protocol"]
