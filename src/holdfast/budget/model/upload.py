"""[upload.NAME]: what may be uploaded: how large, how many at a time, and of which types."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from holdfast.budget.metadata import Decision, Fact, Mechanism, Option
from holdfast.budget.model.references import OWASP_UPLOADS, OWN_MEASUREMENT, STARLETTE_FORMS
from holdfast.budget.model.section import Section
from holdfast.budget.units import Bytes, Count

__all__ = ["ANY", "Upload"]

ANY = "*"
"""In `types`: whatever it is."""


def _type(value: str) -> str:
    if value != ANY and not re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", value):
        raise ValueError(f'expected a media type, such as "image/png", or "*" for any, got "{value}"')
    return value


class Upload(Section):
    """What may be uploaded; what is larger, more or of another type is refused while it is read."""

    size: Annotated[
        Bytes | None,
        Decision(
            "How large may one file be?",
            "Whoever may send without bound fills the disk, and holds a place while he does.",
            "product, with engineering",
            (
                Option("5MiB", "pictures from a telephone", OWN_MEASUREMENT),
                Option("50MiB", "documents and scans", OWN_MEASUREMENT),
                Option("1GiB", "video, where disk and deadline allow it", OWN_MEASUREMENT),
            ),
            required=True,
        ),
    ] = None
    files: Annotated[
        Count | None,
        Decision(
            "How many files may one request bring?",
            "Their sizes add up, and all of them are on the disk before the route sees one.",
            "product, with engineering",
            (
                Option("1", "a picture of a person, a raw body", OWN_MEASUREMENT),
                Option("10", "attachments of a message", OWN_MEASUREMENT),
            ),
            required=True,
        ),
    ] = None
    types: Annotated[
        tuple[Annotated[str, AfterValidator(_type)], ...],
        Decision(
            "Of which types may files be?",
            "Recognised by their content; what the client says of them is not asked. Whatever is kept will "
            "be opened by somebody, so no more than is needed.",
            "product, with security",
            (
                Option('["image/jpeg", "image/png", "image/webp"]', "pictures", OWASP_UPLOADS),
                Option('["application/pdf"]', "documents", OWASP_UPLOADS),
                Option('["*"]', "a store that never shows or opens what it keeps", OWASP_UPLOADS),
            ),
            required=True,
        ),
    ] = ()
    directory: Annotated[
        str | None,
        Fact("Where files are put, unless the code names another sink; from the working directory on."),
    ] = None
    fields: Annotated[
        Bytes,
        Mechanism(
            "How much the other fields of the form may hold together: they are kept in memory.",
            STARLETTE_FORMS,
        ),
    ] = 1 << 20
