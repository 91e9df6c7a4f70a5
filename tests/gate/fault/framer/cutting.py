"""Streams as a network delivers them: cut anywhere."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from hypothesis import strategies as st

CUTS = st.lists(st.integers(0, 2000))


def cut(stream: bytes, cuts: Sequence[int]) -> list[bytes]:
    """Return the stream in parts, cut at the places that it has."""
    edges = [0, *sorted(at for at in cuts if at < len(stream)), len(stream)]
    return [stream[a:b] for a, b in itertools.pairwise(edges) if a < b]
