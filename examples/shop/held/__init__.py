"""The same shop, mended with holdfast: every number that it needs to survive stands in holdfast.toml."""

from __future__ import annotations

from examples.shop.held.main import app

__all__ = ["app"]
