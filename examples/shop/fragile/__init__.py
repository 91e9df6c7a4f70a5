"""The shop as a team writes it in good faith. It passes its tests, and its reviews; then comes the load."""

from __future__ import annotations

from examples.shop.fragile.main import app

__all__ = ["app"]
