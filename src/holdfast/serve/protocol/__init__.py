"""Uvicorn's HTTP/1 protocol, asked by the door and patient for a limited time.

What does not need the app is done before the app: refusing while it is full, and giving up on clients that
send nothing. Where no app is held the protocol is Uvicorn's own.
"""

from __future__ import annotations

from holdfast.serve.protocol.made import protocol

__all__ = ["protocol"]
