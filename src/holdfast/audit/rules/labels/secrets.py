"""HF904: a secret in the log."""

from __future__ import annotations

import re
from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.rules.calls import calls, keyword
from holdfast.audit.rules.found import found, sure
from holdfast.audit.rules.rule import Rule
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.source.inside import word
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_LOGS = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical", "log", "print"})
_LOGGERS = re.compile(r"log", re.IGNORECASE)
_SECRETS = frozenset(
    {
        *("password", "passwd", "plain_password", "new_password", "old_password", "raw_password", "pwd"),
        *("api_key", "apikey", "secret_key", "client_secret", "private_key", "access_token", "id_token"),
        *("refresh_token", "jwt_token", "auth_token", "bearer_token", "secret_token", "session_token"),
        *("reset_token", "otp", "otp_code", "auth_header", "authorization_header", "authorization"),
    }
)
_IN_TEXT = re.compile(
    r"\b(?P<name>password|passwd|api[ _-]?key|secret[ _-]?key|client[ _-]?secret|access[ _-]?token|"
    r"refresh[ _-]?token|reset[ _-]?token|auth[ _-]?token|jwt[ _-]?token|otp)\s*(?:is|=|:|->)\s*['\"]?\{\}",
    re.IGNORECASE,
)
"""A secret's name in a text, with its value right behind it."""
_TROUBLE = re.compile(r"error|fail|invalid|unable|could not|cannot|exception|validat", re.IGNORECASE)
"""Words in a text after which it is the error that stands behind the colon."""
_STANDS_IN = re.compile(r"mock|dummy|fake|stub|console|debug|demo|sample", re.IGNORECASE)
"""In the names of what is there for development, and prints what it would send."""
_AIMS = re.compile(r"\b(for|to|via)\s+((an?|the|new)\s+)?$", re.IGNORECASE)
"""Words before a secret's name in a text that tells what is done: "exchanged for access token: {name}"."""
_FIX = "Log that it was there, or who it belongs to; never the value"


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each log call that is given a secret as it is."""
    for key, _ in whole.program.functions():
        for site in calls(whole, key, _LOGS):
            call = site.expression
            if not _is_log(call):
                continue
            name = next(filter(None, (_secret(value) for value in _logged(call))), "")
            if name:
                yield found(
                    RULE,
                    whole,
                    key,
                    (call[4], call[5]),
                    f"`{name}` is written to the log, where everybody who reads logs can use it",
                    _FIX,
                    severity=Severity.HIGH,
                    confidence=max(sure(whole, key), Confidence.MEDIUM)
                    if _runs(whole, key, call)
                    else Confidence.LOW,
                    calls=word(call[1]),
                )


def _runs(whole: Whole, key: FunctionKey, call: Expression) -> bool:
    """Whether the service runs the function: a script prints for the one who calls it, and a stand-in for the
    one who develops."""
    if word(call[1]) == "print" and (keyword(call, "file") is not None or whole.reach.entry(key) is None):
        return whole.program.function(key).owner is not None and keyword(call, "file") is None
    name = f"{whole.path(key[0]).rpartition('/')[2]} {whole.program.qualified(key)}"
    return key[0] in whole.served and _STANDS_IN.search(name) is None


def _is_log(call: Expression) -> bool:
    """Whether a call writes to a log, and is not another `info` or `error`."""
    if call[1][0] == form.NAME:
        return bool(call[1][1] == "print")
    receiver = call[1][1] if call[1][0] == form.ATTR else call[1]
    while receiver[0] == form.CALL:
        receiver = receiver[1]
    return _LOGGERS.search(word(receiver)) is not None


def _logged(call: Expression) -> Iterator[Expression]:
    """Yield the values that a log call writes, those inside of an f-string included."""
    for value in (*call[2], *(given for name, given in call[3] if name not in ("exc_info", "stacklevel"))):
        if value[0] == form.ANY:  # an f-string: its text, and those of its values that are more than names
            for one in value[1]:
                yield from one[1] if one[0] == form.OP else (one,)
        elif value[0] == form.DICT:
            yield from value[2]
        else:
            yield value


def _secret(value: Expression) -> str:
    """Return the name of the secret that a value is; "" where it is none, or only a part or a sign of one."""
    if value[0] == form.TEXT:
        found_in = _IN_TEXT.search(value[1])
        if found_in is None or _TROUBLE.search(value[1]) or _AIMS.search(value[1][: found_in.start()]):
            return ""
        return found_in["name"]
    if value[0] == form.CALL and word(value[1]) == "get_secret_value":
        return "get_secret_value()"
    name = word(value)
    return name if name.lower() in _SECRETS else ""


RULE = Rule(
    code="HF904",
    name="secret-in-log",
    what="A password, key or token is written to the log as it is.",
    why=(
        "Logs are copied, kept for months, and read by many people and systems that may not know the secret. "
        "Who finds it is a user of the service until somebody notices."
    ),
    limits=(
        "Secrets are known by their names; whole objects that hold one, and names in an f-string without a "
        "word before them, are not told. `SecretStr` writes stars and is told only where it is opened. Low "
        "confidence in scripts, and in what stands in for something else (`ConsoleMailer`)."
    ),
    bad="""
import logging
from fastapi import FastAPI

app = FastAPI()
logger = logging.getLogger(__name__)

@app.post("/login")
def login(user: str, password: str):
    logger.info("login of %s with %s", user, password)
""",
    good="""
import logging
from fastapi import FastAPI

app = FastAPI()
logger = logging.getLogger(__name__)

@app.post("/login")
def login(user: str, password: str):
    logger.info("login of %s", user)
""",
    find=find,
    by_module=True,
)
