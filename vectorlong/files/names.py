r"""A file's name in ids and messages, and back to its path.

Names are bytes on most systems, ids are text: what is no UTF-8 is written ``\xff``. Two files never
share a name: one that holds such a sequence literally has its backslash written ``\x5c``.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

_LITERAL = re.compile(rb"\\(?=x[0-9a-f]{2})")
_ESCAPE = re.compile(rb"\\x([0-9a-f]{2})")


def name_of(root: Path, path: Path) -> str:
    """Give a path from its root on, the root's name first."""
    name = os.fsencode(str(PurePosixPath(root.name, *path.relative_to(root).parts)))
    return _LITERAL.sub(rb"\\x5c", name).decode("utf-8", "backslashreplace")


def path_of(name: str) -> PurePosixPath:
    """Give the path that a name was made of."""
    raw = _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), name.encode())
    return PurePosixPath(os.fsdecode(raw))
