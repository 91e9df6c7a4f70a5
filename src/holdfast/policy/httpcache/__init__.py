"""HTTP's own rules for caches (RFC 9111) and for conditional requests (RFC 9110), as pure decisions."""

from __future__ import annotations

from holdfast.policy.httpcache.asking import Asking, Who
from holdfast.policy.httpcache.core import Use, bridges, decide, terms_of
from holdfast.policy.httpcache.stored import Stored, Terms

__all__ = ["Asking", "Stored", "Terms", "Use", "Who", "bridges", "decide", "terms_of"]
