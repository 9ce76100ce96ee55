"""Heads of ``transformers`` from any checkpoint that ``Longformer2Vec`` takes."""

from __future__ import annotations

import os
import warnings
from typing import Any, TypeVar

from transformers import LongformerConfig, LongformerPreTrainedModel
from transformers.tokenization_utils_base import PreTrainedTokenizerBase

from vectorlong.encoder.accelerate import accelerate
from vectorlong.encoder.checkpoint import transformers_state
from vectorlong.encoder.config import EXTENSION_KEY, write_longformer_config
from vectorlong.encoder.hub import find_folder
from vectorlong.encoder.loading import load_model
from vectorlong.encoder.model_files import CONFIG_FILE, read_head_weights, read_json, some_names
from vectorlong.errors import WeightsError

_BASE = "longformer."
# What a head's own configuration says, and no encoder's.
_HEAD_KEYS = ("id2label", "label2id", "problem_type", "classifier_dropout")

HeadT = TypeVar("HeadT", bound=LongformerPreTrainedModel)


def load_head(
    head_class: type[HeadT],
    model: str | os.PathLike[str],
    *,
    head_source: str | os.PathLike[str] | None = None,
    **options: Any,
) -> tuple[HeadT, PreTrainedTokenizerBase]:
    """Load a head with its encoder and tokenizer.

    Parameters
    ----------
    head_class
        A head of ``transformers``' Longformer, such as ``LongformerForMaskedLM``, or one of this
        library's.
    model
        Whatever ``Longformer2Vec`` takes: a name such as "longformer-zh", a folder, a hub id; also
        a folder that a head was saved to.
    head_source
        Folder or hub id of a checkpoint that has the head, where ``model`` has not: the encoder
        that it was converted from, say, with its head for masked tokens.
    **options
        For the head's configuration: ``num_labels``, ``id2label`` and so on; they take the place of
        what the checkpoint says.

    Returns
    -------
    tuple
        The head, accelerated and in evaluation mode, and a tokenizer of one's own. Both are saved
        by ``save_pretrained``; plain ``transformers`` then loads them with the same outputs, but
        for attention that it has not (dilated, causal, dense in short texts), which a converted
        encoder keeps here.

    Raises
    ------
    ModelNotFoundError, CheckpointError
        As ``Longformer2Vec`` raises them.
    WeightsError
        A weight of the head has another shape than the head.

    Warns
    -----
    UserWarning
        The checkpoint lacks weights of the head, which are new and have to be trained.

    Examples
    --------
    >>> import warnings
    >>> from transformers import LongformerForSequenceClassification
    >>> with warnings.catch_warnings(action="ignore"):
    ...     head, tokenizer = load_head(LongformerForSequenceClassification, "minilm", num_labels=3)
    >>> head(**tokenizer("A text.", return_tensors="pt")).logits.shape
    torch.Size([1, 3])
    """
    loaded = load_model(model)
    raw = read_json(loaded.folder / CONFIG_FILE)
    stored = {name: raw[name] for name in _HEAD_KEYS if raw.get(name) is not None}
    if "num_labels" in options and "id2label" not in options:
        stored.pop("id2label", None)
        stored.pop("label2id", None)
    shape = write_longformer_config(loaded.encoder.config)
    shape.pop("architectures")
    ids = loaded.tokenizer.config_ids()
    head = head_class(LongformerConfig(**{**shape, **ids, **stored, **options}))
    state = {
        f"{_BASE}{name}": tensor for name, tensor in transformers_state(loaded.encoder).items()
    }
    expected = head.state_dict()
    head_folder = loaded.folder if head_source is None else find_folder(head_source)
    for name, tensor in read_head_weights(head_folder).items():
        name = f"{_BASE}{name}" if name.startswith("pooler.") else name
        if name not in expected:
            continue
        if tensor.shape != expected[name].shape:
            raise WeightsError(
                f"{name} of {head_folder} is {list(tensor.shape)}, and this "
                f"{head_class.__name__} takes {list(expected[name].shape)}. Options such as "
                "num_labels have to be those that it was trained with; to train another head, "
                "load the encoder that it was begun from."
            )
        state[name] = tensor.to(expected[name].dtype)
    missing = head.load_state_dict(state, strict=False).missing_keys
    head.tie_weights()
    new = [name for name in missing if not _is_tied(head, name)]
    if new:
        warnings.warn(
            f"{loaded.name!r} has no weights for {some_names(new)} of {head_class.__name__}; they "
            "are new and have to be trained.",
            stacklevel=2,
        )
    accelerate(head.eval(), **shape.get(EXTENSION_KEY, {}))
    return head, loaded.tokenizer.as_transformers(loaded.max_tokens)


def _is_tied(head: LongformerPreTrainedModel, name: str) -> bool:
    """Whether a weight is another one of the model under a second name."""
    return name in (getattr(head, "_tied_weights_keys", None) or ())
