"""Files of evidence as their tools write them, and files that are none."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from holdfast.audit.evidence.observed import Frame, Sample
from holdfast.audit.evidence.read import read
from holdfast.errors import UsageError
from tests.audit.evidence.made import log, stall
from tests.gate.report import sample

SPEEDSCOPE: dict[str, Any] = {
    "$schema": "https://www.speedscope.app/file-format-schema.json",
    "profiles": [
        {
            "type": "sampled",
            "name": 'Thread 1 "MainThread"',
            "unit": "seconds",
            "startValue": 0.0,
            "endValue": 0.03,
            "samples": [[0, 1], [0, 1], [0]],
            "weights": [0.01, 0.01, 0.01],
        }
    ],
    "shared": {
        "frames": [{"name": "run", "file": "a.py", "line": 4}, {"name": "Ledger.settle", "file": None}]
    },
    "exporter": "py-spy@0.4.3",
}


def written(folder: Path, text: str) -> Path:
    path = folder / "evidence"
    path.write_text(text)
    return path


def test_a_stall_log_is_summed_up_by_place(tmp_path: Path) -> None:
    path = log(
        tmp_path,
        stall("shop/a.py", 3, "f", stack=["/lib/x.py:9 x", "shop/a.py:3 f"]),
        stall("shop/a.py", 3, "f", skipped=4, skipped_seconds=1.5, cause="cpu"),
        stall("", 0, "", cause="gc"),
    )
    (found,) = read([path]).stalls
    assert (found.count, found.total, found.longest, found.victims) == (6, 2.0, 0.25, 6)
    assert found.frames == (Frame("/lib/x.py", 9, "x"), Frame("shop/a.py", 3, "f"))
    assert (found.cause, found.source) == ("cpu", str(path))


def test_a_log_without_a_stall_is_evidence_too(tmp_path: Path) -> None:
    (source,) = read([written(tmp_path, "")]).sources
    assert (source.kind, source.says) == ("stall log", "0 stalls at 0 places")


def test_the_gate_tells_stalls_and_what_was_answered(tmp_path: Path) -> None:
    result = sample.fragile()
    result.write(tmp_path / "gate.json")
    found = read([tmp_path / "gate.json"])
    assert [one.place.file for one in found.stalls] == [one.file for one in result.stalls if one.file]
    assert found.requests is not None
    assert sum(found.requests.values()) == sum(
        latency.count for phase in result.phases for latency in phase.routes.values()
    )


def test_speedscope_is_turned_innermost_first(tmp_path: Path) -> None:
    found = read([written(tmp_path, json.dumps(SPEEDSCOPE))])
    assert {(one.frames[0].function, round(one.weight, 3), one.timed) for one in found.samples} == {
        ("Ledger.settle", 0.02, True),
        ("run", 0.01, True),
    }


def test_folded_stacks_of_py_spy_count_samples(tmp_path: Path) -> None:
    line = 'process 8:"python app.py";thread (0x7F): MainThread;run (uvicorn/main.py:6);f (shop/a.py) 12\n'
    (found,) = read([written(tmp_path, line)]).samples
    assert found.frames == (Frame("shop/a.py", 0, "f"), Frame("uvicorn/main.py", 6, "run"))
    assert (found.weight, found.timed) == (12, False)


def test_folded_stacks_of_austin_are_microseconds(tmp_path: Path) -> None:
    stack = "P42;T0:7f;/srv/shop/a.py:run:3;/srv/shop/a.py:Ledger.settle:9"
    path = written(tmp_path, f"# austin: 3.6.0\n# mode: wall\n\n{stack} 250000\n")
    frames = (Frame("/srv/shop/a.py", 9, "Ledger.settle"), Frame("/srv/shop/a.py", 3, "run"))
    assert read([path]).samples == (Sample(str(path), frames, 0.25, True),)


def test_several_are_put_together(tmp_path: Path) -> None:
    first = log(tmp_path, stall("a.py", 1, "f"))
    second = log(tmp_path, stall("b.py", 1, "g"), name="other.jsonl")
    found = read([first, second])
    assert [one.source for one in found.stalls] == [str(first), str(second)]
    assert found.requests is None


def broken(change: dict[str, Any]) -> str:
    return json.dumps(SPEEDSCOPE | change)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("hello\n", ":1", "no evidence that is known"),
        ("f (a.py:1) 3\nnothing\n", ":2", "no evidence that is known"),
        ("# mode: memory\nP1;T1;a.py:f:1 3\n", ":1", "a profile of memory says nothing of time"),
        ("{\n", ":2", "is not JSON"),
        ('{"schema": "holdfast.plan"}\n', ":1", 'no schema "holdfast.stall"'),
        ('{"schema": "holdfast.gate", "version": 9}', "", "has version 9"),
        (json.dumps(stall("a.py", 1, "f")) + "\n{nonsense}\n", ":2", "not a line of a stall log"),
        ('{"schema": "holdfast.stall", "version": 1, "at"\n', ":1", "not a line of a stall log"),
        (json.dumps(stall("a.py", 1, "f", version=2)) + "\n", ":1", "version 2"),
        (json.dumps(stall("a.py", 1, "f")).replace("0.25", "1e999") + "\n", "", "no finite number"),
        (broken({}).replace("0.01", "NaN"), "", "NaN is no number"),
        (broken({}).replace("0.01", "-1"), ": profiles[0]", "below 0"),
        (broken({"shared": {}}), "", "not a whole speedscope profile"),
        (broken({"profiles": [{"type": "evented", "unit": "seconds"}]}), ": profiles[0]", "'evented'"),
        (broken({"profiles": [SPEEDSCOPE["profiles"][0] | {"unit": "bytes"}]}), ": profiles[0]", "of time"),
        (
            broken({"profiles": [SPEEDSCOPE["profiles"][0] | {"weights": [1]}]}),
            ": profiles[0]",
            "not a whole",
        ),
        (
            broken({"profiles": [SPEEDSCOPE["profiles"][0] | {"samples": [[7]] * 3}]}),
            ": profiles[0]",
            "not a",
        ),
    ],
)
def test_what_is_no_evidence_is_said_with_its_place(
    tmp_path: Path, text: str, place: str, message: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(UsageError, match=re.escape(message)) as caught:
        read([path])
    assert caught.value.place == f"{path}{place}"


def test_bytes_and_folders_are_none_either(tmp_path: Path) -> None:
    (tmp_path / "mojo").write_bytes(b"MOJ\x03\xff\xfe")
    with pytest.raises(UsageError, match="is not UTF-8 text"):
        read([tmp_path / "mojo"])
    with pytest.raises(UsageError, match="cannot be read"):
        read([tmp_path])
    with pytest.raises(UsageError, match="No such file"):
        read([tmp_path / "nowhere"])
