"""What all files of vectors in a folder may take together, and which vectors go first."""

import hashlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest

from vectorlong.errors import OptionError
from vectorlong.user_cache import MAX_VECTORS_BYTES
from vectorlong.vector_cache import cache_file
from vectorlong.vector_cache.cache_file import CacheFile, list_files
from vectorlong.vector_cache.trimming import remove_files, trim
from vectorlong.vector_cache.vector_cache import VectorCache

WIDTH = 384
LIMIT = 2_000_000
HOUR = 3600


def encode(texts):
    """A vector that says which text it is of."""
    return np.stack([np.full(WIDTH, len(text) + hash(text) % 1000, np.float32) for text in texts])


def refuse(texts):
    raise AssertionError(f"{len(texts)} texts are not in the cache")


def texts_of(name, n=1000):
    return [f"{name} {number}" for number in range(n)]


def open_cache(folder, name="one", max_bytes=LIMIT, **options):
    return VectorCache(folder, name, WIDTH, max_bytes=max_bytes, **options)


def n_bytes(folder):
    return sum(path.stat().st_size for path in folder.iterdir())


def n_kept(cache, texts):
    """How many of the texts the cache has, without using them."""
    keys = [hashlib.sha256(text.encode()).digest() for text in texts]
    with open_cache_file(cache) as connection:
        return len(list(cache_file.read_rows(connection, keys)))


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = time.time()

    monkeypatch.setattr(cache_file.time, "time", lambda: Clock.now)
    return Clock


def test_the_limit_is_two_gib_where_nobody_says(tmp_path):
    assert VectorCache(tmp_path, "one", WIDTH)._max_bytes == MAX_VECTORS_BYTES == 2**31


def test_a_cache_stays_within_its_limit(tmp_path, clock):
    cache = open_cache(tmp_path)
    most = 0
    for number in range(8):
        clock.now += 1
        texts = texts_of(number, 400)
        np.testing.assert_array_equal(cache.encode(texts, encode), encode(texts))
        most = max(most, n_bytes(tmp_path))
    assert 0.6 * LIMIT < most <= LIMIT
    assert n_kept(cache, texts_of(7, 400)) == 400
    assert n_kept(cache, texts_of(0, 400)) == 0
    with open_cache_file(cache) as connection:
        assert connection.execute("PRAGMA freelist_count").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM uses").fetchone() == (
            connection.execute("SELECT count(*) FROM vectors").fetchone()
        )


def open_cache_file(cache):
    return cache_file.opened(cache.path)


def test_without_a_limit(tmp_path):
    cache = open_cache(tmp_path, max_bytes=None)
    for number in range(4):
        cache.encode(texts_of(number), encode)
    assert n_bytes(tmp_path) > LIMIT
    assert n_kept(cache, texts_of(0)) == 1000


def test_what_was_used_lately_stays(tmp_path, clock):
    cache = open_cache(tmp_path)
    cache.encode(texts_of("first", 300), encode)
    clock.now += HOUR
    cache.encode(texts_of("second", 300), encode)
    clock.now += HOUR
    cache.encode(texts_of("first", 300), refuse)  # used again
    clock.now += HOUR
    cache.encode(texts_of("third", 520), encode)
    assert n_kept(cache, texts_of("first", 300)) == 300
    assert n_kept(cache, texts_of("second", 300)) < 300
    assert n_kept(cache, texts_of("third", 520)) == 520


def test_models_share_the_limit(tmp_path, clock):
    old, new = open_cache(tmp_path, "old"), open_cache(tmp_path, "new")
    old.encode(texts_of("a", 600), encode)
    clock.now += 2 * HOUR
    new.encode(texts_of("b", 400), encode)
    clock.now += 2 * HOUR
    new.encode(texts_of("c", 400), encode)
    assert n_bytes(tmp_path) <= LIMIT
    assert 0 < n_kept(old, texts_of("a", 600)) < 600
    assert n_kept(new, texts_of("b", 400) + texts_of("c", 400)) == 800
    clock.now += 2 * HOUR
    new.encode(texts_of("d", 400), encode)
    assert n_kept(old, texts_of("a", 600)) == 0


def test_a_smaller_limit_makes_the_files_smaller(tmp_path):
    open_cache(tmp_path).encode(texts_of("a"), encode)
    trim(tmp_path, 500_000)
    assert n_bytes(tmp_path) <= 500_000
    with pytest.warns(UserWarning, match="max_cache_bytes is 1"):
        open_cache(tmp_path, max_bytes=1).encode(texts_of("b", 10), encode)
    assert n_bytes(tmp_path) < 200_000  # tables without a row
    trim(tmp_path / "no folder", 1)


def test_more_at_once_than_the_limit_is_said(tmp_path):
    with pytest.warns(UserWarning, match=r"2,000 texts take 3,072,000 bytes, and max_cache_bytes"):
        found = open_cache(tmp_path).encode(texts_of("a", 2000), encode)
    np.testing.assert_array_equal(found, encode(texts_of("a", 2000)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        open_cache(tmp_path).encode(texts_of("b", 1000), encode)


# --- other files, and those of before ------------------------------------------------------------


@pytest.fixture
def of_before(tmp_path):
    """A file as it was written when there was no limit, of the day before."""
    path = tmp_path / f"{'a' * 64}-float32.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TABLE vectors (text BLOB PRIMARY KEY, vector BLOB NOT NULL, checksum INTEGER "
            "NOT NULL) WITHOUT ROWID"
        )
        modern = open_cache(tmp_path / "modern")
        modern.encode(texts_of("old"), encode)
        with open_cache_file(modern) as other:
            rows = other.execute("SELECT text, vector, checksum FROM vectors").fetchall()
        connection.executemany("INSERT INTO vectors VALUES (?, ?, ?)", rows)
    connection.close()
    os.utime(path, (time.time() - 24 * HOUR,) * 2)
    return path


def open_before(path, **options):
    return open_cache(path.parent, path.stem, **options)


def test_a_cache_of_before_is_used(of_before):
    (file,) = list_files(of_before.parent)
    assert (file.n_vectors, file.model) == (1000, None)
    cache = open_before(of_before, max_bytes=None, model="a name")
    np.testing.assert_array_equal(cache.encode(texts_of("old"), refuse), encode(texts_of("old")))
    cache.encode(texts_of("new", 10), encode)
    (file,) = list_files(of_before.parent)
    assert (file.n_vectors, file.model) == (1010, "a name")


def test_a_cache_of_before_is_made_small(of_before, clock):
    assert of_before.stat().st_size > 2 * LIMIT
    cache = open_before(of_before)
    cache.encode(texts_of("old", 100), refuse)
    cache.encode(texts_of("new", 400), encode)
    assert of_before.stat().st_size <= LIMIT
    assert n_kept(cache, texts_of("old", 100) + texts_of("new", 400)) == 500
    assert 0 < n_kept(cache, texts_of("old")) < 1000


def test_a_cache_of_before_loses_nothing_that_fits(of_before):
    assert of_before.stat().st_size > 2 * LIMIT
    trim(of_before.parent, int(1.3 * LIMIT))
    assert of_before.stat().st_size <= 1.3 * LIMIT
    assert n_kept(open_before(of_before), texts_of("old")) == 1000


@pytest.mark.parametrize("is_of_before", [True, False])
def test_whoever_may_only_read_is_served(of_before, monkeypatch, is_of_before):
    path = of_before if is_of_before else of_before.parent / "modern" / "one.sqlite"
    os.utime(path, (time.time() - 24 * HOUR,) * 2)
    connect = sqlite3.connect

    def connect_read_only(*arguments, **options):
        connection = connect(*arguments, **options)
        connection.execute("PRAGMA query_only = ON")
        return connection

    monkeypatch.setattr(sqlite3, "connect", connect_read_only)
    monkeypatch.setattr(cache_file.time, "time", lambda: 4e9)
    cache = open_before(path)
    np.testing.assert_array_equal(cache.encode(texts_of("old"), refuse), encode(texts_of("old")))
    with pytest.raises(OptionError, match="cannot be kept there"):
        cache.encode(["new"], encode)


@pytest.fixture
def foreign(tmp_path):
    """Files of others: a database, one that is none, a link, and one of no suffix of ours."""
    paths = [tmp_path / name for name in ("other.sqlite", "text.sqlite", "empty.sqlite", "notes")]
    with sqlite3.connect(paths[0]) as connection:
        connection.execute("CREATE TABLE vectors (text BLOB, vector BLOB, checksum INTEGER)")
        connection.executemany("INSERT INTO vectors VALUES (?, ?, 0)", [(b"x", bytes(4000))] * 1000)
    connection.close()
    for path in (paths[1], paths[3]):
        path.write_text("nothing of vectorlong's " * 100)
    paths[2].touch()
    outside = open_cache(tmp_path / "outside")
    outside.encode(texts_of("a", 10), encode)
    (tmp_path / "link.sqlite").symlink_to(outside.path)
    paths.append(outside.path)
    return {path: path.read_bytes() for path in paths}


def test_files_of_others_are_left_alone(tmp_path, foreign):
    cache = open_cache(tmp_path, "ours")
    cache.encode(texts_of("a"), encode)
    assert [file.path for file in list_files(tmp_path)] == [cache.path]
    trim(tmp_path, LIMIT)
    assert cache.path.stat().st_size <= 0.9 * LIMIT
    damaged = tmp_path / f"{'b' * 64}-float32.sqlite"
    damaged.write_bytes(b"no database at all")
    assert CacheFile(damaged, 18, last_used=int(damaged.stat().st_mtime)) in list_files(tmp_path)
    removed, kept = remove_files(tmp_path)
    assert {file.path for file in removed} == {cache.path, damaged}
    assert kept == []
    assert {path: path.read_bytes() for path in foreign} == foreign
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "empty.sqlite",
        "link.sqlite",
        "notes",
        "other.sqlite",
        "outside",
        "text.sqlite",
    ]


def test_a_file_in_use_is_not_removed(tmp_path, monkeypatch):
    monkeypatch.setattr("vectorlong.vector_cache.trimming._IN_USE_TIMEOUT_S", 0.05)
    cache = open_cache(tmp_path)
    seen = []

    def remove_meanwhile(texts):
        seen.append(remove_files(tmp_path))
        return encode(texts)

    cache.encode(["a text"], remove_meanwhile)
    ((removed, kept),) = seen
    assert (removed, [file.path for file in kept]) == ([], [cache.path])
    assert n_kept(cache, ["a text"]) == 1
    assert [file.path for file in remove_files(tmp_path)[0]] == [cache.path]
    cache.encode(["a text"], encode)


# --- several processes, and kills ----------------------------------------------------------------

SCRIPT = """
import sys, itertools
from pathlib import Path
from tests.vector_cache.test_limit import encode, open_cache, texts_of

name, n_rounds = sys.argv[2], int(sys.argv[3])
cache = open_cache(Path(sys.argv[1]), name, 600_000)
print("ready", flush=True)
for number in range(n_rounds):
    texts = texts_of(f"{name} {number % 7}", 60)
    assert (cache.encode(texts, encode) == encode(texts)).all()
"""


def start(folder, name="one", n_rounds=12):
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SCRIPT, str(folder), name, str(n_rounds)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )


def test_processes_trim_at_once(tmp_path):
    processes = [start(tmp_path, name) for name in ("one", "one", "two")]
    assert [process.wait(120) for process in processes] == [0, 0, 0]
    for process in processes:
        process.stdout.close()
    trim(tmp_path, 600_000)
    assert n_bytes(tmp_path) <= 600_000


def test_kills_leave_sound_files_within_the_limit(tmp_path):
    chance = random.Random(0)
    for _ in range(6):
        process = start(tmp_path, n_rounds=100_000)
        process.stdout.readline()
        time.sleep(chance.uniform(0.01, 0.5))
        os.kill(process.pid, signal.SIGKILL)
        process.wait(60)
        process.stdout.close()
        path = tmp_path / "one.sqlite"
        connection = sqlite3.connect(path)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()
        assert path.stat().st_size < 2 * 600_000
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of damage
        cache = open_cache(tmp_path, max_bytes=600_000)
        for number in range(3):
            cache.encode(texts_of(number, 100), encode)
    assert n_bytes(tmp_path) <= 600_000
