"""Which passages of a document speak for a class, exactly.

The vector of a document is the mean of its token states, and a linear classifier's decision value
is linear in it. So the value falls apart into one share a passage, one of the special tokens, and
the value that the mean of the training documents would have had. Nothing is estimated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vectorlong.documents import DocumentEncoding, PassageSpec
from vectorlong.errors import OptionError
from vectorlong.text.passages import split_passages

if TYPE_CHECKING:
    from vectorlong.longformer2vec import Longformer2Vec

_SHOWN_CHARACTERS = 60


@dataclass(frozen=True)
class PassageContribution:
    """One passage's share of a decision value.

    Attributes
    ----------
    start, end
        Character offsets into the document: ``text[start:end]`` is the passage.
    text
        The passage.
    contribution
        Above 0 it speaks for the class, below 0 against it.
    """

    start: int
    end: int
    text: str
    contribution: float


@dataclass(frozen=True)
class Explanation:
    """How a decision value comes about; the parts add up to ``decision``.

    Attributes
    ----------
    label
        The class explained.
    decision
        Its decision value. Under calibration in log-odds.
    baseline
        The value that the mean of the training documents has.
    passages
        In the order of the text.
    special_tokens
        The share of what is not the text's own: the tokens that the tokenizer, or the model's
        prompt, puts before and after it.

    Examples
    --------
    >>> parts = (PassageContribution(0, 5, "Good.", 1.5), PassageContribution(5, 9, "Bad.", -0.5))
    >>> explanation = Explanation("pos", 1.25, 0.0, parts, 0.25)
    >>> [passage.text for passage in explanation.strongest(1)]
    ['Good.']
    """

    label: Any
    decision: float
    baseline: float
    passages: tuple[PassageContribution, ...]
    special_tokens: float

    def strongest(self, n: int | None = None) -> list[PassageContribution]:
        """Give the passages that speak most for the class first; ``n`` of them, or all."""
        return sorted(self.passages, key=lambda passage: -passage.contribution)[:n]

    def __str__(self) -> str:
        rows = [(passage.contribution, _shorten(passage.text)) for passage in self.strongest()]
        rows += [(self.special_tokens, "(special tokens)"), (self.baseline, "(baseline)")]
        lines = [f"{value:+8.3f}  {text}" for value, text in rows]
        return "\n".join([f"{self.label!r}: {self.decision:+.3f}", *lines])


def _check_encoder(encoder: Any) -> Longformer2Vec:
    """Return the encoder if its document vectors are means of token states."""
    from vectorlong.longformer2vec import Longformer2Vec  # only here, since it loads torch

    if not isinstance(encoder, Longformer2Vec):
        raise OptionError("model", encoder, hint="Passages are explained with a Longformer2Vec.")
    if encoder.pooling.name != "mean":
        raise OptionError(
            "pooling",
            encoder.pooling.name,
            ["mean"],
            "Only a mean of token states falls apart into passages.",
        )
    for name, nothing in (("normalize", False), ("postprocess", "none")):
        if getattr(encoder, name):
            raise OptionError(
                name,
                getattr(encoder, name),
                hint=f"Passages cannot be explained through it; train with {name}={nothing!r}. "
                "The classifier whitens by itself.",
            )
    return encoder


def explain_document(
    encoder: Any,
    text: str,
    *,
    classes: np.ndarray,
    number: int | None,
    coef: np.ndarray,
    intercept: np.ndarray,
    mean: np.ndarray,
    max_tokens: int,
) -> Explanation:
    """Divide one class's decision value among the passages of a text.

    Parameters
    ----------
    encoder
        A ``Longformer2Vec`` with mean pooling.
    text
        A checked text.
    classes
        The classes [c].
    number
        Which of them to explain; None: the one with the highest decision value.
    coef, intercept
        float64 [c, e] and [c]: the decision values of a vector are ``coef @ vector + intercept``.
    mean
        float64 [e]: where contributions are counted from.
    max_tokens
        Longest passage.

    Raises
    ------
    OptionError
        The encoder's vectors are not means of token states.
    """
    encoder = _check_encoder(encoder)
    spec = PassageSpec(max_tokens=max_tokens, method="late")
    encoding = next(encoder.encode_with_passages([text], spec, show_progress_bar=False))
    vector = encoding.vector.astype(np.float64)  # [e]
    decisions = coef @ vector + intercept  # [c]
    if number is None:
        number = int(decisions.argmax())
    shares = _token_shares(encoder, text, spec, encoding)  # [p]
    vectors = encoding.passages.vectors.astype(np.float64)  # [p, e]
    contributions = shares * ((vectors - mean) @ coef[number])  # [p]
    # What the passages leave of the mean of all tokens is the special tokens' part of it.
    rest = vector - shares @ vectors  # [e]
    return Explanation(
        classes[number].item(),
        float(decisions[number]),
        float(coef[number] @ mean + intercept[number]),
        tuple(
            PassageContribution(int(start), int(end), text[start:end], float(contribution))
            for (start, end), contribution in zip(
                encoding.passages.spans, contributions, strict=True
            )
        ),
        float(coef[number] @ (rest - (1 - shares.sum()) * mean)),
    )


def _token_shares(
    encoder: Longformer2Vec, text: str, spec: PassageSpec, encoding: DocumentEncoding
) -> np.ndarray:
    """Part of all tokens pooled that each passage has, float64 [p]."""
    prompt = encoder.document_prompt
    prompt_ids, content = encoder.tokenizer.encode([prompt + text])[0].split(len(prompt))
    assert content.offsets is not None  # or the document would have had no passages
    n_kept = encoding.n_tokens - encoding.n_dropped_tokens
    kept = text[: content.offsets[n_kept - 1, 1]] if encoding.n_dropped_tokens else text
    slices, _ = split_passages(kept, content.offsets[:n_kept], spec)  # [p, 2]
    n_pooled = n_kept + len(prompt_ids) + encoder.tokenizer.n_special
    return (slices[:, 1] - slices[:, 0]) / n_pooled


def _shorten(text: str) -> str:
    """Give a passage on one line, its middle left out where it is long."""
    line = " ".join(text.split())
    if len(line) <= _SHOWN_CHARACTERS:
        return line
    half = (_SHOWN_CHARACTERS - 3) // 2
    return f"{line[:half]} … {line[-half:]}"
