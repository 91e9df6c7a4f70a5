from __future__ import annotations

from collections.abc import Callable

import pytest

from holdfast.cli.outcome import outcome
from holdfast.errors import BootFailed, MissingNumber, NotMeasured, UsageError


def raising(error: BaseException) -> Callable[[], int]:
    def work() -> int:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (UsageError("no such thing", place="--port"), 2, "holdfast: error: --port: no such thing\n"),
        (MissingNumber(("objective.p99",)), 3, "holdfast: error: not decided yet: objective.p99\n"),
        (BootFailed("app:app did not boot"), 4, "holdfast: error: app:app did not boot\n"),
        (NotMeasured("too noisy"), 5, "holdfast: error: too noisy\n"),
        (KeyboardInterrupt(), 130, ""),
        (
            ZeroDivisionError("x"),
            5,
            "holdfast: error in holdfast itself: ZeroDivisionError: x (HOLDFAST_DEBUG=1 shows where)\n",
        ),
        (
            ModuleNotFoundError("No module named 'uvloop'", name="uvloop"),
            2,
            "holdfast: error: this command needs 'uvloop', which is not installed: pip install ",
        ),
    ],
)
def test_an_error_is_one_line_and_a_code(
    error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert outcome(raising(error)) == code
    printed = capsys.readouterr().err
    assert printed.startswith(said)
    assert printed.count("\n") == (1 if said else 0)


def test_what_a_service_wrote_is_set_off(capsys: pytest.CaptureFixture[str]) -> None:
    assert outcome(raising(BootFailed("app:app did not boot", output="one\n\ntwo"))) == 4
    assert capsys.readouterr().err == "  | one\n  | \n  | two\nholdfast: error: app:app did not boot\n"


def test_a_module_of_ours_that_is_missing_is_our_error(capsys: pytest.CaptureFixture[str]) -> None:
    missing = ModuleNotFoundError("No module named 'holdfast.nope'", name="holdfast.nope")
    assert outcome(raising(missing)) == 5
    assert "pip install" not in capsys.readouterr().err


@pytest.mark.parametrize(("result", "code"), [(None, 0), (0, 0), (1, 1)])
def test_a_result_is_the_code(result: int | None, code: int) -> None:
    assert outcome(lambda: result) == code
