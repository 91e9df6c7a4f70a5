"""Which log calls are told to write a secret."""

from __future__ import annotations

import pytest

from holdfast.audit.rules.labels.secrets import RULE
from tests.audit.project import told


def said(call: str) -> list[str]:
    return told(
        RULE,
        "import logging\nfrom fastapi import FastAPI\napp = FastAPI()\nlogger = logging.getLogger()\n"
        f"@app.post('/x')\ndef x(password: str, api_key: str, user, settings, e):\n    {call}\n",
    )


@pytest.mark.parametrize(
    "call",
    [
        "logger.info('login with %s', password)",
        "logger.debug(f'key is {user.api_key}')",
        "logger.info(f'Password: {password}')",
        "print(api_key)",
        "logging.getLogger('x').warning('x', extra={'access_token': user.access_token})",
        "logger.info('key %s', settings.key.get_secret_value())",
    ],
)
def test_a_secret(call: str) -> None:
    assert len(said(call)) == 1


@pytest.mark.parametrize(
    "call",
    [
        "logger.info('login of %s', user.name)",
        "logger.info('login with %s', mask(password))",
        "logger.info('key %s...', api_key[:4])",
        "logger.info('tokens: %d', user.token_count)",
        "logger.error(f'Error fetching access token: {e}')",
        "logger.info('password changed')",
        "logger.info(f'Provisioning api key {user}')",
        "user.info(password)",
        "logger.info('has a key: %s', bool(api_key))",
        "logger.info(f'Exchanged for access token: {user.name}')",
        "import sys; print(api_key, file=sys.stderr)",
    ],
)
def test_what_only_speaks_of_one(call: str) -> None:
    assert said(call) == []


def test_what_stands_in_for_the_real_thing() -> None:
    text = (
        "import logging\nfrom fastapi import FastAPI\napp = FastAPI()\nlogger = logging.getLogger()\n"
        "class Mailer:\n    def send(self, reset_token): logger.info(reset_token)\n"
        "@app.post('/x')\ndef x(reset_token: str): Mailer().send(reset_token)\n"
    )
    assert len(told(RULE, text)) == 1
    assert told(RULE, text.replace("Mailer", "ConsoleMailer")) == []
