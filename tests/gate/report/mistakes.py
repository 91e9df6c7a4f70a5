"""Two mistakes as the shop describes its own, for the pages that show them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mistake:
    slug: str
    title: str
    harm: str
    fragile_code: str
    fragile_place: str
    held_code: str
    held_place: str
    project: str
    reference: str


MISTAKES = (
    Mistake(
        "sync-client",
        "A blocking client in an async handler",
        "While one order waits for the payment provider, the loop and every other request wait too.",
        """\
async def place(order: OrderIn) -> Order:
    answer = requests.post(
        f"{PAYMENTS}/charges", json=order.charge()
    )
    answer.raise_for_status()
""",
        "examples/shop/fragile/orders.py:41",
        """\
async def place(order: OrderIn) -> Order:
    answer = await payments.post(
        "/charges", json=order.charge()
    )
    answer.raise_for_status()
""",
        "examples/shop/held/orders.py:38",
        "home-assistant/core",
        "https://github.com/home-assistant/core/pull/12345",
    ),
    Mistake(
        "naive-retry",
        "Retries without a budget",
        "Three attempts at once make an outage of the provider three times worse, and keep it down.",
        """\
for attempt in range(3):
    try:
        return await charge(order)
    except ConnectionError:
        continue
raise HTTPException(502)
""",
        "examples/shop/fragile/payments.py:22",
        "# attempts and budget: holdfast.toml, [dependency.payments]\nreturn await charge(order)\n",
        "examples/shop/held/payments.py:19",
        "kubernetes-client/python",
        "https://github.com/kubernetes-client/python/issues/1",
    ),
)
