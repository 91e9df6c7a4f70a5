"""Methods that nothing runs, since nothing makes what they belong to."""

from __future__ import annotations

import pytest

from holdfast.audit.graph.instantiated import never_instantiated
from tests.audit.project import whole

DRIVERS = """
    import abc
    class Driver(abc.ABC):
        @abc.abstractmethod
        def ask(self): ...
    class Near(Driver):
        def ask(self): return 1
    class Far(Driver):
        def ask(self): return 2
"""


def dead(files: dict[str, str]) -> set[str]:
    """Return the methods that nothing runs, by their names."""
    project = whole({"drivers.py": DRIVERS, **files})
    found = never_instantiated(project.program, project.inference)
    return {project.program.qualified(key) for key in found}


@pytest.mark.parametrize(
    "use",
    [
        "from drivers import Far\ndriver = Far()",
        "from drivers import Far as Distant\ndriver = Distant()",
        "import drivers\ndriver = drivers.Far()",
        "from drivers import Far\nBY_NAME = {'far': Far}",
        "from drivers import Far\nmade(Far)",
        "PATH = 'drivers.Far'",
        "PATH = 'drivers:Far'",
        "def f():\n    from drivers import Far\n    return Far()",
        "from drivers import Far\ndef route(driver: Far): ...",
        "from drivers import Far\nclass Farther(Far): ...\ndriver = Farther()",
    ],
)
def test_what_the_program_makes_or_hands_on_is_run(use: str) -> None:
    assert dead({"main.py": use}) == {"Near.ask"}


@pytest.mark.parametrize(
    "use",
    [
        "from drivers import Far",
        "from drivers import Far\n__all__ = ['Far']",
        "from drivers import Far\ndef f(one):\n    return isinstance(one, Far)",
        "from drivers import Far\nclass Farther(Far): ...",
        "from drivers import Driver\nclass Other(Driver):\n    def copy(self):\n        return Other()",
    ],
)
def test_what_is_only_spoken_of_is_not(use: str) -> None:
    assert {"Near.ask", "Far.ask"} <= dead({"main.py": use})


def test_what_only_an_example_or_a_test_makes_is_not_run() -> None:
    using = "from drivers import Far\ndriver = Far()"
    assert "Far.ask" in dead({"examples/far.py": using, "tests/test_far.py": using})


def test_what_an_example_defines_it_may_make() -> None:
    own = DRIVERS + "    driver = Far()\n"
    assert dead({"examples/own.py": own}) == {"Near.ask", "Far.ask"}
    project = whole({"examples/own.py": own})
    found = never_instantiated(project.program, project.inference)
    assert {project.program.qualified(key) for key in found} == {"Near.ask"}


@pytest.mark.parametrize(
    "search",
    [
        "from drivers import Driver\nKNOWN = Driver.__subclasses__()",
        "import inspect, drivers\nKNOWN = inspect.getmembers(drivers)",
        "import importlib\nmodule = importlib.import_module(name)",
    ],
)
def test_where_classes_are_searched_for_each_may_be_made(search: str) -> None:
    assert dead({"main.py": search}) == set()


@pytest.mark.parametrize(
    "text",
    [
        "class Far(Driver, pydantic.BaseModel):",
        "@register\nclass Far(Driver):",
    ],
)
def test_what_a_library_or_a_register_may_make_is_run(text: str) -> None:
    more = f"import pydantic\nfrom drivers import Driver\n{text}\n    def ask(self): return 3\n"
    project = whole({"drivers.py": DRIVERS.replace("Far", "Further"), "main.py": more})
    found = never_instantiated(project.program, project.inference)
    assert "Far.ask" not in {project.program.qualified(key) for key in found}


def test_what_a_base_registers_is_run() -> None:
    text = DRIVERS.replace("abc.ABC):", "abc.ABC):\n        def __init_subclass__(cls): KNOWN.append(cls)")
    project = whole(text)
    assert never_instantiated(project.program, project.inference) == frozenset()


def test_a_class_made_only_by_one_that_nobody_makes_is_not_run() -> None:
    parts = """
        from drivers import Driver
        class Outer(Driver):
            def __init__(self):
                self.inner = Inner()
            def ask(self): return self.inner.ask()
        class Inner(Driver):
            def ask(self): return 3
    """
    assert {"Outer.ask", "Inner.ask"} <= dead({"main.py": parts})
    assert dead({"main.py": parts + "    outer = Outer()\n"}) == {"Near.ask", "Far.ask"}
