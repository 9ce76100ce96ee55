"""Heads from every kind of checkpoint, with the weights and positions that it was trained with."""

import json
import warnings

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoTokenizer,
    LongformerForMaskedLM,
    LongformerForMultipleChoice,
    LongformerForQuestionAnswering,
    LongformerForSequenceClassification,
    LongformerForTokenClassification,
    LongformerModel,
)

from tests.models import longformer_config, randomize, write_longformer
from tests.text.builders import write_byte_bpe
from vectorlong import Longformer2Vec
from vectorlong.encoder.accelerate import PackedLongformerEncoder
from vectorlong.errors import ModelNotFoundError, WeightsError
from vectorlong.tasks.loading import load_head

HEADS = [
    LongformerForMaskedLM,
    LongformerForSequenceClassification,
    LongformerForTokenClassification,
    LongformerForMultipleChoice,
    LongformerForQuestionAnswering,
]
TEXT = "Every token sees its neighbours on both sides."


def write_head(folder, head_class, **changes):
    write_byte_bpe(folder)
    torch.manual_seed(0)
    model = randomize(head_class(longformer_config(max_position_embeddings=130, **changes)).eval())
    model.tie_weights()
    model.save_pretrained(folder)
    return model


def inputs_of(tokenizer, head_class):
    inputs = tokenizer(TEXT, return_tensors="pt")
    is_global = torch.zeros_like(inputs["input_ids"])
    is_global[:, 0] = 1
    inputs["global_attention_mask"] = is_global
    if head_class is LongformerForMultipleChoice:
        return {name: tensor[None] for name, tensor in inputs.items()}
    return dict(inputs)


def outputs(model, inputs):
    with torch.no_grad():
        found = model(**inputs)
    return (
        found.logits if "logits" in found else torch.stack([found.start_logits, found.end_logits])
    )


@pytest.mark.parametrize("head_class", HEADS)
def test_a_saved_head_is_whole_again_and_so_in_transformers(head_class, tmp_path):
    original = write_head(tmp_path / "a", head_class)
    with warnings.catch_warnings(action="error"):
        head, tokenizer = load_head(head_class, tmp_path / "a")
    inputs = inputs_of(tokenizer, head_class)
    expected = outputs(original, inputs)
    assert isinstance(head.longformer.encoder, PackedLongformerEncoder)
    assert not head.training
    assert (outputs(head, inputs) - expected).abs().max() <= 1e-5
    head.save_pretrained(tmp_path / "b")
    tokenizer.save_pretrained(tmp_path / "b")
    plain = head_class.from_pretrained(tmp_path / "b").eval()
    again = AutoTokenizer.from_pretrained(tmp_path / "b")
    assert again(TEXT).input_ids == tokenizer(TEXT).input_ids
    assert again.mask_token == tokenizer.mask_token == "<mask>"
    assert (outputs(plain, inputs) - expected).abs().max() <= 1e-5


@pytest.mark.parametrize("head_class", HEADS)
def test_an_encoder_alone_gives_a_new_head_and_says_so(head_class, tmp_path):
    base = write_longformer(tmp_path, max_position_embeddings=130)
    with pytest.warns(UserWarning, match=r"has no weights for .* have to be trained") as told:
        head, tokenizer = load_head(head_class, tmp_path)
    assert len(told) == 1
    ids = tokenizer(TEXT, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        found = head.longformer(ids).last_hidden_state
        assert (found - base(ids).last_hidden_state).abs().max() <= 1e-5
    for parameter in head.parameters():
        assert parameter.isfinite().all()
        assert parameter.abs().max() < 100  # nothing that was never written


def test_berts_names_of_its_head_for_masked_tokens(tmp_path):
    original = write_head(tmp_path, LongformerForMaskedLM)
    renames = {
        "lm_head.dense.": "cls.predictions.transform.dense.",
        "lm_head.layer_norm.": "cls.predictions.transform.LayerNorm.",
        "lm_head.bias": "cls.predictions.bias",
        "longformer.": "bert.",
    }
    state = {}
    for name, tensor in original.state_dict().items():
        for ours, theirs in renames.items():
            name = name.replace(ours, theirs)
        if "decoder" not in name:
            state[name] = tensor.clone()
    save_file(state, tmp_path / "model.safetensors")
    with warnings.catch_warnings(action="error"):
        head, tokenizer = load_head(LongformerForMaskedLM, tmp_path)
    inputs = inputs_of(tokenizer, LongformerForMaskedLM)
    assert (outputs(head, inputs) - outputs(original, inputs)).abs().max() <= 1e-5
    decoder = head.get_output_embeddings()
    assert decoder.weight is head.get_input_embeddings().weight


def test_positions_that_begin_elsewhere_are_put_where_transformers_counts_them(tmp_path):
    write_longformer(tmp_path, max_position_embeddings=128)
    config = json.loads((tmp_path / "config.json").read_text())
    config["vectorlong"] = {"position_offset": 0}
    (tmp_path / "config.json").write_text(json.dumps(config))
    encoder = Longformer2Vec(tmp_path, pooling="last", global_attention="cls")
    with pytest.warns(UserWarning, match="new"):
        head, tokenizer = load_head(LongformerForTokenClassification, tmp_path, num_labels=2)
    with torch.no_grad():
        inputs = inputs_of(tokenizer, LongformerForTokenClassification)
        states = head.longformer(**inputs).last_hidden_state
    assert (states[0, -1] - torch.from_numpy(encoder.encode(TEXT))).abs().max() <= 1e-5
    assert head.config.max_position_embeddings == 130


def test_a_converted_encoder_keeps_its_attention_also_when_saved(tmp_path):
    write_longformer(tmp_path / "a", max_position_embeddings=130)
    config = json.loads((tmp_path / "a" / "config.json").read_text())
    config["vectorlong"] = {"dense_up_to": 40}
    (tmp_path / "a" / "config.json").write_text(json.dumps(config))
    with pytest.warns(UserWarning, match="new"):
        head, tokenizer = load_head(LongformerForTokenClassification, tmp_path / "a")
    head.save_pretrained(tmp_path / "b")
    tokenizer.save_pretrained(tmp_path / "b")
    again, _ = load_head(LongformerForTokenClassification, tmp_path / "b")
    plain = LongformerForTokenClassification.from_pretrained(tmp_path / "b").eval()
    inputs = inputs_of(tokenizer, LongformerForTokenClassification)
    vector = Longformer2Vec(tmp_path / "a", pooling="last").encode(TEXT)
    with torch.no_grad():
        states = [
            model.longformer(**inputs).last_hidden_state[0, -1] for model in (head, again, plain)
        ]
    assert (states[0] - torch.from_numpy(vector)).abs().max() <= 1e-5
    assert (states[1] - states[0]).abs().max() <= 1e-6
    assert (states[2] - states[0]).abs().max() > 1e-3  # transformers has no such attention


def test_what_the_configuration_says_of_labels_is_kept_or_replaced(tmp_path):
    names = {0: "no", 1: "yes"}
    write_head(tmp_path, LongformerForSequenceClassification, id2label=names)
    head, _ = load_head(LongformerForSequenceClassification, tmp_path)
    assert head.config.id2label == names
    with pytest.raises(WeightsError, match=r"classifier\.out_proj\.\w+ of .* is \[2.*takes \[3"):
        load_head(LongformerForSequenceClassification, tmp_path, num_labels=3)
    assert load_head(LongformerForTokenClassification, tmp_path, num_labels=5)[0].num_labels == 5


def test_damaged_and_missing_checkpoints(tmp_path):
    with pytest.raises(ModelNotFoundError):
        load_head(LongformerForMaskedLM, tmp_path / "none")
    write_head(tmp_path, LongformerForMaskedLM)
    state = load_file(tmp_path / "model.safetensors")
    state.pop("longformer.encoder.layer.0.attention.self.query.weight")
    save_file(state, tmp_path / "model.safetensors")
    with pytest.raises(WeightsError, match=r"missing: encoder\.layer\.0\.attention\.self\.query"):
        load_head(LongformerForMaskedLM, tmp_path)


def test_the_embedded_model():
    with pytest.warns(UserWarning, match="'minilm' has no weights for lm_head"):
        head, tokenizer = load_head(LongformerForMaskedLM, "minilm")
    assert isinstance(head.longformer, LongformerModel)
    assert tokenizer.mask_token == "[MASK]"
    assert tokenizer.model_max_length == 4096
