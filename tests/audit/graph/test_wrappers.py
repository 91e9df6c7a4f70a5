"""A wrapper runs what the call names, and not all that its decorator was ever given."""

from __future__ import annotations

from tests.audit.project import blocked, whole

TEXT = """
import requests, time
from fastapi import BackgroundTasks, FastAPI
app = FastAPI()

def timer(func):
    def wrapper(*args):
        return func(*args)
    return wrapper

@timer
def reads(): requests.get("http://x")

@timer
def sleeps(): time.sleep(1)

@timer
def free(): return 1

def later(): time.sleep(2)
@timer
def never(): later()

@app.get("/x")
async def x(): reads()

@app.get("/y")
async def y(): free()
"""


def test_the_function_that_the_call_names() -> None:
    found = blocked(TEXT)
    assert [one.partition(" -> ")[2] for one in found] == ["requests.get, by GET /x"]


RUN = "def run(func): func()\n@app.get('/z')\nasync def z(): run(sleeps)\n"


def test_a_call_that_names_none_of_many_is_not_resolved() -> None:
    assert not any(one.endswith(", by GET /z") for one in blocked(TEXT + RUN))


def test_the_only_function_that_a_decorator_was_given() -> None:
    head, _, rest = TEXT.partition("@timer\ndef reads")
    only = "@timer\ndef sleeps(): time.sleep(1)\n"
    assert rest
    assert any(one.endswith(", by GET /z") for one in blocked(head + only + RUN))


def test_no_root_comes_to_what_is_named_nowhere() -> None:
    project = whole(TEXT)
    entries = {project.program.function(key).name: project.reach.entry(key) for key in project.reach.edges}
    assert entries["reads"] is not None
    assert entries["reads"].name == "GET /x"
    assert entries["later"] is None
