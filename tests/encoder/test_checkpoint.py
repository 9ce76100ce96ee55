"""Every layout a checkpoint comes in, and every way one can be wrong."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel, LongformerForMaskedLM

from tests.models import load, longformer_config, randomize, write_longformer
from vectorlong.attention.spec import AttentionSpec, PackedTexts
from vectorlong.encoder import checkpoint
from vectorlong.encoder.checkpoint import (
    from_transformers_name,
    save_checkpoint,
    to_transformers_name,
    weights_digest,
)
from vectorlong.encoder.config import read_longformer_config
from vectorlong.encoder.model import Encoder
from vectorlong.encoder.model_files import read_json, read_weights
from vectorlong.encoder.profiles import PROFILES, find_profile
from vectorlong.errors import (
    CheckpointError,
    InputValueError,
    OptionError,
    UnsupportedArchitectureError,
    WeightsError,
)

IDS = torch.randint(3, 1000, (50,), generator=torch.Generator().manual_seed(0))
TEXTS = PackedTexts((30, 20), ((0,), (0, 19)))


@pytest.fixture
def folder(tmp_path):
    write_longformer(tmp_path)
    return tmp_path


@torch.no_grad()
def output_of(folder):
    return load(folder)(IDS, TEXTS)


def rewrite_weights(folder, change):
    path = folder / "model.safetensors"
    save_file(change(load_file(path)), path, metadata={"format": "pt"})


def rewrite_config(folder, **changes):
    path = folder / "config.json"
    raw = json.loads(path.read_text())
    path.write_text(json.dumps({**raw, **changes}))


def test_renames_are_reversible():
    with torch.device("meta"):
        encoder = Encoder(read_longformer_config(longformer_config().to_dict()))
    names = list(encoder.state_dict())
    theirs = [to_transformers_name(name) for name in names]
    assert len(set(theirs)) == len(names)
    assert [from_transformers_name(name) for name in theirs] == names
    expected = set(LongformerForMaskedLM(longformer_config()).longformer.state_dict())
    assert set(theirs) == {name for name in expected if "position_ids" not in name}


@pytest.mark.parametrize("prefix", ["longformer.", "roberta.", "bert.", "module.roberta."])
def test_prefixes(folder, prefix):
    expected = output_of(folder)
    rewrite_weights(folder, lambda w: {prefix + name: tensor for name, tensor in w.items()})
    assert torch.equal(output_of(folder), expected)


def test_heads_poolers_and_position_ids_are_ignored(folder):
    expected = output_of(folder)
    model = randomize(LongformerForMaskedLM(longformer_config()), seed=5)
    extra = {
        f"lm_head.{name}": tensor.clone() for name, tensor in model.lm_head.state_dict().items()
    }
    extra["embeddings.position_ids"] = torch.arange(4100)
    rewrite_weights(folder, lambda w: {**w, **extra})
    assert torch.equal(output_of(folder), expected)


def test_bin_files_and_shards(folder):
    expected = output_of(folder)
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    assert torch.equal(output_of(folder), expected)
    (folder / "pytorch_model.bin").unlink()
    names = sorted(weights)
    weight_map = {}
    for number, part in enumerate((names[::2], names[1::2])):
        file = f"model-0000{number + 1}-of-00002.safetensors"
        save_file({name: weights[name] for name in part}, folder / file)
        weight_map.update(dict.fromkeys(part, file))
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    assert torch.equal(output_of(folder), expected)
    (folder / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(CheckpointError, match="model-00002-of-00002"):
        read_weights(folder)


def test_old_normalisation_names_and_half_precision(folder):
    expected = output_of(folder)

    def change(weights):
        renamed = {}
        for name, tensor in weights.items():
            name = name.replace("LayerNorm.weight", "LayerNorm.gamma")
            renamed[name.replace("LayerNorm.bias", "LayerNorm.beta")] = tensor
        return renamed

    rewrite_weights(folder, change)
    assert torch.equal(output_of(folder), expected)
    rewrite_weights(folder, lambda w: {name: tensor.half() for name, tensor in w.items()})
    encoder = load(folder)
    assert all(parameter.dtype == torch.float32 for parameter in encoder.parameters())


def test_a_pickle_with_code_is_refused(folder):
    (folder / "model.safetensors").unlink()
    torch.save({"embeddings.evil": print}, folder / "pytorch_model.bin")
    with pytest.raises(WeightsError, match="never loaded because it could run code"):
        read_weights(folder)


def test_others_may_read_a_saved_model_as_they_may_any_file(folder, tmp_path):
    save_checkpoint(load(folder), tmp_path / "saved")
    (tmp_path / "any").touch()
    modes = {path.stat().st_mode for path in (tmp_path / "saved").iterdir()}
    assert modes == {(tmp_path / "any").stat().st_mode}


def test_files_that_hold_something_else(folder):
    weights = load_file(folder / "model.safetensors")
    expected = output_of(folder)
    (folder / "model.safetensors").unlink()
    torch.save({"state_dict": weights, "epoch": 3}, folder / "pytorch_model.bin")
    assert torch.equal(output_of(folder), expected)
    for content in ([1, 2], {"embeddings.x": 3}):
        torch.save(content, folder / "pytorch_model.bin")
        with pytest.raises(WeightsError, match="does not hold named tensors"):
            read_weights(folder)
    (folder / "pytorch_model.bin").unlink()
    for weight_map in (None, ["a"], {"a": 3}):
        path = folder / "model.safetensors.index.json"
        path.write_text(json.dumps({"weight_map": weight_map}))
        with pytest.raises(CheckpointError, match="weight_map="):
            read_weights(folder)


def test_positions_counted_from_zero_are_shifted_for_transformers(folder, tmp_path):
    config = read_longformer_config(read_json(folder / "config.json"))
    assert config.position_offset == 2
    encoder = load(folder)
    from dataclasses import replace

    zero_based = Encoder(replace(config, position_offset=0)).eval()
    zero_based.load_state_dict(encoder.state_dict())
    with torch.no_grad():
        expected = zero_based(IDS, TEXTS)
        assert not torch.allclose(expected, encoder(IDS, TEXTS), atol=1e-2)
        save_checkpoint(zero_based, tmp_path / "shifted")
        assert torch.equal(load(tmp_path / "shifted")(IDS, TEXTS), expected)
    assert weights_digest(load(tmp_path / "shifted")) == weights_digest(zero_based)


def test_dilation_causal_and_dense_survive_saving(folder, tmp_path):
    from dataclasses import replace

    config = read_longformer_config(read_json(folder / "config.json"))
    specs = (
        AttentionSpec(window=16, dilation=(1, 2, 1, 3), causal=True, dense_up_to=7),
        AttentionSpec(window=8, dilation=2, causal=True, dense_up_to=7),
        AttentionSpec(window=32, causal=True, dense_up_to=7),
    )
    changed = Encoder(replace(config, attention=specs)).eval()
    changed.load_state_dict(load(folder).state_dict())
    save_checkpoint(changed, tmp_path / "saved")
    again = load(tmp_path / "saved")
    assert again.config.attention == specs
    with torch.no_grad():
        assert torch.equal(again(IDS, TEXTS), changed(IDS, TEXTS))


def test_two_who_save_at_once_do_not_meet(folder, monkeypatch):
    encoder, saved = load(folder), folder / "saved"

    def save_while_another_does(*arguments, **options):
        save_file(*arguments, **options)
        monkeypatch.setattr(checkpoint, "save_file", save_file)
        save_checkpoint(encoder, saved)

    monkeypatch.setattr(checkpoint, "save_file", save_while_another_does)
    save_checkpoint(encoder, saved)
    assert {path.name for path in saved.iterdir()} == {"config.json", "model.safetensors"}
    assert weights_digest(load(saved)) == weights_digest(encoder)


def test_missing_extra_and_wrongly_shaped_weights_are_each_listed(folder):
    def change(weights):
        del weights["encoder.layer.1.attention.self.key_global.bias"]
        weights["encoder.layer.9.output.dense.bias"] = torch.zeros(3)
        weights["encoder.layer.0.output.dense.bias"] = torch.zeros(5)
        return weights

    rewrite_weights(folder, change)
    with pytest.raises(WeightsError) as caught:
        load(folder)
    message = str(caught.value)
    assert "missing: encoder.layer.1.attention.self.key_global.bias" in message
    assert "not of this architecture: encoder.layer.9.output.dense.bias" in message
    assert "encoder.layer.0.output.dense.bias is [5], expected [32]" in message


def test_truncated_weights(folder):
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(WeightsError, match="damaged or incomplete"):
        read_weights(folder)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"position_embedding_type": "rotary"}, UnsupportedArchitectureError, "rotary"),
        (
            {"position_embedding_type": "relative_key"},
            UnsupportedArchitectureError,
            "relative_key",
        ),
        ({"rope_theta": 10000}, UnsupportedArchitectureError, "rotary"),
        ({"num_attention_heads": 5}, CheckpointError, "not a multiple"),
        ({"attention_window": [4, 4]}, CheckpointError, "lists 2 layers"),
        ({"attention_window": 7}, OptionError, "window=7"),
        ({"attention_window": "16"}, CheckpointError, "attention_window='16'"),
        ({"attention_window": None}, CheckpointError, "lacks attention_window"),
        ({"num_attention_heads": 0}, CheckpointError, "num_attention_heads=0"),
        ({"num_hidden_layers": "3"}, CheckpointError, "num_hidden_layers='3'"),
        ({"pad_token_id": -1}, CheckpointError, "pad_token_id=-1"),
        ({"pad_token_id": 5000}, CheckpointError, "leaves no position"),
        ({"vectorlong": 5}, CheckpointError, "vectorlong=5"),
    ],
)
def test_impossible_configurations(folder, changes, error, message):
    rewrite_config(folder, **changes)
    with pytest.raises(error, match=message):
        load(folder)


def test_damaged_and_incomplete_configurations(folder):
    raw = read_json(folder / "config.json")
    del raw["hidden_size"], raw["vocab_size"]
    (folder / "config.json").write_text(json.dumps(raw))
    with pytest.raises(CheckpointError, match="lacks vocab_size, hidden_size"):
        load(folder)
    (folder / "config.json").write_text("{ not json")
    with pytest.raises(CheckpointError, match="cannot be read as JSON"):
        load(folder)
    (folder / "config.json").unlink()
    with pytest.raises(CheckpointError, match=r"has no config\.json"):
        load(folder)


def test_a_bert_without_global_weights_is_told_to_convert(tmp_path):
    bert = BertModel(
        BertConfig(
            vocab_size=50,
            hidden_size=8,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=8,
            max_position_embeddings=40,
        )
    )
    bert.save_pretrained(tmp_path)
    rewrite_config(tmp_path, attention_window=4)
    with pytest.raises(WeightsError, match=r"key_global.*vectorlong\.convert|vectorlong\.convert"):
        load(tmp_path)


def test_texts_longer_than_the_table_are_refused(tmp_path):
    write_longformer(tmp_path, max_position_embeddings=42)
    with pytest.raises(InputValueError, match="50 tokens but the model takes 40"):
        load(tmp_path)(IDS, PackedTexts((50,), ((),)))
    with pytest.raises(InputValueError, match="add up to 3"):
        load(tmp_path)(IDS, PackedTexts((3,), ((),)))


def test_profiles_are_found_by_name_hub_id_and_signature():
    for profile in PROFILES:
        assert find_profile(profile.name) is profile
        if profile.hub_id:
            assert find_profile(profile.hub_id) is profile
    chinese = {
        "model_type": "longformer",
        "vocab_size": 21128,
        "hidden_size": 768,
        "max_position_embeddings": 4096,
        "pad_token_id": 0,
    }
    assert find_profile("/some/copy", chinese).name == "longformer-zh"
    assert find_profile("/some/copy", {**chinese, "vocab_size": 5}).name == ""
