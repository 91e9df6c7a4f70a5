"""What is written of libraries: every file is complete, and its names exist where they can be looked up."""

from __future__ import annotations

import importlib
import types
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from holdfast.audit.graph.library import Library, builtin, documents

DOCUMENTS = list(documents())
KINDS = {"network", "database", "disk", "process", "sleep", "cpu", "lock", "model"}
KEYS = {
    *("library", "blocks", "gives", "same", "clients", "offloads", "harmless", "queries", "remote", "fluent"),
    "attributes",
}
LOOKED_UP = frozenset(
    {"httpx2", "requests", "urllib3", "redis", "sqlalchemy", "asyncpg", "starlette", "anyio"}
)
"""Packages that the tests run with; of the others the names were looked up when they were written."""
GONE = frozenset(
    {
        "telnetlib.Telnet",  # until Python 3.12
        "sqlalchemy.engine.Engine.execute",  # until SQLAlchemy 1.4
        "sqlalchemy.orm.Session.exec",  # SQLModel's
        "sqlalchemy.ext.asyncio.AsyncSession.exec",
    }
)


def paths(document: Mapping[str, Any]) -> Iterator[str]:
    for group in document.get("blocks", ()):
        yield from group["calls"]
    for table in ("gives", "same", "offloads"):
        yield from document.get(table, {})
    for names in document.get("clients", {}).values():
        yield from names
    for listed in ("harmless", "queries", "remote"):
        yield from document.get(listed, ())


def missing(path: str) -> str:
    """Return what of a path does not exist; "" where all of it does, or what a call gives is meant."""
    parts = path.removesuffix(".*").split(".")
    found: Any = importlib.import_module(parts[0])
    for number, part in enumerate(parts[1:], 1):
        if (
            part in ("*", "[]", "with")
            or part.endswith("()")
            or not isinstance(found, type | types.ModuleType)
        ):
            return ""
        try:
            found = getattr(found, part)
        except AttributeError:
            try:
                found = importlib.import_module(".".join(parts[: number + 1]))
            except ImportError:
                return ".".join(parts[: number + 1])
    return ""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document["library"])
def test_a_file_is_complete(document: dict[str, Any]) -> None:
    assert set(document) <= KEYS
    for group in document.get("blocks", ()):
        assert group["kind"] in KINDS
        assert set(group) <= {"kind", "calls", "instead", "timeout", "position"}
        assert len(group["calls"]) == len(set(group["calls"]))


def test_names_exist() -> None:
    every = {path for document in DOCUMENTS for path in paths(document)}
    known = {path for path in every if path.partition(".")[0] in LOOKED_UP}
    assert len(known) > 100
    assert {path for path in known - GONE if missing(path)} == set()


def test_names_of_the_standard_library_exist() -> None:
    (document,) = (one for one in DOCUMENTS if one["library"] == "standard library")
    own = {
        path
        for path in paths(document)
        if path not in ("open", "time.time.sleep") and "telnetlib" not in path
    }
    gone = {missing(path) for path in own - GONE} - {""}
    # A loop's methods, and the record that `same` mends.
    assert gone == set()


@pytest.mark.parametrize(
    ("path", "blocks"),
    [
        ("boto3.client.put_object", True),
        ("boto3.client.generate_presigned_url", False),
        ("boto3.client.get_paginator.paginate", True),
        ("redis.Redis.pipeline.get", False),
        ("redis.Redis.pipeline.execute", True),
        ("redis.asyncio.Redis.get", False),
        ("pymongo.MongoClient.shop.orders.find_one", True),
        ("azure.storage.blob.BlobClient.upload_blob", True),
        ("azure.storage.blob.aio.BlobClient.upload_blob", False),
        ("google.cloud.secretmanager.SecretManagerServiceClient.access_secret_version", True),
        ("google.cloud.secretmanager.SecretManagerServiceAsyncClient.access_secret_version", False),
        ("google.cloud.storage.Client.bucket", False),
        ("kubernetes.client.CoreV1Api.list_namespaced_pod", True),
        ("kubernetes.client.V1Pod", False),
        ("openai.AzureOpenAI.chat.completions.create", True),
        ("openai.AsyncOpenAI.chat.completions.create", False),
        ("passlib.hash.sha256_crypt.verify", True),
        ("langchain_openai.ChatOpenAI.invoke", True),
        ("kafka.KafkaProducer.send", False),
        ("kafka.KafkaProducer.send.get", True),
        ("json.loads", False),
        ("requests.Session.mount", False),
    ],
)
def test_what_blocks(path: str, blocks: bool) -> None:
    sink = builtin().sink(path)
    assert (sink is not None) == blocks
    assert sink is None or sink.path.endswith(path.rpartition(".")[2])


def test_what_is_harmless_goes_before_patterns_whoever_says_it() -> None:
    blocks = {"library": "a", "blocks": [{"kind": "network", "calls": ["a.*.run"]}]}
    harmless = {"library": "b", "harmless": ["a.*.fast.run"]}
    for both in ([blocks, harmless], [harmless, blocks]):
        library = Library(both)
        assert library.sink("a.b.run") is not None
        assert library.sink("a.b.fast.run") is None
