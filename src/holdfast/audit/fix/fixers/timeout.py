"""HF202: a call gets the timeout that the budget has for it."""

from __future__ import annotations

import libcst as cst

from holdfast.audit.fix.arguments import with_keyword
from holdfast.audit.fix.case import Case
from holdfast.audit.fix.edit import Fix

__all__ = ["fix"]

_BY_POSITION = {
    "urllib.request.urlopen": 3,
    "socket.create_connection": 2,
    "ftplib.FTP": 5,
    "ftplib.FTP_TLS": 7,
    "poplib.POP3": 3,
    "poplib.POP3_SSL": 5,
    "imaplib.IMAP4": 3,
    "smtplib.SMTP": 4,
    "smtplib.SMTP_SSL": 6,
    "telnetlib.Telnet": 3,
}
"""How many arguments a call has that gives its timeout by position."""


def fix(case: Case) -> Fix | None:
    """Add `timeout=`, with the constant that the budget gives, or one to decide."""
    path = case.finding.chain[-1].calls if case.finding.chain else ""
    sink = case.whole.library.sink(path)
    call = case.call(path.rpartition(".")[2])
    if sink is None or not sink.timeout or call is None or any(arg.star for arg in call.args):
        return None
    if len(call.args) >= _BY_POSITION.get(path, len(call.args) + 1):
        return None
    number = case.named(case.numbers.timeout(_near(case, call)))
    keyword = sink.timeout
    return case.fix(
        f"waits at most {number.name}" + (f" = {number.value} s" if number.decided else ""),
        (call, lambda call: with_keyword(call, keyword, cst.Name(number.name))),
        tops=case.constants(number),
        check="" if number.decided and sink.library != "budget" else f"decide {number.name}",
    )


def _near(case: Case, call: cst.Call) -> str:
    """Return the text that tells which dependency is called: the function's, or the class's around it."""
    around = (
        case.draft.module.code_for_node(outer)
        for outer in case.draft.around(call)
        if isinstance(outer, cst.FunctionDef | cst.ClassDef)
    )
    return "\n".join([case.finding.file, *around])
