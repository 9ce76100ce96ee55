"""Known checkpoints and where each differs from what its files say.

A profile is found by its short name, its hub id, or the tell-tale values in a local copy's
config.json, so that a checkpoint gives the same vectors however it was reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vectorlong.documents import PassageSpec

DEFAULT_MODEL = "allenai/longformer-base-4096"
EMBEDDED_MODEL = "minilm"
MULTILINGUAL_MODEL = "multilingual"


@dataclass(frozen=True)
class Profile:
    """What is known about one checkpoint beyond its files.

    Attributes
    ----------
    name
        Short name that users may write for ``model=``.
    hub_id
        Name on the hub; None for the embedded models.
    source_id
        What an embedded model was converted from, on the hub.
    summary
        One line for people.
    signature
        Values of config.json that together identify a local copy.
    config_overrides
        Values that config.json lacks or has wrong.
    position_offset
        Row of the position table at which the checkpoint was trained to begin, where that is not
        pad + 1.
    max_tokens
        Longest input it was made for, special tokens included, where the position table is longer.
    passages
        How its documents are best cut into passages.
    prompts, default_prompt_name
        What it was trained with, and its files do not say; as in ``vectorlong.json``.
    """

    name: str
    hub_id: str | None
    summary: str
    signature: Mapping[str, Any] = field(default_factory=dict)
    config_overrides: Mapping[str, Any] = field(default_factory=dict)
    position_offset: int | None = None
    max_tokens: int | None = None
    passages: PassageSpec = field(default_factory=PassageSpec)
    source_id: str | None = None
    prompts: Mapping[str, str] = field(default_factory=dict)
    default_prompt_name: str | None = None


PROFILES = (
    Profile(
        EMBEDDED_MODEL,
        None,
        "all-MiniLM-L6-v2 as a Longformer of 4,096 tokens, 384-d, English; comes from PyPI",
        passages=PassageSpec(max_tokens=128, method="independent"),
    ),
    Profile(
        MULTILINGUAL_MODEL,
        None,
        "multilingual-e5-small as a Longformer of 4,096 tokens, 384-d, 100 languages; comes from "
        "PyPI",
        passages=PassageSpec(max_tokens=128, method="independent"),
        source_id="intfloat/multilingual-e5-small",
        prompts={"query": "query: ", "passage": "passage: "},
        # What its authors say to put before texts that are compared with their like.
        default_prompt_name="query",
    ),
    Profile(
        "longformer-base", DEFAULT_MODEL, "the paper's base model, 4,096 tokens, 768-d, English"
    ),
    Profile(
        "longformer-large",
        "allenai/longformer-large-4096",
        "the paper's large model, 4,096 tokens, 1024-d, English",
    ),
    Profile(
        "longformer-mini",
        "kiddothe2b/longformer-mini-1024",
        "six small layers, 1,024 tokens, 256-d, English",
        signature={
            "vocab_size": 30522,
            "hidden_size": 256,
            "num_hidden_layers": 6,
            "max_position_embeddings": 1026,
        },
        # Row 1025 exists in the table and was never meant to be used.
        max_tokens=1024,
    ),
    Profile(
        "longformer-zh",
        "ValkyriaLenneth/longformer_zh",
        "Chinese, 4,096 tokens, 768-d",
        signature={
            "model_type": "longformer",
            "vocab_size": 21128,
            "hidden_size": 768,
            "max_position_embeddings": 4096,
            "pad_token_id": 0,
        },
        # Pretrained with positions from 0, although transformers' model counts from pad + 1.
        position_offset=0,
    ),
    Profile("lawformer", "thunlp/Lawformer", "Chinese legal texts, 4,096 tokens, 768-d"),
    Profile(
        "legal-longformer",
        "lexlms/legal-longformer-base",
        "English legal texts, 4,096 tokens, 768-d",
    ),
    Profile(
        "xlm-roberta-longformer",
        "markussagen/xlm-roberta-longformer-base-4096",
        "100 languages, 4,096 tokens, 768-d",
        signature={
            "model_type": "xlm-roberta",
            "hidden_size": 768,
            "max_position_embeddings": 4098,
        },
        # Its model_type hides that the weights are a Longformer's.
        config_overrides={"attention_window": 512},
    ),
)

_NO_PROFILE = Profile("", None, "")


def find_profile(model: str, raw_config: Mapping[str, Any] | None = None) -> Profile:
    """Find what is known about a checkpoint.

    Parameters
    ----------
    model
        A short name, a hub id or a folder.
    raw_config
        The parsed config.json of a folder, to recognise local copies.

    Returns
    -------
    Profile
        An empty profile for a checkpoint that nothing special is known about.

    Examples
    --------
    >>> find_profile("longformer-zh").hub_id
    'ValkyriaLenneth/longformer_zh'
    >>> find_profile("someone/some-longformer").max_tokens is None
    True
    """
    for profile in PROFILES:
        if model in (profile.name, profile.hub_id, profile.source_id):
            return profile
        signature = profile.signature
        if raw_config and signature and all(raw_config.get(k) == v for k, v in signature.items()):
            return profile
    return _NO_PROFILE
