"""What is wrong with a call, a budget or an app is said in one line, with its place and the right code."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.cli import main
from tests.cli.gated import BUDGET, Ended, Folder, folder
from tests.cli.gates import Gates
from tests.cli.mistakes import STARTED, Prepare, as_it_is, change, write

STAND_IN = 'stand_in = { run = "python stand_in.py {port}", url = "http://127.0.0.1:{port}" }\n'
REQUESTS = BUDGET[BUDGET.index("request = [") : BUDGET.index("[dependency")]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    """The working directory, and an environment that changes nothing."""
    for name in ("HOLDFAST_BUDGET", "ENTRIES_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    with folder(tmp_path) as made:
        yield made


def said(capsys: pytest.CaptureFixture[str]) -> str:
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("holdfast: error: ")
    assert "Traceback" not in line
    return str(line.removeprefix("holdfast: error: "))


BUDGETS = {
    "malformed": (("[traffic]", "[traffic"), "[traffic", "not valid TOML"),
    "unknown key": (("peak =", "peek ="), "peek", "unknown key traffic.peek; did you mean peak?"),
    "unknown section": (("[deadline]", "[deadlines]"), "[deadlines]", "unknown key deadlines"),
    "above everything": (('"95%"', '"195%"'), "availability", "expected a share from 0% to 100%"),
    "below zero": (('peak = "100/s"', 'peak = "-1/s"'), "peak", "traffic.peak: expected a rate"),
    "no unit": (('p99 = "1500ms"', 'p99 = "1500"'), "p99", "needs its unit"),
    "backwards": (("{1..50}", "{50..1}"), '  { send = "GET', "runs backwards"),
    "no method": (("GET /items", "/items"), '  { send = "/items', "expected a method and a path"),
    "no such need": (
        ('needs = ["entries"]', 'needs = ["x"]'),
        '  { send = "POST',
        'no dependency is named "x"',
    ),
    "contradiction": (('total = "600ms"', 'total = "50ms"'), "timeout", "is not below total"),
}


@pytest.mark.parametrize("verb", ["plan", "gate", "serve"])
@pytest.mark.parametrize(("wrong", "start", "message"), BUDGETS.values(), ids=BUDGETS)
def test_every_verb_says_what_is_wrong_with_a_budget(
    here: Folder,
    capsys: pytest.CaptureFixture[str],
    verb: str,
    wrong: tuple[str, str],
    start: str,
    message: str,
) -> None:
    here.change(wrong)
    assert main([verb]) == 2
    line = said(capsys)
    assert line.startswith(f"holdfast.toml:{here.line(start)}:")
    assert message in line


@pytest.mark.parametrize("verb", ["plan", "gate", "serve"])
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--budget", "none.toml"], "none.toml: no such file"),
        (["--env", "ci"], 'no environment is named "ci"; known: none'),
    ],
)
def test_a_budget_that_is_not_there(
    here: Folder, capsys: pytest.CaptureFixture[str], verb: str, words: list[str], message: str
) -> None:
    assert main([verb, *words]) == 2
    assert message in said(capsys)


GATES = {
    "heading": (change(("#numbers", "#numbrs")), [], 2, "has no heading #numbrs; did you mean #numbers?"),
    "document": (change(("numbers.md#", "nothing.md#")), [], 2, "no such file: nothing.md"),
    "unsaid": (change(('p99 = "1500ms"', 'p99 = "1.7s"')), [], 2, "does not say 1.7s"),
    "no peak": (change(('peak = "100/s"\n', "")), [], 3, "not decided yet: traffic.peak"),
    "no requests": (change((REQUESTS, "")), [], 2, "traffic.request: no requests to send"),
    "no app": (change(('app = "app:app"\n', "")), [], 2, "service.app: name the app"),
    "no attribute": (as_it_is, ["nonsense"], 2, "APP: expected MODULE:ATTRIBUTE"),
    "a file": (as_it_is, ["shop/main.py"], 2, "did you mean shop.main:app?"),
    "a file as folder": (write("out", ""), ["--out", "out"], 2, "--out out: cannot be written: File exists"),
    "below a file": (write("out", ""), ["--out", "out/x"], 2, "--out out/x: cannot be written"),
    "no time to boot": (as_it_is, ["--boot", "0"], 2, "--boot: expected seconds above 0, not 0"),
    "no time at all": (as_it_is, ["--boot", "nan"], 2, "--boot: expected seconds above 0, not nan"),
    "no seed": (as_it_is, ["--seed", "-1"], 2, "--seed: expected a whole number from 0 up, not -1"),
    "no speed": (as_it_is, ["--speed", "0"], 2, "--speed: expected a number above 0, not 0"),
    "speed of nothing": (as_it_is, ["--speed", "2"], 2, "--speed: says how fast a recording is driven"),
    "faults in a replay": (
        as_it_is,
        ["--replay", "a.log", "--fault", "reset"],
        2,
        "--fault: a replay breaks no dependency",
    ),
    "no recording": (as_it_is, ["--replay", "a.log"], 2, "a.log: cannot be read"),
    "no log": (write("a.log", "x"), ["--replay", "a.log"], 2, "a.log: no request found"),
    "no data": (change(("{1..50}", "{ids.csv:id}")), [], 2, "holdfast.toml:17: cannot read"),
    "not set": (
        change(("json = { amount = 1 }", 'headers = { X = "{env:UNSET_TOKEN}" }')),
        [],
        2,
        "holdfast.toml:18: the variable UNSET_TOKEN is not set",
    ),
    "no body": (
        change(("json = { amount = 1 }", 'json = "none.json"')),
        [],
        2,
        "holdfast.toml:18: cannot read",
    ),
    "bad template": (change(("{1..50}", "{x}")), [], 2, "holdfast.toml:17: a placeholder is {first..last}"),
    "bad header": (
        change(("json = { amount = 1 }", 'headers = { "X Y" = "1" }')),
        [],
        2,
        "holdfast.toml:18: ",
    ),
    "no address": (
        change((STAND_IN, "")),
        [],
        2,
        "ENTRIES_URL: not set, and dependency entries (holdfast.toml:",
    ),
}


@pytest.mark.parametrize(("prepare", "words", "code", "message"), GATES.values(), ids=GATES)
def test_the_gate_refuses_before_anything_is_started(
    here: Folder,
    capsys: pytest.CaptureFixture[str],
    prepare: Prepare,
    words: list[str],
    code: int,
    message: str,
) -> None:
    prepare(here)
    assert main(["gate", *words]) == code
    assert message in said(capsys)
    assert not (here.path / "holdfast-report" / "gate.json").exists()


def test_an_address_that_is_none(
    here: Folder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENTRIES_URL", "nonsense")
    assert main(["gate"]) == 2
    assert said(capsys).startswith('ENTRIES_URL: "nonsense" is no usable URL')


def test_an_objective_is_not_loosened_by_a_variable(
    here: Folder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_OBJECTIVE__P99", "1800ms")
    assert main(["gate"]) == 2
    assert "objective.p99" in said(capsys)


@pytest.fixture(scope="module")
def ended(gates: Gates) -> dict[str, tuple[Ended, Folder]]:
    return gates.results(gates.mistaken)


@pytest.mark.parametrize("name", STARTED)
def test_what_only_shows_when_it_starts(ended: dict[str, tuple[Ended, Folder]], name: str) -> None:
    case, (found, made) = STARTED[name], ended[name]
    assert found.code == case.code, found.stderr
    *shown, line = found.stderr.splitlines()
    assert line.startswith("holdfast: error: ")
    for words in case.said:
        assert words in line
    assert all(each.startswith("  | ") for each in shown), "only what a process wrote, set off"
    assert "Traceback" not in found.stdout + line
    assert made.scratch() == []


@pytest.mark.parametrize("name", ["no module", "no attribute", "crash", "lifespan"])
def test_what_the_service_says_is_not_announced_twice(
    ended: dict[str, tuple[Ended, Folder]], name: str
) -> None:
    assert ended[name][0].stderr.count("holdfast: error:") == 1
    assert ended[name][0].stderr.startswith("  | "), "its last lines are shown"
    assert "--verbose" not in ended[name][0].stderr, "the gate has no such option"


def test_a_port_in_use_is_said_by_serve(tmp_path: Path) -> None:
    with folder(tmp_path) as made, socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        found = made.run("serve", "--port", port, "--admin-port", "0")
    assert found.code == 2
    assert found.stderr == f"holdfast: error: --port: port {port} is in use on 127.0.0.1\n"


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf"])
def test_serve_without_time_to_boot(here: Folder, capsys: pytest.CaptureFixture[str], seconds: str) -> None:
    assert main(["serve", "--boot", seconds]) == 2
    assert said(capsys) == f"--boot: expected seconds above 0, not {seconds}"


@pytest.mark.parametrize("verb", ["gate", "serve"])
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--boot", "x"], "--boot: "),
        (["--boot"], "option '--boot' requires an argument"),
        (["--boto", "1"], "no such option: --boto"),
        (["app:app", "more"], "unexpected extra argument"),
    ],
)
def test_what_cannot_be_read_of_a_call(
    here: Folder, capsys: pytest.CaptureFixture[str], verb: str, words: list[str], message: str
) -> None:
    assert main([verb, *words]) == 2
    assert message in said(capsys).lower()


def test_a_reader_that_goes_away_sees_no_traceback(tmp_path: Path) -> None:
    with folder(tmp_path) as made:
        ended = subprocess.run(
            ["/bin/sh", "-c", f"{sys.executable} -m holdfast plan | true"],
            cwd=made.path,
            env=made.environ({}),
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.stderr == ""
