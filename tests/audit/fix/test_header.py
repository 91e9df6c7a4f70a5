"""Imports and constants go where a reader, and isort, would have them."""

from __future__ import annotations

import libcst as cst
import pytest

from holdfast.audit.fix.header import with_imports, with_statements


def imported(text: str, *wanted: tuple[str, str]) -> str:
    return with_imports(cst.parse_module(text), wanted).code


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        ("x = 1\n", ("asyncio", ""), "import asyncio\n\nx = 1\n"),
        ('"""Doc."""\n\nx = 1\n', ("asyncio", ""), '"""Doc."""\n\nimport asyncio\n\nx = 1\n'),
        ("# note\nx = 1\n", ("asyncio", ""), "# note\n\nimport asyncio\n\nx = 1\n"),
        ("import asyncio\n", ("asyncio", ""), "import asyncio\n"),
        ("import os.path\n", ("os", ""), "import os.path\n"),
        ("import asyncio as a\n", ("asyncio", ""), "import asyncio\nimport asyncio as a\n"),
        ("import a_b\n\nx = 1\n", ("json", ""), "import json\n\nimport a_b\n\nx = 1\n"),
        ("import os\nimport sys\n", ("json", ""), "import json\nimport os\nimport sys\n"),
        ("import os\nfrom abc import ABC\n", ("sys", ""), "import os\nimport sys\nfrom abc import ABC\n"),
        (
            "from __future__ import annotations\n\nimport os\n\nimport x\n",
            ("asyncio", ""),
            "from __future__ import annotations\n\nimport asyncio\nimport os\n\nimport x\n",
        ),
        ("from fastapi import FastAPI\n", ("fastapi", "Request"), "from fastapi import FastAPI, Request\n"),
        ("from fastapi import status\n", ("fastapi", "Request"), "from fastapi import Request, status\n"),
        (
            "from fastapi import (\n    A,\n    Z,\n)\n",
            ("fastapi", "M"),
            "from fastapi import (\n    A,\n    M,\n    Z,\n)\n",
        ),
        (
            "from fastapi import (\n    A,\n    B,\n)\n",
            ("fastapi", "M"),
            "from fastapi import (\n    A,\n    B,\n    M,\n)\n",
        ),
        ("from uuid import uuid4\n", ("uuid", "uuid4"), "from uuid import uuid4\n"),
        (
            "from sqlalchemy import select\n\nfrom app import x\n",
            ("sqlalchemy.orm", "selectinload"),
            "from sqlalchemy import select\nfrom sqlalchemy.orm import selectinload\n\nfrom app import x\n",
        ),
    ],
)
def test_an_import_stands_in_its_place(before: str, wanted: tuple[str, str], after: str) -> None:
    assert imported(before, wanted) == after
    assert imported(after, wanted) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1\n", "N = 2\n\nx = 1\n"),
        ("import os\n\n\ndef f(): ...\n", "import os\n\nN = 2\n\n\ndef f(): ...\n"),
        ("import os\n\n__all__ = []\n\nx = 1\n", "import os\n\n__all__ = []\n\nN = 2\n\nx = 1\n"),
        (
            "try:\n    import os\nexcept ImportError:\n    pass\nx = 1\n",
            "try:\n    import os\nexcept ImportError:\n    pass\n\nN = 2\n\nx = 1\n",
        ),
    ],
)
def test_a_constant_stands_below_the_imports(before: str, after: str) -> None:
    assert with_statements(cst.parse_module(before), "N = 2\n").code == after
