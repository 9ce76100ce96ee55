"""A folder of tokenizer files -> the transformers tokenizer that belongs to it.

``AutoTokenizer`` goes by ``config.json`` where a folder does not name its tokenizer's class, and
fills in an empty vocabulary where files are missing. Both give ids that mean nothing to the model,
without a word; this file is where that is noticed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer, BertTokenizer, PreTrainedTokenizerFast
from transformers.tokenization_utils_base import PreTrainedTokenizerBase

from vectorlong.errors import CheckpointError, ModelNotFoundError

_VOCABULARY_FILES = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "sentencepiece.bpe.model",
    "spiece.model",
    "spm.model",
    "tokenizer.model",
)


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """Load the tokenizer of a local folder; never from the network, never with code of the folder.

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
    present = [name for name in _VOCABULARY_FILES if (folder / name).is_file()]
    if not present:
        raise CheckpointError(
            f"{str(folder)!r} has no tokenizer: none of {', '.join(_VOCABULARY_FILES)} is there. "
            "Copy the checkpoint's tokenizer files next to its weights."
        )
    config = _read_json(folder / "tokenizer_config.json")
    try:
        tokenizer = _load(folder, present, config)
    except CheckpointError:
        raise
    # Whatever is raised on damaged files: OSError, ValueError, KeyError, bare Exception from Rust.
    except Exception as error:
        lacks_merges = "tokenizer.json" not in present and "vocab.json" in present
        lacks_merges &= not (folder / "merges.txt").is_file()
        raise CheckpointError(
            f"The tokenizer in {str(folder)!r} cannot be loaded ({type(error).__name__}: {error})."
            + (" merges.txt is missing." if lacks_merges else "")
            + " Copy its files again from the checkpoint."
        ) from error
    _check_vocabulary(tokenizer, folder, present)
    return tokenizer


def uses_lowercase_wrapper(folder: Path) -> bool:
    """Whether sentence-transformers lower-cases texts before this folder's tokenizer sees them."""
    return bool(_read_json(folder / "sentence_bert_config.json").get("do_lower_case", False))


def _load(folder: Path, present: list[str], config: dict[str, Any]) -> PreTrainedTokenizerBase:
    """Choose who loads the folder."""
    if present == ["vocab.txt"] and "tokenizer_class" not in config:
        return BertTokenizer.from_pretrained(str(folder), local_files_only=True)
    tokenizer = AutoTokenizer.from_pretrained(
        str(folder), local_files_only=True, trust_remote_code=False
    )
    if "tokenizer.json" in present and tokenizer.is_fast:
        stored = _read_json(folder / "tokenizer.json").get("model", {}).get("type")
        loaded = type(tokenizer.backend_tokenizer.model).__name__
        if stored is not None and stored != loaded:
            # config.json led AutoTokenizer to a class for another algorithm's vocabulary.
            return PreTrainedTokenizerFast.from_pretrained(str(folder), local_files_only=True)
    return tokenizer


def _check_vocabulary(tokenizer: PreTrainedTokenizerBase, folder: Path, present: list[str]) -> None:
    """Refuse a tokenizer that knows only its special tokens."""
    if len(tokenizer) <= len(tokenizer.all_special_ids):
        raise CheckpointError(
            f"The tokenizer in {str(folder)!r} loads as {type(tokenizer).__name__} with no "
            f"vocabulary (found only {', '.join(present)}). Copy the checkpoint's tokenizer files, "
            "or name the right tokenizer_class in tokenizer_config.json."
        )


def _read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object; an absent file is an empty one."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (ValueError, OSError) as error:
        raise CheckpointError(f"{str(path)!r} cannot be read as JSON: {error}") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{str(path)!r} holds {type(content).__name__}, not a JSON object.")
    return content
