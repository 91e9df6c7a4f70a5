from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from holdfast.loop.attribution import Attribution, Stack
from holdfast.loop.owncode import OwnCode, code_of, package_of
from holdfast.loop.place import Place

HERE = Path(__file__)


def frame() -> FrameType:
    return sys._getframe(1)


def look(base: CodeType, entry: FrameType | None = None, cwd: Path | None = None) -> Place | None:
    return Attribution(cwd).place(Stack.of(sys._getframe(1), base), entry)


def line_of(function: Callable[..., Any], text: str) -> int:
    lines = HERE.read_text().splitlines()
    start = function.__code__.co_firstlineno
    return next(i for i in range(start, len(lines) + 1) if text in lines[i - 1])


class Spy:
    """An object that a library calls back: it looks at the stack from within."""

    def __init__(self, base: CodeType, cwd: Path | None = None) -> None:
        self.base, self.cwd = base, cwd
        self.place: Place | None = None

    def __call__(self, _: object) -> str:
        # Starts at the library's frame that called, as if this one were C code.
        innermost = sys._getframe(1)
        self.place = Attribution(self.cwd).place(Stack.of(innermost, self.base))
        return ""


def test_the_innermost_own_line_is_blamed_and_the_library_is_the_sink() -> None:
    spy = Spy(test_the_innermost_own_line_is_blamed_and_the_library_is_the_sink.__code__, HERE.parent)

    def handler() -> None:
        json.dumps([object()], default=spy, indent=1)  # blamed

    handler()
    assert spy.place is not None
    assert spy.place.file == HERE.name
    assert spy.place.line == line_of(handler, "# blamed")
    assert spy.place.function.endswith("<locals>.handler")
    assert spy.place.sink.startswith("encoder.py:")
    assert spy.place.route == ""


def test_what_runs_the_loop_is_not_blamed() -> None:
    spy = Spy(json.dumps.__code__)
    json.dumps([object()], default=spy, indent=1)
    assert spy.place is not None
    assert "json" in spy.place.file  # no own frame inside, so the innermost


def test_a_loop_in_its_selector_is_idle() -> None:
    base = test_a_loop_in_its_selector_is_idle.__code__

    def select() -> Place | None:
        return look(base)

    assert select() is None
    assert look(base) is None  # uvloop: no frame at all inside the one that runs the loop


def test_a_comprehension_is_part_of_its_function() -> None:
    base = test_a_comprehension_is_part_of_its_function.__code__

    def rows() -> list[Place | None]:
        return [look(base) for _ in range(1)]

    (place,) = rows()
    assert place is not None
    assert place.function.endswith("<locals>.rows")


def handler() -> None: ...


def test_without_an_own_frame_the_handler_is_blamed() -> None:
    scope = {"type": "http", "method": "GET", "path": "/x", "endpoint": handler}
    innermost = json.dumps.__code__

    def task(scope: dict[str, Any]) -> FrameType:
        return sys._getframe()

    spy = Spy(sys._getframe().f_code)
    entry = task(scope)
    found: list[Place | None] = []

    class Greenlet:
        """The stack that a greenlet ends: library frames only."""

        def __call__(self, _: object) -> str:
            attribution = Attribution(HERE.parent)
            base = sys._getframe().f_back
            while base is not None and base.f_code is not innermost:
                base = base.f_back
            assert base is not None
            assert base.f_back is not None
            found.append(attribution.place(Stack.of(sys._getframe(1), base.f_back.f_code), entry))
            return ""

    json.dumps([object()], default=Greenlet(), indent=1)
    (place,) = found
    assert place is not None
    assert (place.file, place.function) == (HERE.name, "handler")
    assert place.line == handler.__code__.co_firstlineno
    assert place.sink.startswith("encoder.py:")
    assert place.route == "GET handler"
    assert spy.place is None


def test_files_outside_the_working_directory_keep_their_path(tmp_path: Path) -> None:
    own = OwnCode(tmp_path)
    assert own.name(str(tmp_path / "app" / "main.py")) == "app/main.py"
    assert own.name("/elsewhere/main.py") == "/elsewhere/main.py"


@pytest.mark.parametrize(
    "file",
    [json.__file__, pytest.__file__, functools.__file__, "<string>", "<frozen importlib._bootstrap>"],
)
def test_libraries_are_not_the_services_own(file: str) -> None:
    assert not OwnCode().has(file)


def test_holdfast_is_not_the_services_own() -> None:
    import holdfast.clock

    assert not OwnCode().has(str(holdfast.clock.__file__))
    assert OwnCode().has(str(HERE))


def test_a_service_that_is_installed_is_known_by_its_endpoint() -> None:
    own = OwnCode()
    scope: dict[str, Any] = {"__name__": "shop.orders"}
    installed = "/usr/lib/python3/site-packages/shop/orders.py"
    exec(compile("import sys\ndef create():\n    return sys._getframe()", installed, "exec"), scope)
    created = scope["create"]()
    assert not own.has_frame(created, "")
    assert own.has_frame(created, package_of(scope["create"]))
    assert not own.has_frame(created, "sho")


def test_the_frameworks_endpoints_speak_for_no_service() -> None:
    from fastapi import FastAPI

    docs = next(route for route in FastAPI().routes if getattr(route, "path", "") == "/docs")
    assert package_of(docs.endpoint) == ""  # type: ignore[attr-defined]
    assert package_of(None) == ""
    assert package_of(handler) == __name__.split(".")[0]


def test_the_code_of_an_endpoint_is_found_below_its_decorators() -> None:
    @functools.wraps(handler)
    def decorated() -> None: ...

    assert code_of(decorated) is handler.__code__
    assert code_of(object()) is None
    assert code_of(None) is None
