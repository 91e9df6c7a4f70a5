"""Sales statistics over the latest orders: honest arithmetic in pure Python, and a lot of it."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import combinations

from sqlalchemy import Row, Select, func, select

from examples.shop.models import Category, Order, OrderLine, Product
from examples.shop.schemas import SalesReport

__all__ = ["Line", "latest_lines", "plain", "ready", "statistics"]

LATEST_ORDERS = 1_000
"""The window, so that the report costs the same however long the shop has been open."""

RESAMPLES = 1_000
"""What a percentile interval takes: Efron & Tibshirani, An Introduction to the Bootstrap."""

TOGETHER = 10

Line = tuple[int, int, str, int]
"""A line of an order: order, product, category and amount in cents."""


def ready() -> None:
    """Do nothing: a process that is asked to has imported all that the statistics need."""


def latest_lines() -> Select[int, int, str, int]:
    """Return the query for the lines of the latest orders, as `Line` has them."""
    newest = select(func.max(Order.id)).scalar_subquery()
    return (
        select(OrderLine.order_id, OrderLine.product_id, Category.name, OrderLine.quantity * OrderLine.price)
        .join(Product, Product.id == OrderLine.product_id)
        .join(Category, Category.id == Product.category_id)
        .where(OrderLine.order_id > newest - LATEST_ORDERS)
        .order_by(OrderLine.order_id, OrderLine.product_id)
    )


def plain(rows: Iterable[Row[int, int, str, int]]) -> list[Line]:
    """Return what `latest_lines` finds without its database: plain tuples, which another process can read."""
    return [(order, product, category, amount) for order, product, category, amount in rows]


def statistics(lines: Iterable[Line]) -> SalesReport:
    """Compute the report: a million draws, so some 100 ms of CPU.

    `lines`: what `latest_lines` finds; the same lines give the same report. Raises ValueError where there
    are none.
    """
    baskets: dict[int, int] = defaultdict(int)
    contents: dict[int, list[int]] = defaultdict(list)
    by_category: Counter[str] = Counter()
    for order_id, product_id, category, amount in lines:
        baskets[order_id] += amount
        contents[order_id].append(product_id)
        by_category[category] += amount
    if not baskets:
        raise ValueError("no orders, no statistics")
    pairs = Counter(pair for products in contents.values() for pair in combinations(sorted(products), 2))
    amounts = sorted(baskets.values())
    low, high = _mean_interval(amounts)
    return SalesReport(
        orders=len(amounts),
        revenue=sum(amounts),
        by_category=dict(sorted(by_category.items())),
        basket_mean=sum(amounts) / len(amounts),
        basket_p90=amounts[int(0.9 * (len(amounts) - 1))],
        basket_low=low,
        basket_high=high,
        together=[(a, b, n) for (a, b), n in sorted(pairs.items(), key=_most_often_first)[:TOGETHER]],
    )


def _most_often_first(item: tuple[tuple[int, int], int]) -> tuple[int, tuple[int, int]]:
    pair, count = item
    return -count, pair


def _mean_interval(amounts: list[int]) -> tuple[float, float]:
    """Return the 95% percentile bootstrap interval of the mean."""
    rng = random.Random(1)
    n = len(amounts)
    means = sorted(sum(rng.choices(amounts, k=n)) / n for _ in range(RESAMPLES))
    return means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES)]
