"""Names under which a secret stands.

A name is read word by word - `X-Api-Key`, `apiKey` and `api_key` are the same - and its end decides: `token`
and `refresh_token` are secrets, `token_count` and `tokenizer` are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

__all__ = ["NAMES", "Keys", "words"]

NAMES = (
    *("password", "passwd", "pwd", "passphrase", "passcode", "password_hash", "password_confirmation"),
    *("secret", "secrets", "token", "tokens", "jwt", "otp", "credential", "credentials"),
    *("authorization", "cookie", "cookies", "csrf", "xsrf", "session_id", "sessionid"),
    *("api_key", "apikey", "access_key", "secret_key", "private_key", "signing_key", "encryption_key"),
    *("card_number", "cardnumber", "cvv", "cvc"),
)
"""Ends of names under which secrets stand, as `words` writes them."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[A-Z]+")
_LONGEST = 128  # a longer "name" is no name


def words(name: str) -> str:
    """Return the words of a name, digits left out.

    >>> words("X-Api-Key"), words("newPassword2"), words("APIKey")
    ('x_api_key', 'new_password', 'api_key')
    """
    return "_".join(_WORD.findall(name[:_LONGEST])).lower()


class Keys:
    """Tells secret names: those of `NAMES`, and `more`."""

    def __init__(self, more: Iterable[str] = ()) -> None:
        ends = frozenset((*NAMES, *filter(None, map(words, more))))
        most = max(end.count("_") for end in ends) + 1

        def secret(name: str) -> bool:
            parts = words(name).split("_")
            return any("_".join(parts[-count:]) in ends for count in range(1, most + 1))

        self.ends = ends
        # Names are few, and the same ones come again; bounded, for names that are made up by callers.
        self.secret = lru_cache(1024)(secret)
