"""What the image of a Dockerfile starts."""

from __future__ import annotations

import textwrap

from holdfast.audit.settings.dockerfile import Started, instructions, started


def start(text: str, file: str = "Dockerfile") -> Started | None:
    return started(file, textwrap.dedent(text).lstrip())


def test_instructions_have_the_line_they_begin_in() -> None:
    text = textwrap.dedent(
        """\
        # syntax=docker/dockerfile:1
        FROM python:3.12
        RUN apt-get update \\
            # a comment between
            && apt-get install -y curl

        RUN <<EOF
        CMD not an instruction
        EOF
        env PORT=80
        CMD ["uvicorn", "app:app"]"""
    )
    assert [(one.name, one.line) for one in instructions(text)] == [
        ("FROM", 2),
        ("RUN", 3),
        ("RUN", 7),
        ("ENV", 10),
        ("CMD", 11),
    ]


def test_the_exec_form() -> None:
    found = start('FROM a\nCMD ["uvicorn", "app:app"]')
    assert found == Started(2, "a", ("uvicorn", "app:app"), shell=False, development=False, environment={})


def test_the_shell_form() -> None:
    found = start("FROM a\nCMD uvicorn app:app")
    assert found is not None
    assert (found.words, found.shell) == (("uvicorn app:app",), True)


def test_a_shell_in_the_exec_form_is_a_shell() -> None:
    found = start('FROM a\nCMD ["sh", "-c", "uvicorn app:app"]')
    assert found is not None
    assert (found.words, found.shell) == (("uvicorn app:app",), True)


def test_an_entrypoint_is_put_before_the_command() -> None:
    found = start('FROM a\nENTRYPOINT ["tini", "--"]\nCMD ["uvicorn", "app:app"]')
    assert found is not None
    assert found.words == ("tini", "--", "uvicorn", "app:app")


def test_the_last_stage_counts_and_inherits() -> None:
    found = start(
        """
        FROM python:3.12-alpine AS base
        ENV PORT=80 HOST="0.0.0.0"
        CMD ["uvicorn", "app:app"]
        FROM node AS pages
        CMD ["npm", "start"]
        FROM base
        ENV PORT 81
        """
    )
    assert found is not None
    assert found.words == ("uvicorn", "app:app")
    assert found.image == "python:3.12-alpine"
    assert found.environment == {"PORT": "81", "HOST": "0.0.0.0"}


def test_names_say_what_is_for_development() -> None:
    text = 'FROM a AS {stage}\nCMD ["uvicorn", "app:app"]'
    assert start(text.format(stage="dev").strip()).development  # type: ignore[union-attr]
    assert start(text.format(stage="final"), "Dockerfile.dev").development  # type: ignore[union-attr]
    assert not start(text.format(stage="device")).development  # type: ignore[union-attr]


def test_without_a_command_nothing_is_started() -> None:
    assert start("FROM a\nRUN true") is None
    assert start("") is None
