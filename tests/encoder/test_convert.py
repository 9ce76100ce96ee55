"""BERT-like encoders become Longformers with the source's vectors on short texts."""

import json

import numpy as np
import pytest
import torch
from transformers import (
    BertConfig,
    BertModel,
    DistilBertConfig,
    DistilBertModel,
    LongformerModel,
    RobertaConfig,
    RobertaModel,
    XLMRobertaConfig,
    XLMRobertaModel,
)

from tests.models import load, randomize, write_longformer
from tests.text.builders import write_byte_bpe, write_wordpiece
from vectorlong import Longformer2Vec, convert
from vectorlong.attention.spec import PackedTexts
from vectorlong.encoder.settings import read_settings
from vectorlong.errors import (
    CheckpointError,
    ModelNotFoundError,
    OptionError,
    UnsupportedArchitectureError,
)

SIZES = {
    "vocab_size": 400,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
}


def write_source(folder, kind="bert", **changes):
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "bert":
        write_wordpiece(folder)
        config = BertConfig(**{**SIZES, "max_position_embeddings": 40, **changes})
        model = BertModel(config)
    else:
        write_byte_bpe(folder)
        values = {**SIZES, "max_position_embeddings": 42, "type_vocab_size": 1, "pad_token_id": 1}
        config_class, model_class = {
            "roberta": (RobertaConfig, RobertaModel),
            "xlm-roberta": (XLMRobertaConfig, XLMRobertaModel),
        }[kind]
        model = model_class(config_class(**{**values, **changes}))
    model = randomize(model.eval())
    model.save_pretrained(folder)
    return model


@pytest.mark.parametrize("kind", ["bert", "roberta", "xlm-roberta"])
@torch.no_grad()
def test_short_texts_keep_the_source_vectors(tmp_path, kind):
    source = write_source(tmp_path / "source", kind)
    folder = convert(tmp_path / "source", tmp_path / "long", max_tokens=200, window=8)
    encoder = load(folder)
    assert encoder.config.max_tokens == 200
    for n_tokens in (1, 9, 39, 40):
        ids = torch.randint(5, 400, (n_tokens,), generator=torch.Generator().manual_seed(1))
        actual = encoder(ids, PackedTexts((n_tokens,), ((0,),)))
        assert (actual - source(ids[None]).last_hidden_state[0]).abs().max() <= 1e-5


def test_an_interrupted_conversion_leaves_nothing(tmp_path, monkeypatch):
    from vectorlong.text.tokenizer import TextTokenizer

    write_source(tmp_path / "source")

    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(TextTokenizer, "save", interrupted)
        with pytest.raises(KeyboardInterrupt):
            convert(tmp_path / "source", tmp_path / "long", max_tokens=64)
    assert [path.name for path in tmp_path.iterdir()] == ["source"]
    convert(tmp_path / "source", tmp_path / "long", max_tokens=64)
    saved = json.loads((tmp_path / "long" / "tokenizer_config.json").read_text())
    assert saved["model_max_length"] == 64


@torch.no_grad()
def test_without_dense_a_wide_window_gives_the_source_vectors(tmp_path):
    source = write_source(tmp_path / "source")
    folder = convert(
        tmp_path / "source", tmp_path / "long", max_tokens=200, window=78, dense_up_to=0
    )
    ids = torch.randint(5, 400, (40,), generator=torch.Generator().manual_seed(1))
    actual = load(folder)(ids, PackedTexts((40,), ((),)))
    assert (actual - source(ids[None]).last_hidden_state[0]).abs().max() <= 1e-5


@torch.no_grad()
def test_long_texts_repeat_positions_and_load_in_transformers(tmp_path):
    write_source(tmp_path / "source", "roberta")
    folder = convert(
        tmp_path / "source", tmp_path / "long", max_tokens=100, window=8, dense_up_to=0
    )
    encoder = load(folder)
    table = encoder.embeddings.position.weight[2:]
    assert torch.equal(table[:40], table[40:80])
    assert torch.equal(table[80:], table[:20])
    model, report = LongformerModel.from_pretrained(
        folder, add_pooling_layer=False, output_loading_info=True
    )
    assert not report["missing_keys"]
    ids = torch.randint(5, 400, (100,), generator=torch.Generator().manual_seed(1))
    expected = model.eval()(ids[None]).last_hidden_state[0]
    assert (encoder(ids, PackedTexts((100,), ((),))) - expected).abs().max() <= 1e-5


@pytest.mark.parametrize(
    ("pooling", "names"),
    [
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, ("cls",)),
        ({"pooling_mode_max_tokens": True, "pooling_mode_mean_tokens": True}, ("max", "mean")),
        ({"pooling_mode": "lasttoken"}, ("last",)),
        ({"pooling_mode": ["mean", "weightedmean"]}, ("mean", "weighted_mean")),
    ],
)
def test_sentence_transformers_folders(tmp_path, pooling, names):
    write_source(tmp_path / "st" / "0_Transformer")
    (tmp_path / "st" / "1_Pooling").mkdir()
    (tmp_path / "st" / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    modules = [
        {"path": "0_Transformer", "type": "sentence_transformers.models.Transformer"},
        {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
    ]
    (tmp_path / "st" / "modules.json").write_text(json.dumps(modules))
    (tmp_path / "st" / "config_sentence_transformers.json").write_text(
        json.dumps({"prompts": {"query": "query: "}, "default_prompt_name": "query"})
    )
    folder = convert(tmp_path / "st", tmp_path / "long", max_tokens=64, window=8)
    assert read_settings(folder).pooling == names
    encoder = Longformer2Vec(folder)
    assert encoder.pooling.name == "+".join(names)
    assert encoder.prompts == {"query": "query: "}
    assert np.allclose(encoder.encode("dog"), encoder.encode("dog", prompt="query: "), atol=1e-6)
    for broken in ("{", "[3]", '[{"type": "x"}]'):
        (tmp_path / "st" / "modules.json").write_text(broken)
        with pytest.raises(CheckpointError, match=r"modules\.json is damaged"):
            convert(tmp_path / "st", tmp_path / "other")
    modules.append({"path": "3_Dense", "type": "sentence_transformers.models.Dense"})
    (tmp_path / "st" / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(UnsupportedArchitectureError, match="'Dense'"):
        convert(tmp_path / "st", tmp_path / "other")


@pytest.mark.parametrize("has_normalize", [True, False])
def test_vectors_have_the_length_that_sentence_transformers_gives(tmp_path, has_normalize):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Normalize, Pooling, Transformer

    write_source(tmp_path / "source")
    modules = [Transformer(str(tmp_path / "source")), Pooling(16, pooling_mode="mean")]
    source = SentenceTransformer(
        modules=[*modules, Normalize()] if has_normalize else modules, device="cpu"
    )
    source.save(str(tmp_path / "st"))
    listed = (tmp_path / "st" / "modules.json").read_text()
    assert ("Normalize" in listed) == has_normalize
    encoder = Longformer2Vec(convert(tmp_path / "st", tmp_path / "long", max_tokens=64, window=8))
    texts = ["dog", "the quick brown fox", ""]
    lengths = np.linalg.norm(encoder.encode(texts), axis=1)
    assert np.allclose(lengths, 1, atol=1e-6) == encoder.normalize == has_normalize
    assert np.allclose(encoder.encode(texts), source.encode(texts), atol=1e-5)
    bare = Longformer2Vec(tmp_path / "long", normalize=False)
    unit = source.encode(texts, normalize_embeddings=True)
    assert np.allclose(bare.encode(texts, normalize_embeddings=True), unit, atol=1e-5)
    assert np.linalg.norm(bare.encode(texts), axis=1).min() > 1.1


def test_prompts_that_a_known_source_does_not_name_are_kept(tmp_path, monkeypatch):
    write_source(tmp_path / "source")
    monkeypatch.setattr(
        "vectorlong.encoder.convert.find_folder", lambda *_, **__: tmp_path / "source"
    )
    encoder = Longformer2Vec(
        convert("intfloat/multilingual-e5-small", tmp_path / "e5", max_tokens=64, window=8)
    )
    assert encoder.prompts == {"query": "query: ", "passage": "passage: "}
    assert encoder.default_prompt_name == "query"
    convert("someone/another", tmp_path / "other", max_tokens=64, window=8)
    assert Longformer2Vec(tmp_path / "other").prompts == {}


def test_what_cannot_be_converted(tmp_path):
    write_longformer(tmp_path / "longformer")
    with pytest.raises(CheckpointError, match="Longformer already"):
        convert(tmp_path / "longformer", tmp_path / "out")
    distil = DistilBertModel(DistilBertConfig(vocab_size=50, dim=8, n_layers=1, n_heads=1))
    distil.save_pretrained(tmp_path / "distil")
    with pytest.raises(UnsupportedArchitectureError, match=r"'distilbert'.*bert, camembert"):
        convert(tmp_path / "distil", tmp_path / "out")
    write_source(tmp_path / "bert")
    with pytest.raises(OptionError, match=r"max_tokens=39.*40 already"):
        convert(tmp_path / "bert", tmp_path / "out", max_tokens=39)
    with pytest.raises(OptionError, match="window=7"):
        convert(tmp_path / "bert", tmp_path / "out", window=7)
    for name in ("max_tokens", "window", "dense_up_to"):
        for value in ("100", 100.0, True, -2, [[100]], 10**30):
            with pytest.raises(OptionError, match=f"{name}="):
                convert(tmp_path / "bert", tmp_path / "out", **{name: value})
    with pytest.raises(OptionError, match=r"window=None.*whole number"):
        convert(tmp_path / "bert", tmp_path / "out", window=None)
    with pytest.raises(CheckpointError, match="exists already"):
        convert(tmp_path / "bert", tmp_path / "bert")
    with pytest.raises(ModelNotFoundError, match="Three ways out"):
        convert("someone/no-such-model", tmp_path / "out", local_files_only=True)
    assert not (tmp_path / "out").exists()
    raw = json.loads((tmp_path / "bert" / "config.json").read_text())
    (tmp_path / "bert" / "config.json").write_text(json.dumps({**raw, "is_decoder": True}))
    with pytest.raises(UnsupportedArchitectureError, match="decoder"):
        convert(tmp_path / "bert", tmp_path / "out")
