from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.gate.report.html.chart.axis import Linear, Log, shared
from holdfast.gate.report.html.chart.path import area, line, stairs
from tests.gate.report import sample


@given(st.floats(min_value=1e-3, max_value=1e7))
def test_linear_ticks_are_few_and_inside(top):
    ticks = Linear(top).ticks(5)
    assert 1 <= len(ticks) <= 7
    assert ticks[0] == 0
    assert ticks[-1] <= top * (1 + 1e-9)


def test_linear_places():
    axis = Linear(200.0)
    assert [axis.at(value) for value in (-5, 0, 100, 200, 999)] == [0, 0, 0.5, 1, 1]
    assert Linear(0.0).at(3.0) == 0


def test_log_places_and_ticks():
    axis = Log(0.001, 1.0)
    assert axis.ticks() == pytest.approx([0.001, 0.01, 0.1, 1.0])
    assert axis.at(0.001) == 0
    assert axis.at(0.0) == 0
    assert axis.at(0.1) == pytest.approx(2 / 3)
    assert axis.at(50.0) == 1


def test_shared_axes_hold_every_result_and_the_objective():
    axes = shared([sample.fragile(), sample.held()], [200.0])
    assert axes.time.top == 74.0
    assert axes.rate.top > max(sample.fragile().series.offered)
    assert axes.latency.top == 1000.0


def test_axes_of_nothing_are_still_axes():
    axes = shared([sample.empty()])
    assert axes.time.top > 0
    assert axes.rate.top > 0
    assert axes.latency.bottom < axes.latency.top


def test_stairs_have_a_level_a_bucket_and_areas_close():
    edges = [(0.0, 0.5), (0.5, 1.0)]
    assert stairs(edges, [0.25, 1.0]) == "M0 0.75H0.5L0.5 0H1"
    assert area(edges, [0.25, 1.0], [0.0, 0.0]) == "M0 0.75H0.5L0.5 0H1L1 1H0.5L0.5 1H0Z"
    assert area([], [], []) == ""


def test_lines_break_where_there_is_no_value_and_lone_points_are_dots():
    assert line([(0.0, 0.5), (0.5, 1.0), (1.0, None)]) == "M0 0.5L0.5 0"
    assert line([(0.0, None), (0.5, 1.0), (1.0, None)]) == "M0.5 0h0.0001"
    assert line([(0.0, None)]) == ""
