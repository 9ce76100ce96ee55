"""The parts of a SentencePiece unigram model -> a tokenizer of ``transformers``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)
from transformers import PreTrainedTokenizerFast

from vectorlong.text.charsmap import sentencepiece_charsmap

_MASK = "<mask>"


def unigram_tokenizer(
    pieces: Sequence[tuple[str, float]],
    replacements: Mapping[str, str],
    *,
    begin_id: int,
    end_id: int,
    pad_id: int,
    unknown_id: int,
) -> PreTrainedTokenizerFast:
    """Build the tokenizer that XLM-RoBERTa's family has.

    White space separates words, which begin with "▁"; texts are wrapped in the beginning and the
    end, pairs of texts as XLM-RoBERTa wraps them.

    Parameters
    ----------
    pieces
        Piece and score, in the order of ids.
    replacements
        What single characters are written as before pieces are looked for.
    begin_id, end_id, pad_id, unknown_id
        Of the special tokens. A piece "<mask>" is one, too.
    """
    names = [piece for piece, _ in pieces]
    begin, end, pad, unknown = (names[i] for i in (begin_id, end_id, pad_id, unknown_id))
    tokenizer = Tokenizer(models.Unigram(list(pieces), unk_id=unknown_id))
    tokenizer.normalizer = normalizers.Sequence(
        # The table knows single characters, so what is written as letter and accent is joined.
        [normalizers.NFC(), normalizers.Precompiled(sentencepiece_charsmap(replacements))]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A {end}",
        pair=f"{begin} $A {end} {end} $B {end}",
        special_tokens=[(begin, begin_id), (end, end_id)],
    )
    tokenizer.decoder = decoders.Metaspace()
    special: dict[str, str | AddedToken] = {
        "bos_token": begin,
        "cls_token": begin,
        "eos_token": end,
        "sep_token": end,
        "pad_token": pad,
        "unk_token": unknown,
    }
    if _MASK in names:
        # The space before it is its own, as the model was trained.
        special["mask_token"] = AddedToken(_MASK, lstrip=True, normalized=False, special=True)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)
