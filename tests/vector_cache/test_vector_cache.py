import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.classify.encoders import CountingEncoder
from vectorlong.errors import OptionError
from vectorlong.vector_cache.vector_cache import VectorCache

TEXTS = [f"text number {number}" for number in range(40)]


@pytest.fixture
def encoder(tmp_path):
    return CountingEncoder(tmp_path / "log")


def open_cache(tmp_path, encoder):
    return VectorCache(tmp_path / "cache", "name", encoder.width)


def test_encodes_each_text_once_and_keeps_the_order(tmp_path, encoder):
    first = open_cache(tmp_path, encoder).encode(TEXTS * 2, encoder.encode_document)
    again = open_cache(tmp_path, encoder).encode(TEXTS[::-1], encoder.encode_document)
    assert len(encoder.encoded) == len(TEXTS)
    np.testing.assert_array_equal(first[: len(TEXTS)], again[::-1])
    np.testing.assert_array_equal(first, np.concatenate([first[: len(TEXTS)]] * 2))
    assert first.dtype == again.dtype == np.float32


def test_no_texts_have_no_vectors(tmp_path, encoder):
    vectors = open_cache(tmp_path, encoder).encode([], encoder.encode_document)
    assert vectors.shape == (0, encoder.width)
    assert encoder.encoded == []


def test_what_was_encoded_before_a_failure_is_kept(tmp_path, encoder):
    long_texts = [f"{number} " * 100_000 for number in range(4)]  # a group of its own each

    def fail_at_third(texts):
        if len(encoder.encoded) == 2:
            raise RuntimeError("stop here")
        return encoder.encode_document(texts)

    with pytest.raises(RuntimeError, match="stop here"):
        open_cache(tmp_path, encoder).encode(long_texts, fail_at_third)
    open_cache(tmp_path, encoder).encode(long_texts, encoder.encode_document)
    assert len(encoder.encoded) == len(set(encoder.encoded)) == 4


def test_a_damaged_row_is_encoded_again(tmp_path, encoder):
    cache = open_cache(tmp_path, encoder)
    expected = cache.encode(TEXTS, encoder.encode_document)
    with sqlite3.connect(cache.path) as connection:
        connection.execute(
            "UPDATE vectors SET vector = zeroblob(32) WHERE text = (SELECT min(text) FROM vectors)"
        )
    connection.close()
    np.testing.assert_array_equal(cache.encode(TEXTS, encoder.encode_document), expected)
    assert len(encoder.encoded) == len(TEXTS) + 1


@pytest.mark.parametrize("damage", ["garbage", "hole", "cut"])
def test_a_damaged_file_is_replaced(tmp_path, encoder, damage):
    cache = open_cache(tmp_path, encoder)
    expected = cache.encode(TEXTS, encoder.encode_document)
    content = cache.path.read_bytes()
    damaged = {
        "garbage": b"no database at all" * 500,
        "hole": content[:4096] + bytes(len(content) - 4096),
        "cut": content[:4096],
    }
    cache.path.write_bytes(damaged[damage])
    with pytest.warns(UserWarning, match=r"name\.sqlite is damaged .* encoded again"):
        found = open_cache(tmp_path, encoder).encode(TEXTS, encoder.encode_document)
    np.testing.assert_array_equal(found, expected)
    assert len(encoder.encoded) == 2 * len(TEXTS)


def test_damage_that_only_writing_meets(tmp_path, encoder):
    cache = open_cache(tmp_path, encoder)
    expected = cache.encode(TEXTS, encoder.encode_document)
    content = bytearray(cache.path.read_bytes())
    content[32:40] = (9).to_bytes(4, "big") * 2  # a list of free pages that are none
    cache.path.write_bytes(content)
    more = [f"another text {number}" for number in range(400)]
    with pytest.warns(UserWarning, match=r"name\.sqlite is damaged .* encoded again"):
        cache.encode(more, encoder.encode_document)
    np.testing.assert_array_equal(cache.encode(TEXTS, encoder.encode_document), expected)
    n_before = len(encoder.encoded)
    open_cache(tmp_path, encoder).encode(TEXTS, encoder.encode_document)
    assert len(encoder.encoded) == n_before


def test_a_row_that_holds_no_vector(tmp_path, encoder):
    cache = open_cache(tmp_path, encoder)
    expected = cache.encode(TEXTS, encoder.encode_document)
    with sqlite3.connect(cache.path) as connection:
        connection.execute("UPDATE vectors SET vector = 5")
    connection.close()
    np.testing.assert_array_equal(cache.encode(TEXTS, encoder.encode_document), expected)


def test_threads_share_the_work(tmp_path, encoder):
    def work(_):
        return open_cache(tmp_path, encoder).encode(TEXTS, encoder.encode_document)

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(work, range(4)))
    assert len(encoder.encoded) == len(TEXTS)
    for result in results:
        np.testing.assert_array_equal(result, results[0])


SCRIPT = """
import sys, time
from pathlib import Path
from tests.classify.encoders import CountingEncoder
from vectorlong.vector_cache.vector_cache import VectorCache

folder = Path(sys.argv[1])
encoder = CountingEncoder(folder / "log")
texts = [f"{number} " * 100_000 for number in range(6)]

def slowly(part):
    time.sleep(0.05)
    return encoder.encode_document(part)

print("ready", flush=True)
VectorCache(folder / "cache", "name", encoder.width).encode(texts, slowly)
"""


def start(tmp_path):
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )


def test_two_processes_encode_each_text_once(tmp_path, encoder):
    processes = [start(tmp_path) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert len(encoder.encoded) == len(set(encoder.encoded)) == 6
    for process in processes:
        process.stdout.close()


def test_a_killed_process_leaves_a_sound_cache(tmp_path, encoder):
    process = start(tmp_path)
    process.stdout.readline()
    while len(encoder.encoded) < 2:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(60)
    process.stdout.close()
    n_before = len(encoder.encoded)
    texts = [f"{number} " * 100_000 for number in range(6)]
    found = open_cache(tmp_path, encoder).encode(texts, encoder.encode_document)
    # At most the group that was under way is encoded twice.
    assert len(encoder.encoded) - n_before <= 6 - (n_before - 1)
    np.testing.assert_array_equal(found, encoder.encode_document(texts))


def test_a_full_disk(tmp_path, encoder, monkeypatch):
    cache = open_cache(tmp_path, encoder)
    connect = sqlite3.connect

    def connect_to_full_disk(*arguments, **options):
        connection = connect(*arguments, **options)
        connection.execute("PRAGMA max_page_count = 3")  # or as many as there are
        return connection

    monkeypatch.setattr(sqlite3, "connect", connect_to_full_disk)
    with pytest.raises(OptionError, match=r"cache='.*' is not valid.*full.*or cache=False"):
        cache.encode([f"text {number}" for number in range(2000)], encoder.encode_document)
    monkeypatch.undo()
    vectors = open_cache(tmp_path, encoder).encode(TEXTS, encoder.encode_document)
    np.testing.assert_array_equal(vectors, encoder.encode_document(TEXTS))


def test_a_folder_that_cannot_be_written(tmp_path, encoder):
    (tmp_path / "cache").write_text("a file stands in the way")
    with pytest.raises(OptionError, match=r"cache='.*cache' is not valid.*or cache=False"):
        open_cache(tmp_path, encoder)


def test_a_cache_that_cannot_be_written_still_gives_what_it_has(tmp_path, encoder, monkeypatch):
    expected = open_cache(tmp_path, encoder).encode(TEXTS, encoder.encode_document)
    cache = open_cache(tmp_path, encoder)

    def refuse():
        raise PermissionError(13, "Permission denied", "name.lock")

    monkeypatch.setattr(cache._lock, "acquire", refuse)
    np.testing.assert_array_equal(cache.encode(TEXTS, encoder.encode_document), expected)
    with pytest.raises(OptionError, match=r"cache='.*' is not valid.*Permission.*or cache=False"):
        cache.encode(["a new text"], encoder.encode_document)


def test_a_file_that_cannot_be_read(tmp_path, encoder, monkeypatch):
    cache = open_cache(tmp_path, encoder)
    monkeypatch.setattr("vectorlong.vector_cache.cache_file._LOCKED_TIMEOUT_S", 0.05)
    other = sqlite3.connect(cache.path)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(OptionError, match=r"cache='.*' is not valid.*locked.*or cache=False"):
        cache.encode(TEXTS, encoder.encode_document)
    other.close()
    (tmp_path / "cache").rename(tmp_path / "gone")
    with pytest.raises(OptionError, match=r"cache='.*' is not valid.*unable to open"):
        cache.encode(TEXTS, encoder.encode_document)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON vectors BEGIN DELETE FROM vectors; END",
        "CREATE TABLE more (a)",
        "CREATE INDEX more ON vectors (checksum)",
        "DROP TABLE vectors; CREATE VIEW vectors AS WITH RECURSIVE n(x) AS"
        " (SELECT 1 UNION ALL SELECT x FROM n) SELECT x AS text, x AS vector, x AS checksum FROM n",
        "DROP TABLE vectors; CREATE TABLE vectors (text, vector, checksum)",
    ],
)
def test_a_file_with_more_in_it_is_not_run(tmp_path, encoder, statement):
    cache = open_cache(tmp_path, encoder)
    expected = cache.encode(TEXTS, encoder.encode_document)
    with sqlite3.connect(cache.path) as connection:
        connection.executescript(statement)
    connection.close()
    with pytest.warns(UserWarning, match="is damaged .it holds other tables.*encoded again"):
        cache = open_cache(tmp_path, encoder)
    np.testing.assert_array_equal(cache.encode(TEXTS, encoder.encode_document), expected)
    assert len(encoder.encoded) == 2 * len(TEXTS)
    cache.encode(TEXTS, encoder.encode_document)
    assert len(encoder.encoded) == 2 * len(TEXTS)
