"""Byte streams as clients, proxies and attackers send them."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

METHODS = [
    b"GET",
    b"GET",
    b"GET",
    b"GET",
    b"HEAD",
    b"POST",
    b"PUT",
    b"DELETE",
    b"OPTIONS",
    b"PATCH",
    b"TRACE",
]
ODD_METHODS = [
    b"get",
    b"G",
    b"PURGE",
    b"CONNECT",
    b"PRI",
    b"",
    b"GET ",
    b"FOO",
    b"M-SEARCH",
    b"QUERY",
    b"SOURCE",
]
TARGETS = [
    b"/",
    b"/a",
    b"/vip",
    b"/vip/1?x=2",
    b"/livez",
    b"/livez?now",
    b"/livezz",
    b"/a%20b",
    b"/%6civez",
    b"/a?q=%6c",
    b"/" + b"x" * 300,
]
ODD_TARGETS = [
    b"*",
    b"http://h/livez",
    b"http://h/a",
    b"http://h:99999/",
    b"a",
    b"//livez",
    b"/a b",
    b"/\xc3\xa9",
    b"/\x7f",
    b"/\x00",
    b"/a#b",
    b"/\t",
    b"?",
    b"",
    b"host:80",
    b"/" + b"y" * 17000,
    b"https://[::1]/a",
    b"/a\x0cb",
    b"http:///a",
    b"/%",
    b"/%zz",
    b"/\\",
    b"/{}",
    b'/"<>',
    b"/a?\xff",
]
VERSIONS = [b"HTTP/1.1"] * 14 + [
    b"HTTP/1.0",
    b"HTTP/1.0",
    b"http/1.1",
    b"HTTP/1.2",
    b"HTTP/0.9",
    b"HTTP/2.0",
    b"HTTP/11",
    b"",
]
HEADERS = [
    b"Host: h",
    b"host:h",
    b"HOST:   h  ",
    b"Accept: */*",
    b"Cookie: a=b; c=d",
    b"User-Agent: x (y; z)",
    b"Origin: http://there.example",
    b"origin: http://else.example",
    b"X-Long: " + b"v" * 500,
    b"X-Empty:",
    b"Accept-Language: en",
    b"X-H: HTTP/1.1",
]
ODD_HEADERS = [
    b"Connection: close",
    b"Connection: keep-alive",
    b"Connection: Close, TE",
    b"connection: upgrade",
    b"Upgrade: websocket\r\nConnection: Upgrade",
    b"Upgrade: h2c\r\nConnection: upgrade",
    b"Upgrade: websocket",
    b"Expect: 100-continue",
    b"Expect: 200-ok",
    b"Content-Length: 0",
    b"Content-Length: 5",
    b"Content-Length: 70000",
    b"Content-Length: 5\r\nContent-Length: 5",
    b"Content-Length: 5\r\nContent-Length: 6",
    b"Content-Length: +5",
    b"Content-Length: -1",
    b"Content-Length: 5, 5",
    b"Content-Length: 0x5",
    b"Content-Length: 99999999999999999999",
    b"Content-Length:",
    b"Content-Length : 5",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: chunked, gzip",
    b"Transfer-Encoding: identity",
    b"Transfer-Encoding:\tchunked",
    b"Transfer-Encoding: chunked\r\nContent-Length: 5",
    b"Transfer-Encoding : chunked",
    b"X: a\r\n b",
    b"X: a\r\n\tb",
    b" X: leading",
    b"X",
    b": nameless",
    b"X Y: z",
    b"X\x00: a",
    b"X: a\x00b",
    b"X: a\nY: b",
    b"X: a\rY: b",
    b"X: \xff",
    b"X: a\x0bb",
    b"\xc3\xa9: a",
    b"X:\r\n",
    b"Proxy-Connection: close",
    b"TE: trailers",
    b"Trailer: X",
    b"\nGET / HTTP/1.1",
    b"X: a\r\n\r\nGET /smuggled HTTP/1.1",
    b"X: a\n\nGET /smuggled HTTP/1.1\nContent-Length: 5",
]
ENDS = [b"\r\n"] * 30 + [b"\n", b"\r", b"\r\r\n", b"", b"\r\n\r\n"]
BODIES = [
    b"hello",
    b"hello",
    b"hell",
    b"",
    b"\r\n\r\n",
    b"hello\r\n\r\n",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"0\r\n\r\n",
    b"5\r\nhello\r\n0\r\nX: y\r\n\r\n",
    b"5;ext=1\r\nhello\r\n0\r\n\r\n",
    b"5 \r\nhello\r\n0\r\n\r\n",
    b"g\r\nhello",
    b"5\r\nhelloX0\r\n\r\n",
    b"ffffffffffffffffff\r\n",
    b"5\nhello\n0\n\n",
    b"GET /inside HTTP/1.1\r\n\r\n",
    b"z" * 70000,
]
BETWEEN = [b""] * 12 + [
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\r",
    b"\r\n" * 40,
    b" ",
    b"\x00",
    b"garbage",
    b"\x16\x03\x01\x02",
]


def request(rng: random.Random, odd: float) -> bytes:
    """Return one request; `odd` is how probable each of its parts is an unusual one."""

    def some(usual: list[bytes], unusual: list[bytes]) -> bytes:
        return rng.choice(unusual if rng.random() < odd else usual)

    method = some(METHODS, ODD_METHODS)
    version = rng.choice(VERSIONS) if rng.random() < odd else b"HTTP/1.1"
    line = b" ".join((method, some(TARGETS, ODD_TARGETS), version))
    headers = [rng.choice(HEADERS) for _ in range(rng.randint(0, 4))]
    headers += [rng.choice(ODD_HEADERS) for _ in range(2) if rng.random() < 2 * odd]
    rng.shuffle(headers)
    body = b""
    if method in (b"POST", b"PUT", b"PATCH") and rng.random() < 0.8:
        if rng.random() < 0.5:
            body = rng.choice([b"hello", b"0123456789" * rng.randint(1, 30), b"a\r\n\r\n"])
            headers.append(b"Content-Length: %d" % len(body))
        else:
            body = b"5\r\nhello\r\n3\r\n\r\n\r\r\n0\r\n\r\n"
            headers.append(b"Transfer-Encoding: chunked")
        if rng.random() < 0.2:
            headers.append(b"Expect: 100-continue")
    if rng.random() < odd:
        body = rng.choice(BODIES)

    def end() -> bytes:
        return rng.choice(ENDS) if rng.random() < odd else b"\r\n"

    return line + end() + b"".join(header + end() for header in headers) + end() + body


def stream(rng: random.Random) -> bytes:
    """Return a few requests, one behind the other, sometimes damaged."""
    odd = rng.choice([0.0, 0.0, 0.05, 0.15, 0.4])
    whole = b"".join(
        (rng.choice(BETWEEN) if rng.random() < odd else b"") + request(rng, odd)
        for _ in range(rng.choice([1, 1, 1, 2, 2, 3, 5]))
    )
    if rng.random() < 0.3 * odd + 0.02:
        at = rng.randrange(len(whole))
        change = rng.choice([b"", b"\x00", b"\n", b"\r", b"\r\n", b" ", bytes([rng.randrange(256)])])
        whole = whole[:at] + change + whole[at + rng.randint(0, 2) :]
    return whole


def split(rng: random.Random, data: bytes) -> list[bytes]:
    """Return `data` as a network may deliver it: whole, cut at the ends of heads, anywhere, in bytes."""
    how = rng.random()
    if how < 0.45 or not data:
        return [data]
    if how < 0.6:
        parts = data.split(b"\r\n\r\n")
        return [part + b"\r\n\r\n" for part in parts[:-1]] + [part for part in parts[-1:] if part]
    if how < 0.65 and len(data) < 600:
        return [data[i : i + 1] for i in range(len(data))]
    cuts = sorted({0, len(data), *(rng.randrange(len(data)) for _ in range(rng.randint(1, 4)))})
    return [data[a:b] for a, b in itertools.pairwise(cuts)]


def cases(seed: int, number: int) -> Iterator[tuple[bytes, list[bytes]]]:
    """Yield streams and their pieces, the same for the same seed."""
    rng = random.Random(seed)
    for _ in range(number):
        data = stream(rng)
        yield data, split(rng, data)
