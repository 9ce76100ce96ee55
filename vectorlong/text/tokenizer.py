"""Texts to token ids with character offsets, the same from any thread and in any batch."""

from __future__ import annotations

import copy
import hashlib
import json
import tempfile
from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Encoding, Tokenizer, models, normalizers
from transformers.tokenization_utils_base import PreTrainedTokenizerBase

from vectorlong.disk import replace_bytes
from vectorlong.errors import CheckpointError
from vectorlong.streams import bounded_groups
from vectorlong.text.loading import load_tokenizer, tokenizer_errors
from vectorlong.text.long_words import longest_unknown, split_long_words, warn_of_long_word
from vectorlong.text.stretches import STRETCH_CHARACTERS, encode_long
from vectorlong.text.tokenized import TokenizedText
from vectorlong.text.tokenizer_files import LOWERCASE_FILE

# An unknown token above this many characters is worth a word to the user.
_LONG_UNKNOWN_CHARACTERS = 100
_PROBES = ("a", "the", "1", "中", "?")


class TextTokenizer:
    """A transformers tokenizer that cuts nothing, pads nothing and shares no state.

    Special ids come from the tokenizer, never from a model's config.json (which is wrong in some
    checkpoints). Where the tokenizer does not name its separator or first token, the ids it really
    wraps around a text are taken.

    Parameters
    ----------
    tokenizer
        Any transformers tokenizer. It is left as it is; later changes to it have no effect here.
    lowercase
        Lower-case texts first, as sentence-transformers does for some models.
    is_own
        Nobody else has the tokenizer, so that a large one is not copied: 250,000 pieces take
        hundreds of megabytes.

    Attributes
    ----------
    prefix_ids, suffix_ids
        What the tokenizer writes before and after a single text.
    cls_id, sep_id, pad_id, mask_id, unk_id
        Ids of the special tokens; None where there is none.
    special_ids
        Ids of all tokens that mark structure rather than text (the unknown token stands for text
        and is not among them).
    has_offsets
        Whether :meth:`encode` gives character offsets.

    Raises
    ------
    CheckpointError
        The tokenizer fails on ordinary text, or gives no tokens at all for it.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        *,
        lowercase: bool = False,
        is_own: bool = False,
    ) -> None:
        self._tokenizer = tokenizer
        self._lowercase = lowercase
        self._has_warned = False
        with tokenizer_errors():
            self._backend = (
                _private_backend(tokenizer, lowercase, is_own) if tokenizer.is_fast else None
            )
            self.prefix_ids, self.suffix_ids = self._find_wrapping()
        self.has_offsets = self._backend is not None
        first = self.prefix_ids[0] if self.prefix_ids else None
        last = self.suffix_ids[-1] if self.suffix_ids else None
        self.cls_id: int | None = self._special_id("cls", first)
        self.sep_id: int | None = self._special_id("sep", last)
        self.pad_id: int | None = self._special_id("pad")
        self.mask_id: int | None = self._special_id("mask")
        self.unk_id: int | None = self._special_id("unk")
        named = {self.cls_id, self.sep_id, self.pad_id, self.mask_id, *self.prefix_ids}
        every = {*named, *self.suffix_ids, *tokenizer.all_special_ids} - {self.unk_id}
        self.special_ids: frozenset[int] = frozenset(i for i in every if i is not None)

    @classmethod
    def from_folder(cls, folder: Path) -> TextTokenizer:
        """Load the tokenizer of a checkpoint's folder, from local files only.

        Raises
        ------
        ModelNotFoundError
            The folder does not exist.
        CheckpointError
            It holds no usable tokenizer; the message says what is missing.
        """
        folder = Path(folder)
        tokenizer, lowercases = load_tokenizer(folder)
        return cls(tokenizer, lowercase=lowercases, is_own=True)

    @property
    def n_special(self) -> int:
        """How many special tokens wrap a single text."""
        return len(self.prefix_ids) + len(self.suffix_ids)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of what determines the ids: the same in every process and after save and load."""
        if self._backend is not None:
            content: dict[str, Any] = json.loads(self._backend.to_str())
        else:
            content = {
                "class": type(self._tokenizer).__name__,
                "vocabulary": self._tokenizer.get_vocab(),
                "lowercase": self._lowercase,
            }
        content["wrapping"] = [self.prefix_ids, self.suffix_ids]
        written = json.dumps(content, sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(written.encode()).hexdigest()

    def encode(self, texts: Sequence[str]) -> list[TokenizedText]:
        """Tokenise texts whole: no special tokens added, nothing cut, nothing padded.

        Special tokens written inside a text ("[SEP]") are recognised, as transformers does. A word
        too long for a WordPiece vocabulary is taken in pieces, with one warning, instead of
        becoming one unknown token; everything else has exactly the ids transformers gives.

        Parameters
        ----------
        texts
            Texts without lone surrogates (see :func:`~vectorlong.text.check.check_texts`).

        Returns
        -------
        list of TokenizedText
            In the order given.

        Raises
        ------
        CheckpointError
            The tokenizer fails on a text.
        """
        return [
            tokenized
            for group in bounded_groups(texts, STRETCH_CHARACTERS)
            for tokenized in self._encode_group(group)
        ]

    def config_ids(self) -> dict[str, int]:
        """Give the special ids a checkpoint's config.json should name.

        The padding id is not among them: there it also says where positions start.
        """
        named = {
            "bos_token_id": self.cls_id,
            "eos_token_id": self.sep_id,
            "sep_token_id": self.sep_id,
        }
        return {key: value for key, value in named.items() if value is not None}

    def as_transformers(self, max_tokens: int | None = None) -> PreTrainedTokenizerBase:
        """Give a tokenizer of ``transformers`` of one's own, which neither cuts nor pads.

        Parameters
        ----------
        max_tokens
            Longest input of the model, for other programs.
        """
        tokenizer = self._copy(max_tokens)
        if self._backend is not None and self._lowercase:
            tokenizer.backend_tokenizer.normalizer = self._backend.normalizer
        return tokenizer

    def _copy(self, max_tokens: int | None) -> PreTrainedTokenizerBase:
        """Copy the tokenizer, which does not lower-case what a file beside it says to."""
        tokenizer = copy.deepcopy(self._tokenizer)
        tokenizer.chat_template = None  # encoders have none, and its parts are named like files
        if tokenizer.is_fast:
            # A source's limit of, say, 128 tokens would cut texts for whoever takes this one.
            tokenizer.backend_tokenizer.no_truncation()
            tokenizer.backend_tokenizer.no_padding()
        if max_tokens is not None:
            tokenizer.model_max_length = max_tokens
        return tokenizer

    def save(self, folder: Path, max_tokens: int | None = None) -> list[str]:
        """Write the tokenizer's files so that :meth:`from_folder` gives the same one back.

        Parameters
        ----------
        folder
            Made if missing. A link in it is replaced, not followed.
        max_tokens
            Longest input of the model, for other programs that read the files.

        Returns
        -------
        list of str
            Names of the files written.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer = self._copy(max_tokens)
        # Elsewhere, so that an interrupt at the wrong instant leaves nothing in the model's folder.
        with tempfile.TemporaryDirectory(prefix="vectorlong-") as temporary:
            tokenizer.save_pretrained(temporary)
            if self._lowercase:
                content = json.dumps({"do_lower_case": True}, indent=2)
                Path(temporary, LOWERCASE_FILE).write_text(content, encoding="utf-8")
            else:  # another model's, where one is replaced
                (folder / LOWERCASE_FILE).unlink(missing_ok=True)
            written = [path for path in sorted(Path(temporary).iterdir()) if path.is_file()]
            for path in written:
                replace_bytes(folder / path.name, path.read_bytes())
        return [path.name for path in written]

    def _encode_group(self, texts: list[str]) -> list[TokenizedText]:
        """Encode texts that fit into memory together."""
        if self._backend is None:
            return [TokenizedText(self._encode_slow(text, False), None) for text in texts]
        with tokenizer_errors():
            # Only the last text of a group can be longer than one stretch.
            n_short = len(texts) - (len(texts[-1]) > STRETCH_CHARACTERS)
            encodings = self._backend.encode_batch(texts[:n_short], add_special_tokens=False)
            tokenized = [_as_arrays(encoding) for encoding in encodings]
            tokenized += [encode_long(text, self._encode_stretch) for text in texts[n_short:]]
            return list(map(self._mend, texts, tokenized))

    def _encode_stretch(self, text: str) -> TokenizedText:
        """Encode as much as the tokenizer is given at once."""
        assert self._backend is not None
        return _as_arrays(self._backend.encode(text, add_special_tokens=False))

    def _encode_slow(self, text: str, add_special_tokens: bool) -> np.ndarray:
        """Encode with a tokenizer written in Python, which knows no offsets."""
        encoded = self._tokenizer(
            text.lower() if self._lowercase else text,
            add_special_tokens=add_special_tokens,
            truncation=False,
            padding=False,
            verbose=False,
        )
        return np.array(encoded["input_ids"], dtype=np.int64)  # [n]

    def _mend(self, text: str, tokenized: TokenizedText) -> TokenizedText:
        """Mend words that the tokenizer could not take."""
        ids, offsets = tokenized.ids, tokenized.offsets
        if self.unk_id is None or self._backend is None or offsets is None:
            return tokenized
        limit = getattr(self._backend.model, "max_input_chars_per_word", None)
        n_characters = longest_unknown(offsets, ids, self.unk_id)
        if n_characters <= (limit or _LONG_UNKNOWN_CHARACTERS):
            return tokenized
        if not self._has_warned:
            self._has_warned = True
            unknown = offsets[ids == self.unk_id]
            warn_of_long_word(text, unknown, is_split=limit is not None, limit=limit or 0)
        if limit is not None:
            ids, offsets = split_long_words(
                text, ids, offsets, backend=self._backend, unk_id=self.unk_id, limit=limit
            )
        return TokenizedText(ids, offsets)

    def _find_wrapping(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Ask the tokenizer what it puts around a text."""
        for probe in _PROBES:
            bare, wrapped = (self._probe(probe, add) for add in (False, True))
            for start in range(len(wrapped) - len(bare) + 1):
                if bare and wrapped[start : start + len(bare)] == bare:
                    return tuple(wrapped[:start]), tuple(wrapped[start + len(bare) :])
        raise CheckpointError(
            f"The tokenizer ({type(self._tokenizer).__name__}) gives no tokens for any of "
            f"{_PROBES}. Copy the checkpoint's tokenizer files again."
        )

    def _probe(self, text: str, add_special_tokens: bool) -> list[int]:
        """Return the ids of one short text."""
        if self._backend is None:
            return self._encode_slow(text, add_special_tokens).tolist()
        return list(self._backend.encode(text, add_special_tokens=add_special_tokens).ids)

    def _special_id(self, role: str, otherwise: int | None = None) -> int | None:
        """Find a special token as the tokenizer names it, else as it is usually written."""
        named: int | None = getattr(self._tokenizer, f"{role}_token_id")
        if named is not None:
            return named
        if otherwise is not None:
            return otherwise
        vocabulary = self._tokenizer.get_added_vocab()
        for spelling in (f"[{role.upper()}]", f"<{role}>"):
            if spelling in vocabulary:
                return int(vocabulary[spelling])
        return None


def _as_arrays(encoding: Encoding) -> TokenizedText:
    """Take the tokenizer's own record apart, which is many times as large."""
    ids = np.array(encoding.ids, dtype=np.int64)  # [n]
    flat = chain.from_iterable(encoding.offsets)
    return TokenizedText(ids, np.fromiter(flat, np.int64, 2 * len(ids)).reshape(-1, 2))


def _private_backend(
    tokenizer: PreTrainedTokenizerBase, lowercase: bool, is_own: bool
) -> Tokenizer:
    """Give a Rust tokenizer that nobody else's truncation or padding reaches."""
    backend: Tokenizer = tokenizer.backend_tokenizer
    # Large vocabularies are Unigram's. Of the other kinds a copy shows whether ids are damaged, and
    # what is lower-cased is saved without that.
    if lowercase or not is_own or not isinstance(backend.model, models.Unigram):
        backend = Tokenizer.from_str(backend.to_str())
    backend.no_truncation()
    backend.no_padding()
    backend.encode_special_tokens = False
    if lowercase:
        steps = [normalizers.Lowercase()]
        if backend.normalizer is not None:
            steps.append(backend.normalizer)
        backend.normalizer = normalizers.Sequence(steps)
    return backend
