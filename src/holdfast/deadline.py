"""The deadline of the request being served: what is left of it, less of it, none of it.

    from holdfast import deadline

    deadline.remaining()                           # seconds, None where there is none
    async with deadline.at_most(0.2): ...          # this block has 200 ms, or what is left if that is less
    await deadline.shield(session.commit())        # this is not cut in the middle

It is in force in everything that the request calls and awaits: in its tasks, in its threads, in the calls to
its dependencies, which are told what is left.
"""

from __future__ import annotations

from holdfast.policy.deadline import at, remaining, shield, within

__all__ = ["at", "at_most", "remaining", "shield"]

at_most = within
