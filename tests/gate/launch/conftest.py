from __future__ import annotations

from tests.gate.fault.conftest import run

__all__ = ["run"]
