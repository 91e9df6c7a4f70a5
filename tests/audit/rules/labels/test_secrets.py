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
    ],
)
def test_what_only_speaks_of_one(call: str) -> None:
    assert said(call) == []
