"""Each fault before a real RabbitMQ, with a client that notices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import amqp
import pytest
from amqp.exceptions import ConnectionForced

from holdfast.gate.fault.kinds import Blackhole, Brownout, Error, FailFirst, Fault, Refuse, Reset, Slow
from tests.gate.fault.conftest import Run
from tests.gate.fault.real.before import before
from tests.servers.rabbitmq import RabbitMQ

LOST = (OSError, amqp.exceptions.ConnectionError)


def talk(address: str, then: Callable[[], None], *, patience: float = 20.0) -> int:
    """Publish, wait until `then` has changed something, publish again; returns what the queue holds."""
    connection = amqp.Connection(
        address, connect_timeout=patience, read_timeout=patience, confirm_publish=True
    )
    try:
        connection.connect()
        channel = connection.channel()
        queue = channel.queue_declare(exclusive=True).queue
        channel.basic_publish(amqp.Message("first"), routing_key=queue)
        then()
        channel.basic_publish(amqp.Message("second"), routing_key=queue)
        held: int = channel.queue_declare(queue=queue, passive=True).message_count
        return held
    finally:
        connection.collect()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (None, None),
        (Reset(), LOST),
        (Refuse(), LOST),
        (FailFirst(1), LOST),
        (Brownout(1.0), LOST),
        (Error(), ConnectionForced),
        (Blackhole(), TimeoutError),
        (Slow(60), TimeoutError),
    ],
)
def test_a_client_notices(
    run: Run,
    rabbitmq: RabbitMQ,
    fault: Fault | None,
    error: type[Exception] | tuple[type[Exception], ...] | None,
) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with before(rabbitmq.url, "rabbitmq") as (proxy, _):

            async def apply() -> None:
                proxy.apply(fault)

            def then() -> None:
                asyncio.run_coroutine_threadsafe(apply(), loop).result()

            address = "{}:{}".format(*proxy.address)
            patience = 1.0 if error is TimeoutError else 20.0
            if error is None:
                assert await asyncio.to_thread(talk, address, then, patience=patience) == 2
                # queue.declare twice, basic.publish twice, confirm.select once
                assert proxy.counts.calls == 5
            else:
                with pytest.raises(error):
                    await asyncio.to_thread(talk, address, then, patience=patience)
            assert proxy.counts.unframed == 0

    run(main())
