from __future__ import annotations

from pathlib import Path

import pytest

from tests.text.builders import write_byte_bpe, write_chinese_bert, write_wordpiece


@pytest.fixture(scope="session")
def byte_bpe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_byte_bpe(tmp_path_factory.mktemp("byte_bpe"))


@pytest.fixture(scope="session")
def wordpiece(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wordpiece(tmp_path_factory.mktemp("wordpiece"))


@pytest.fixture(scope="session")
def chinese_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_chinese_bert(tmp_path_factory.mktemp("chinese_bert"))


@pytest.fixture(params=["byte_bpe", "wordpiece", "chinese_bert"])
def folder(request: pytest.FixtureRequest) -> Path:
    """Each kind of tokenizer in turn."""
    return request.getfixturevalue(request.param)
