"""A workflow as text, as somebody would write it by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

__all__ = ["text"]

_HEAD = "# Written by `holdfast ci`; `holdfast ci --force` writes it anew.\n"


class _Hand(yaml.SafeDumper):
    """Lists stand under their key, and commands of several lines are lines."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: object) -> bool:
        return True  # GitHub reads them, and nobody else likes to


def _written(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Hand.add_representer(str, _written)


def text(document: Mapping[str, Any]) -> str:
    """Return `document` as YAML, a blank line between its parts."""
    parts = [
        yaml.dump({key: value}, Dumper=_Hand, sort_keys=False, width=200) for key, value in document.items()
    ]
    return _HEAD + "\n".join(parts)
