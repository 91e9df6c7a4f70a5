"""The same database for threads: SQLAlchemy's plain engine and sessions, behind the same door.

A thread that wants a connection asks on the loop, where the places, the breaker and the budgets are, and
makes it itself. So coroutines and threads share one number, one line and one breaker.
"""

from __future__ import annotations

from holdfast.client.sql.blocking.database import BlockingDatabase, blocking_database

__all__ = ["BlockingDatabase", "blocking_database"]
