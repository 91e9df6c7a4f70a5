"""Replicas: who reads from which, so that callers read what they wrote and nothing older than was decided.

`mark` is what a caller has written, `core` what is known of a replica (pure), `router` who is asked (awaits).
"""

from __future__ import annotations

from holdfast.client.sql.replica.mark import Mark, Marks, following, marks
from holdfast.client.sql.replica.router import Copy, Router
from holdfast.client.sql.replica.session import ReadingSession
from holdfast.client.sql.replica.writes import Writes

__all__ = ["Copy", "Mark", "Marks", "ReadingSession", "Router", "Writes", "following", "marks"]
