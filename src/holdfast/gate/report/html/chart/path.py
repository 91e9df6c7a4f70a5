"""SVG paths in a unit square, y downwards, from values already placed on 0..1 axes."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["area", "line", "stairs"]


def stairs(edges: Sequence[tuple[float, float]], tops: Sequence[float]) -> str:
    """Return a line with one level per bucket; `edges` are its left and right end."""
    commands = []
    for index, ((left, right), top) in enumerate(zip(edges, tops, strict=False)):
        commands.append(f"{'M' if index == 0 else 'L'}{_xy(left, top)}H{_short(right)}")
    return "".join(commands)


def area(edges: Sequence[tuple[float, float]], tops: Sequence[float], floors: Sequence[float]) -> str:
    """Return the closed shape between two staircases."""
    if not edges:
        return ""
    back = [
        f"L{_xy(right, floor)}H{_short(left)}"
        for (left, right), floor in reversed(list(zip(edges, floors, strict=False)))
    ]
    return f"{stairs(edges, tops)}{''.join(back)}Z"


def line(points: Sequence[tuple[float, float | None]]) -> str:
    """Return a line through the points, broken where one has no value; a lone point becomes a dot."""
    commands: list[str] = []
    for index, (x, y) in enumerate(points):
        if y is None:
            continue
        before = points[index - 1][1] if index else None
        after = points[index + 1][1] if index + 1 < len(points) else None
        commands.append(f"{'M' if before is None else 'L'}{_xy(x, y)}")
        if before is None and after is None:
            commands.append("h0.0001")
    return "".join(commands)


def _xy(x: float, y: float) -> str:
    return f"{_short(x)} {_short(1 - y)}"


def _short(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".") or "0"
