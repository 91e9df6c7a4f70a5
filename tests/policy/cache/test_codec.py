from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr, computed_field

from holdfast.errors import UsageError
from holdfast.policy.cache import Codec, Undecodable
from tests.policy.cache.made import Product


class Renamed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    product_id: int = Field(alias="productId", serialization_alias="id")

    @computed_field  # type: ignore[prop-decorator]
    @property
    def twice(self) -> int:
        return 2 * self.product_id


class Row:
    """What an ORM returns."""

    def __init__(self) -> None:
        self.name = "kelp"
        self.price = 3
        self.session = object()


class Hidden(BaseModel):
    token: SecretStr


def test_it_comes_back_as_it_was() -> None:
    for kind, value in [
        (Product, Product(name="kelp", price=3)),
        (list[Product], [Product(name="a"), Product(name="b")]),
        (dict[str, int] | None, None),
        (Renamed, Renamed.model_validate({"productId": 4})),
    ]:
        codec: Codec[Any] = Codec(kind)
        assert codec.decode(codec.encode(value)) == value


def test_a_row_becomes_a_value_of_the_type() -> None:
    assert Codec(Product).own(Row()) == Product(name="kelp", price=3)


def test_another_model_is_another_version() -> None:
    class Changed(BaseModel):
        name: str
        price: str = ""

    assert Codec(Product).version == Codec(Product).version
    assert Codec(Product).version != Codec(Changed).version


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"price": 3}', b"\x80\x04pickle", b"null"])
def test_what_is_no_value_is_undecodable(data: bytes) -> None:
    with pytest.raises(Undecodable):
        Codec(Product).decode(data)


def test_what_does_not_survive_is_not_kept() -> None:
    codec: Codec[Any] = Codec(Hidden)
    with pytest.raises(Undecodable, match="not the same"):
        codec.encode(Hidden(token=SecretStr("abc")))


def test_a_type_without_a_schema_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot be kept as JSON"):
        Codec(Row, place="here")
