"""Messages between this process and the one that reads documents: a length, then that much JSON.

JSON, because neither side may believe what the other sends to be more than data.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

_LENGTH = struct.Struct(">Q")


def send(stream: BinaryIO, message: Mapping[str, Any]) -> None:
    """Write one message; lone surrogates, which titles may hold, pass through."""
    body = json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")
    stream.write(_LENGTH.pack(len(body)))
    stream.write(body)
    stream.flush()


def receive(stream: BinaryIO, max_bytes: int) -> dict[str, Any] | None:
    """Read one message; None where the stream ends, or holds no message of at most that size."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = stream.read(length) if length <= max_bytes else b""
    if len(body) < length:
        return None
    try:
        message = json.loads(body.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None
