"""Files packed by gzip, unpacked for a while beside everything else."""

from __future__ import annotations

import gzip
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vectorlong.files.limits import Limits
from vectorlong.files.opening import open_file
from vectorlong.files.unreadable import UnreadableError, one_line

_PIECE_BYTES = 1 << 18


@contextmanager
def unpacked(path: Path, limits: Limits) -> Iterator[Path]:
    """Give the path of what a file unpacks to, which is gone afterwards.

    Raises
    ------
    UnreadableError
        It is damaged, or unpacks to more than a file may hold.
    """
    with tempfile.TemporaryDirectory(prefix="vectorlong-") as folder:
        place = Path(folder, "unpacked")
        n_bytes = 0
        with open_file(path) as packed, place.open("wb") as file:
            pieces = gzip.GzipFile(fileobj=packed)
            try:
                while piece := pieces.read(_PIECE_BYTES):
                    n_bytes += len(piece)
                    limits.check_bytes(n_bytes)
                    file.write(piece)
            except (gzip.BadGzipFile, EOFError, zlib.error) as error:
                raise UnreadableError(f"is a damaged gzip file ({one_line(error)})") from error
        yield place
