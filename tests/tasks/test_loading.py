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
from tests.text.builders import write_byte_bpe, write_wordpiece
from vectorlong import Longformer2Vec
from vectorlong.encoder.accelerate import PackedLongformerEncoder
from vectorlong.errors import InputTypeError, ModelNotFoundError, WeightsError
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


def with_stored_decoder(folder, origin="lm_head.bias"):
    """Store a second decoder, as checkpoints have that were written before their words changed."""
    state = load_file(folder / "model.safetensors")
    words = state["longformer.embeddings.word_embeddings.weight"]
    state["lm_head.decoder.weight"] = torch.ones_like(words)
    state["lm_head.decoder.bias"] = state.pop(origin)
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})


def test_a_decoder_that_is_stored_beside_the_words_does_not_replace_them(tmp_path):
    original = write_head(tmp_path, LongformerForMaskedLM)
    with_stored_decoder(tmp_path)
    with warnings.catch_warnings(action="error"):
        head, tokenizer = load_head(LongformerForMaskedLM, tmp_path)
    words = original.get_input_embeddings().weight
    assert torch.equal(head.get_input_embeddings().weight, words)
    assert torch.equal(head.lm_head.bias, original.lm_head.bias)
    inputs = inputs_of(tokenizer, LongformerForMaskedLM)
    assert (outputs(head, inputs) - outputs(original, inputs)).abs().max() <= 1e-5


def test_a_head_from_its_source_leaves_the_encoder_as_it_is(tmp_path):
    original = write_head(tmp_path / "source", LongformerForMaskedLM)
    with_stored_decoder(tmp_path / "source")
    base = write_longformer(tmp_path / "trained", 1, max_position_embeddings=130)
    with warnings.catch_warnings(action="error"):
        head, _ = load_head(
            LongformerForMaskedLM, tmp_path / "trained", head_source=tmp_path / "source"
        )
    assert torch.equal(head.lm_head.dense.weight, original.lm_head.dense.weight)
    assert torch.equal(head.get_input_embeddings().weight, base.get_input_embeddings().weight)


def test_a_decoder_that_is_not_tied_is_read(tmp_path):
    original = write_head(tmp_path, LongformerForMaskedLM, tie_word_embeddings=False)
    with warnings.catch_warnings(action="error"):
        head, tokenizer = load_head(LongformerForMaskedLM, tmp_path)
    assert torch.equal(head.lm_head.decoder.weight, original.lm_head.decoder.weight)
    inputs = inputs_of(tokenizer, LongformerForMaskedLM)
    assert (outputs(head, inputs) - outputs(original, inputs)).abs().max() <= 1e-5


def write_bert_style(folder, **changes):
    """Write a Longformer with a WordPiece vocabulary; gives what its model is."""
    folder.mkdir(exist_ok=True)
    for path in write_wordpiece(folder / "tokenizer").iterdir():
        path.rename(folder / path.name)
    model = randomize(LongformerModel(longformer_config(max_position_embeddings=130, **changes)))
    model.save_pretrained(folder)
    return model


def test_padding_is_the_tokenizers_and_positions_move_with_it(tmp_path):
    write_bert_style(tmp_path / "a", pad_token_id=1)  # which is no padding in the vocabulary
    vector = Longformer2Vec(tmp_path / "a", pooling="last").encode(TEXT)
    with pytest.warns(UserWarning, match="new"):
        head, tokenizer = load_head(LongformerForTokenClassification, tmp_path / "a")
    assert head.config.pad_token_id == tokenizer.pad_token_id == 0
    assert head.config.max_position_embeddings == 129
    head.save_pretrained(tmp_path / "b")
    tokenizer.save_pretrained(tmp_path / "b")
    plain = LongformerForTokenClassification.from_pretrained(tmp_path / "b").eval()
    again, _ = load_head(LongformerForTokenClassification, tmp_path / "b")
    inputs = inputs_of(tokenizer, LongformerForTokenClassification)
    for model in (head, plain, again):
        with torch.no_grad():
            state = model.longformer(**inputs).last_hidden_state[0, -1]
        assert (state - torch.from_numpy(vector)).abs().max() <= 1e-5


def test_special_tokens_have_their_names_also_where_the_files_name_none(tmp_path):
    write_bert_style(tmp_path / "a", pad_token_id=0)
    AutoTokenizer.from_pretrained(tmp_path / "a").backend_tokenizer.save(
        str(tmp_path / "a" / "tokenizer.json")
    )
    (tmp_path / "a" / "vocab.txt").unlink()
    content = {"tokenizer_class": "PreTrainedTokenizerFast"}
    (tmp_path / "a" / "tokenizer_config.json").write_text(json.dumps(content))
    assert AutoTokenizer.from_pretrained(tmp_path / "a").pad_token is None
    with pytest.warns(UserWarning, match="new"):
        _, tokenizer = load_head(LongformerForTokenClassification, tmp_path / "a")
    tokenizer.save_pretrained(tmp_path / "b")
    again = AutoTokenizer.from_pretrained(tmp_path / "b")
    for each in (tokenizer, again):
        names = (each.cls_token, each.sep_token, each.pad_token, each.mask_token)
        assert names == ("[CLS]", "[SEP]", "[PAD]", "[MASK]")
        assert each(["a [MASK]", "a"], padding=True).input_ids[1][-1] == each.pad_token_id


def test_a_mask_that_the_model_was_not_trained_with_is_replaced(tmp_path):
    write_bert_style(tmp_path, pad_token_id=0)
    config = json.loads((tmp_path / "tokenizer_config.json").read_text())
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({**config, "mask_token": "<mask>"}))
    assert AutoTokenizer.from_pretrained(tmp_path).mask_token == "<mask>"
    with pytest.warns(UserWarning, match="new"):
        _, tokenizer = load_head(LongformerForMaskedLM, tmp_path)
    assert tokenizer.mask_token == "[MASK]"
    assert tokenizer.mask_token_id < tokenizer.vocab_size


def test_texts_are_lower_cased_where_a_file_beside_the_tokenizer_says_so(tmp_path):
    write_longformer(tmp_path, max_position_embeddings=130)
    (tmp_path / "sentence_bert_config.json").write_text(json.dumps({"do_lower_case": True}))
    with pytest.warns(UserWarning, match="new"):
        _, tokenizer = load_head(LongformerForTokenClassification, tmp_path)
    assert tokenizer("TOKEN").input_ids == tokenizer("token").input_ids


def test_what_is_no_option_and_no_head(tmp_path):
    write_longformer(tmp_path, max_position_embeddings=130)
    with pytest.raises(InputTypeError, match=r"no option 'num_label', .* mean 'num_labels'"):
        load_head(LongformerForTokenClassification, tmp_path, num_label=3)
    with pytest.raises(InputTypeError, match="hidden_size is what the encoder was made with"):
        load_head(LongformerForTokenClassification, tmp_path, hidden_size=64)
    for wrong in (LongformerModel, torch.nn.Linear, "LongformerForMaskedLM"):
        with pytest.raises(InputTypeError, match="not a head of transformers' Longformer"):
            load_head(wrong, tmp_path)


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
    with pytest.warns(UserWarning, match="new"):
        other, _ = load_head(LongformerForTokenClassification, tmp_path, num_labels=5)
    assert other.num_labels == 5


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
