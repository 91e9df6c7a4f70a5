from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from holdfast.budget import Loaded
from holdfast.errors import BudgetError

Load = Callable[..., Loaded]


def test_a_variable_overrides_a_number(loaded: Load) -> None:
    found = loaded(environ={"HOLDFAST_OBJECTIVE__P99": "250ms"})
    assert found.budget.objective.p99 == 0.25
    assert found.written.objective.p99 == 0.3
    assert found.place("objective.p99") == "HOLDFAST_OBJECTIVE__P99"
    assert found.place("objective.recovery").endswith(":10")


def test_deep_and_new_keys(loaded: Load) -> None:
    found = loaded(
        environ={
            "HOLDFAST_DEPENDENCY__PAYMENTS__TIMEOUT__TOTAL": "500ms",
            "HOLDFAST_ADMISSION__LIMIT": "40",
            "HOLDFAST_SLI__BAD": '["5xx"]',
            "HOLDFAST_DRAIN": '{"announce": "1s"}',
        }
    )
    assert found.budget.dependency["payments"].timeout.total == 0.5
    assert found.budget.dependency["payments"].timeout.connect == 0.1
    assert found.budget.admission.limit == 40
    assert found.budget.sli.bad == ("5xx",)
    assert found.budget.drain.announce == 1.0
    assert found.place("drain.announce") == "HOLDFAST_DRAIN"


def test_names_are_spelled_as_in_the_file(loaded: Load) -> None:
    found = loaded(
        ("[dependency.payments]", "[dependency.Pay-ments]"),
        ('without.payments = "90%"', ""),
        (', needs = ["payments"]', ""),
        environ={"HOLDFAST_DEPENDENCY__PAY_MENTS__BULKHEAD": "5"},
    )
    assert found.budget.dependency["Pay-ments"].bulkhead == 5


def test_an_overlay_and_a_variable(loaded: Load) -> None:
    found = loaded(environment="ci", environ={"HOLDFAST_SERVICE__REPLICAS__MAX": "3"})
    assert found.budget.service.replicas.max == 3
    assert found.budget.service.replicas.surge == 0


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("HOLDFAST_OBJECTIVE__P99", "fast", 'objective.p99: expected a duration, such as "300ms"'),
        ("HOLDFAST_OBJECTIVE__P9", "1s", "unknown key objective.p9; did you mean p99?"),
        ("HOLDFAST_OBJECTIV__P99", "1s", 'names no section of the budget: "objectiv" is none of service'),
        ("HOLDFAST_SLI__BAD", "5xx", 'expected JSON for a list or a table, got "5xx"'),
        ("HOLDFAST_OBJECTIVE__P50", "1s", "objective: p50 (1s) is above p99 (300ms)"),
        ("HOLDFAST_DEADLINE__DEFAULT", "1ms", "objective.p99 (300ms) is above deadline.default (1ms)"),
        ("HOLDFAST_DEPENDENCY__MAIL__BULKHEAD", "1", "dependency.mail lacks the key kind"),
        ("HOLDFAST_OBJECTIVE__P99_FILE", "/nowhere/p99", 'the file "/nowhere/p99" cannot be read'),
        ("HOLDFAST_SECRETS_DIR", "/nowhere", '"/nowhere" is no folder'),
        ("HOLDFAST_OBJECTIVE", "3", "objective: expected a table, got"),
    ],
)
def test_a_bad_variable_is_named_as_the_place(loaded: Load, name: str, value: str, message: str) -> None:
    with pytest.raises(BudgetError) as raised:
        loaded(environ={name: value})
    assert message in str(raised.value)
    assert raised.value.place == name


def test_other_variables_are_not_meant(loaded: Load) -> None:
    found = loaded(environ={"HOLDFAST_BOARD": "/x", "HOLDFAST_SERVICE_HOST": "10.0.0.1", "OTHER__X": "1"})
    assert not found.variables


def test_a_file_may_hold_the_value(loaded: Load, tmp_path: Path) -> None:
    (tmp_path / "p99").write_text("250ms\n", encoding="utf-8")
    found = loaded(environ={"HOLDFAST_OBJECTIVE__P99_FILE": str(tmp_path / "p99")})
    assert found.budget.objective.p99 == 0.25


def test_dotenv_beside_the_budget_comes_after_the_environment(loaded: Load, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "# local\nHOLDFAST_OBJECTIVE__P99=250ms\nexport HOLDFAST_DRAIN__ANNOUNCE='1s'\nOTHER=x\n",
        encoding="utf-8",
    )
    found = loaded(environ={"HOLDFAST_OBJECTIVE__P99": "200ms"})
    assert found.budget.objective.p99 == 0.2
    assert found.budget.drain.announce == 1.0


def test_a_secrets_folder_comes_last(loaded: Load, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "holdfast_objective__p99").write_text("250ms", encoding="utf-8")
    (secrets / "holdfast_drain__announce").write_text("1s", encoding="utf-8")
    (tmp_path / ".env").write_text("HOLDFAST_DRAIN__ANNOUNCE=2s\n", encoding="utf-8")
    found = loaded(environ={"HOLDFAST_SECRETS_DIR": str(secrets)})
    assert found.budget.objective.p99 == 0.25
    assert found.budget.drain.announce == 2.0
