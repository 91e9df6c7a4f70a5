from __future__ import annotations

from holdfast.audit.graph.finder import Finder


def names(*paths: str) -> Finder:
    return Finder([(path,) for path in paths])


def test_a_module_is_found_from_the_folder_that_holds_its_package() -> None:
    finder = names("src/shop/__init__.py", "src/shop/api.py", "src/shop/db/__init__.py", "tests/test_api.py")
    assert finder.find(3, ("shop", "api")) == 1
    assert finder.find(3, ("shop", "db")) == 2
    assert finder.find(3, ("api",)) is None  # the package itself is not on the path


def test_of_two_packages_of_one_name_the_nearer_one_is_meant() -> None:
    finder = names("a/common/utils.py", "b/common/utils.py", "b/main.py", "a/main.py")
    assert finder.find(2, ("common", "utils")) == 1
    assert finder.find(3, ("common", "utils")) == 0


def test_a_file_far_away_does_not_stand_for_a_library() -> None:
    finder = names("app/main.py", "tools/old/scripts/json.py", "tools/old/scripts/requests.py")
    assert finder.find(0, ("json",)) is None
    assert finder.find(0, ("requests",)) is None


def test_relative_imports_count_their_dots() -> None:
    finder = names("shop/__init__.py", "shop/api/__init__.py", "shop/api/orders.py", "shop/db.py")
    assert finder.at(finder.relative(2, "..db")) == 3
    assert finder.at(finder.relative(2, ".")) == 1
    assert finder.at(finder.relative(1, ".orders")) == 2


def test_a_file_answers_to_the_names_that_links_give_it() -> None:
    finder = Finder([("common/src/common/utils.py", "service/common/utils.py"), ("service/main.py",)])
    assert finder.at(finder.relative(1, ".common.utils")) == 0
