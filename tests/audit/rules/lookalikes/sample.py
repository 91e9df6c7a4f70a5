"""What small projects are made of, and what all rules say of one."""

from __future__ import annotations

from holdfast.audit.finding import Confidence
from holdfast.audit.rules.catalogue import RULES
from tests.audit.project import whole

HEAD = """
import asyncio, random, time
from functools import cache, lru_cache
import httpx, requests, tenacity
from contextlib import asynccontextmanager
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, File, UploadFile
from sqlalchemy import create_engine, select, update
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool
from tenacity import retry, stop_after_attempt, wait_exponential
from urllib3.util.retry import Retry
app = FastAPI()
client = httpx.AsyncClient()
"""


def codes(text: str) -> set[str]:
    """Return the codes of what is found in a text, from the default confidence on."""
    project = whole(HEAD + text.replace("\n        ", "\n"))
    found = (finding for rule in RULES for finding in rule.find(project))
    return {finding.rule for finding in found if finding.confidence >= Confidence.MEDIUM}
