from __future__ import annotations

import email.parser
import email.policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from holdfast.budget.model.sending import Attachment, Scenario
from holdfast.errors import UsageError
from holdfast.gate.shape import RequestSpec, catalogue
from holdfast.gate.shape.template import render


def upload(**options: Any) -> RequestSpec:
    return RequestSpec("POST /p/{1..100}", upload=Attachment.model_validate(options))


def sent(data: bytes) -> tuple[bytes, EmailMessage]:
    """Return the body's bytes and the one part of the form, read by another implementation."""
    head, _, body = data.partition(b"\r\n\r\n")
    headers = head.partition(b"\r\n")[2]
    parser = email.parser.BytesParser(policy=email.policy.HTTP)
    message = parser.parsebytes(headers + b"\r\n\r\n" + body)
    assert int(message["Content-Length"]) == len(body)
    (part,) = message.iter_parts()
    assert isinstance(part, EmailMessage)
    return body, part


def test_a_file_of_so_many_bytes_is_made_up(tmp_path: Path) -> None:
    spec = upload(bytes="200KiB", field="picture", name="cat.jpg", type="image/jpeg")
    one, two = (catalogue([spec], authority="h", seed=seed).payloads for seed in (1, 2))
    body, part = sent(one[0].data)
    assert part.get_content_type() == "image/jpeg"
    assert part.get_filename() == "cat.jpg"
    assert part.get_param("name", header="content-disposition") == "picture"
    assert 200 * 1024 < len(body) < 201 * 1024
    assert body == sent(two[0].data)[0]
    assert len(one) == 100


def test_a_file_can_be_sent_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xff\x00 text")
    made = catalogue([upload(file="a.txt")], authority="h", seed=1, base=tmp_path)
    assert b"\r\n\r\n\xff\x00 text\r\n--" in sent(made.payloads[0].data)[0]
    with pytest.raises(UsageError, match="cannot read") as caught:
        catalogue([upload(file="none.txt")], authority="h", seed=1, base=tmp_path)
    assert caught.value.place == "traffic.request[0].upload"


def test_large_files_have_fewer_variants() -> None:
    assert len(catalogue([upload(bytes="8MiB")], authority="h", seed=1).payloads) == 3


def test_a_step_uploads_too() -> None:
    steps = [
        {"send": "POST /a", "take": {"id": "$.id"}},
        {"send": "POST /a/{id}/p", "upload": {"bytes": 300_000}},
    ]
    made = catalogue([], [Scenario.model_validate({"steps": steps})], authority="h", seed=1)
    data = render(made.payloads[1].data, {"id": "x y"})
    assert data.startswith(b"POST /a/x%20y/p HTTP/1.1\r\n")
    sent(data)
