"""What goes over the wire, the same for both forms; prices and totals are in cents."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

__all__ = [
    "OrderIn",
    "OrderLineIn",
    "OrderOut",
    "PictureOut",
    "ProductDetail",
    "ProductHit",
    "ProductPage",
    "ProductSummary",
    "ReviewOut",
    "SalesReport",
    "SearchPage",
]


def _hundredths(value: float) -> float:
    """Databases disagree in the last digits of a mean; nobody reads them."""
    return round(value, 2)


Mean = Annotated[float, AfterValidator(_hundredths)]


class ProductSummary(BaseModel):
    """A product as a list shows it; `rating` is the mean of its reviews' stars, None without reviews."""

    id: int
    name: str
    price: int
    category: str
    in_stock: bool
    rating: Mean | None
    reviews: int


class ProductPage(BaseModel):
    """A page of the catalogue, in the order of ids."""

    page: int
    items: list[ProductSummary]


class ReviewOut(BaseModel):
    """A review with the name of who wrote it."""

    author: str
    stars: int
    text: str


class ProductHit(ProductSummary):
    """A product as a search shows it; `pictures` are the names of its pictures, the first one first."""

    pictures: list[str]


class SearchPage(BaseModel):
    """What a search found, in the order of ids; `after`: where to go on, None at the end."""

    items: list[ProductHit]
    after: int | None


class PictureOut(BaseModel):
    """A picture that was kept under `name`, `size` bytes of it."""

    id: int
    name: str
    size: int


class ProductDetail(BaseModel):
    """A product's own page, with its reviews, the latest first."""

    id: int
    name: str
    description: str
    price: int
    category: str
    stock: int
    reviews: list[ReviewOut]


class OrderLineIn(BaseModel):
    """So many of a product."""

    product_id: int
    quantity: Annotated[int, Field(ge=1, le=100)] = 1


class OrderIn(BaseModel):
    """What a customer orders."""

    customer_id: int
    lines: Annotated[list[OrderLineIn], Field(min_length=1, max_length=20)]


class OrderOut(BaseModel):
    """An order as it stands; `payment_id` is the provider's, None while the payment is pending."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    status: Literal["pending", "paid"]
    total: int
    payment_id: str | None


class SalesReport(BaseModel):
    """What sells, and how sure we are of it.

    `basket_low`, `basket_high`: the 95% confidence interval of the mean basket, by bootstrap.
    `together`: the pairs of products most often ordered together, each with how often.
    """

    orders: int
    revenue: int
    by_category: dict[str, int]
    basket_mean: Mean
    basket_p90: int
    basket_low: Mean
    basket_high: Mean
    together: list[tuple[int, int, int]]
