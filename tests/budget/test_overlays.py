from __future__ import annotations

from collections.abc import Callable

import pytest

from holdfast.budget import Loaded
from holdfast.budget.overlay import lay, leaves
from holdfast.errors import BudgetError

Load = Callable[..., Loaded]


def test_tables_are_merged_and_values_replaced() -> None:
    base = {"a": {"b": 1, "c": [1, 2]}, "d": 1}
    assert lay({"a": {"c": [3]}, "e": 2}, base) == {"a": {"b": 1, "c": [3]}, "d": 1, "e": 2}
    assert base == {"a": {"b": 1, "c": [1, 2]}, "d": 1}
    assert dict(leaves(base)) == {("a", "b"): 1, ("a", "c"): [1, 2], ("d",): 1}


def test_an_overlay_is_laid_over_the_base(loaded: Load) -> None:
    assert loaded().budget.service.replicas.max == 6
    ci = loaded(environment="ci")
    assert (ci.budget.service.replicas.max, ci.budget.service.replicas.surge) == (1, 0)
    assert ci.budget.service.name == "shop"
    assert ci.environment == "ci"


def test_a_number_has_the_place_of_the_layer_that_gives_it(loaded: Load) -> None:
    ci = loaded(environment="ci")
    assert ci.place("service.replicas.max").endswith(":45")
    assert ci.place("service.name").endswith(":2")


def test_a_list_is_replaced_with_its_places(loaded: Load) -> None:
    ci = loaded(
        ("[source]", '[env.ci.traffic]\nrequest = [{ send = "GET /" }]\n\n[source]'), environment="ci"
    )
    assert [request.send for request in ci.budget.traffic.request] == ["GET /"]
    assert ci.place("traffic.request[0].send").endswith(":48")
    assert ci.place("traffic.request[1].send").endswith(":48"), "the base's second element is gone"


def test_a_variable_chooses_the_environment(loaded: Load) -> None:
    assert loaded(environ={"HOLDFAST_ENV": "ci"}).environment == "ci"


def test_an_unknown_environment_lists_the_known(loaded: Load) -> None:
    with pytest.raises(BudgetError, match=r'no environment is named "cii"; known: ci; did you mean ci\?'):
        loaded(environment="cii")
    with pytest.raises(BudgetError, match=r'^HOLDFAST_ENV: no environment is named "x"; known: ci$'):
        loaded(environ={"HOLDFAST_ENV": "x"})


def test_a_contradiction_only_with_the_overlay(loaded: Load) -> None:
    with pytest.raises(BudgetError, match=r"env\.ci\.objective") as raised:
        loaded(("surge = 0 }", 'surge = 0 }\n[env.ci.objective]\np95 = "400ms"'))
    assert "p95 (400ms) is above p99 (300ms)" in str(raised.value)
    assert raised.value.place.endswith(":47")
