"""Processes that do not outlive whom they serve: `holdfast.lifeline`, under the name that this room uses."""

from __future__ import annotations

from holdfast.lifeline import adopt_orphans, die_with_parent

__all__ = ["adopt_orphans", "die_with_parent"]
