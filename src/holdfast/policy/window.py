"""How often something happened in the last seconds, in constant time and space.

A ring of buckets and their sum; the oldest bucket leaves as a whole, so that the window is between
(buckets - 1) / buckets of its length and all of it. Buckets are counted from the clock's origin: two
windows of one shape forget the same stretch of time at the same moment.
"""

from __future__ import annotations

__all__ = ["Window"]


class Window:
    """Counts of the last `seconds`. A `now` that runs back counts into the newest bucket."""

    __slots__ = ("_bucket", "_counts", "_rate", "_size", "total")

    def __init__(self, seconds: float, buckets: int) -> None:
        self._rate = buckets / seconds
        self._size = buckets
        self._counts = [0] * buckets
        self._bucket = -1  # the number of the newest bucket
        self.total = 0

    def add(self, now: float) -> None:
        """Count one. `total` is right as of `now` afterwards."""
        if int(now * self._rate) > self._bucket:
            self.roll(now)
        self._counts[self._bucket % self._size] += 1
        self.total += 1

    def roll(self, now: float) -> int:
        """Forget what is too old, and return how many are left."""
        bucket = int(now * self._rate)
        if bucket - self._bucket >= self._size:
            self.clear()
        else:
            for stale in range(self._bucket + 1, bucket + 1):
                index = stale % self._size
                self.total -= self._counts[index]
                self._counts[index] = 0
        self._bucket = max(self._bucket, bucket)
        return self.total

    def clear(self) -> None:
        """Forget everything."""
        self._counts = [0] * self._size
        self.total = 0
