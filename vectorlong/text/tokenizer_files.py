"""A folder's tokenizer files, looked at before anybody builds a tokenizer from them.

The ``tokenizers`` library is written in Rust and ends the process where an allocation fails, so
what would make it allocate or run without end has to be found first. Its own reader checks the rest
of the format. What cannot be seen by looking is a regular expression that takes time exponential
in a text.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field

from vectorlong.disk import parse_mapping, read_small
from vectorlong.errors import CheckpointError, shown
from vectorlong.fields import PlainName, checked_fields

Checked = TypeVar("Checked")

TOKENIZER_FILE = "tokenizer.json"
CONFIG_FILE = "tokenizer_config.json"
LOWERCASE_FILE = "sentence_bert_config.json"

VOCABULARY_FILES = (
    TOKENIZER_FILE,
    "vocab.txt",
    "vocab.json",
    "sentencepiece.bpe.model",
    "spiece.model",
    "spm.model",
    "tokenizer.model",
)

# All that transformers reads where it is there, with the largest each may be.
_MEGABYTE = 1 << 20
_LARGEST = {
    TOKENIZER_FILE: 64 * _MEGABYTE,
    "vocab.json": 64 * _MEGABYTE,
    "vocab.txt": 64 * _MEGABYTE,
    "merges.txt": 64 * _MEGABYTE,
    "sentencepiece.bpe.model": 64 * _MEGABYTE,
    "spiece.model": 64 * _MEGABYTE,
    "spm.model": 64 * _MEGABYTE,
    "tokenizer.model": 64 * _MEGABYTE,
    CONFIG_FILE: 16 * _MEGABYTE,
    "added_tokens.json": 16 * _MEGABYTE,
    "special_tokens_map.json": _MEGABYTE,
    "config.json": _MEGABYTE,
    "chat_template.jinja": _MEGABYTE,
    LOWERCASE_FILE: _MEGABYTE,
}
# Tokens are kept in tables as long as the largest id; the largest vocabularies have a million.
_MOST_IDS = 1 << 22
_MOST_STEPS = 200
_MOST_PATTERN_CHARACTERS = 20_000
_MOST_TOKEN_CHARACTERS = 10_000
# How many times longer normalising may make a text, all replacements together.
_MOST_GROWTH = 64
_MOST_TEMPLATE_PIECES = 100
# Taking a word apart takes time in the square of this.
_MOST_WORD_CHARACTERS = 1_000

_Id = Annotated[int, Field(ge=0, lt=_MOST_IDS)]
_IdDigits = Annotated[str, Field(pattern=r"^[0-9]{1,7}$")]


@dataclass(frozen=True)
class _ConfigFile:
    """The fields of tokenizer_config.json that name other sources or say how much there is."""

    tokenizer_class: str | None = None
    fast_tokenizer_files: Annotated[list[PlainName], Field(max_length=20)] | None = None
    added_tokens_decoder: dict[_IdDigits, dict[str, Any]] | None = None
    gguf_file: None = None
    vocab: None = None
    merges: None = None
    init_inputs: Annotated[list[Any], Field(max_length=0)] | None = None


@dataclass(frozen=True)
class _LowercaseFile:
    """The field of sentence_bert_config.json that matters here."""

    do_lower_case: bool = False


@dataclass(frozen=True)
class _IdsFile:
    """What vocab.json and added_tokens.json hold, under one name."""

    ids: dict[str, _Id]


@dataclass(frozen=True)
class TokenizerFiles:
    """What a folder's files say of its tokenizer.

    Attributes
    ----------
    present
        Those of VOCABULARY_FILES that are there.
    names_class
        Whether tokenizer_config.json names the tokenizer's class.
    algorithm
        That of tokenizer.json, such as "BPE"; None where there is no such file.
    lowercases
        Whether sentence-transformers lower-cases texts before this tokenizer sees them.
    """

    present: tuple[str, ...]
    names_class: bool
    algorithm: str | None
    lowercases: bool


def check_tokenizer_files(folder: Path) -> TokenizerFiles:
    """Look at every file of a folder from which ``transformers`` would make a tokenizer.

    Raises
    ------
    CheckpointError
        A file is no plain file, too large, damaged, or asks for what no tokenizer does; it is
        named.
    """
    contents = {name: _read(folder / name, limit) for name, limit in _LARGEST.items()}
    templates = folder / "additional_chat_templates"
    for path in templates.glob("*.jinja") if templates.is_dir() else ():
        _read(path, _MEGABYTE)
    path = folder / CONFIG_FILE
    config = _checked(_ConfigFile, _mapping(contents[CONFIG_FILE], path), path)
    for name in ("vocab.json", "added_tokens.json"):
        _checked(_IdsFile, {"ids": _mapping(contents[name], folder / name)}, folder / name)
    for name in VOCABULARY_FILES:
        if name.endswith(".model"):
            _check_sentencepiece(contents[name], folder / name)
    tokenizer = _mapping(contents[TOKENIZER_FILE], folder / TOKENIZER_FILE)
    _check_tokenizer(tokenizer, folder / TOKENIZER_FILE)
    for name in config.fast_tokenizer_files or ():
        path = folder / name
        _check_tokenizer(_mapping(_read(path, _LARGEST[TOKENIZER_FILE]), path), path)
    path = folder / LOWERCASE_FILE
    return TokenizerFiles(
        tuple(name for name in VOCABULARY_FILES if contents[name] is not None),
        config.tokenizer_class is not None,
        tokenizer["model"].get("type") if tokenizer else None,
        _checked(_LowercaseFile, _mapping(contents[LOWERCASE_FILE], path), path).do_lower_case,
    )


def _read(path: Path, max_bytes: int) -> bytes | None:
    """Read a file; None where it is absent."""
    try:
        return read_small(path, max_bytes)
    except FileNotFoundError:
        return None
    except (ValueError, OSError) as error:
        raise CheckpointError(f"{str(path)!r} cannot be read: {error}.") from error


def _mapping(content: bytes | None, path: Path) -> dict[str, Any]:
    """Parse a JSON object; an absent file is an empty one."""
    try:
        return {} if content is None else parse_mapping(content, "it")
    except ValueError as error:
        raise CheckpointError(f"{str(path)!r} cannot be read as JSON: {error}.") from error


def _checked(kind: type[Checked], content: dict[str, Any], path: Path) -> Checked:
    try:
        return checked_fields(kind, content)
    except ValueError as error:
        raise CheckpointError(f"{str(path)!r} is damaged: {error}.") from error


def _check_tokenizer(content: Mapping[str, Any], path: Path) -> None:
    """Refuse what would end the process, or never end, in a tokenizer.json."""
    if not content:
        return
    try:
        _check_ids(content)
        _check_growth(list(_steps(content.get("normalizer"))))
        for step in _steps(content.get("pre_tokenizer")):
            _check_pattern(step)
        for step in _steps(content.get("post_processor")):
            _check_template(step)
        limit = content["model"].get("max_input_chars_per_word", 1)
        _require(1 <= limit <= _MOST_WORD_CHARACTERS, "max_input_chars_per_word", limit)
    except ValueError as error:
        raise CheckpointError(f"{str(path)!r} is damaged: {error}.") from error
    # Each kind of part has fields and types of its own, which its reader checks.
    except (TypeError, KeyError, AttributeError, IndexError) as error:
        raise CheckpointError(f"{str(path)!r} is no tokenizer: {repr(error)[:300]}.") from error


def _require(holds: bool, what: str, value: object) -> None:
    if not holds:
        raise ValueError(f"{what} {shown(value)} is beyond what tokenizers have")


def _check_ids(content: Mapping[str, Any]) -> None:
    """Bound the ids and the lengths of added tokens."""
    vocabulary = content["model"].get("vocab") or {}
    ids = vocabulary.values() if isinstance(vocabulary, dict) else [len(vocabulary)]
    largest = max(ids, default=0)
    _require(largest < _MOST_IDS, "the id", largest)
    for token in content.get("added_tokens") or ():
        _require(token["id"] < _MOST_IDS, "the id", token["id"])
        n_characters = len(token["content"])
        _require(n_characters <= _MOST_TOKEN_CHARACTERS, "an added token's length", n_characters)


def _steps(part: Any) -> Iterator[Mapping[str, Any]]:
    """Give the steps of a normaliser, pre-tokeniser or post-processor, one after the other."""
    waiting, n_steps = [part] if part is not None else [], 0
    while waiting:
        step = waiting.pop()
        n_steps += 1
        _require(n_steps <= _MOST_STEPS, "a number of steps of", n_steps)
        inner = [step.get(name) for name in ("normalizers", "pretokenizers", "processors")]
        waiting += [each for steps in inner for each in steps or ()]
        yield step


def _check_growth(steps: Iterable[Mapping[str, Any]]) -> None:
    """Bound how much longer normalising makes a text."""
    growth = 1
    for step in steps:
        if "content" in step:
            _check_pattern(step)
            found = step["pattern"].get("String")  # a regular expression may match nothing at all
            growth *= (
                max(1, -(-len(step["content"]) // len(found)))
                if found
                else (1 + len(step["content"]))
            )
        growth *= 1 + len(step.get("prepend") or "")
        _require(growth <= _MOST_GROWTH, "a text made longer by a factor of", growth)
        if "precompiled_charsmap" in step:
            _check_charsmap(base64.b64decode(step["precompiled_charsmap"] or "", validate=True))


def _check_pattern(step: Mapping[str, Any]) -> None:
    """Bound a pattern's length, and pieces of a fixed length from below."""
    pattern = step.get("pattern")
    if isinstance(pattern, dict):
        n_characters = max(map(len, pattern.values()))
        _require(n_characters <= _MOST_PATTERN_CHARACTERS, "a pattern's length", n_characters)
    length = step.get("length", 1)
    _require(length >= 1, "a piece's length", length)


def _check_charsmap(charsmap: bytes) -> None:
    """Make sure that SentencePiece's table of characters is as long as it says."""
    n_bytes = int.from_bytes(charsmap[:4], "little")
    if len(charsmap) < 4 or n_bytes % 4 or not 0 < n_bytes <= len(charsmap) - 4:
        raise ValueError("precompiled_charsmap is not as long as it says")


def _check_sentencepiece(content: bytes | None, path: Path) -> None:
    """Look at the same table where it comes in a SentencePiece model."""
    if content is None:
        return
    try:
        from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
        from transformers.convert_slow_tokenizer import import_protobuf

        model_kind = import_protobuf().ModelProto
    except ImportError:  # transformers cannot read it either
        return
    try:
        model = model_kind.FromString(content)
    except DecodeError:  # a model of another library
        return
    charsmap = model.normalizer_spec.precompiled_charsmap
    try:
        if charsmap:
            _check_charsmap(charsmap)
    except ValueError as error:
        raise CheckpointError(f"{str(path)!r} is damaged: {error}.") from error


def _check_template(step: Mapping[str, Any]) -> None:
    """Make sure that a template has the text once, and knows its special tokens."""
    for pair in (step.get("sep"), step.get("cls")):
        if isinstance(pair, list):
            _require(pair[1] < _MOST_IDS, "the id", pair[1])
    if "single" not in step:
        return
    known = step.get("special_tokens") or {}
    n_texts = 0
    pieces = step["single"]
    _require(len(pieces) <= _MOST_TEMPLATE_PIECES, "a template's length", len(pieces))
    for piece in pieces:
        if "Sequence" in piece:
            n_texts += 1
            _require(piece["Sequence"]["id"] == "A", "the text", piece["Sequence"]["id"])
        else:
            ids = known[piece["SpecialToken"]["id"]]["ids"]
            _require(len(ids) <= _MOST_TEMPLATE_PIECES, "a special token of ids", len(ids))
            _require(max(ids, default=0) < _MOST_IDS, "the id", max(ids, default=0))
    _require(n_texts == 1, "a template with texts", n_texts)
