from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.client.http.address import base_url
from holdfast.errors import UsageError


def test_from_the_variable() -> None:
    assert (
        str(base_url("payments", "PAY", {"PAY": " http://127.0.0.1:8080/v1 "})) == "http://127.0.0.1:8080/v1"
    )


def test_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("https://payments.test\n")
    assert str(base_url("payments", "PAY", {"PAY_FILE": str(file)})) == "https://payments.test"


@pytest.mark.parametrize(
    ("variable", "environ", "says"),
    [
        (None, {}, 'dependency.payments: expected url_env, the variable with the address of "payments"'),
        ("PAY", {}, 'PAY: not set, but the dependency "payments" has its address there'),
        ("PAY", {"PAY": ""}, 'PAY: not set, but the dependency "payments" has its address there'),
        ("PAY", {"PAY": "localhost:8080"}, "PAY: expected an address such as http://host:port"),
        ("PAY", {"PAY": "http://"}, "PAY: expected an address such as http://host:port"),
        ("PAY", {"PAY": "http://[::1"}, "PAY: expected an address such as http://host:port"),
        (
            "PAY",
            {"PAY_FILE": "/nowhere/url"},
            "PAY_FILE: cannot read /nowhere/url: No such file or directory",
        ),
    ],
)
def test_says_what_is_wrong(variable: str | None, environ: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError) as wrong:
        base_url("payments", variable, environ)
    assert str(wrong.value) == says
