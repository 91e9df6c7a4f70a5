"""A corpus of secrets, and of what only looks like them. None of the secrets is anybody's."""

from __future__ import annotations

import json

import pytest

from holdfast.telemetry.redaction import REDACTED, Redactor

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow+/IBAAKCAQEA\n-----END RSA PRIVATE KEY-----"

SECRETS = [
    # What is logged, and what must not be in it any more.
    ("login failed: password=hunter2", "hunter2"),
    ("login failed: password='hun ter2', user='ada'", "hun ter2"),
    ('{"user": "ada", "password": "hun\\"ter2"}', 'hun\\"ter2'),
    ('"{\\"password\\": \\"hunter2\\"}"', "hunter2"),
    ("{'new_password': 'hunter2'}", "hunter2"),
    ("PASSWORD: hunter2", "hunter2"),
    ("passwd=hunter2;", "hunter2"),
    ("password2=hunter2", "hunter2"),
    ("db_passphrase => hunter2", "hunter2"),
    ("password=Bearer abc123def456", "abc123def456"),
    ("a=1&password=hunter2&token=t0ken77&b=2", "t0ken77"),
    ("Authorization: Bearer abc123def456", "abc123def456"),
    ("authorization: CustomScheme opaque", "opaque"),
    ("'authorization': 'Basic YWRhOmh1bnRlcjI='", "YWRhOmh1bnRlcjI="),
    ("Proxy-Authorization: Basic YWRhOmh1bnRlcjI=", "YWRhOmh1bnRlcjI="),
    ("sent Basic YWRhOmh1bnRlcjI= upstream", "YWRhOmh1bnRlcjI="),
    ("sent bearer 0123abcd4567 upstream", "0123abcd4567"),
    ("[(b'authorization', b'Bearer abc123def456')]", "abc123def456"),
    ("Cookie: sid=s3cr3t; theme=dark", "s3cr3t"),
    ("set-cookie: sid=s3cr3t; HttpOnly", "s3cr3t"),
    ('Cookie: theme="dark"; sid="s3cr3t"', "s3cr3t"),
    ("[(b'cookie', b'sid=s3cr3t')]", "s3cr3t"),
    ("X-Api-Key: k3y77", "k3y77"),
    ("apiKey=k3y77", "k3y77"),
    ("api key: k3y77", "k3y77"),
    ("accessToken: abc123def", "abc123def"),
    ("refresh_token=abcdef", "abcdef"),
    ("GET /callback?access_token=abcdef&state=1", "abcdef"),
    ("csrf: 81dc9bdb", "81dc9bdb"),
    ("client_secret=abcdef", "abcdef"),
    ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI"),
    ("key AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
    ("ASIAIOSFODNN7EXAMPLE expired", "ASIAIOSFODNN7EXAMPLE"),
    (f"got {JWT} from ada", "eyJzdWIiOiIxMjM0In0"),
    (f"/ws?jwt={JWT}", "eyJhbGci"),
    ("ghp_" + "a1B2" * 9, "a1B2a1B2"),
    ("github_pat_" + "a1B2" * 9, "a1B2a1B2"),
    ("glpat-" + "a1B2" * 5, "a1B2a1B2"),
    ("xoxb-" + "1234567890-abcdef", "abcdef"),
    ("sk_live_" + "a1B2" * 6, "a1B2a1B2"),
    ("whsec_" + "a1B2" * 6, "a1B2a1B2"),
    ("AIza" + "a1B2c" * 7, "a1B2ca1B2c"),
    ("sk-proj-" + "a1B2" * 6, "a1B2a1B2"),
    ("npm_" + "a1B2" * 9, "a1B2a1B2"),
    ("postgresql://ada:hunter2@db:5432/shop", "hunter2"),
    ("postgresql+asyncpg://ada:h@unter2@db/shop", "h@unter2"),
    ("redis://:hunter2@cache:6379/0", "hunter2"),
    ("amqp://ada:hunter2@mq//", "hunter2"),
    (f"key:\n{PEM}\n", "MIIEow"),
    ("https://a.blob.example/x?sv=1&sig=abc%2Fdef%3D&se=2", "abc%2Fdef"),
    ("?X-Amz-Signature=0123abcd", "0123abcd"),
    ("card 4111111111111111 declined", "4111111111111111"),
    ("card 4111 1111 1111 1111 2027 declined", "4111 1111 1111 1111"),
    ("card 5555-5555-5555-4444", "5555-5555-5555-4444"),
    ("2223003122003222", "2223003122003222"),
    ("378282246310005", "378282246310005"),
    ("3782 822463 10005", "822463"),
    ("30569309025904", "30569309025904"),
    ("6011111111111117", "6011111111111117"),
    ("3530111333300000", "3530111333300000"),
    ("6200000000000005", "6200000000000005"),
    ('{"card_number": "1234"}', "1234"),
    ("cvv=123", "123"),
]

HARMLESS = [
    "GET /products/41 took 0.331 s: status 200, request 0f1e2d3c4b5a6978-0-3a (payments 0.120 s)",
    "unexpected token: end of input",
    "Unexpected token } in JSON at position 17",
    "token_count=1200 max_tokens=4096 tokens: 1200",
    "the tokenizer took 3 ms",
    "secretary: Jane; author: Ada; keyboard: qwerty",
    "password: , user: ada",
    "password=None token=null",
    "password_reset_required=true",
    "def login(user: str, password: str) -> Token",
    "SELECT * FROM session WHERE token = $1 AND secret = %s AND password = %(password)s",
    "fields ['password', 'email'] are missing",
    "template {password} is not filled",
    "cookie: consent was given",
    "the cookie jar is full",
    "bearer authentication is required",
    "the bearer of bad news, a basic understanding of HTTP",
    "http://localhost:8000/path@version",
    "https://ada@example.com/x",
    "mailto:ada@example.com at 12:30@home",
    "order 4111111111111112 has no valid check digit",
    "order 1234567812345670 is of no issuer",
    "trace 0af7651916cd43dd8448eb211c80319c span b7ad6b7169203331",
    "uuid 41111111-1111-1111-1111-111111111111",
    "uuid 6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "at 1700000000000000000 ns, 1700000000000 ms",
    "took 0.4111111111111111 s, 3.5301113333000001",
    "2026-11-20 12:30:45.123456 10.0.0.1:8000",
    "+49 30 1234567890",
    "eyJust a word, eyJ.",
    "risk-assessment-of-everything-in-here",
    "config=3 design=4 ?signal=5",
    "AKIA is a prefix, AKIAshort too",
    "cache_key=products:41 primary_key=id public_key=abc idempotency_key=77",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "otp: sent",
]


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor()


@pytest.mark.parametrize(("text", "secret"), SECRETS, ids=range(len(SECRETS)))
def test_secrets_are_taken_out(redactor: Redactor, text: str, secret: str) -> None:
    assert secret in text
    found = redactor.text(text)
    assert secret not in found
    assert REDACTED in found
    assert redactor.text(found) == found, "what was redacted is left alone"


@pytest.mark.parametrize(("text", "secret"), SECRETS, ids=range(len(SECRETS)))
def test_secrets_are_taken_out_of_the_middle_of_a_line(redactor: Redactor, text: str, secret: str) -> None:
    assert secret not in redactor.text(f"2026-11-20 shop INFO {text}")
    assert secret not in redactor.text(json.dumps({"message": text}))


@pytest.mark.parametrize("text", HARMLESS, ids=range(len(HARMLESS)))
def test_what_only_looks_like_a_secret_stays(redactor: Redactor, text: str) -> None:
    assert redactor.text(text) == text
