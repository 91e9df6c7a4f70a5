"""Processes, each with a cache of its own."""

from __future__ import annotations

import json
import subprocess
import sys

PROCESS = """
import asyncio, sys
from holdfast.events import Bus
from holdfast.policy.cache import CacheConfig, CacheGuard, Codec, Source
from holdfast.policy.cache.store import RedisStore
from holdfast.policy.store.redis import connect

async def main(url):
    store = RedisStore(lambda: connect(url, patience=20.0), "product", lease=30.0, patience=20.0)
    guard = CacheGuard(CacheConfig("product", ttl=60.0, limit=1 << 20, lease=30.0), bus=Bus(), shared=store)
    computed = 0
    async def compute():
        nonlocal computed
        computed += 1
        await asyncio.sleep(0.3)
        return 7
    print("ready", flush=True)
    sys.stdin.readline()
    source = Source(Codec(int))
    found = await asyncio.gather(*[guard.obtain("k", source, compute) for _ in range(250)])
    assert set(found) == {7}
    print(computed, flush=True)
    await guard.aclose()

asyncio.run(main(sys.argv[1]))
"""


def test_four_processes_compute_once(redis_url: str) -> None:
    command = [sys.executable, "-c", PROCESS, redis_url]
    children = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": "src"}
        )
        for _ in range(4)
    ]
    try:
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        outputs = []
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        outputs = [child.communicate(timeout=60)[0] for child in children]
    finally:
        for child in children:
            child.kill()
            child.wait()
    assert sum(json.loads(output) for output in outputs) == 1
