"""The state board: what the workers of a service say of themselves, in shared memory.

A slot has one writer, its worker; anyone may read at any time, without locks, also after a kill -9. A reader
may meet a gauge that is a moment old or a histogram whose sum is one request ahead of its buckets, never
garbage.
"""

from __future__ import annotations

from holdfast.telemetry.board.board import Board, BoardFull
from holdfast.telemetry.board.flight import Flight, FlightRing
from holdfast.telemetry.board.layout import CacheCell, DependencyCell, ObservingCell, PoolCell, SlotCell
from holdfast.telemetry.board.liveness import alive
from holdfast.telemetry.board.ring import StallRing
from holdfast.telemetry.board.slot import Slot
from holdfast.telemetry.board.table import OTHER, Table

__all__ = [
    "OTHER",
    "Board",
    "BoardFull",
    "CacheCell",
    "DependencyCell",
    "Flight",
    "FlightRing",
    "ObservingCell",
    "PoolCell",
    "Slot",
    "SlotCell",
    "StallRing",
    "Table",
    "alive",
]
