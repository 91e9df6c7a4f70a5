from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.telemetry.redaction import REDACTED, Redactor
from holdfast.telemetry.redaction.cards import luhn
from holdfast.telemetry.redaction.keys import Keys, words

REDACTOR = Redactor()


@pytest.mark.parametrize(
    "name",
    [
        *("password", "Password", "newPassword", "new-password", "db.password", "PASSWORD2", "passwordHash"),
        *(
            "token",
            "access_token",
            "X-Auth-Token",
            "apiKey",
            "APIKey",
            "X-API-KEY",
            "Set-Cookie",
            "sessionid",
        ),
        *("Proxy-Authorization", "aws_secret_access_key", "client_secret", "privateKey", "cvv", "cardNumber"),
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert Keys().secret(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "token_count",
            "max_token_count",
            "tokenizer",
            "secretary",
            "author",
            "authority",
            "keyboard",
            "key",
        ),
        *("cookie_policy", "password_reset_required", "cache_key", "public_key", "idempotency_key", ""),
        *("access_key_id", "session", "card", "pin_code"),
    ],
)
def test_names_of_other_things(name: str) -> None:
    assert not Keys().secret(name)


def test_names_of_ones_own() -> None:
    redactor = Redactor(["IBAN", "tax-number"])
    assert redactor.data({"iban": "DE02", "taxNumber": 7}) == {"iban": REDACTED, "taxNumber": REDACTED}
    assert (
        redactor.text("iban=DE02 tax_number: 12 taxed=1") == f"iban={REDACTED} tax_number: {REDACTED} taxed=1"
    )


def test_data_by_name_and_by_look() -> None:
    found = REDACTOR.data(
        {
            "user": "ada",
            "password": "hunter2",
            "login": {"otp": 123456, "at": 1.5, "ok": True},
            "headers": [("Authorization", "Bearer x"), ("Accept", "*/*")],
            "fields": ["password", "email"],
            "urls": ["redis://:hunter2@cache/0"],
            "tokens": 1200,
            "token": None,
            "password_ok": False,
        }
    )
    assert found == {
        "user": "ada",
        "password": REDACTED,
        "login": {"otp": REDACTED, "at": 1.5, "ok": True},
        "headers": [["Authorization", REDACTED], ["Accept", "*/*"]],
        "fields": ["password", "email"],
        "urls": [f"redis://:{REDACTED}@cache/0"],
        "tokens": 1200,
        "token": None,
        "password_ok": False,
    }


def test_data_is_followed_to_a_bound() -> None:
    deep: dict[str, object] = {"password": "hunter2"}
    for _ in range(50):
        deep = {"in": [deep]}
    assert "hunter2" not in str(REDACTOR.data(deep))


@given(st.text())
def test_any_text_is_taken_and_a_second_time_changes_nothing(text: str) -> None:
    once = REDACTOR.text(text)
    assert REDACTOR.text(once) == once


@given(st.text(alphabet="ab =:\"'\\,;&\n", max_size=40), st.text(alphabet="abc123", min_size=8, max_size=40))
def test_a_password_never_stays_whatever_is_before_it(before: str, secret: str) -> None:
    assert secret not in REDACTOR.text(f"{before} password={secret}x9")


@given(st.from_regex(r"[0-9]{11,17}", fullmatch=True))
def test_one_check_digit_of_ten_fits(digits: str) -> None:
    assert sum(luhn(digits + str(last)) for last in range(10)) == 1


def test_words_of_a_name() -> None:
    assert words("HTTPServerURL") == "http_server_url"
    assert words("X-Api-Key") == words("xApiKey") == words("X_API_KEY") == "x_api_key"
