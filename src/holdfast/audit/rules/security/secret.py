"""HF986: a secret that is written in the source."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.graph.program import statements
from holdfast.audit.rules.rule import Rule
from holdfast.audit.rules.settings.stated import stated
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression, Module
from holdfast.audit.source.inside import own, parts
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_NAMES = re.compile(
    r"(^|_)(secret|secret_?key|password|passwd|api_?key|auth_?token|private_?key|access_?key)s?$"
)
_FORMS = re.compile(
    r"AKIA[0-9A-Z]{16}|sk_live_[0-9A-Za-z]{20,}|gh[pousr]_[0-9A-Za-z]{36,}|xox[baprs]-[0-9A-Za-z-]{20,}"
    r"|sk-(proj-|ant-)?[0-9A-Za-z_-]{32,}|AIza[0-9A-Za-z_-]{35}|-----BEGIN ([A-Z]+ )?PRIVATE KEY-----"
)
"""How the keys of AWS, Stripe, GitHub, Slack, OpenAI, Anthropic and Google begin, and those of PEM."""
_PLACEHOLDER = re.compile(
    r"change|example|your|dummy|placeholder|insecure|default|test|sample|fake|todo|xxx|\.\.\.|<|\{|\$|redacted"
    r"|1234567|abcdef|passw|secur|secret",
    re.IGNORECASE,
)
_PUBLISHED = re.compile(r"^(phc|pk|pub)[_-]|^G-[A-Z0-9]+$")
"""How keys begin that a service hands to every browser: PostHog's, Stripe's, those of analytics."""
_NO_SECRET = re.compile(
    r"(^|_)(public|publishable|local|dev|test|example|dummy|fake|mock|posthog|analytics)(_|$)"
)
"""Words in the names of keys that open nothing worth it."""
_SHOWN = frozenset({"example", "examples", "json_schema_extra", "openapi_examples", "description"})
"""What a schema is told for its documentation."""
_SHORTEST = 16
_LEAST = 3.2
"""Bits a character: random hexadecimal digits have 4, at 32 of them some 3.5; English words about 3."""


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each text that is a key by its form, or by its name and its randomness."""
    for number, module in whole.program.numbered():
        if number not in whole.served:
            continue
        told: set[object] = set()
        for name, value, line in _texts(module):
            known = _FORMS.match(value) is not None and _PLACEHOLDER.search(value) is None
            secret = (known or _is_secret(name, value)) and not _NO_SECRET.search(name.lower())
            if secret and told.isdisjoint({line, value}):
                told |= {line, value}
                yield stated(
                    RULE,
                    (module.path, line),
                    f"{name or 'this text'} is a secret, and everybody who has the source has it",
                    "Read it from the environment or a secret store, and replace it: it is known by now",
                    severity=Severity.HIGH,
                    confidence=Confidence.HIGH if known else Confidence.MEDIUM,
                )


def _texts(module: Module) -> Iterator[tuple[str, str, int]]:
    """Yield each text that a name, a field, a parameter or a key is given, with its line."""
    for body in (module.body, *(one.body for one in module.functions), *(one.body for one in module.classes)):
        for statement in statements(body):
            line = statement[-1]
            if statement[0] == form.ASSIGN:
                yield from _given(_word(statement[1]), statement[2], line)
            elif statement[0] == form.ANNOTATE and statement[3] is not None:
                yield from _given(_word(statement[1]), statement[3], line)
            for value in own(statement):
                shown = _documented(value)
                for part in parts(value):
                    if id(part) in shown:
                        continue
                    if part[0] == form.CALL:
                        for name, given in part[3]:
                            yield from _given(name or "", given, part[4])
                    elif part[0] == form.DICT:
                        for key, given in zip(part[1], part[2], strict=True):
                            yield from _given(key[1] if key[0] == form.TEXT else "", given, line)


def _documented(value: Expression) -> set[int]:
    """Return the ids of the parts of an expression that are examples of a schema."""
    return {
        id(inner)
        for part in parts(value)
        if part[0] == form.CALL
        for name, given in part[3]
        if name in _SHOWN
        for inner in parts(given)
    }


def _given(name: str, value: Expression, line: int) -> Iterator[tuple[str, str, int]]:
    """Yield the texts that a value is, or has as its default: `getenv("KEY", "...")`."""
    if value[0] == form.TEXT:
        yield name, value[1], line
    elif value[0] == form.CALL:
        defaults = [*value[2][1:], *(given for word, given in value[3] if word == "default")]
        yield from ((name, one[1], line) for one in defaults if one[0] == form.TEXT)


def _word(target: Expression) -> str:
    if target[0] == form.SUB:
        target = target[2]
    return str(target[-1]) if target[0] in (form.NAME, form.ATTR, form.TEXT) else ""


def _is_secret(name: str, value: str) -> bool:
    """Whether a text has the name of a secret, and looks as if it had been drawn at random."""
    if not _NAMES.search(name.lower()) or len(value) < _SHORTEST:
        return False
    if _PLACEHOLDER.search(value) or _PUBLISHED.search(value):
        return False
    plain = re.fullmatch(r"[A-Za-z0-9+=_-][A-Za-z0-9+/=_-]+", value) is not None
    mixed = any(re.search(r"[A-Za-z]\d|\d[A-Za-z]", part) for part in re.split(r"[-_/]", value))
    return plain and mixed and _entropy(value) >= _LEAST


def _entropy(value: str) -> float:
    """Return the Shannon entropy of a text's characters, in bits a character."""
    shares = [count / len(value) for count in Counter(value).values()]
    return -sum(share * math.log2(share) for share in shares)


RULE = Rule(
    code="HF986",
    name="secret-in-source",
    what="A secret key is written in the source.",
    why=(
        "Everybody who can read the repository, a copy of it or the image has the key, and whoever left as "
        "well; and it cannot be replaced without a deployment."
    ),
    limits=(
        "Texts that have the form of a known key, or the name of a secret and the randomness of one. "
        "Passwords that are words, placeholders, examples of schemas, and keys that browsers are given "
        "(PostHog, Stripe's `pk_`) are left out."
    ),
    bad="""
import jwt
from fastapi import FastAPI

app = FastAPI()
SECRET_KEY = "9f2c61d08b7e4a53c1f09d6e8a47b235"

@app.post("/login")
def login(): return jwt.encode({}, SECRET_KEY)
""",
    good="""
import os
import jwt
from fastapi import FastAPI

app = FastAPI()
SECRET_KEY = os.environ["SECRET_KEY"]

@app.post("/login")
def login(): return jwt.encode({}, SECRET_KEY)
""",
    find=find,
    by_module=True,
)
