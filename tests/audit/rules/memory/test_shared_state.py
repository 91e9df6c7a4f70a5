"""Which state of a worker is told to be taken for the service's."""

from __future__ import annotations

import textwrap

import pytest

from holdfast.audit.rules.memory.shared_state import RULE
from tests.audit.project import told

HEAD = """
from fastapi import FastAPI, Request
app = FastAPI()
"""


def said(text: str) -> list[str]:
    return told(RULE, HEAD + textwrap.dedent(text))


STORE = """
{name} = {{}}
@app.post("/x/{{id}}")
def put(id: str): {name}[id] = 1
@app.get("/x/{{id}}")
def get(id: str): return {name}{asked}
"""


@pytest.mark.parametrize(("name", "asked"), [("sessions", "[id]"), ("upload_jobs", ".get(id)")])
def test_a_dict_that_one_request_fills_and_another_reads(name: str, asked: str) -> None:
    assert len(said(STORE.format(name=name, asked=asked))) == 1


def test_a_count() -> None:
    text = """
    hits = 0
    @app.get("/x")
    def x():
        global hits
        hits += 1
    """
    assert said(text) == [
        "`hits` counts the requests of this worker alone, and begins again when it restarts"
    ]


def test_an_attribute_of_the_app() -> None:
    text = """
    @app.post("/x")
    def x(request: Request, mode: str): request.app.state.mode = mode
    """
    (message,) = said(text)
    assert message.startswith("`app.state.mode` is set by a request")


@pytest.mark.parametrize(
    "text",
    [
        STORE.format(name="rates_cache", asked="[id]"),
        STORE.format(name="colours", asked="[id]"),
        'jobs = {}\n@app.post("/x")\ndef x(id: str):\n    jobs[id] = 1\n    return jobs[id]',
        "jobs = {}\ndef put(id): jobs[id] = 1\ndef get(id): return jobs[id]",
        '@app.get("/x")\ndef x():\n    jobs = {}\n    jobs[1] = 1\n    return jobs[1]',
        '@app.get("/x")\ndef x():\n    if not hasattr(app.state, "model"): app.state.model = load()',
        'client = None\n@app.get("/x")\ndef x():\n    global client\n    client = client or connect()',
        '@app.get("/x")\ndef x(request: Request): request.state.user = 1',
    ],
)
def test_caches_and_what_is_filled_once(text: str) -> None:
    assert said(text) == []


JOBS = HEAD + STORE.format(name="jobs", asked="[id]")


@pytest.mark.parametrize(
    "start",
    [
        "uvicorn.run(app, port=80)",
        "uvicorn.run(app, workers=1)",
        "def main():\n    uvicorn.run(made(app))",
    ],
)
def test_one_process_has_all_of_its_state(start: str) -> None:
    assert told(RULE, f"import uvicorn\n{JOBS}\n{start}\n") == []


@pytest.mark.parametrize(
    "files",
    [
        {"run.py": "import uvicorn\nuvicorn.run('main:app')"},
        {"run.py": "import uvicorn\nNAME = 'main:app'\nuvicorn.run(NAME)"},
        {"run.py": "import uvicorn\nfrom main import app\nuvicorn.run(app, workers=4)"},
        {"run.py": "import uvicorn\nfrom main import app\nuvicorn.run(app, **OPTIONS)"},
        {"examples/run.py": "import uvicorn\nfrom main import app\nuvicorn.run(app)"},
        {
            "run.py": "import uvicorn\nfrom main import app\nuvicorn.run(app)",
            "Dockerfile": "FROM python:3.12\nCMD gunicorn main:app",
        },
    ],
)
def test_what_may_run_in_several_processes_does_not(files: dict[str, str]) -> None:
    assert len(told(RULE, {"main.py": JOBS, **files})) == 1
