"""What stands beside a service is no part of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.audit import Confidence, audit
from holdfast.audit.beside import is_beside

APP = """
import time
from fastapi import FastAPI
app = FastAPI()
@app.get("/x")
async def x(): time.sleep(1)
"""


@pytest.mark.parametrize(
    ("path", "beside"),
    [
        ("examples/app.py", True),
        ("service/docs_src/app.py", True),
        ("packages/shop-benchmark/run.py", True),
        ("hack/setup.py", True),
        ("app/main.py", False),
        ("app/examples.py", False),
        ("app/documents/main.py", False),
        ("app/latest/main.py", False),
    ],
)
def test_which_folders(path: str, beside: bool) -> None:
    assert is_beside(path) is beside


def test_examples_are_less_sure_than_the_service(tmp_path: Path) -> None:
    for folder in ("app", "examples"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "main.py").write_text(APP)
    sure = {one.file: one.confidence for one in audit(tmp_path).findings if one.rule == "HF101"}
    assert sure == {"app/main.py": Confidence.HIGH, "examples/main.py": Confidence.LOW}
    [alone] = [one for one in audit(tmp_path / "examples").findings if one.rule == "HF101"]
    assert alone.confidence == Confidence.HIGH
