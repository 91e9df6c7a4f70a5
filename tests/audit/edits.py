"""A small service in many layers, and random edits of it, for what must not hang on the order of audits."""

from __future__ import annotations

import random
from collections.abc import Callable

__all__ = ["BY_MODULE", "Files", "edited", "service"]

Files = dict[str, str]

BY_MODULE = frozenset(
    {
        *("HF101", "HF102", "HF201", "HF202", "HF301", "HF302", "HF501", "HF502", "HF504"),
        *("HF601", "HF801", "HF802", "HF902"),
    }
)
"""Rules that may be asked about each module by itself, whatever they say of it."""

_CALLS = (
    "time.sleep(1)",
    "requests.get('http://x')",
    "requests.get('http://x', timeout=3)",
    "open('/tmp/x').read()",
    "await asyncio.sleep(1)",
    "await asyncio.to_thread(time.sleep, 1)",
    "client = httpx.Client()",
    "asyncio.create_task(asyncio.sleep(1))",
    "return store.load()",
    "return Store().load()",
    "for each in range(3):\n            store.load()",
    "return helper(requests.Session())",
    "return pick(store)",
)
_HEAD = "import asyncio, time, requests, httpx\nfrom fastapi import APIRouter, Depends, FastAPI\n"


def service(rng: random.Random, modules: int = 5) -> Files:
    """Return a project: stores that inherit from each other, functions that hand things on, and routes."""
    files = {
        "app/__init__.py": "",
        "app/base.py": _HEAD + "class Store:\n    def load(self):\n        raise NotImplementedError\n"
        "def helper(session):\n    return session.get('http://x')\n"
        "def pick(one):\n    return one.load()\n"
        "def timed(func):\n    def wrapper(*args):\n        return func(*args)\n    return wrapper\n",
        "app/api.py": "from app.base import Store, helper, pick, timed\nfrom app.store0 import store\n",
    }
    for number in range(modules):
        base = "Store" if number == 0 else f"Store{rng.randrange(number)}"
        origin = "app.base" if number == 0 else f"app.store{base.removeprefix('Store')}"
        files[f"app/store{number}.py"] = (
            f"{_HEAD}from {origin} import {base}\n"
            f"class Store{number}({base}):\n"
            f"    def __init__(self):\n        self.session = requests.Session()\n"
            f"    def load(self):\n        {_line(rng, plain=True)}\n"
            f"store = Store{number}()\n"
        )
        files[f"app/routes{number}.py"] = (
            f"{_HEAD}from app.api import *\nfrom app.api import Store, helper, pick, store, timed\n"
            f"router = APIRouter()\n"
            f"def given():\n    return Store()\n"
            f"@timed\ndef work{number}(one):\n    {_line(rng, plain=True)}\n"
            f"@router.get('/{number}')\n"
            f"async def route{number}(store: Store = Depends(given)):\n    work{number}(store)\n"
            f"    {_line(rng)}\n"
        )
    return files


def _line(rng: random.Random, *, plain: bool = False) -> str:
    """Return a statement; `plain` for a function that awaits nothing."""
    line = rng.choice([one for one in _CALLS if not plain or "await" not in one])
    return line.replace("            ", "        ") if plain else line


def edited(rng: random.Random, files: Files) -> Files:
    """Return the project after one random edit."""
    return rng.choice(_EDITS)(rng, dict(files))


def _body(rng: random.Random, files: Files) -> Files:
    path = rng.choice(sorted(files))
    lines = files[path].split("\n")
    places = [number for number, line in enumerate(lines) if line.startswith("    ") and "def " not in line]
    if places:
        at = rng.choice(places)
        indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
        lines.insert(at, indent + rng.choice(["time.sleep(2)", "requests.post('http://y')", "x = 1", "pass"]))
    files[path] = "\n".join(lines)
    return files


def _comment(rng: random.Random, files: Files) -> Files:
    path = rng.choice(sorted(files))
    files[path] = "# a comment\n" + files[path]
    return files


def _renamed(rng: random.Random, files: Files) -> Files:
    path = rng.choice([one for one in sorted(files) if "def " in files[one]])
    word = rng.choice(["load", "helper", "pick", "given", "timed", "wrapper"])
    files[path] = files[path].replace(f"def {word}(", f"def {word}_(")
    return files


def _rebased(rng: random.Random, files: Files) -> Files:
    path = rng.choice([one for one in sorted(files) if "/store" in one])
    files[path] = (
        files[path].replace("(Store", "(object, Store")
        if rng.random() < 0.5
        else files[path].replace("(object, Store", "(Store")
    )
    return files


def _annotated(rng: random.Random, files: Files) -> Files:
    path = rng.choice([one for one in sorted(files) if "/routes" in one])
    kind = rng.choice(["Store", "Any", "requests.Session", "object"])
    files[path] = files[path].replace("store: Store =", f"store: {kind} =")
    return files


def _exported(rng: random.Random, files: Files) -> Files:
    stores = [one.removesuffix(".py").replace("/", ".") for one in sorted(files) if "/store" in one]
    origin = rng.choice(stores)
    head = files["app/api.py"].split("\n")[0]
    files["app/api.py"] = f"{head}\nfrom {origin} import store\n"
    return files


def _shifted(rng: random.Random, files: Files) -> Files:
    path = rng.choice(sorted(files))
    files[path] += f"\ndef extra{len(files[path])}(one):\n    return one.load()\n"
    return files


def _added(rng: random.Random, files: Files) -> Files:
    number = rng.randrange(100, 999)
    files[f"app/routes{number}.py"] = (
        f"{_HEAD}router = APIRouter()\n@router.get('/new')\nasync def new():\n    {_line(rng)}\n"
    )
    return files


def _removed(rng: random.Random, files: Files) -> Files:
    path = rng.choice([one for one in sorted(files) if "/routes" in one or "/store" in one])
    del files[path]
    return files


def _broken(rng: random.Random, files: Files) -> Files:
    path = rng.choice(sorted(files))
    files[path] += "def broken(\n"
    return files


_EDITS: tuple[Callable[[random.Random, Files], Files], ...] = (
    *(_body, _body, _body, _comment, _renamed, _rebased, _annotated, _exported, _shifted),
    *(_added, _removed, _broken),
)
