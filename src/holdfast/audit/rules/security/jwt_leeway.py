"""HF985: a token of another server is judged to the second."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.rules.calls import calls, keyword
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.rules.security.tokens import decoding
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_FOREIGN = ("jwt.PyJWKClient", "jwt.jwks_client.PyJWKClient")
"""Who fetches keys verifies tokens that another server has issued, by another clock."""


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each verification of a token without a tolerance of its times."""
    for key, sites in decoding(whole):
        for site in sites if whole.reach.entry(key) is not None else ():
            call = site.expression
            verifies = keyword(call, "algorithms") is not None or len(call[2]) > 2
            if "jwt.decode" not in whole.named(call[1], key) or not verifies or _tolerates(call):
                continue
            if keyword(call, "issuer") is not None or _fetches_keys(whole, key):
                yield found(
                    RULE,
                    whole,
                    key,
                    (site.line, site.column),
                    "this token's times are judged to the second: a clock that is ahead refuses fresh tokens",
                    "Pass `leeway`, such as 10 seconds",
                    severity=Severity.LOW,
                    # Most clocks are kept together, and few tokens are used in their first second.
                    confidence=Confidence.LOW,
                    calls="jwt.decode",
                )


def _tolerates(call: Expression) -> bool:
    return any(name in ("leeway", None) for name, _ in call[3])


def _fetches_keys(whole: Whole, key: FunctionKey) -> bool:
    names = {"get_signing_key_from_jwt", "get_signing_key"}
    return any(
        path.startswith(_FOREIGN)
        for site in calls(whole, key, names)
        if site.expression[0] == form.CALL
        for path in whole.named(site.expression[1], key)
    )


RULE = Rule(
    code="HF985",
    name="jwt-without-leeway",
    what="A JWT of another server is verified without a tolerance of its times.",
    why=(
        "Clocks of two servers differ by seconds. A token that was issued a moment ago is not valid yet, "
        "by the clock here: users are refused at random, right after they have logged in."
    ),
    limits="Low confidence: most clocks are kept together. PyJWT only, of tokens of another server.",
    bad="""
import jwt
from fastapi import Depends, FastAPI

app = FastAPI()
keys = jwt.PyJWKClient("https://login/keys")

def user(token: str):
    key = keys.get_signing_key_from_jwt(token)
    return jwt.decode(token, key, algorithms=["RS256"], issuer="https://login")["sub"]

@app.get("/orders")
def orders(user: str = Depends(user)): ...
""",
    good="""
import jwt
from fastapi import Depends, FastAPI

app = FastAPI()
keys = jwt.PyJWKClient("https://login/keys")

def user(token: str):
    key = keys.get_signing_key_from_jwt(token)
    return jwt.decode(token, key, algorithms=["RS256"], issuer="https://login", leeway=10)["sub"]

@app.get("/orders")
def orders(user: str = Depends(user)): ...
""",
    find=find,
    by_module=True,
)
