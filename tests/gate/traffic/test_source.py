from __future__ import annotations

import json
from pathlib import Path

import pytest

from holdfast.budget import load
from holdfast.errors import UsageError
from holdfast.gate.traffic import read, written

LOG = '1.2.3.4 - - [20/Nov/2026:12:0{n}:00 +0000] "GET /p/{n} HTTP/1.1" 200 5\n'


def entry(
    url: str, *, method: str = "GET", body: str = "", at: str = "2026-11-20T12:00:00Z"
) -> dict[str, object]:
    headers = [{"name": "Cookie", "value": "s=1"}, {"name": "Accept", "value": "text/html"}]
    posted = {"postData": {"text": body}} if body else {}
    request = {"method": method, "url": url, "headers": headers, **posted}
    return {"startedDateTime": at, "request": request, "response": {"status": 200}}


def har(tmp_path: Path, *entries: dict[str, object]) -> Path:
    path = tmp_path / "a.har"
    path.write_text(json.dumps({"log": {"entries": entries}}))
    return path


def test_a_log_becomes_a_budget(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("".join(LOG.format(n=n) for n in range(6)) + "noise\n")
    found = read(tmp_path / "a.log")
    assert found.notes == ["1 of 7 entries were not understood"]
    text, files = written(found, Path("traffic"))
    assert not files
    (tmp_path / "holdfast.toml").write_text(text)
    traffic = load(tmp_path / "holdfast.toml").budget.traffic
    assert [(one.send, one.weight) for one in traffic.request] == [("GET /p/{0..5}", 6)]
    assert traffic.peak == pytest.approx(1 / 60, rel=0.01)


def test_a_har_file_keeps_bodies_and_no_cookies(tmp_path: Path) -> None:
    path = har(
        tmp_path,
        entry("https://shop.example/p?q=1"),
        entry("https://shop.example/orders", method="POST", body='{"n": 1}'),
        entry("https://shop.example/raw", method="POST", body="a=b"),
        entry("chrome-extension://x/y"),
    )
    found = read(path)
    assert found.notes == ["2 of 4 entries were not understood"]
    assert [(one.send, one.body, one.headers) for one in found.requests] == [
        ("GET /p?q=1", None, {"accept": "text/html"}),
        ("POST /orders", {"n": 1}, {"accept": "text/html"}),
    ]
    text, files = written(found, Path("traffic"))
    assert files == {Path("traffic/post-orders-1.json"): '{\n  "n": 1\n}\n'}
    (tmp_path / "traffic").mkdir()
    for name, body in files.items():
        (tmp_path / name).write_text(body)
    (tmp_path / "holdfast.toml").write_text(text)
    assert load(tmp_path / "holdfast.toml").budget.traffic.request[1].body == "traffic/post-orders-1.json"


@pytest.mark.parametrize("name", ["openapi.json", "openapi.yaml"])
def test_an_openapi_document(tmp_path: Path, name: str) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    body = {"content": {"application/json": {"schema": schema}}}
    document = {"openapi": "3.1.0", "paths": {"/p": {"get": {}, "post": {"requestBody": body}}}}
    (tmp_path / name).write_text(json.dumps(document))  # JSON is YAML
    found = read(tmp_path / name)
    text, files = written(found, Path("traffic"))
    (tmp_path / "holdfast.toml").write_text(text)
    requests = load(tmp_path / "holdfast.toml").budget.traffic.request
    posts = [one for one in requests if one.send == "POST /p"]
    assert len(posts) == len(files) > 1
    (get,) = [one for one in requests if one.send == "GET /p"]
    assert get.weight == len(posts) * posts[0].weight


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no request found"),
        ("nothing\nof use\n", "no request found"),
        ('{"log": {"entries": 5}}', "a HAR file has log.entries"),
        ('{"log": {}}', "a HAR file has log.entries"),
        ('{"openapi": "3.1.0", "paths": {}}', "no request can be made of it: it names no operation"),
        ("\x00\xff\x16", "no request found"),
    ],
)
def test_what_is_no_record_is_told_with_its_name(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "given"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError, match=why) as caught:
        read(path)
    assert caught.value.place == str(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read(tmp_path / "none")
