"""A model of a disk that loses what was not flushed, filled from the log of `write_log.c`.

It is as strict as POSIX allows. A write is sure once its own file was flushed, a name (a new file,
a rename, a removal) once its folder was flushed. Whatever else was done may be on the disk or not:
in any order, writes sector by sector, and the length of a file without what was written there.
"""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

_HEADER = struct.Struct("=c7xQQII")
_SECTOR = 512


@dataclass(frozen=True)
class Record:
    """One line of the log; ``kind`` is explained in write_log.c."""

    kind: str
    inode: int
    offset: int
    path: str
    data: bytes


def read_log(path: Path) -> list[Record]:
    """Every record of a log."""
    content, place, records = path.read_bytes(), 0, []
    while place < len(content):
        kind, inode, offset, n_path, n_data = _HEADER.unpack_from(content, place)
        place += _HEADER.size
        name = content[place : place + n_path].decode()
        data = content[place + n_path : place + n_path + n_data]
        place += n_path + n_data
        records.append(Record(kind.decode(), inode, offset, name, data))
    return records


@dataclass(frozen=True, eq=False)
class Change:
    """Something done that is not sure to be on the disk yet.

    Attributes
    ----------
    place
        The folder whose names are changed, or the number of the file that is.
    step
        "link", "unlink", "rename", "write" or "cut".
    """

    place: str | int
    step: str
    path: str = ""
    target: str = ""
    number: int = 0
    offset: int = 0
    data: bytes = b""

    def __str__(self) -> str:
        what = f"{len(self.data)} bytes at {self.offset}" if self.step == "write" else self.target
        return f"{self.step} {PurePosixPath(self.path).name} {what}"


# Which of a change's sectors were kept; of a change of names, whether the one there is was.
Fate = Callable[[Change, int], bool]
_FOLDER = -1


@dataclass
class Disk:
    """What is sure to be there, and what is not."""

    root: str
    contents: dict[int, bytes] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)
    pending: list[Change] = field(default_factory=list)
    marks: list[dict] = field(default_factory=list)
    _numbers: dict[int, int] = field(default_factory=dict)  # inode -> file
    _current: dict[str, int] = field(default_factory=dict)  # path -> file, as the program sees it

    def take(self, record: Record) -> None:
        """Follow one step of the program."""
        parent = str(PurePosixPath(record.path).parent)
        path = record.path
        if record.kind == "A":
            self.marks += [json.loads(line) for line in record.data.splitlines()]
        elif record.kind in "CM":
            number = _FOLDER
            if record.kind == "C":
                number = self._numbers[record.inode] = len(self.contents)
                self.contents[number] = b""
            self._current[path] = number
            self.pending.append(Change(parent, "link", path, number=number))
        elif record.kind == "U":
            del self._current[path]
            self.pending.append(Change(parent, "unlink", path))
        elif record.kind == "R":
            target, number = record.data.decode(), self._current.pop(path)
            self._current[target] = number
            self.pending.append(Change(parent, "rename", path, target, number))
        elif record.kind == "S":
            self._flush(path if self._is_folder(path) else self._numbers[record.inode])
        else:
            step = "write" if record.kind == "W" else "cut"
            number = self._numbers[record.inode]
            self.pending.append(Change(number, step, path, offset=record.offset, data=record.data))

    def _is_folder(self, path: str) -> bool:
        return path == self.root or self._current.get(path) == _FOLDER

    def _flush(self, place: str | int) -> None:
        kept = [change for change in self.pending if change.place == place]
        self.pending = [change for change in self.pending if change.place != place]
        for change in kept:
            if isinstance(place, int):
                self.contents[place] = _written(self.contents[place], change, lambda *_: True)
            else:
                _rename(self.names, change)

    def after_a_cut(self, fate: Fate) -> dict[str, bytes | None]:
        """The files (and, as None, folders) that are there if ``fate`` chose what was kept."""
        names, contents = dict(self.names), dict(self.contents)
        for change in self.pending:
            if isinstance(change.place, int):
                contents[change.place] = _written(contents[change.place], change, fate)
            elif fate(change, 0):
                _rename(names, change)
        return {
            path: None if number == _FOLDER else contents[number]
            for path, number in sorted(names.items())
            if all(
                str(parent) == self.root
                or not str(parent).startswith(self.root)
                or str(parent) in names
                for parent in PurePosixPath(path).parents
            )
        }


def _rename(names: dict[str, int], change: Change) -> None:
    if change.step == "link":
        names[change.path] = change.number
        return
    names.pop(change.path, None)
    if change.step == "rename":
        names[change.target] = change.number


def _written(content: bytes, change: Change, fate: Fate) -> bytes:
    if change.step == "cut":
        if not fate(change, 0):
            return content
        return content[: change.offset].ljust(change.offset, b"\0")
    result = bytearray(content)
    start = 0
    while start < len(change.data):
        end = start + _SECTOR - (change.offset + start) % _SECTOR
        part = change.data[start:end]
        place = change.offset + start
        if fate(change, start // _SECTOR):
            result.extend(b"\0" * (place + len(part) - len(result)))
            result[place : place + len(part)] = part
        start = end
    return bytes(result)


def fates(disk: Disk, chance: random.Random) -> Iterator[tuple[str, Fate]]:
    """Ways in which the power can go now, without end; the extreme ones first."""
    yield "nothing kept", lambda *_: False
    yield "everything kept", lambda *_: True
    yield "names kept", lambda change, _: isinstance(change.place, str)
    yield "writes kept", lambda change, _: isinstance(change.place, int)
    yield "last dropped", lambda change, _: change is not disk.pending[-1]
    yield "only the last kept", lambda change, _: change is disk.pending[-1]
    ways = [_one_dropped, _one_kept, _one_file_dropped, _one_file_kept, _beginning, _some, _torn]
    while disk.pending:
        yield chance.choice(ways)(disk.pending, chance)


def _one_dropped(pending: list[Change], chance: random.Random) -> tuple[str, Fate]:
    chosen = chance.choice(pending)
    return f"dropped: {chosen}", lambda change, _: change is not chosen


def _one_kept(pending: list[Change], chance: random.Random) -> tuple[str, Fate]:
    chosen = chance.choice(pending)
    return f"kept: {chosen}", lambda change, _: change is chosen


def _one_file_dropped(pending: list[Change], chance: random.Random) -> tuple[str, Fate]:
    chosen = chance.choice(pending)
    return f"dropped all like: {chosen}", lambda change, _: change.place != chosen.place


def _one_file_kept(pending: list[Change], chance: random.Random) -> tuple[str, Fate]:
    chosen = chance.choice(pending)
    return f"kept all like: {chosen}", lambda change, _: change.place == chosen.place


def _beginning(pending: list[Change], chance: random.Random) -> tuple[str, Fate]:
    n_kept = chance.randint(0, len(pending))
    kept = set(map(id, pending[:n_kept]))
    return f"the first {n_kept} kept", lambda change, _: id(change) in kept


def _some(pending: list[Change], chance: random.Random) -> tuple[str, Fate]:
    share = chance.random()
    kept = {id(change) for change in pending if chance.random() < share}
    return f"{len(kept)} of {len(pending)} kept", lambda change, _: id(change) in kept


def _torn(pending: list[Change], chance: random.Random) -> tuple[str, Fate]:
    seed, share = chance.random(), chance.random()
    order = {id(change): number for number, change in enumerate(pending)}

    def fate(change: Change, sector: int) -> bool:
        return random.Random(f"{seed} {order[id(change)]} {sector}").random() < share

    return f"sectors kept at random (seed {seed})", fate
