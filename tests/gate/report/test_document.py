from __future__ import annotations

import json

import pytest

from holdfast.errors import UsageError
from holdfast.gate.report.document import load
from tests.gate.report import sample


@pytest.mark.parametrize("make", [sample.fragile, sample.held, sample.empty])
def test_what_was_written_is_read_back(make, tmp_path):
    result = make()
    result.write(tmp_path / "result.json")
    again = load(tmp_path / "result.json")
    assert json.dumps(again.document()) == json.dumps(result.document())
    assert again.verdict == result.verdict
    assert again.noise == result.noise


def written(tmp_path, change):
    path = tmp_path / "result.json"
    data = json.loads(json.dumps(sample.held().document()))
    change(data)
    path.write_text(json.dumps(data))
    return path


def test_a_field_of_a_later_holdfast_is_passed_over(tmp_path):
    def change(data):
        data["colour"] = "teal"
        data["verdict"]["mood"] = "good"

    assert load(written(tmp_path, change)).verdict.outcome == "pass"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.pop("schema"), 'has no "schema": expected a holdfast.gate document'),
        (
            lambda data: data.update(schema="holdfast.plan"),
            "is a 'holdfast.plan' document, expected 'holdfast.gate'",
        ),
        (
            lambda data: data.update(version=2),
            "has version 2, this holdfast reads 1: a newer holdfast wrote it",
        ),
        (lambda data: data.update(version=0), "has version 0, this holdfast reads 1: run the gate again"),
        (lambda data: data.update(version=True), "has version True, expected 1"),
        (lambda data: data.pop("verdict"), "is not a complete result: verdict: field required"),
        (
            lambda data: data["phases"][1].update(offered="many"),
            "phases[1].offered: input should be a valid integer",
        ),
        (lambda data: data["verdict"].update(outcome="perhaps"), "verdict.outcome: input should be"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path, change, message):
    path = written(tmp_path, change)
    with pytest.raises(UsageError) as caught:
        load(path)
    assert message in str(caught.value)
    assert caught.value.place == str(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not JSON"),
        (b'{"schema":\n "holdfast.gate",\n}', "result.json:3: is not JSON"),
        (b"[]", 'has no "schema"'),
        (b"null", 'has no "schema"'),
        (b'{"schema": NaN}', "NaN is no JSON number"),
        (b"[" * 100_000, "is not JSON"),
        (b"\xff\xfe", "is not UTF-8"),
    ],
)
def test_a_file_that_is_no_document(tmp_path, content, message):
    path = tmp_path / "result.json"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"result\.json") as caught:
        load(path)
    assert message in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        load(tmp_path / "none.json")
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        load(tmp_path)
