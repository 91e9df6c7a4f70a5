"""What a secret looks like, wherever it stands.

Every pattern takes linear time on any text: a repetition is bounded, or it is possessive and what follows it
cannot fail. `needs` are literals of which one has to be in the text in lower case: looking for them costs a
fraction of a search.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from holdfast.telemetry.redaction.cards import CANDIDATE, card

__all__ = ["REDACTED", "Pattern", "patterns"]

REDACTED = "[redacted]"


@dataclass(frozen=True, slots=True)
class Pattern:
    """`replace` returns what stands in the place of a match: the match itself where it is no secret."""

    needs: tuple[str, ...]
    search: re.Pattern[str]
    replace: Callable[[re.Match[str]], str]


def patterns(names: Iterable[str]) -> tuple[Pattern, ...]:
    """Return all patterns; `names`: ends of secret names, as `keys.words` writes them."""
    words = tuple(sorted(names, key=len, reverse=True))
    return (
        Pattern(("-----begin",), _PEM, _whole),
        Pattern(("://",), _URL, lambda found: f"{found[1]}{REDACTED}@"),
        Pattern(("authorization", "cookie"), _HEADER, _header),
        Pattern(tuple({word.partition("_")[0] for word in words}), _named(words), _value),
        Pattern(("bearer ", "basic "), _SCHEME, _credential),
        Pattern(("eyj",), _JWT, _whole),
        Pattern(_PREFIXES, _ISSUED, _whole),
        Pattern(("sig",), _SIGNED, lambda found: found[1] + REDACTED),
        Pattern((), CANDIDATE, _card),
    )


_PEM = re.compile(
    r"-----BEGIN [A-Z ]{0,24}PRIVATE KEY-----(?:[^-]|-(?!----))*+(?:-----END [A-Z ]{0,24}KEY-----)?"
)

# To the last "@" before the path, as browsers and drivers read it: an "@" may stand in a password.
_URL = re.compile(r"(?<=://)([^\s/@:'\"<>]{0,256}:)[^\s/'\"<>]{1,512}@")

_SCHEME = re.compile(r"\b(bearer|basic)( +)([A-Za-z0-9._~+/-]{6,}+=*+)", re.IGNORECASE)

# A run of such characters is entered at its start only: not from each of its places again.
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]{6,}+\.[\w-]{6,}+(?:\.[\w-]*+){1,3}")

_PREFIXES = (
    *(
        "akia",
        "asia",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
        "glpat-",
        "xox",
        "_live_",
        "_test_",
    ),
    *("whsec_", "aiza", "npm_", "pypi-", "sk-", "sg."),
)
_ISSUED = re.compile(
    r"(?<![\w-])(?:"
    r"A[KS]IA[A-Z2-7]{16}(?![A-Za-z0-9])"  # AWS
    r"|gh[opsur]_[A-Za-z0-9]{36,}+|github_pat_\w{22,}+|glpat-[\w-]{20,}+"  # GitHub, GitLab
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,}+"  # Slack
    r"|[rsp]k_(?:live|test)_[A-Za-z0-9]{16,}+|whsec_[A-Za-z0-9+/=]{16,}+"  # Stripe
    r"|AIza[\w-]{35}|SG\.[\w-]{16,64}\.[\w-]{16,64}"  # Google, SendGrid
    r"|npm_[A-Za-z0-9]{36}|pypi-[\w-]{32,}+|sk-[A-Za-z0-9_-]{20,}+"  # npm, PyPI, OpenAI and others
    r")"
)

_SIGNED = re.compile(
    r"([?&;](?:sig|signature|x-amz-signature|x-goog-signature)=)[^\s&\"'<>]++", re.IGNORECASE
)

# A header's value ends where its line does, or the quotes around it.
_HEADER = re.compile(
    r"(?P<head>(?:authorization|cookie)(?:: {0,3}|=))"
    r"(?P<value>[^\s\"'](?:[^\n\"'\\]|(?<==)\\{0,3}\"[^\n\"]*+\"|\\(?![\"']))*+)",
    re.IGNORECASE,
)


def _header(found: re.Match[str]) -> str:
    head, value = found.groups()
    # A cookie has a value: "cookie: consent given" is none.
    cookie = head[:6].lower() == "cookie"
    return found[0] if cookie and "=" not in value else head + REDACTED


def _named(names: Iterable[str]) -> re.Pattern[str]:
    """Return the pattern of a name and its value: `token=...`, `"token": "..."`, `(b'token', b'...')`."""
    ends = "|".join(name.replace("_", "[-_ ]?") for name in names)
    return re.compile(
        rf"(?P<name>{ends})"
        r"(?P<to>\d{0,3}(?:\\{0,3}[\"'])? {0,3}(?:=>|[:=]) {0,3}|['\"], {0,3}(?=b['\"]))"
        r"(?:[bru]?(?P<quote>\\{0,3}[\"'])(?P<quoted>(?:(?!(?P=quote))(?:[^\\\n]|\\.))*+)"
        r"|(?P<bare>(?:(?:bearer|basic|token) +)?[^\s,;&\"'<>)\]}]++))",
        re.IGNORECASE,
    )


def _value(found: re.Match[str]) -> str:
    quoted, bare = found["quoted"], found["bare"]
    if bare is None:
        start = found.start("quoted") - found.start()
        return found[0][:start] + REDACTED if quoted else found[0]
    words = found["name"].lower().replace("-", "_").replace(" ", "_")
    if _NOTHING.fullmatch(bare) or (words in _COUNTED and _prose(bare, found["to"])):
        return found[0]
    return found["name"] + found["to"] + REDACTED


# Nothing, a type, a parameter of a statement or a template, or what was taken out already.
_NOTHING = re.compile(
    r"none|null|nil|true|false|undefined|str|int|bytes|bool|secretstr|\$\d{1,3}|\?|%s|%\(\w{1,64}|\{.{0,64}"
    r"|\[redacted",
    re.IGNORECASE,
)
_COUNTED = frozenset(
    ("token", "tokens", "secret", "secrets", "credential", "credentials", "cookie", "cookies", "otp", "jwt")
)
"""Names that sentences and figures have too."""


def _prose(bare: str, to: str) -> bool:
    """Whether a value is a small number, or a word of a sentence ("unexpected token: end of input")."""
    if bare.replace(".", "", 1).isdigit():
        return len(bare) < 6
    return ":" in to and bare.isalpha() and len(bare) < 20


def _credential(found: re.Match[str]) -> str:
    """Leave "bearer authentication" and "basic understanding" as they are."""
    scheme, gap, value = found.groups()
    if scheme.lower() == "basic":
        secret = _user_and_password(value)
    else:
        secret = len(value) >= 24 or any(map(str.isdigit, value))
    return scheme + gap + REDACTED if secret else found[0]


def _user_and_password(value: str) -> bool:
    try:
        return b":" in b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False


def _card(found: re.Match[str]) -> str:
    place = card(found[0])
    if place is None:
        return found[0]
    start, end = place
    return found[0][:start] + REDACTED + found[0][end:]


def _whole(found: re.Match[str]) -> str:
    return REDACTED
