"""Requests as a budget writes them, bodies in files of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from holdfast.budget.units import format_rate
from holdfast.gate.shape.spec import RequestSpec, route
from holdfast.gate.traffic.source import Found

__all__ = ["written"]

_WORDS = re.compile(r"[^a-z0-9]+")


def written(found: Found, bodies: Path) -> tuple[str, Mapping[Path, str]]:
    """Return the [traffic] section, and the files in the folder `bodies` that it refers to."""
    files: dict[Path, str] = {}
    lines = ["[traffic]"]
    if found.peak is not None:
        lines.append(f"peak = {json.dumps(format_rate(float(f'{found.peak:.3g}')))}  # the busiest minute")
    lines.append("request = [")
    # Weights are whole numbers: where a request has several bodies, the others weigh as much as all of them.
    unit = min(1.0, *(spec.weight for spec in found.requests))
    lines += [f"  {_entry(spec, round(spec.weight / unit), bodies, files)}," for spec in found.requests]
    return "\n".join([*lines, "]", ""]), files


def _entry(spec: RequestSpec, weight: int, bodies: Path, files: dict[Path, str]) -> str:
    parts = [f"send = {json.dumps(spec.send)}"]
    if weight != 1:
        parts.append(f"weight = {weight}")
    if spec.body is not None:
        parts.append(f"json = {json.dumps(_file(spec, bodies, files).as_posix())}")
    if spec.headers:
        inner = ", ".join(f"{json.dumps(name)} = {json.dumps(value)}" for name, value in spec.headers.items())
        parts.append(f"headers = {{ {inner} }}")
    return f"{{ {', '.join(parts)} }}"


def _file(spec: RequestSpec, bodies: Path, files: dict[Path, str]) -> Path:
    text = _text(spec.body)
    stem = _WORDS.sub("-", route(spec.send).lower().replace("{n}", "")).strip("-")
    number = 1
    while files.get(path := bodies / f"{stem}-{number}.json", text) != text:
        number += 1
    files[path] = text
    return path


def _text(body: Any) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"
