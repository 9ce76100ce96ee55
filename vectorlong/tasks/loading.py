"""Heads of ``transformers`` from any checkpoint that ``Longformer2Vec`` takes."""

from __future__ import annotations

import difflib
import os
import warnings
from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any, TypeVar

from torch import Tensor
from transformers import LongformerConfig, LongformerModel, LongformerPreTrainedModel
from transformers.tokenization_utils_base import PreTrainedTokenizerBase

from vectorlong.encoder.accelerate import accelerate
from vectorlong.encoder.checkpoint import transformers_state
from vectorlong.encoder.config import EXTENSION_KEY, write_longformer_config
from vectorlong.encoder.hub import find_folder
from vectorlong.encoder.loading import LoadedModel, load_model
from vectorlong.encoder.model_files import CONFIG_FILE, read_head_weights, read_json, some_names
from vectorlong.errors import InputTypeError, WeightsError

_BASE = "longformer."
# What a head's own configuration says, and no encoder's.
_HEAD_KEYS = ("id2label", "label2id", "problem_type", "classifier_dropout", "tie_word_embeddings")
# Of an encoder's configuration, what may be chosen anew when it is trained on.
_FREE_KEYS = {"attention_window", "hidden_dropout_prob", "attention_probs_dropout_prob"}
# A padding token further up would have a table of positions begin after as many unused rows.
_MOST_UNUSED_POSITIONS = 256
_MASKS = ("[MASK]", "<mask>")

HeadT = TypeVar("HeadT", bound=LongformerPreTrainedModel)


def load_head(
    head_class: type[HeadT],
    model: str | os.PathLike[str],
    *,
    head_source: str | os.PathLike[str] | None = None,
    revision: str | None = None,
    local_files_only: bool = False,
    cache_dir: str | os.PathLike[str] | None = None,
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
    revision, local_files_only, cache_dir
        As in ``Longformer2Vec``.
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
    InputTypeError
        ``head_class`` is no head of a Longformer, or an option is none of its configuration's.
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
    _check_class(head_class)
    where: dict[str, Any] = {"local_files_only": local_files_only, "cache_dir": cache_dir}
    loaded = load_model(model, revision=revision, **where)
    pad_id = loaded.tokenizer.pad_id
    if pad_id is not None and pad_id < _MOST_UNUSED_POSITIONS:
        # transformers counts positions from it; the table is moved along with it.
        loaded.encoder.config = replace(loaded.encoder.config, pad_id=pad_id)
    shape = write_longformer_config(loaded.encoder.config)
    config = _configuration(head_class, loaded, shape, options)
    head = head_class(config)
    state = {
        f"{_BASE}{name}": tensor for name, tensor in transformers_state(loaded.encoder).items()
    }
    expected = head.state_dict()
    head_folder = loaded.folder if head_source is None else find_folder(head_source, **where)
    for name, tensor in _of_the_head(head, read_head_weights(head_folder)).items():
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
    new = [name for name in missing if name not in _tied(head)]
    if new:
        warnings.warn(
            f"{loaded.name!r} has no weights for {some_names(new)} of {head_class.__name__}; they "
            "are new and have to be trained.",
            stacklevel=2,
        )
    accelerate(head.eval(), **shape.get(EXTENSION_KEY, {}))
    tokenizer = loaded.tokenizer.as_transformers(loaded.max_tokens)
    _name_special_tokens(tokenizer, loaded)
    if loaded.encoder.config.n_token_types == 1:  # which would be asked for a second one by pairs
        names = [name for name in tokenizer.model_input_names if name != "token_type_ids"]
        tokenizer.model_input_names = names
    return head, tokenizer


def _check_class(head_class: Any) -> None:
    is_kin = isinstance(head_class, type) and issubclass(head_class, LongformerPreTrainedModel)
    if not is_kin or issubclass(head_class, LongformerModel):
        raise InputTypeError(
            f"head_class is {getattr(head_class, '__name__', repr(head_class))}, not a head of "
            "transformers' Longformer, such as LongformerForSequenceClassification."
        )


def _configuration(
    head_class: type[LongformerPreTrainedModel],
    loaded: LoadedModel,
    shape: dict[str, Any],
    options: dict[str, Any],
) -> LongformerConfig:
    """Put the encoder's shape, what is stored of the head and what the caller chose together."""
    kind: Any = head_class.config_class
    ids = loaded.tokenizer.config_ids()
    fixed = (shape.keys() | ids.keys()) - _FREE_KEYS
    _check_options(options, {*(field.name for field in fields(kind)), "num_labels"}, fixed)
    raw = read_json(loaded.folder / CONFIG_FILE)
    stored = {name: raw[name] for name in _HEAD_KEYS if raw.get(name) is not None}
    if "num_labels" in options and "id2label" not in options:
        stored.pop("id2label", None)
        stored.pop("label2id", None)
    shape = {name: value for name, value in shape.items() if name != "architectures"}
    config: LongformerConfig = kind(**{**shape, **ids, **stored, **options})
    return config


def _check_options(options: Iterable[str], known: set[str], fixed: set[str]) -> None:
    """Refuse what would be kept in the configuration and change nothing."""
    for name in options:
        if name in fixed:
            raise InputTypeError(f"{name} is what the encoder was made with; it cannot be chosen.")
        if name not in known:
            near = difflib.get_close_matches(name, known - fixed, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise InputTypeError(f"load_head has no option {name!r}, nor has the head.{hint}")


def _of_the_head(head: LongformerPreTrainedModel, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Give a checkpoint's weights that the head has beside its encoder, under the head's names.

    What is tied is taken from where it is tied to, as ``transformers`` does: a decoder that is
    stored beside other embeddings (of the encoder before it was trained on) must not replace them.
    """
    found = {}
    expected, tied = head.state_dict().keys(), _tied(head)
    for name, tensor in weights.items():
        name = f"{_BASE}{name}" if name.startswith("pooler.") else name
        origin = tied.get(name, name)
        is_second = origin != name and (origin in weights or origin.startswith(_BASE))
        if origin in expected and not is_second:
            found[origin] = tensor
    return found


def _tied(head: LongformerPreTrainedModel) -> dict[str, str]:
    """Give the weights that are others of the model under a second name, with these."""
    return dict(head.all_tied_weights_keys)


def _name_special_tokens(tokenizer: PreTrainedTokenizerBase, loaded: LoadedModel) -> None:
    """Have a tokenizer name the special tokens that it writes, which not all files do.

    Where the token named for masks is none of the vocabulary that the model was trained with, its
    usual spelling is named if that is one.
    """
    ours = loaded.tokenizer
    roles = {"cls": ours.cls_id, "sep": ours.sep_id, "pad": ours.pad_id, "unk": ours.unk_id}
    named: dict[str, Any] = {
        f"{role}_token": tokenizer.convert_ids_to_tokens(id_)
        for role, id_ in roles.items()
        if id_ is not None and getattr(tokenizer, f"{role}_token_id") is None
    }
    added = tokenizer.get_added_vocab()
    vocabulary = tokenizer.get_vocab()
    if tokenizer.is_fast:
        vocabulary = tokenizer.backend_tokenizer.get_vocab(with_added_tokens=False)
    if tokenizer.mask_token is None or tokenizer.mask_token not in vocabulary:
        known = {**vocabulary, **({} if tokenizer.mask_token else added)}
        spelling = next((mask for mask in _MASKS if mask in known), None)
        if spelling is not None:
            named["mask_token"] = spelling
    if named:
        tokenizer.add_special_tokens(named)
