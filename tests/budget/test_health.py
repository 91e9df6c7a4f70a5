from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.budget import load
from holdfast.errors import BudgetError

WRONG = {
    "a dependency that is none": (
        '[health]\ndependencies = ["db"]\n',
        'holdfast.toml:2: no dependency is named "db"; known: none',
    ),
    "never well again": (
        '[health]\nlag = "1s"\nclear = "0%"\n',
        "holdfast.toml:3: health: clear is 0%",
    ),
    "refusing is sooner than late": (
        '[health]\nlag = "2s"\nsaturation = "1s"\n',
        "holdfast.toml:3: health: saturation (1s) is below lag (2s)",
    ),
    "a server that nobody knows": (
        '[service]\nserver = "hypercorn"\n',
        "holdfast.toml:2: service.server: expected",
    ),
}


@pytest.mark.parametrize(("text", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_is_an_error_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "holdfast.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BudgetError) as caught:
        load(tmp_path / "holdfast.toml")
    assert message in str(caught.value)
