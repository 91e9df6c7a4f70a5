"""What the rules about security find beside their examples, and what only looks like it."""

from __future__ import annotations

import textwrap

import pytest

from holdfast.audit.finding import Confidence
from holdfast.audit.rules.catalogue import RULES
from tests.audit.project import whole

HEAD = """
import jwt, os
from fastapi import APIRouter, Depends, FastAPI, Request
from pydantic_settings import BaseSettings
app = FastAPI()
router = APIRouter()
def current_user(): ...
@router.post("/a")
def create(user=Depends(current_user)): ...
@router.put("/a")
def change(user=Depends(current_user)): ...
"""

FOUND = {
    "HF983 with a type for the user": """
        CurrentUser = Depends(current_user)
        @router.patch("/b")
        def other(user: CurrentUser): ...
        @router.delete("/a")
        def remove(): ...
    """,
    "HF984 verify=False": """
        @app.get("/x")
        def x(token: str): return jwt.decode(token, "key", verify=False)
    """,
    "HF986 a default of a setting": """
        class Settings(BaseSettings):
            api_key: str = "hV9sK2mQ8xT4wZ7nB3cL6pR1"
    """,
    "HF986 a default of the environment": """
        password = os.environ.get("PASSWORD", "hV9sK2mQ8xT4wZ7nB3cL6pR1")
    """,
    "HF986 a known form": """
        def call(): return client(key="AKIAIOSFODNN7EXAMPL2".replace("2", "E"), id="AKIAQ3EGRTWB5J7KVZ2M")
    """,
}

NOT_FOUND = {
    "HF981 of a setting": "other = FastAPI(debug=settings.debug)",
    "HF983 a log-in": """
        @router.post("/login")
        def login(): ...
    """,
    "HF983 the same for everybody": """
        @router.delete("/a")
        def remove(): return {"answer": "gone"}
    """,
    "HF983 asks in its body": """
        @router.delete("/a")
        def remove(): check_permission()
    """,
    "HF983 takes the request": """
        @router.delete("/a")
        def remove(request: Request): ...
    """,
    "HF983 two of them": """
        @router.delete("/a")
        def remove(): ...
        @router.delete("/b")
        def remove_all(): ...
    """,
    "HF983 included with a dependency": """
        @router.delete("/a")
        def remove(): ...
        app.include_router(router, dependencies=[Depends(current_user)])
    """,
    "HF983 included in what is": """
        @router.delete("/a")
        def remove(): ...
        outer = APIRouter(dependencies=[Depends(current_user)])
        outer.include_router(router)
    """,
    "HF984 reads the issuer first": """
        @app.get("/x")
        def x(token: str):
            issuer = jwt.decode(token, options={"verify_signature": False})["iss"]
            return jwt.decode(token, KEYS[issuer], algorithms=["RS256"])
    """,
    "HF984 another option": """
        @app.get("/x")
        def x(token: str): return jwt.decode(token, KEY, options={"verify_aud": False}, algorithms=["HS256"])
    """,
    "HF985 tolerant": """
        @app.get("/x")
        def x(token: str): return jwt.decode(token, KEY, algorithms=["RS256"], **OPTIONS)
    """,
    "HF986 of a browser": 'POSTHOG_KEY_API_KEY = "phc_Ytp26UB3WwGCdjHTpDBI9HQg2ZA38IT"',
    "HF986 public by name": 'PUBLIC_API_KEY = "9f2c61d08b7e4a53c1f09d6e8a47b235"',
    "HF986 an example": 'x = Field(examples=[{"api_key": "9f2c61d08b7e4a53c1f09d6e8a47b235"}])',
    "HF986 a placeholder": 'SECRET_KEY = "change-me-in-production-1"',
    "HF986 a name": 'API_KEY = "X-Service-Api-Key-Header"',
    "HF986 a path": 'SECRET_KEY = "/run/secrets/key-of-shop-2"',
    "HF986 from the environment": 'SECRET_KEY = os.environ["SECRET_KEY"]',
    "HF986 another name": 'CHECKSUM = "9f2c61d08b7e4a53c1f09d6e8a47b235"',
    "HF986 a template": 'PASSWORD = "{user}-hV9sK2mQ8xT4wZ7n"',
}


def found_in(name: str, text: str) -> list[Confidence]:
    rule = next(rule for rule in RULES if rule.code == name.split()[0])
    return [one.confidence for one in rule.find(whole(HEAD + textwrap.dedent(text)))]


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    assert len(found_in(name, FOUND[name])) == 1


@pytest.mark.parametrize("name", NOT_FOUND)
def test_not_found(name: str) -> None:
    assert found_in(name, NOT_FOUND[name]) == []


def test_a_token_that_is_verified_elsewhere_may_be_read_again() -> None:
    text = """
@app.get("/y")
def y(token: str): return jwt.decode(token, KEY, algorithms=["RS256"], leeway=5)
@app.get("/x")
def x(token: str): return jwt.decode(token, options={"verify_signature": False})
"""
    assert found_in("HF984", text) == [Confidence.LOW]


def test_a_secret_is_not_told() -> None:
    rule = next(rule for rule in RULES if rule.code == "HF986")
    (finding,) = rule.find(whole(HEAD + 'SECRET_KEY = "hV9sK2mQ8xT4wZ7nB3cL6pR1"\n'))
    assert "hV9sK2mQ8xT4wZ7nB3cL6pR1" not in repr(finding)


def test_a_token_of_its_own_may_be_read() -> None:
    text = """
def fresh(token: str, key: str): return jwt.decode(token, options={"verify_signature": False})["exp"]
@app.post("/b")
def asked(token: str): return fresh(token, KEY)
"""
    assert found_in("HF984", text) == [Confidence.HIGH]
    assert found_in("HF984", text.replace("key: str", "private_key: str")) == [Confidence.LOW]
