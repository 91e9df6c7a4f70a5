"""Refusing early, held against refusing in ASGI behind Uvicorn's own protocol.

HOLDFAST_FUZZ=1000000 runs that many cases of each kind; HOLDFAST_FUZZ_SEED begins elsewhere.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import re
from collections import Counter
from typing import Any

import pytest
from fastapi.middleware.cors import CORSMiddleware
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.middleware import Middleware

from tests.serve.protocol import streams
from tests.serve.protocol.wire import Peer, early, read

CASES = int(os.environ.get("HOLDFAST_FUZZ", "1500"))
SEED = int(os.environ.get("HOLDFAST_FUZZ_SEED", "20261120"))
ALL, SOME = None, 299
CORS = (Middleware(CORSMiddleware, allow_origins=["http://there.example"]),)

_SMALL = 320

Seen = tuple[list[Any], bool, bool]


async def talk(pieces: list[bytes], tally: Counter[str], **peer: Any) -> Seen:
    """Return the answers, whether the connection was closed, and whether the service still works."""
    one = Peer(**peer)
    await one.send(*pieces)
    await one.settle()
    seen = (
        [answer.seen for answer in read(one.transport.written)],
        one.transport.closed,
        bool(one.state.tasks),
    )
    if peer["ours"]:
        tally["parser"] += early(one.door)
        tally["headers"] += sum(one.door.later.values())
    await one.over()
    tally.update(str(answer[0]) for answer in seen[0])
    return seen


def in_bytes(data: bytes) -> list[bytes]:
    """Return `data` byte by byte; of long runs of one byte, what is beyond any small body as it is."""
    pieces: list[bytes] = []
    for run in re.finditer(rb"(?s)(.)\1*", data):
        found = run.group()
        pieces += [found[:1]] * min(len(found), _SMALL)
        if len(found) > _SMALL:
            pieces.append(found[_SMALL:])
    return pieces


def told_once(answers: list[Any]) -> list[Any]:
    """Leave out what Uvicorn's app has said of a message before it was found to be wrong.

    A refusal that ends the connection, and 100 Continue: how far it came depends on where the network cut.
    """
    kept = [answer for answer in answers if answer[0] != 100]
    both = [answer[0] for answer in kept[-2:]] == [503, 400]
    if both and dict(kept[-2][1]).get(b"connection") == b"close":
        del kept[-2]
    return kept


async def check(data: bytes, pieces: list[bytes], tally: Counter[str], **peer: Any) -> None:
    """Hold the three ways against each other."""
    ours = await talk(pieces, tally, ours=True, **peer)
    unhurried = await talk(pieces, Counter(), ours=True, early=False, **peer)
    assert ours == unhurried, ("with and without the fast path", pieces)
    for theirs in (in_bytes(data), pieces):
        uvicorn = await talk(theirs, Counter(), ours=False, **peer)
        # A refusal in ASGI may still be reading the body; one that is not told of a drain does not read it.
        same_end = ours[1] == uvicorn[1] or uvicorn[2] or peer.get("closing", False)
        if told_once(ours[0]) == told_once(uvicorn[0]) and same_end:
            return
    raise AssertionError(("against Uvicorn", pieces, ours, uvicorn))


@pytest.mark.parametrize("closing", [False, True], ids=["serving", "draining"])
@pytest.mark.parametrize("least", [ALL, SOME], ids=["all refused", "the critical served"])
def test_a_corpus(least: int | None, closing: bool) -> None:
    tally: Counter[str] = Counter()
    number = CASES // 4 if closing else CASES

    async def run() -> None:
        for data, pieces in streams.cases(SEED, number):
            await check(data, pieces, tally, least=least, closing=closing)

    asyncio.run(run())
    # Nothing is shown by cases that all end in the same way.
    assert min(tally[what] for what in ("headers", "400", "200")) > number // 20
    if least is ALL and not closing:
        assert tally["parser"] > number // 20


def test_with_cors_headers() -> None:
    tally: Counter[str] = Counter()

    async def run() -> None:
        for data, pieces in streams.cases(SEED + 1, CASES // 2):
            await check(data, pieces, tally, middleware=CORS)

    asyncio.run(run())
    assert tally["parser"]
    assert tally["headers"]


def parts() -> st.SearchStrategy[bytes]:
    """Lines and bodies as in the corpus, and anything else."""
    line = st.tuples(
        st.sampled_from(streams.METHODS + streams.ODD_METHODS),
        st.sampled_from(streams.TARGETS + streams.ODD_TARGETS),
        st.sampled_from(sorted(set(streams.VERSIONS))),
    ).map(b" ".join)
    header = st.sampled_from(streams.HEADERS + streams.ODD_HEADERS)
    end = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r"])
    return st.one_of(
        st.just(b"GET / HTTP/1.1\r\n\r\n"),
        st.tuples(line, end).map(b"".join),
        st.tuples(header, end).map(b"".join),
        st.just(b"\r\n"),
        st.sampled_from(streams.BODIES[:-1]),
        st.binary(max_size=8),
    )


@settings(max_examples=max(150, CASES // 10))
@given(data=st.lists(parts(), max_size=14).map(b"".join), cuts=st.lists(st.integers(0, 400), max_size=4))
def test_whatever_comes(data: bytes, cuts: list[int]) -> None:
    at = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [data[a:b] for a, b in itertools.pairwise(at)]
    asyncio.run(check(data, pieces, Counter()))


def test_every_cut_of_a_pipeline() -> None:
    """A message ends where it ends, wherever the network cuts."""
    data = (
        b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
        b"POST /vip HTTP/1.1\r\nContent-Length: 9\r\n\r\nGET / HTT"
        b"HEAD /a HTTP/1.1\r\n\r\n"
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n\r\n\r\n\n"
        b"GET /livez HTTP/1.1\r\n\r\n"
        b"GET /b HTTP/1.1\r\n\r\n"
    )

    async def run() -> None:
        for least in (ALL, SOME):
            whole = await talk([data], Counter(), ours=True, least=least)
            assert [answer[0] for answer in whole[0]] == [503, 200 if least else 503, 503, 503, 200, 503]
            for cut in range(1, len(data)):
                for pieces in ([data[:cut], data[cut:]], [data[:cut], data[cut : cut + 3], data[cut + 3 :]]):
                    assert await talk(pieces, Counter(), ours=True, least=least) == whole, pieces

    asyncio.run(run())
