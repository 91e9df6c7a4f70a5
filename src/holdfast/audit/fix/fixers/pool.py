"""HF203: an engine's pool gets the size that the budget derives."""

from __future__ import annotations

import libcst as cst

from holdfast.audit.fix.arguments import with_keyword
from holdfast.audit.fix.case import Case
from holdfast.audit.fix.edit import Fix

__all__ = ["fix"]

_SERVERS = ("postgres", "mysql", "mariadb", "oracle", "mssql")


def fix(case: Case) -> Fix | None:
    """Add `pool_size`, `max_overflow=0` and `pool_timeout`."""
    call = case.call()
    if call is None:
        return None
    size, wait = map(case.named, case.numbers.pool())

    def sized(call: cst.Call) -> cst.Call:
        call = with_keyword(call, "pool_size", cst.Name(size.name))
        call = with_keyword(call, "max_overflow", cst.Integer("0"))
        return with_keyword(call, "pool_timeout", cst.Name(wait.name))

    open_ = " and ".join(one.name for one in (size, wait) if not one.decided)
    check = f"decide {open_}" if open_ else ""
    if not check and not _is_server(call):
        check = "its pool takes these: that of SQLite in memory does not"
    return case.fix(
        f"bounds the pool: {size.value} connections, {wait.value} s of waiting",
        (call, sized),
        tops=case.constants(size, wait),
        check=check,
    )


def _is_server(call: cst.Call) -> bool:
    """Whether the address is written there, and is a server's."""
    first = call.args[0].value if call.args and call.args[0].keyword is None else None
    return isinstance(first, cst.SimpleString) and first.raw_value.startswith(_SERVERS)
