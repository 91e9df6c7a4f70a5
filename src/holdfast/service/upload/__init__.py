"""Uploads: read as they come, in bounded memory, and kept under names that the server makes."""

from __future__ import annotations

from holdfast.service.upload.disk import Disk
from holdfast.service.upload.received import File, Received
from holdfast.service.upload.sink import Sink, Writing

__all__ = ["Disk", "File", "Received", "Sink", "Writing"]
