"""The made documents and the encoder of tests/retrieval, and the worker that gets killed."""

from __future__ import annotations

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
for _folder in (_HERE, _HERE.parent / "retrieval"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))
