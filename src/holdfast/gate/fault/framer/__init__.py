"""The protocols that the proxy understands: where calls begin, and how each says that one failed."""

from __future__ import annotations

from holdfast.gate.fault.framer.framer import Framer, MakeFramer

__all__ = ["Framer", "MakeFramer", "framer_of"]


def framer_of(kind: str) -> MakeFramer | None:
    """Return what counts the calls to a dependency of this kind, None where they cannot be counted."""
    match kind:
        case "http":
            from holdfast.gate.fault.framer.http import HttpFramer

            return HttpFramer
        case "redis":
            from holdfast.gate.fault.framer.resp import RespFramer

            return RespFramer
        case "postgres":
            from holdfast.gate.fault.framer.postgres import PostgresFramer

            return PostgresFramer
        case "rabbitmq":
            from holdfast.gate.fault.framer.amqp import AmqpFramer

            return AmqpFramer
        case _:
            return None
