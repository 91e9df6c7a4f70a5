from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from holdfast.gate.traffic.openapi import requests


def operation(method: str = "get", path: str = "/a", **given: Any) -> dict[str, Any]:
    return {"openapi": "3.1.0", "paths": {path: {method: given}}}


def sent(document: dict[str, Any]) -> list[str]:
    found, left = requests(document)
    assert not left
    return [spec.send for spec in found]


def parameter(name: str, where: str = "query", *, required: bool = True, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": where, "required": required, "schema": schema}


@pytest.mark.parametrize(
    ("parameters", "send"),
    [
        ([], "GET /a"),
        ([parameter("n", type="integer")], "GET /a?n={1..100}"),
        ([parameter("n", type="integer", minimum=5, maximum=9)], "GET /a?n={5..9}"),
        ([parameter("n", type="string", enum=["x y", "z"])], "GET /a?n=x%20y"),
        ([parameter("n", type="string", example="e")], "GET /a?n=e"),
        ([parameter("n", type="string", default="d")], "GET /a?n=d"),
        ([{**parameter("n"), "examples": {"one": {"value": 7}}}], "GET /a?n=7"),
        ([parameter("n", required=False, type="integer")], "GET /a"),
        ([parameter("n", "header", required=False, type="string")], "GET /a"),
    ],
)
def test_parameters(parameters: list[dict[str, Any]], send: str) -> None:
    assert sent(operation(parameters=parameters)) == [send]


def test_a_path_is_filled() -> None:
    document = operation(path="/p/{id}", parameters=[parameter("id", "path", type="integer")])
    assert sent(document) == ["GET /p/{1..100}"]


def test_text_without_an_example_is_drawn_and_the_same_each_time() -> None:
    document = operation(parameters=[parameter("q", type="string", minLength=3)])
    first, second = sent(document), sent(document)
    assert first == second
    assert first[0].startswith("GET /a?q=")
    assert len(first[0]) >= len("GET /a?q=") + 3


def test_examples_of_a_body_come_first() -> None:
    body = {"content": {"application/json": {"example": {"n": 1}, "schema": {"type": "object"}}}}
    found, _ = requests(operation("post", requestBody=body))
    assert [spec.body for spec in found] == [{"n": 1}]


SCHEMAS: list[dict[str, Any]] = [
    {
        "type": "object",
        "required": ["email", "items"],
        "properties": {
            "email": {"type": "string", "format": "email"},
            "when": {"type": "string", "format": "date-time"},
            "note": {"anyOf": [{"type": "string", "maxLength": 5}, {"type": "null"}]},
            "code": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{2}$"},
            "kind": {"enum": ["a", "b"]},
            "price": {"type": "number", "minimum": 1, "exclusiveMaximum": 10},
            "items": {
                "type": "array",
                "minItems": 2,
                "maxItems": 4,
                "items": {"$ref": "#/components/schemas/Item"},
            },
        },
    },
    {
        "allOf": [
            {"$ref": "#/components/schemas/Item"},
            {"type": "object", "required": ["more"], "properties": {"more": {"type": "boolean"}}},
        ]
    },
    {"type": "array", "items": {"type": "integer", "minimum": -3, "maximum": 3}, "minItems": 1},
    {"$ref": "#/components/schemas/Tree"},
]

COMPONENTS = {
    "schemas": {
        "Item": {
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": {"type": "integer", "minimum": 1},
                "n": {"type": ["integer", "null"], "maximum": 5},
            },
        },
        "Tree": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "below": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}, "maxItems": 1},
            },
        },
    }
}


@pytest.mark.parametrize("schema", SCHEMAS, ids=["object", "all of", "list", "recursive"])
def test_bodies_that_are_made_fit_their_schema(schema: dict[str, Any]) -> None:
    document = operation("post", requestBody={"content": {"application/json": {"schema": schema}}})
    document["components"] = COMPONENTS
    found, left = requests(document)
    assert not left
    assert found
    for spec in found:
        jsonschema.validate(spec.body, {**schema, "components": COMPONENTS})
    assert sum(spec.weight for spec in found) == pytest.approx(1)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"parameters": [parameter("x-key", "header", type="string")]}, "it requires the header x-key"),
        ({"parameters": [parameter("n", type="object")]}, "its parameter n is no single value"),
        ({"parameters": [{"$ref": "#/nowhere"}]}, "#/nowhere leads nowhere"),
        (
            {"requestBody": {"required": True, "content": {"multipart/form-data": {}}}},
            "its body is multipart/form-data, and only JSON is made",
        ),
        (
            {"requestBody": {"content": {"application/json": {"schema": {"type": "string"}}}}},
            "its body is no object and no list",
        ),
        (
            {
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"type": "integer", "minimum": 5, "maximum": 1}}
                    }
                }
            },
            "its schema cannot be drawn from: ",
        ),
    ],
)
def test_what_cannot_be_made_says_why(given: dict[str, Any], why: str) -> None:
    found, left = requests(operation("post", **given))
    assert not found
    assert left[0].startswith(f"POST /a: {why}")
