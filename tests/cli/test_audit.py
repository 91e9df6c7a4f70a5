from __future__ import annotations

import json
from pathlib import Path

import pytest

from holdfast.cli import main

SOURCE = """
import time
from fastapi import FastAPI

app = FastAPI()

def wait():
    time.sleep(1)

@app.get("/slow")
async def slow():
    wait()
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(SOURCE)
    return tmp_path


def test_a_finding_shows_its_line_its_chain_and_what_to_do(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", str(project)]) == 1
    said = capsys.readouterr().out
    assert "main.py:12:5: HF101 high: time.sleep sleeps on the event loop through wait()" in said
    assert "   12 |     wait()\n        |     ^\n" in said
    assert "    GET /slow\n      main.py:11  slow\n" in said
    assert "main.py:12  slow calls wait()\n      main.py:8   wait calls time.sleep\n" in said
    assert "asyncio.to_thread" in said
    assert said.endswith("1 file, 13 lines: found 1 high\n")


def test_the_document_has_the_same(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", str(project), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["version"]) == ("holdfast.audit", 2)
    assert (found["outcome"], found["summary"]) == ("fail", {"high": 1, "medium": 0, "low": 0})
    [finding] = found["findings"]
    assert (finding["function"], finding["entry"], finding["sink"]) == ("slow", "GET /slow", "time.sleep")
    assert finding["frame"]["lines"][2] == "    wait()"
    assert (finding["impact"], finding["evidence"]) == ({"label": "unknown"}, None)
    assert (finding["rule"], finding["severity"], finding["confidence"]) == ("HF101", "high", "high")
    assert [(step["line"], step["function"]) for step in finding["chain"]] == [
        (11, "slow"),
        (12, "slow"),
        (8, "wait"),
    ]


def test_what_is_below_the_threshold_does_not_fail(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = SOURCE.replace("slow():\n    wait()", "slow(data: bytes):\n    open('a', 'wb').write(data)")
    (project / "main.py").write_text(source)
    assert main(["audit", str(project)]) == 0
    assert main(["audit", str(project), "--fail-on", "medium"]) == 1
    capsys.readouterr()


def test_a_file_that_cannot_be_read_whole_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "old.py").write_text("print 'hello'\n")
    main(["audit", str(project)])
    assert "old.py:1: not valid in Python" in capsys.readouterr().out


def test_nothing_there_is_a_mistake_in_the_call(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "/nowhere/at/all"]) == 2
    assert "/nowhere/at/all: there is no such file or folder" in capsys.readouterr().err


def test_other_forms_have_the_same_finding(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", str(project), "--format", "sarif", "--cache", str(project / "kept")]) == 1
    [run] = json.loads(capsys.readouterr().out)["runs"]
    assert [result["ruleId"] for result in run["results"]] == ["HF101"]
    assert main(["audit", str(project), "--format", "github"]) == 1
    assert capsys.readouterr().out.startswith("::error file=main.py,line=12,col=5,")


def test_what_a_comment_allows_does_not_fail(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    allowed = SOURCE.replace("    wait()", "    # holdfast: allow HF101 a demonstration\n    wait()")
    (project / "main.py").write_text(allowed)
    assert main(["audit", str(project)]) == 0
    assert "found nothing" in capsys.readouterr().out


@pytest.mark.parametrize("form", ["markdown", "html", "junit", "sarif", "github", "text", "json"])
def test_any_form_can_go_to_a_file(form: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = project / "told"
    assert main(["audit", str(project), "--format", form, "--out", str(out)]) == 1
    assert capsys.readouterr().out == ""
    assert "HF101" in out.read_text()
    assert main(["audit", str(project), "--format", form, "--out", str(project / "no" / "where")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_what_was_read_is_kept_where_it_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["audit", str(project), "--no-cache"])
    assert [path.name for path in project.iterdir()] == ["main.py"]
    main(["audit", str(project / "main.py"), "--cache", str(project / "mine")])
    assert (project / "mine").is_dir()
    capsys.readouterr()
    assert main(["audit", str(project), "--cache", "x", "--no-cache"]) == 2
    assert "--no-cache: contradicts --cache" in capsys.readouterr().err


def test_a_baseline_lets_pass_what_is_known(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    known = project / "known.json"
    assert main(["audit", str(project), "--write-baseline", str(known)]) == 0
    assert capsys.readouterr().out == f"{known}: 1 finding\n"
    (project / "main.py").write_text("\n\n" + SOURCE)
    assert main(["audit", str(project), "--baseline", str(known)]) == 0
    said = capsys.readouterr().out
    assert said == f"1 file, 15 lines: found nothing; 1 known in {known}\n"
    (project / "main.py").write_text(SOURCE.replace("    wait()", "    pass"))
    assert main(["audit", str(project), "--baseline", str(known)]) == 0
    assert "no longer found: main.py: HF101 in slow: time.sleep\n" in capsys.readouterr().out


def test_a_revision_that_git_does_not_know_is_a_mistake_in_the_call(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    assert main(["audit", str(project), "--since", "main"]) == 2
    assert "--since main: git says: " in capsys.readouterr().err


def test_evidence_puts_what_was_measured_first(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "main.py").write_text(
        SOURCE.replace("async def slow():", "async def slow():\n    time.sleep(2)") + "    eval(input())\n"
    )
    log = project / "stalls.jsonl"
    at = {"schema": "holdfast.stall", "version": 1, "time": "", "worker": 1, "sink": "", "route": "GET /slow"}
    stall = {
        **at,
        "at": 1.0,
        "duration": 0.4,
        "file": "/srv/main.py",
        "function": "wait",
        "line": 8,
        "victims": 9,
    }
    other = {**stall, "at": 3.0, "function": "slow", "line": 14, "duration": 0.2, "file": "/srv/other.py"}
    log.write_text(f"{json.dumps(stall)}\n{json.dumps(other)}\n")
    assert main(["audit", str(project), "--evidence", str(log)]) == 1
    said = capsys.readouterr().out
    assert said.startswith("main.py:13:5: HF101 high: time.sleep sleeps on the event loop through wait()")
    assert "    confirmed: 1 stall, 400 ms in all, the longest 400 ms, 9 requests delayed\n" in said
    assert (
        "    a fix saves: without its 1 stall of 400 ms on average the loop stands still for 67% less" in said
    )
    assert "    modelled: time.sleep took 400 ms on average at main.py:13\n" in said
    assert (
        "/srv/other.py:14: the loop stood still 1 time in slow, 0.2 s in all, and no finding says why" in said
    )
    assert main(["audit", str(project), "--evidence", str(project / "main.py")]) == 2
    assert "main.py:2: is no evidence that is known" in capsys.readouterr().err
