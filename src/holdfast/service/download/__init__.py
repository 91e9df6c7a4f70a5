"""Downloads: sent as they are read, in bounded memory, and ended with their reader."""

from __future__ import annotations

from holdfast.service.download.file import FileDownload
from holdfast.service.download.stream import StreamDownload

__all__ = ["FileDownload", "StreamDownload"]
