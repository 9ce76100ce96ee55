"""A folder of tokenizer files -> the transformers tokenizer that belongs to it.

``AutoTokenizer`` goes by ``config.json`` where a folder does not name its tokenizer's class, and
fills in an empty vocabulary where files are missing. Both give ids that mean nothing to the model,
without a word; this file is where that is noticed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from transformers import AutoTokenizer, BertTokenizer, PreTrainedTokenizerFast
from transformers.tokenization_utils_base import PreTrainedTokenizerBase

from vectorlong.errors import CheckpointError, ModelNotFoundError
from vectorlong.text.tokenizer_files import (
    VOCABULARY_FILES,
    TokenizerFiles,
    check_tokenizer_files,
)


def load_tokenizer(folder: Path) -> tuple[PreTrainedTokenizerBase, bool]:
    """Load the tokenizer of a local folder; never from the network, never with code of the folder.

    Returns
    -------
    tuple of PreTrainedTokenizerBase and bool
        The tokenizer, and whether texts are lower-cased before it sees them.

    Raises
    ------
    ModelNotFoundError
        The folder does not exist.
    CheckpointError
        It holds no vocabulary, a damaged one, or one that needs code of its own.
    """
    if not folder.is_dir():
        raise ModelNotFoundError(
            f"{str(folder)!r} is not a folder. Pass a folder with a tokenizer."
        )
    files = check_tokenizer_files(folder)
    if not files.present:
        raise CheckpointError(
            f"{str(folder)!r} has no tokenizer: none of {', '.join(VOCABULARY_FILES)} is there. "
            "Copy the checkpoint's tokenizer files next to its weights."
        )
    try:
        with tokenizer_errors():
            tokenizer = _load(folder, files)
    # Whatever is raised on damaged files: OSError, ValueError, KeyError, bare Exception from Rust.
    except Exception as error:
        lacks_merges = "tokenizer.json" not in files.present and "vocab.json" in files.present
        lacks_merges &= not (folder / "merges.txt").is_file()
        raise CheckpointError(
            f"The tokenizer in {str(folder)!r} cannot be loaded ({type(error).__name__}: {error})."
            + (" merges.txt is missing." if lacks_merges else "")
            + " Copy its files again from the checkpoint."
        ) from error
    _check_vocabulary(tokenizer, folder, files.present)
    return tokenizer, files.lowercases


@contextmanager
def tokenizer_errors() -> Iterator[None]:
    """Turn what the Rust library raises into our error.

    Its errors are bare Exceptions; its panics are no Exceptions at all in Python.

    Raises
    ------
    CheckpointError
        The library failed.
    """
    try:
        yield
    except BaseException as error:
        if type(error) is not Exception and type(error).__module__ != "pyo3_runtime":
            raise
        raise CheckpointError(
            f"The tokenizer failed inside its library ({error}); its files are damaged, or do not "
            "go together."
        ) from error


def _load(folder: Path, files: TokenizerFiles) -> PreTrainedTokenizerBase:
    """Choose who loads the folder."""
    if files.present == ("vocab.txt",) and not files.names_class:
        return BertTokenizer.from_pretrained(str(folder), local_files_only=True)
    tokenizer = AutoTokenizer.from_pretrained(
        str(folder), local_files_only=True, trust_remote_code=False
    )
    if files.algorithm is not None and tokenizer.is_fast:
        loaded = type(tokenizer.backend_tokenizer.model).__name__
        if files.algorithm != loaded:
            # config.json led AutoTokenizer to a class for another algorithm's vocabulary.
            return PreTrainedTokenizerFast.from_pretrained(str(folder), local_files_only=True)
    return tokenizer


def _check_vocabulary(
    tokenizer: PreTrainedTokenizerBase, folder: Path, present: tuple[str, ...]
) -> None:
    """Refuse a tokenizer that knows only its special tokens."""
    if len(tokenizer) <= len(tokenizer.all_special_ids):
        raise CheckpointError(
            f"The tokenizer in {str(folder)!r} loads as {type(tokenizer).__name__} with no "
            f"vocabulary (found only {', '.join(present)}). Copy the checkpoint's tokenizer files, "
            "or name the right tokenizer_class in tokenizer_config.json."
        )
