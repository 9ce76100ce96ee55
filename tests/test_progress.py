from __future__ import annotations

import io
import sys

import pytest

from vectorlong.progress import progress_bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class NoTerminal:
    """As loggers put in the place of stderr: it can write and flush, and nothing else."""

    def __init__(self) -> None:
        self.written = ""

    def write(self, text: str) -> None:
        self.written += text

    def flush(self) -> None:
        pass


def written_by(stream: object, show: bool | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    with progress_bar(2, "text", "Encoding", show) as progress:
        progress.update(2)


@pytest.mark.parametrize(("show", "is_shown"), [(True, True), (False, False), (None, False)])
def test_it_is_shown_where_asked_for(
    show: bool | None, is_shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO()
    written_by(stream, show, monkeypatch)
    assert ("Encoding" in stream.getvalue()) is is_shown


@pytest.mark.parametrize(("unit", "count"), [("doc", "2/2 "), ("char", "2.00/2.00")])
def test_documents_are_counted_and_characters_scaled(
    unit: str, count: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with progress_bar(2, unit, "Indexing", True) as progress:
        progress.update(2)
    assert count in stream.getvalue()


def test_short_work_shows_nothing_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    written_by(stream, None, monkeypatch)
    assert "Encoding" not in stream.getvalue()
    monkeypatch.setattr("vectorlong.progress._DELAY_S", 0)
    written_by(stream, None, monkeypatch)
    assert "Encoding" in stream.getvalue()


def test_a_stream_that_is_no_file_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = NoTerminal()
    written_by(stream, None, monkeypatch)
    written_by(stream, True, monkeypatch)
    assert "Encoding" in stream.written
