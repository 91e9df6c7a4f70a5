"""HF984: a token is believed without a look at its signature."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.audit.finding import Confidence, Finding, Severity
from holdfast.audit.gathered import gathered
from holdfast.audit.graph.program import FunctionKey
from holdfast.audit.graph.sites import Site
from holdfast.audit.rules.calls import keyword
from holdfast.audit.rules.found import found
from holdfast.audit.rules.rule import Rule
from holdfast.audit.rules.security.tokens import decoding
from holdfast.audit.source import form
from holdfast.audit.source.form import Expression
from holdfast.audit.whole import Whole

__all__ = ["RULE"]

_OFF: frozenset[Expression] = frozenset({(form.CONST, False)})


def find(whole: Whole) -> Iterator[Finding]:
    """Yield a finding for each token that is decoded without its signature, and nowhere near with it."""
    decoded = gathered(whole, _decoded)
    verifies = any(verified for functions in decoded for _, _, verified in functions)
    for number, functions in enumerate(decoded):
        for index, unverified, verified in functions:
            key = (number, index)
            # Whoever also verifies reads the issuer first, to learn which key to verify with.
            for at in unverified if not verified else ():
                yield found(
                    RULE,
                    whole,
                    key,
                    at,
                    "this token is believed without its signature: anybody can write one",
                    "Verify it: pass the key and `algorithms`, and leave `verify_signature` on",
                    severity=Severity.HIGH,
                    confidence=Confidence.LOW
                    if verifies or _is_beside(whole, key) or _is_own(whole, key)
                    else Confidence.HIGH,
                    calls="jwt.decode",
                )


def _decoded(whole: Whole) -> tuple[tuple[int, tuple[tuple[int, int], ...], bool], ...]:
    """Return the functions of a module that decode a token for a request: where they do so without a look at
    the signature, and whether they also verify one."""
    return tuple(
        (
            key[1],
            tuple((site.line, site.column) for site in sites if _is_unverified(site)),
            not all(map(_is_unverified, sites)),
        )
        for key, sites in decoding(whole)
        if whole.reach.entry(key) is not None
    )


def _is_beside(whole: Whole, key: FunctionKey) -> bool:
    """Whether a middleware reads the token: for a log, as a rule, beside what decides."""
    root = whole.reach.entry(key)
    return root is not None and root.kind == "middleware"


def _is_own(whole: Whole, key: FunctionKey) -> bool:
    """Whether the token is one that the service signs itself: the function has the key for that."""
    parameters = {one.name for one in whole.program.function(key).parameters}
    return not parameters.isdisjoint(("private_key", "signing_key"))


def _is_unverified(site: Site) -> bool:
    call = site.expression
    if keyword(call, "verify") in _OFF:
        return True
    options = keyword(call, "options")
    if options is None or options[0] != form.DICT:
        return False
    pairs = zip(options[1], options[2], strict=True)
    return any(name == (form.TEXT, "verify_signature") and value in _OFF for name, value in pairs)


RULE = Rule(
    code="HF984",
    name="jwt-unverified",
    what="A JWT is decoded with the verification of its signature switched off.",
    why="A token whose signature nobody checks is a form that the client has filled in: any user, any role.",
    limits=(
        "Where the same function verifies as well, it is taken to read the issuer first. Low confidence in a "
        "middleware, where tokens are verified elsewhere (it may read one again, for a log), and where the "
        "function has the key to sign one."
    ),
    bad="""
import jwt
from fastapi import Depends, FastAPI

app = FastAPI()

def user(token: str):
    return jwt.decode(token, options={"verify_signature": False})["sub"]

@app.get("/orders")
def orders(user: str = Depends(user)): ...
""",
    good="""
import jwt
from fastapi import Depends, FastAPI

app = FastAPI()

def user(token: str):
    return jwt.decode(token, KEY, algorithms=["RS256"], leeway=10)["sub"]

@app.get("/orders")
def orders(user: str = Depends(user)): ...
""",
    find=find,
    gathers=(_decoded,),
)
