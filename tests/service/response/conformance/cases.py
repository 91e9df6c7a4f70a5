"""What a shared cache does with pairs of requests, as a table.

The behaviours are those that the public conformance suite for HTTP caches looks at (http-tests/cache-tests);
a case's name is the suite's name of the same behaviour, the words are ours. `differs` says where this cache
does otherwise on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.service.response.made import Fields, Said, date

__all__ = ["CASES", "HIT", "MISS", "VALIDATED", "Case", "Step"]

HIT, MISS, VALIDATED = "stored", "asked", "confirmed"
"""The answer came from what is stored; the origin was asked; it was asked whether what is stored holds."""


@dataclass(frozen=True)
class Step:
    """One request after `later` seconds more, and what is expected. `said`: what the origin would say."""

    expect: str
    said: Said = field(default_factory=Said)
    request: Fields = ()
    method: str = "GET"
    query: str = ""
    path: str = "/page"
    later: float = 0.0
    status: int | None = None
    has: Fields = ()
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    name: str
    steps: tuple[Step, ...]
    differs: str = ""


def cc(value: str, *more: tuple[str, str]) -> Fields:
    return [("Cache-Control", value), *more]


def pair(
    name: str,
    expect: str,
    response: Fields,
    *,
    first: Fields = (),
    then: Fields = (),
    later: float = 0.0,
    status: int = 200,
    differs: str = "",
    second: Said | None = None,
    has: Fields = (),
    lacks: tuple[str, ...] = (),
    gives: int | None = None,
) -> Case:
    """A response, and what becomes of the next request."""
    one = Step(MISS, Said(response, status), first)
    two = Step(
        expect,
        second or Said(response, status),
        then,
        later=later,
        has=has,
        lacks=lacks,
        status=gives,
    )
    return Case(name, (one, two), differs)


FRESH = cc("max-age=3600")
OLD = "1800"

FRESHNESS = [
    pair("freshness-none", MISS, []),
    pair("freshness-max-age", HIT, FRESH),
    pair("freshness-max-age-stale", MISS, cc("max-age=2"), later=3),
    pair("freshness-max-age-0", MISS, cc("max-age=0")),
    *[
        pair(f"freshness-max-age-max{digits}", HIT, cc(f"max-age={digits}"))
        for digits in ("2147483647", "2147483648", "2147483649", "99999999999", "9" * 5000)
    ],
    pair("freshness-max-age-age", MISS, cc("max-age=3600", ("Age", "12000"))),
    pair("freshness-max-age-date", MISS, cc("max-age=3600", ("Date", date(-7200)))),
    pair("freshness-max-age-expires", HIT, cc("max-age=3600", ("Expires", date(-3600)))),
    pair("freshness-max-age-expires-invalid", HIT, cc("max-age=3600", ("Expires", "0"))),
    pair("freshness-max-age-0-expires", MISS, cc("max-age=0", ("Expires", date(3600)))),
    pair("freshness-max-age-extension", HIT, cc("foobar, max-age=3600")),
    pair("freshness-max-age-case-insenstive", HIT, cc("MaX-aGe=3600")),
    pair("freshness-max-age-negative", MISS, cc("max-age=-3600")),
    pair("freshness-s-maxage-shared", HIT, cc("s-maxage=3600")),
    pair("freshness-max-age-s-maxage-shared-longer", MISS, cc("max-age=3600, s-maxage=1"), later=2),
    pair("freshness-max-age-s-maxage-shared-longer-reversed", MISS, cc("s-maxage=1, max-age=3600"), later=2),
    pair(
        "freshness-max-age-s-maxage-shared-longer-multiple",
        MISS,
        [("Cache-Control", "max-age=3600"), ("Cache-Control", "s-maxage=1")],
        later=2,
    ),
    pair("freshness-max-age-s-maxage-shared-shorter", HIT, cc("max-age=1, s-maxage=3600"), later=2),
    pair(
        "freshness-max-age-s-maxage-shared-shorter-expires",
        HIT,
        cc("max-age=0, s-maxage=3600", ("Expires", date(-10))),
    ),
    pair("freshness-expires-future", HIT, [("Expires", date(3600))]),
    pair("freshness-expires-past", MISS, [("Expires", date(-3600))]),
    pair("freshness-expires-present", MISS, [("Expires", date()), ("Date", date())]),
    pair("freshness-expires-old-date", MISS, [("Expires", date(3600)), ("Date", date(7200))]),
    pair("freshness-expires-invalid", MISS, [("Expires", "0")]),
    pair("freshness-expires-invalid-date", HIT, [("Expires", date(3600)), ("Date", "foo")]),
    pair(
        "freshness-expires-age-slow-date",
        MISS,
        [("Date", date(-10)), ("Expires", date(3600)), ("Age", "12000")],
    ),
    pair(
        "freshness-expires-age-fast-date",
        MISS,
        [("Date", date(10)), ("Expires", date(3600)), ("Age", "12000")],
    ),
    *[
        pair(f"heuristic-{code}", MISS, [("Last-Modified", date(-100000)), ("Date", date())], status=code)
        for code in (200, 203, 204, 404, 410, 302, 500)
    ],
]

PARSING = [
    pair("freshness-max-age-two-fresh-stale-sameline", MISS, cc("max-age=3600, max-age=1"), later=2),
    pair(
        "freshness-max-age-two-fresh-stale-sepline",
        MISS,
        [("Cache-Control", "max-age=3600"), ("Cache-Control", "max-age=1")],
        later=2,
    ),
    pair("freshness-max-age-two-stale-fresh-sameline", MISS, cc("max-age=1, max-age=3600"), later=2),
    pair("freshness-max-age-quoted", HIT, cc('max-age="3600"')),
    pair("freshness-max-age-ignore-quoted", MISS, cc('extension="max-age=3600", max-age=1'), later=2),
    pair("freshness-max-age-ignore-quoted-rev", MISS, cc('max-age=1, extension="max-age=3600"'), later=2),
    pair("freshness-max-age-escaped-quote", MISS, cc('a="b\\", max-age=3600", max-age=1'), later=2),
    pair("freshness-max-age-space-before-equals", MISS, cc("max-age =3600")),
    pair("freshness-max-age-space-after-equals", MISS, cc("max-age= 3600")),
    pair("freshness-max-age-leading-zero", HIT, cc("max-age=003600")),
    pair("freshness-max-age-single-quoted", MISS, cc("max-age='3600'")),
    pair("freshness-max-age-decimal-zero", MISS, cc("max-age=3600.0")),
    pair("freshness-max-age-decimal-five", MISS, cc("max-age=3600.5")),
    pair("freshness-max-age-a100", MISS, cc("max-age=a3600")),
    pair("freshness-max-age-100a", MISS, cc("max-age=3600a")),
    pair("age-parse-nonnumeric", HIT, cc("max-age=3600", ("Age", "abc"))),
    pair("age-parse-negative", HIT, cc("max-age=3600", ("Age", "-7200"))),
    pair("age-parse-float", HIT, cc("max-age=3600", ("Age", "7200.0"))),
    *[
        pair(f"age-parse-large-{age}", MISS, cc("max-age=3600", ("Age", age)))
        for age in ("2147483647", "2147483648", "2147483649", "9" * 5000)
    ],
    pair("age-parse-suffix", MISS, cc("max-age=3600", ("Age", "7200, 0"))),
    pair("age-parse-prefix", HIT, cc("max-age=3600", ("Age", "0, 7200"))),
    pair("age-parse-suffix-twoline", MISS, cc("max-age=3600", ("Age", "7200"), ("Age", "0"))),
    pair("age-parse-prefix-twoline", HIT, cc("max-age=3600", ("Age", "0"), ("Age", "7200"))),
    pair("age-parse-parameter", HIT, cc("max-age=3600", ("Age", "7200;foo=bar"))),
    *[
        pair(f"freshness-expires-{name}", HIT, [("Expires", text)])
        for name, text in (
            ("32bit", "Tue, 19 Jan 2038 14:14:08 GMT"),
            ("far-future", "Sun, 21 Nov 2286 04:46:39 GMT"),
            ("rfc850", "Wednesday, 18-Aug-50 02:01:18 GMT"),
            ("ansi-c", "Thu Aug  8 02:01:18 2050"),
            ("wrong-case-weekday", "THU, 18 Aug 2050 02:01:18 GMT"),
            ("wrong-case-month", "Thu, 18 AUG 2050 02:01:18 GMT"),
            ("wrong-case-tz", "Thu, 18 Aug 2050 02:01:18 gMT"),
        )
    ],
    *[
        pair(f"freshness-expires-invalid-{name}", MISS, [("Expires", text)])
        for name, text in (
            ("utc", "Thu, 18 Aug 2050 02:01:18 UTC"),
            ("aest", "Thu, 18 Aug 2050 02:01:18 AEST"),
            ("2-digit-year", "Thu, 18 Aug 50 02:01:18 GMT"),
            ("no-comma", "Thu 18 Aug 2050 02:01:18 GMT"),
            ("multiple-spaces", "Thu, 18  Aug  2050 02:01:18 GMT"),
            ("date-dashes", "Thu, 18-Aug-2050 02:01:18 GMT"),
            ("time-periods", "Thu, 18 Aug 2050 02.01.18 GMT"),
            ("1-digit-hour", "Thu, 18 Aug 2050 2:01:18 GMT"),
            ("no-such-day", "Thu, 31 Feb 2050 02:01:18 GMT"),
        )
    ],
    pair(
        "freshness-expires-invalid-multiple-lines",
        MISS,
        [("Expires", "Thu, 18 Aug 2050 02:01:18 GMT"), ("Expires", "Thu, 18 Aug 2050 02:01:19 GMT")],
    ),
]

TAGGED = ("ETag", '"abc"')
CONFIRMS = Said([TAGGED, ("Cache-Control", "max-age=3600")], 304)

RESPONSES = [
    pair("cc-resp-private-shared", MISS, cc("private, max-age=3600")),
    pair("cc-resp-private-field", MISS, cc('private="x-user", max-age=3600')),
    pair("cc-resp-no-store", MISS, cc("no-store")),
    pair("cc-resp-no-store-case-insensitive", MISS, cc("No-StOrE, max-age=3600")),
    pair("cc-resp-no-store-fresh", MISS, cc("max-age=3600, no-store", ("Expires", date(3600)))),
    pair("cc-resp-no-cache", MISS, cc("no-cache, max-age=3600", ("Expires", date(3600)))),
    pair("cc-resp-no-cache-case-insensitive", MISS, cc("No-CaChE, max-age=3600")),
    pair("cc-resp-no-cache-revalidate", VALIDATED, cc("no-cache", TAGGED), second=CONFIRMS),
    pair(
        "cc-resp-no-cache-revalidate-fresh", VALIDATED, cc("no-cache, max-age=3600", TAGGED), second=CONFIRMS
    ),
    pair("cc-resp-must-revalidate-fresh", HIT, cc("max-age=3600, must-revalidate")),
    pair("cc-resp-must-revalidate-stale", MISS, cc("max-age=2, must-revalidate"), later=3),
    pair("cc-resp-immutable-fresh", HIT, cc("max-age=3600, immutable")),
    pair("cc-resp-immutable-stale", MISS, cc("max-age=2, immutable"), later=3),
    pair("pragma-response-no-cache", HIT, cc("max-age=3600", ("Pragma", "no-cache"))),
    pair("pragma-response-extension", HIT, cc("max-age=3600", ("Pragma", "foobar"))),
    Case(
        "cc-resp-no-store-old-new",
        (
            Step(MISS, Said(cc("max-age=10"))),
            Step(MISS, Said(cc("no-store")), later=11),
            Step(MISS, Said(cc("max-age=10"))),
        ),
    ),
]

REQUESTS = [
    pair("ccreq-ma0", MISS, FRESH, then=cc("max-age=0")),
    pair("ccreq-ma1", MISS, FRESH, then=cc("max-age=1"), later=3),
    pair("ccreq-magreaterage", MISS, cc("max-age=3600", ("Age", OLD)), then=cc("max-age=600")),
    pair("ccreq-max-stale", HIT, cc("max-age=2"), then=cc("max-stale=1000"), later=5),
    pair("ccreq-max-stale-any", HIT, cc("max-age=2"), then=cc("max-stale"), later=5),
    pair("ccreq-max-stale-too-old", MISS, cc("max-age=2"), then=cc("max-stale=10"), later=50),
    pair("ccreq-max-stale-age", HIT, cc("max-age=1500", ("Age", "2000")), then=cc("max-stale=1000")),
    pair("ccreq-min-fresh", MISS, cc("max-age=1500"), then=cc("min-fresh=2000")),
    pair("ccreq-min-fresh-age", MISS, cc("max-age=1500", ("Age", "1000")), then=cc("min-fresh=1000")),
    pair("ccreq-no-cache", MISS, FRESH, then=cc("no-cache")),
    pair(
        "ccreq-no-cache-lm",
        VALIDATED,
        cc("max-age=3600", ("Last-Modified", date(-10000))),
        then=cc("no-cache"),
        second=Said(FRESH, 304),
    ),
    pair("ccreq-no-cache-etag", VALIDATED, cc("max-age=3600", TAGGED), then=cc("no-cache"), second=CONFIRMS),
    pair("ccreq-no-store", MISS, FRESH, then=cc("no-store")),
    pair("ccreq-no-store-first", MISS, FRESH, first=cc("no-store")),
    Case("ccreq-oic", (Step(HIT, request=cc("only-if-cached"), status=504),)),
    pair("ccreq-oic-stored", HIT, FRESH, then=cc("only-if-cached"), gives=200),
    pair("pragma-request-no-cache", MISS, FRESH, then=[("Pragma", "no-cache")]),
    pair("pragma-request-extension", HIT, FRESH, then=[("Pragma", "foobar")]),
    pair(
        "pragma-request-beside-cc", HIT, FRESH, then=[("Pragma", "no-cache"), ("Cache-Control", "max-age=9")]
    ),
]

AUTH = [("Authorization", "Basic a2VscDprZWxw")]
COOKIE = [("Cookie", "session=kelp")]

WHO = [
    pair("other-authorization", MISS, FRESH, first=AUTH, then=AUTH),
    pair("other-authorization-then-nobody", MISS, FRESH, first=AUTH),
    pair("other-authorization-public", HIT, cc("max-age=3600, public"), first=AUTH, then=AUTH),
    pair(
        "other-authorization-must-revalidate", HIT, cc("max-age=3600, must-revalidate"), first=AUTH, then=AUTH
    ),
    pair("other-authorization-smaxage", HIT, cc("s-maxage=3600"), first=AUTH, then=AUTH),
    pair(
        "other-authorization-after-nobody",
        MISS,
        FRESH,
        then=AUTH,
        differs="the RFC permits it; what was made for nobody may not be what this caller would get",
    ),
    pair(
        "other-cookie",
        MISS,
        FRESH,
        then=COOKIE,
        differs="only public or s-maxage share a response with whoever sends cookies",
    ),
    pair(
        "other-cookie-public",
        HIT,
        cc("max-age=3600, public"),
        first=COOKIE,
        then=[("Cookie", "session=other")],
    ),
    pair(
        "other-cookie-must-revalidate", MISS, cc("max-age=3600, must-revalidate"), first=COOKIE, then=COOKIE
    ),
    pair(
        "other-set-cookie",
        MISS,
        cc("max-age=3600", ("Set-Cookie", "a=b")),
        differs="a response that sets a cookie is never stored, whatever else it says",
    ),
    pair("other-set-cookie-public", MISS, cc("public, max-age=3600", ("Set-Cookie", "a=b"))),
]

A, B = [("Foo", "1")], [("Foo", "2")]
TWO = [("Foo", "1"), ("Bar", "abc")]
THREE = [("Foo", "1"), ("Bar", "abc"), ("Baz", "789")]


def varied(
    name: str, expect: str, vary: str | Fields, first: Fields, then: Fields, differs: str = ""
) -> Case:
    """A route that varies, known to do so from a request before."""
    lines = [("Vary", vary)] if isinstance(vary, str) else list(vary)
    said = Said(cc("max-age=5000", *lines))
    before = Step(MISS, said, first, query="before")
    return Case(name, (before, Step(MISS, said, first), Step(expect, said, then)), differs)


VARY = [
    varied("vary-match", HIT, "Foo", A, A),
    varied("vary-no-match", MISS, "Foo", A, B),
    varied("vary-omit-stored", MISS, "Foo", [], A),
    varied("vary-omit", MISS, "Foo", A, []),
    varied("vary-cache-key", HIT, "Foo", [*A, ("Other", "2")], [*A, ("Other", "3")]),
    varied("vary-2-match", HIT, "Foo, Bar", TWO, TWO),
    varied("vary-2-no-match", MISS, "Foo, Bar", TWO, [("Foo", "2"), ("Bar", "abc")]),
    varied("vary-2-match-omit", MISS, "Foo, Bar", TWO, A),
    varied("vary-3-match", HIT, "Foo, Bar, Baz", THREE, THREE),
    varied("vary-3-no-match", MISS, "Foo, Bar, Baz", THREE, [*TWO, ("Baz", "ABC")]),
    varied("vary-3-order", MISS, "Foo, Bar, Baz", THREE, [("Foo", "abc"), ("Bar", "1"), ("Baz", "789")]),
    varied(
        "vary-3-omit", HIT, "Foo, Bar, Baz", [("Foo", "1"), ("Baz", "789")], [("Foo", "1"), ("Baz", "789")]
    ),
    varied("vary-normalise-combine", HIT, "Foo", [("Foo", "1, 2")], [("Foo", "1"), ("Foo", "2")]),
    varied("vary-normalise-space", HIT, "Foo", [("Foo", "1,2")], [("Foo", "1 , 2")]),
    *[
        varied(
            f"vary-normalise-lang-{name}",
            MISS,
            "Accept-Language",
            [("Accept-Language", one)],
            [("Accept-Language", other)],
            differs="nothing is known here of what a field means",
        )
        for name, one, other in (
            ("order", "en, de", "de, en"),
            ("case", "en, de", "eN, De"),
        )
    ],
    varied(
        "vary-normalise-lang-space",
        HIT,
        "Accept-Language",
        [("Accept-Language", "en, de")],
        [("Accept-Language", " en ,   de")],
    ),
    *[
        varied(f"vary-syntax-{name}", MISS, vary, A, A)
        for name, vary in (
            ("star", "*"),
            ("star-star", "*, *"),
            ("star-star-lines", [("Vary", "*"), ("Vary", "*")]),
            ("empty-star", ", *"),
            ("empty-star-lines", [("Vary", ""), ("Vary", "*")]),
            ("star-foo", "*, Foo"),
            ("foo-star", "Foo, *"),
        )
    ],
    Case(
        "vary-invalidate",
        tuple(
            Step(expect, Said(cc("max-age=5000", ("Vary", "Foo"))), request, query=query)
            for expect, request, query in (
                (MISS, A, "before"),
                (MISS, A, ""),
                (MISS, B, ""),
                (HIT, A, ""),
                (HIT, B, ""),
            )
        ),
    ),
    Case(
        "vary-unknown-yet",
        (
            Step(MISS, Said(cc("max-age=5000", ("Vary", "Foo"))), A),
            Step(MISS, Said(cc("max-age=5000", ("Vary", "Foo"))), A),
            Step(HIT, Said(cc("max-age=5000", ("Vary", "Foo"))), A),
        ),
        "what a route varies on is learned from its first answer, which is not stored",
    ),
]

LM = ("Last-Modified", date(-3000))


def conditions(name: str, response: Fields, then: Fields, gives: int, *, differs: str = "") -> Case:
    return pair(name, HIT, cc("max-age=3600", *response), then=then, gives=gives, differs=differs)


CONDITIONAL = [
    conditions("conditional-etag-strong-respond", [TAGGED], [("If-None-Match", '"abc"')], 304),
    pair(
        "conditional-304-etag",
        HIT,
        cc("max-age=3600", TAGGED, ("Content-Language", "en")),
        then=[("If-None-Match", '"abc"')],
        gives=304,
        has=[("etag", '"abc"'), ("cache-control", "max-age=3600")],
        lacks=("content-length", "content-type"),
    ),
    conditions(
        "conditional-etag-precedence",
        [TAGGED, LM],
        [("If-None-Match", '"x"'), ("If-Modified-Since", date())],
        200,
    ),
    conditions(
        "conditional-etag-strong-respond-obs-text",
        [("ETag", '"abc\xfc"')],
        [("If-None-Match", '"abc\xfc"')],
        304,
    ),
    conditions("conditional-etag-quoted-respond-unquoted", [TAGGED], [("If-None-Match", "abc")], 200),
    conditions(
        "conditional-etag-unquoted-respond-unquoted", [("ETag", "abc")], [("If-None-Match", "abc")], 200
    ),
    conditions(
        "conditional-etag-unquoted-respond-quoted", [("ETag", "abc")], [("If-None-Match", '"abc"')], 200
    ),
    conditions("conditional-etag-weak-respond", [("ETag", 'W/"abc"')], [("If-None-Match", 'W/"abc"')], 304),
    conditions("conditional-etag-weak-respond-strong", [TAGGED], [("If-None-Match", 'W/"abc"')], 304),
    conditions("conditional-etag-weak-respond-star", [TAGGED], [("If-None-Match", "*")], 304),
    *[
        conditions(
            f"conditional-etag-strong-respond-multiple-{name}", [TAGGED], [("If-None-Match", tags)], 304
        )
        for name, tags in (
            ("first", '"abc", "1", "2"'),
            ("second", '"1", "abc", "2"'),
            ("last", '"1", "2", "abc"'),
            ("with-comma", '"1,2", "abc"'),
        )
    ],
    conditions("conditional-etag-no-match", [TAGGED], [("If-None-Match", '"ab", "c"')], 200),
    conditions("conditional-etag-if-match", [TAGGED], [("If-Match", '"abc"')], 200),
    conditions("conditional-etag-if-match-fails", [TAGGED], [("If-Match", '"x"')], 412),
    conditions("conditional-etag-if-match-weak", [("ETag", 'W/"abc"')], [("If-Match", 'W/"abc"')], 412),
    pair(
        "conditional-etag-strong-generate",
        VALIDATED,
        cc("max-age=2", TAGGED),
        later=3,
        second=CONFIRMS,
        gives=200,
    ),
    pair(
        "conditional-etag-weak-generate-weak",
        VALIDATED,
        cc("max-age=2", ("ETag", 'W/"abc"')),
        later=3,
        second=Said(cc("max-age=2", ("ETag", 'W/"abc"')), 304),
        gives=200,
    ),
    Case(
        "conditional-etag-forward",
        (Step(MISS, Said(cc("max-age=3600", TAGGED)), [("If-None-Match", '"abc"')], status=304),),
        "the whole is asked for and kept, and the condition is judged here",
    ),
    conditions("conditional-lm-fresh", [LM], [("If-Modified-Since", LM[1])], 304),
    conditions("conditional-lm-fresh-earlier", [LM], [("If-Modified-Since", date(-2000))], 304),
    conditions("conditional-lm-fresh-older", [LM], [("If-Modified-Since", date(-4000))], 200),
    conditions(
        "conditional-lm-fresh-no-lm",
        [],
        [("If-Modified-Since", date())],
        200,
        differs="without Last-Modified nothing says that it has not changed",
    ),
    conditions(
        "conditional-lm-fresh-rfc850", [LM], [("If-Modified-Since", "Wednesday, 18-Aug-50 02:01:18 GMT")], 304
    ),
    conditions("conditional-lm-odd-date", [LM], [("If-Modified-Since", "yesterday")], 200),
    conditions("conditional-lm-unmodified", [LM], [("If-Unmodified-Since", date(-4000))], 412),
    pair(
        "conditional-lm-stale",
        VALIDATED,
        cc("max-age=2", LM),
        then=[("If-Modified-Since", LM[1])],
        later=3,
        second=Said(cc("max-age=2", LM), 304),
        gives=304,
    ),
]

STATUSES = [
    *[
        pair(f"status-{code}-fresh", HIT, FRESH, status=code)
        for code in (200, 203, 204, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501)
    ],
    *[
        pair(
            f"status-{code}-fresh",
            MISS,
            FRESH,
            status=code,
            differs="what went wrong for one request, or is not understood, is not repeated to others",
        )
        for code in (299, 400, 401, 403, 429, 499, 500, 502, 503, 504, 599)
    ],
    *[
        pair(f"status-{code}-stale", MISS, cc("max-age=2"), status=code, later=3)
        for code in (200, 301, 404, 410)
    ],
    pair("status-599-must-understand", MISS, cc("max-age=3600, no-store, must-understand"), status=599),
    pair(
        "status-200-must-understand",
        MISS,
        cc("max-age=3600, no-store, must-understand"),
        differs="no-store is no-store",
    ),
    pair("status-206-never", MISS, cc("max-age=3600", ("Content-Range", "bytes 4-9/10")), status=206),
]

ERROR = Said(error=OSError("gone"))

STALE = [
    pair("stale-503", MISS, cc("max-age=2"), later=3, second=Said(status=503), gives=503),
    pair("stale-while-revalidate", HIT, cc("max-age=1, stale-while-revalidate=3600"), later=2),
    pair("stale-while-revalidate-window", MISS, cc("max-age=1, stale-while-revalidate=4"), later=8),
    pair(
        "stale-while-revalidate-must",
        MISS,
        cc("max-age=1, stale-while-revalidate=9, must-revalidate"),
        later=2,
    ),
    pair(
        "stale-sie-503", HIT, cc("max-age=2, stale-if-error=60"), later=3, second=Said(status=503), gives=200
    ),
    pair("stale-sie-close", HIT, cc("max-age=2, stale-if-error=60"), later=3, second=ERROR, gives=200),
    pair(
        "stale-sie-late",
        MISS,
        cc("max-age=2, stale-if-error=60"),
        later=90,
        second=Said(status=503),
        gives=503,
    ),
    pair(
        "stale-sie-request",
        HIT,
        cc("max-age=2"),
        then=cc("stale-if-error=60"),
        later=3,
        second=Said(status=500),
        gives=200,
    ),
    *[
        pair(f"stale-close-{name}", MISS, cc(said), later=3, second=Said(status=503), gives=503)
        for name, said in (
            ("must-revalidate", "max-age=2, must-revalidate, stale-if-error=60"),
            ("proxy-revalidate", "max-age=2, proxy-revalidate, stale-if-error=60"),
            ("no-cache", "no-cache, max-age=2, stale-if-error=60"),
            ("s-maxage", "s-maxage=2"),
        )
    ],
    pair(
        "stale-s-maxage-with-permission",
        HIT,
        cc("s-maxage=2, stale-if-error=60"),
        later=3,
        second=Said(status=503),
        gives=200,
        differs="who says both means both: s-maxage forbids stale use only where nothing permits it",
    ),
]


def changed(method: str, said: Said, expect: str) -> tuple[Step, ...]:
    return (
        Step(MISS, Said(FRESH)),
        Step(MISS, said, method=method),
        Step(expect, Said(FRESH)),
    )


INVALIDATION = [
    *[
        Case(f"invalidate-{method}", changed(method, Said(), MISS))
        for method in ("POST", "PUT", "DELETE", "PATCH")
    ],
    *[
        Case(f"invalidate-{method}-failed", changed(method, Said(status=500), HIT))
        for method in ("POST", "PUT", "DELETE", "PATCH")
    ],
    *[
        Case(
            f"invalidate-POST-{name}",
            (
                Step(MISS, Said(FRESH)),
                Step(MISS, Said([(header, place)], 201), method="POST", path="/elsewhere"),
                Step(expect, Said(FRESH)),
            ),
        )
        for name, header, place, expect in (
            ("location", "Location", "/page", MISS),
            ("cl", "Content-Location", "http://shop.test/page", MISS),
            ("other-host", "Location", "http://other.test/page", HIT),
        )
    ],
]

FIELDS = [
    pair("other-age-gen", HIT, FRESH, later=5, has=[("age", "5")]),
    pair(
        "other-age-update-expires",
        HIT,
        [("Expires", date(3600)), ("Age", "30")],
        later=5,
        has=[("age", "35")],
    ),
    pair("other-age-update-max-age", HIT, cc("max-age=3600", ("Age", "30")), later=5, has=[("age", "35")]),
    pair(
        "other-date-update",
        HIT,
        cc("max-age=3600", ("Date", "Thu, 20 Nov 2036 10:00:00 GMT")),
        has=[("date", "Thu, 20 Nov 2036 10:00:00 GMT")],
    ),
    pair(
        "other-date-update-expires-update",
        HIT,
        cc("max-age=3600", ("Expires", "Thu, 18 Aug 2050 02:01:18 GMT")),
        has=[("expires", "Thu, 18 Aug 2050 02:01:18 GMT")],
    ),
    pair(
        "other-fresh-content-disposition-attachment",
        HIT,
        cc("max-age=3600", ("Content-Disposition", "attachment")),
    ),
    pair(
        "headers-omit-headers-listed-in-Connection",
        HIT,
        cc("max-age=3600", ("Connection", "a, b"), ("a", "1"), ("b", "2"), ("c", "3")),
        has=[("c", "3")],
        lacks=("a", "b", "connection"),
    ),
    *[
        pair(f"headers-store-{name}", HIT, cc("max-age=3600", (name, "kelp")), has=[(name.lower(), "kelp")])
        for name in (
            "Test-Header",
            "X-Test-Header",
            "Content-Foo",
            "Content-Location",
            "Content-MD5",
            "Content-Security-Policy",
            "Clear-Site-Data",
            "X-Frame-Options",
            "X-XSS-Protection",
        )
    ],
    *[
        pair(f"headers-store-{name}", HIT, cc("max-age=3600", (name, "kelp")), lacks=(name.lower(),))
        for name in (
            "Keep-Alive",
            "Proxy-Authenticate",
            "Proxy-Authentication-Info",
            "Proxy-Authorization",
            "Proxy-Connection",
            "TE",
            "Upgrade",
        )
    ],
    pair(
        "304-etag-update",
        VALIDATED,
        cc("max-age=2", TAGGED, ("X-Old", "old"), ("X-Both", "old")),
        later=3,
        second=Said(cc("max-age=9", TAGGED, ("X-Both", "new"), ("Content-Length", "999")), 304),
        gives=200,
        has=[("x-old", "old"), ("x-both", "new"), ("cache-control", "max-age=9"), ("content-length", "8")],
    ),
    Case("query-args-different", (Step(MISS, Said(FRESH), query="a"), Step(MISS, Said(FRESH), query="b"))),
    Case("query-args-same", (Step(MISS, Said(FRESH), query="a"), Step(HIT, Said(FRESH), query="a"))),
]

METHODS = [
    Case("head-from-get", (Step(MISS, Said(FRESH)), Step(HIT, Said(FRESH), method="HEAD", status=200))),
    Case("get-after-head", (Step(MISS, Said(FRESH), method="HEAD"), Step(HIT, Said(FRESH)))),
    Case(
        "head-writethrough",
        (Step(MISS, Said(cc("max-age=2"))), Step(MISS, Said(FRESH), method="HEAD", later=3), Step(HIT)),
    ),
    Case(
        "method-POST",
        (Step(MISS, Said(cc("max-age=3600", ("Content-Location", "/page"))), method="POST"), Step(MISS)),
        "responses to POST are not stored",
    ),
    pair(
        "partial-store-complete-reuse-partial",
        MISS,
        FRESH,
        then=[("Range", "bytes=0-1")],
        differs="requests for parts go to the route",
    ),
    pair("partial-never-stored", MISS, FRESH, first=[("Range", "bytes=0-1")]),
]

CASES = [
    *FRESHNESS,
    *PARSING,
    *RESPONSES,
    *REQUESTS,
    *WHO,
    *VARY,
    *CONDITIONAL,
    *STATUSES,
    *STALE,
    *INVALIDATION,
    *FIELDS,
    *METHODS,
]
