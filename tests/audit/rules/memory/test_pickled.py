"""Which pickles are told to come from a store."""

from __future__ import annotations

import pytest

from holdfast.audit.rules.memory.pickled import RULE
from tests.audit.project import told

APP = "from fastapi import FastAPI\napp = FastAPI()\n"


@pytest.mark.parametrize(
    "text",
    [
        "import pickle\nasync def x(redis_client, key): return pickle.loads(await redis_client.get(key))",
        "import pickle, redis\ndef x(store: redis.Redis): return pickle.loads(store.get('a'))",
        "from aiocache.serializers import PickleSerializer\nserializer = PickleSerializer()",
        "from fastapi_cache.coder import PickleCoder\ndef x(cache): return cache(coder=PickleCoder)",
    ],
)
def test_a_store(text: str) -> None:
    assert len(told(RULE, APP + text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "import pickle\ndef x(path): return pickle.loads(path.read_bytes())",
        "import json\ndef x(redis_client): return json.loads(redis_client.get('a'))",
        "import pickle\ndef x(redis_client, value): redis_client.set('a', pickle.dumps(value))",
    ],
)
def test_files_and_other_forms(text: str) -> None:
    assert told(RULE, APP + text) == []
