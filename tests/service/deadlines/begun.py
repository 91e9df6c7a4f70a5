"""A request that is under way."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI

from tests.service.asgi import Answer, keep, one_message, scope


def begin(app: FastAPI, path: str, **headers: str) -> tuple[Answer, asyncio.Task[None]]:
    answer = Answer()
    asked = app(scope(path, headers=headers), one_message(b""), keep(answer))
    return answer, asyncio.ensure_future(asked)
