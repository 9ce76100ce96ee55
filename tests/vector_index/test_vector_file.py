"""The append-only file of rows by itself: what is cut off, what is refused, what is noticed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vectorlong.errors import IndexCorruptError
from vectorlong.vector_index import vector_file
from vectorlong.vector_index.vector_file import (
    Segment,
    VectorAppender,
    VectorFile,
    gather_rows,
    row_blocks,
)

ROWS = np.random.default_rng(0).normal(size=(10, 4)).astype(np.float32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rows.f32"


@pytest.fixture
def segments(path: Path) -> list[Segment]:
    appender = VectorAppender(path, 4, create=True)
    made = [appender.append(ROWS[:6], 0), appender.append(ROWS[6:], 6)]
    appender.close()
    appender.close()
    return made


def test_rows_are_read_as_they_were_appended(path: Path, segments: list[Segment]) -> None:
    assert path.read_bytes() == ROWS.astype("<f4").tobytes()
    assert [(segment.first_row, segment.n_rows) for segment in segments] == [(0, 6), (6, 4)]
    mapped = VectorFile(path, 4).map(8)
    np.testing.assert_array_equal(mapped, ROWS[:8])
    assert not mapped.flags.writeable
    assert VectorFile(path, 4).map(0).shape == (0, 4)
    with pytest.raises(IndexCorruptError, match="160 bytes where the ledger acknowledged 11 rows"):
        VectorFile(path, 4).map(11)


def test_what_was_not_acknowledged_is_cut_off(path: Path, segments: list[Segment]) -> None:
    appender = VectorAppender(path, 4)
    assert appender.n_unaccounted_bytes(8) == 32
    assert appender.n_unaccounted_bytes(10) == appender.n_unaccounted_bytes(11) == 0
    again = appender.append(ROWS[:1], 8)
    assert (again.first_row, path.stat().st_size) == (8, 9 * 16)
    np.testing.assert_array_equal(VectorFile(path, 4).map(9), np.vstack([ROWS[:8], ROWS[:1]]))
    appender.truncate(20)
    assert path.stat().st_size == 9 * 16
    appender.truncate(3)
    assert path.stat().st_size == 3 * 16
    with pytest.raises(IndexCorruptError, match="it has 48 bytes"):  # and no gap is filled up
        appender.append(ROWS[:1], 4)
    assert path.stat().st_size == 3 * 16
    appender.close()


def test_a_file_that_is_made_anew_is_another(path: Path, segments: list[Segment]) -> None:
    former = VectorAppender(path, 4)
    assert former.is_in_place()
    VectorAppender(path, 4, create=True).close()
    assert not former.is_in_place()
    assert path.stat().st_size == 0
    former.close()


@pytest.mark.parametrize("block_bytes", [7, 1 << 24])
def test_damage_is_found_in_its_segment(
    path: Path, segments: list[Segment], monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    monkeypatch.setattr(vector_file, "_BLOCK_BYTES", block_bytes)
    file = VectorFile(path, 4)
    assert file.damage(segments) is None
    assert file.damage([]) is None
    content = path.read_bytes()
    for place, rows in ((0, "0 to 5"), (95, "0 to 5"), (96, "6 to 9"), (159, "6 to 9")):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert f"rows {rows} do not have" in (file.damage(segments) or "")
        assert (file.damage(segments[1:]) is None) == (rows == "0 to 5")
    path.write_bytes(content[:-1])
    assert "159 bytes where the ledger acknowledged 10 rows" in (file.damage(segments) or "")
    path.write_bytes(content + b"more")
    assert file.damage(segments) is None
    path.unlink()
    assert "is missing" in (file.damage(segments) or "")


def test_chosen_rows_are_copied_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vector_file, "_BLOCK_ROWS", 3)
    chosen = np.array([9, 0, 4, 4, 1, 7, 2])
    blocks = list(row_blocks(ROWS, chosen))
    assert [len(block) for block in blocks] == [3, 3, 1]
    np.testing.assert_array_equal(np.vstack(blocks), ROWS[chosen])
    gathered = gather_rows(ROWS, chosen)
    assert isinstance(gathered, np.memmap)
    np.testing.assert_array_equal(gathered, ROWS[chosen])
    assert gather_rows(ROWS, chosen[:0]).shape == (0, 4)
