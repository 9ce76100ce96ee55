"""Which dtype to compute in: names, and the choice behind ``dtype="auto"``."""

from __future__ import annotations

import copy
import time

import torch
from torch import Tensor

from vectorlong.attention.spec import PackedTexts
from vectorlong.encoder.forked import prepare_threads
from vectorlong.encoder.model import Encoder
from vectorlong.errors import OptionError
from vectorlong.text.tokenizer import TextTokenizer

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
CHOICES = ("auto", *DTYPES)

# Vectors of the automatic choice have at least this cosine to those of float32.
_MIN_COSINE = 0.9999
_PROBE = (
    "The lessee shall, at its own expense and within thirty (30) days of notice, repair any "
    "damage to the premises. "
    "第三条 双方应当在收到书面通知后十五日内履行本合同规定的义务。 "
    "We introduce a self-attention pattern whose cost grows linearly with the length n of the "
    "text; see Table 2. «Où est la gare ?», demanda-t-elle. 1,024 × 768 = 786,432.\n"
)
_PROBE_REPEATS = 4


def check_dtype(dtype: str) -> str:
    """Return a dtype's name that exists.

    Raises
    ------
    OptionError
        It does not; the message lists those that do.
    """
    if not isinstance(dtype, str) or dtype not in CHOICES:
        raise OptionError("dtype", dtype, CHOICES)
    return dtype


@torch.inference_mode()
def choose_dtype(encoder: Encoder, tokenizer: TextTokenizer) -> str:
    """Find the fastest dtype whose vectors stay close to those of float32.

    Both are run on a probe text: bfloat16 is chosen where it is faster here and the cosine of its
    mean vector to that of float32 is at least 0.9999.

    Parameters
    ----------
    encoder
        In float32, on the device it will run on.
    tokenizer
        The encoder's own.

    Returns
    -------
    str
        "bfloat16" or "float32".
    """
    prepare_threads()
    ids = torch.from_numpy(tokenizer.encode([_PROBE * _PROBE_REPEATS])[0].ids)
    ids = ids[: encoder.config.max_tokens].to(next(encoder.parameters()).device)
    expected, float32_s = _run(encoder, ids)
    actual, bfloat16_s = _run(copy.deepcopy(encoder).to(torch.bfloat16), ids)
    cosine = torch.cosine_similarity(expected, actual, dim=0)
    return "bfloat16" if bfloat16_s < float32_s and cosine >= _MIN_COSINE else "float32"


def _run(encoder: Encoder, ids: Tensor) -> tuple[Tensor, float]:
    """Give the mean vector [e] of a text [n], and the seconds of the faster of two runs."""
    texts = PackedTexts((len(ids),), ((0,),))
    times = []
    for _ in range(3):  # the first one packs weights
        start = time.perf_counter()
        vector = encoder(ids, texts).float().mean(0)  # [e]
        vector = vector.cpu()  # waits for the device
        times.append(time.perf_counter() - start)
    return vector, min(times[1:])
