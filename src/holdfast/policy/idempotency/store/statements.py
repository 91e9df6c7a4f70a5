"""What the SQL store says, made once: SQLAlchemy compiles each statement for its dialect and keeps it."""

from __future__ import annotations

from typing import Any

from holdfast.policy.idempotency.core import State

__all__ = ["Statements"]


class Statements:
    """Statements on `table`; their parameters begin with "p_".

    Time is the database's, which all workers share; `fixed` takes it as the parameter p_now, for tests.
    PostgreSQL's clock_timestamp() moves within a transaction, as a lease does; now() does not.
    """

    def __init__(self, table: Any, dialect: str, *, fixed: bool) -> None:
        import sqlalchemy as sa

        t, p = table.c, sa.bindparam
        now = _now(dialect, fixed=fixed)
        here = (t.tenant == p("p_tenant"), t.key == p("p_key"))
        own = (*here, t.token == p("p_token"), t.state.in_(p("p_states", expanding=True)))
        # A lease that was renewed since it was looked at is not over.
        over = (t.state != State.RUNNING.value) | (t.lease <= now)
        seen = (*here, t.token == p("p_seen_token"), t.state == p("p_seen_state"), over)
        claim: dict[str, Any] = {
            "state": State.RUNNING.value,
            "token": p("p_token"),
            "fingerprint": p("p_fingerprint"),
            "repeatable": p("p_repeatable"),
            "route": p("p_route"),
            "lease": now + p("p_lease", type_=sa.Double),
            "expires": now + p("p_retention", type_=sa.Double),
        }
        kept = now + p("p_retention", type_=sa.Double)
        unknown, done = State.UNKNOWN.value, State.DONE.value
        values = {"tenant": p("p_tenant"), "key": p("p_key"), **claim}
        self.insert = _insert(table, dialect).values(values).on_conflict_do_nothing().returning(t.token)
        columns = (t.state, t.token, t.fingerprint, t.repeatable, t.lease, t.expires, t.route, t.answer)
        self.look = sa.select(*columns, now.label("now")).where(*here)
        self.replace = sa.update(table).where(*seen).values(**claim, answer=None)
        self.declare = sa.update(table).where(*seen).values(state=unknown, token=p("p_token"))
        self.renew = sa.update(table).where(*own).values(lease=now + p("p_lease", type_=sa.Double))
        self.complete = (
            sa.update(table).where(*own).values(state=done, answer=p("p_answer"), lease=0.0, expires=kept)
        )
        self.free = sa.delete(table).where(*own)
        self.abandon = sa.update(table).where(*own).values(state=unknown, lease=0.0, expires=kept)
        self.unresolved = (
            sa.select(t.tenant, t.key, t.route).where(t.state == unknown).limit(p("p_most", type_=sa.Integer))
        )
        undecided = (*here, t.state == unknown)
        self.forget = sa.delete(table).where(*undecided)
        self.resolve = (
            sa.update(table).where(*undecided).values(state=done, answer=p("p_answer"), expires=kept)
        )
        gone = (
            sa.select(t.tenant, t.key)
            .where(t.expires <= now, over)
            .order_by(t.expires)
            .limit(p("p_most", type_=sa.Integer))
            .with_for_update(skip_locked=True)
        )
        self.sweep = sa.delete(table).where(sa.tuple_(t.tenant, t.key).in_(gone))


def _now(dialect: str, *, fixed: bool) -> Any:
    import sqlalchemy as sa

    if fixed:
        return sa.bindparam("p_now", type_=sa.Double)
    if dialect == "sqlite":
        return (sa.func.julianday("now") - 2440587.5) * 86400.0
    return sa.cast(sa.extract("epoch", sa.func.clock_timestamp()), sa.Double)


def _insert(table: Any, dialect: str) -> Any:
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as sqlite_insert

        return sqlite_insert(table)
    from sqlalchemy.dialects.postgresql import insert

    return insert(table)
