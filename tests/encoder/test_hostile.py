"""A damaged or hostile model folder gives our errors, soon, and leaves other files alone."""

from __future__ import annotations

import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.encoder.test_convert import write_source
from tests.models import write_longformer
from vectorlong import Longformer2Vec, convert
from vectorlong.encoder.model_files import read_weights
from vectorlong.errors import CheckpointError, UnsupportedArchitectureError, VectorlongError

pytestmark = pytest.mark.timeout(60)
needs_posix = pytest.mark.skipif(os.name == "nt", reason="no pipes and devices in folders there")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    write_longformer(folder, num_hidden_layers=1, attention_window=[8], max_position_embeddings=60)
    encoder = Longformer2Vec(folder)
    encoder.prompts = {"query": "Q: "}
    encoder.save(folder)
    return folder


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def forget_digests(folder: Path) -> None:
    edit(folder / "vectorlong.json", lambda content: content.update(files_sha256={}))


ABSURD = [
    2**62,
    2**31,
    10**30,
    -1,
    0,
    1.5,
    -0.0,
    1e308,
    float("nan"),
    float("inf"),
    "7",
    "x" * 100_000,
    True,
    [],
    [1],
    [2**62],
    list(range(100_000)),
    {},
    {"a": 5},
    "\ud800",
]
CONFIG_FIELDS = [
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "max_position_embeddings",
    "attention_window",
    "type_vocab_size",
    "pad_token_id",
    "hidden_act",
    "layer_norm_eps",
    "hidden_dropout_prob",
    "attention_probs_dropout_prob",
    "model_type",
    "position_embedding_type",
    "vectorlong",
]
EXTENSION_FIELDS = ["position_offset", "dilation", "causal", "dense_up_to"]


def assert_ours_or_fine(folder: Path) -> None:
    """Loading either works, to a model that encodes, or raises our error with a short message."""
    message = ""
    try:
        encoder = Longformer2Vec(folder)
        encoder.encode("the document")
    except VectorlongError as error:
        message = str(error)
    assert len(message) < 5_000


@pytest.mark.parametrize("field", CONFIG_FIELDS)
def test_absurd_values_in_config_json(folder: Path, field: str) -> None:
    forget_digests(folder)
    original = (folder / "config.json").read_text()
    for value in [*ABSURD, 1_000_000, None]:
        (folder / "config.json").write_text(original)
        edit(folder / "config.json", lambda content, value=value: content.update({field: value}))
        assert_ours_or_fine(folder)


@pytest.mark.parametrize("field", EXTENSION_FIELDS)
def test_absurd_values_in_the_extension_of_config_json(folder: Path, field: str) -> None:
    forget_digests(folder)
    for value in [*ABSURD, [[1]], [[1, 2, 3, 4, 5]], [[]], None]:
        edit(
            folder / "config.json",
            lambda content, value=value: content.update(vectorlong={field: value}),
        )
        assert_ours_or_fine(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"max_position_embeddings": 2**62},
            r"max_position_embeddings=4611686018427387904: .* less",
        ),
        (
            {"num_hidden_layers": 1_000_000},
            r"num_hidden_layers=1000000: .* less than or equal to 512",
        ),
        ({"num_hidden_layers": 512, "attention_window": 8}, r"missing: .* and \d+ more"),
        ({"layer_norm_eps": float("nan")}, "layer_norm_eps=nan"),
        ({"attention_window": [8] * 100_000}, r"attention_window=\[8, 8, 8, .*\.\.\.\]"),
        ({"model_type": ["longformer"]}, "model_type"),
        ({"vectorlong": {"dilation": [1, 2]}}, "dilation.*for each of 1 layers"),
        ({"vectorlong": {"dilation": [[1, 2]]}}, "one for each of 4 heads"),
    ],
)
def test_what_is_wrong_with_config_json_is_said(folder: Path, change: dict, message: str) -> None:
    forget_digests(folder)
    edit(folder / "config.json", lambda content: content.update(change))
    with pytest.raises(CheckpointError, match=message) as caught:
        Longformer2Vec(folder)
    assert len(str(caught.value)) < 40_000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prompts": {"a": 5}}, r"prompts=\{'a': 5\}: Input should be a valid string"),
        ({"prompts": 5}, "prompts=5"),
        ({"prompts": {"query": "\ud800"}}, "Invalid JSON"),
        ({"pooling": 5}, "pooling=5"),
        ({"pooling": [["mean"]]}, "pooling="),
        ({"max_tokens": 0}, "max_tokens=0"),
        ({"max_tokens": True}, "max_tokens=True"),
        ({"normalize": "yes"}, "normalize='yes'"),
        ({"has_postprocess": 1}, "has_postprocess=1"),
        ({"source": []}, r"source=\[\]"),
        ({"default_prompt_name": 5}, "default_prompt_name=5"),
        ({"passages": {"max_tokens": -1}}, "passages="),
        ({"passages": {"max_tokens": "9" * 10_000}}, "passages="),
        ({"passages": []}, "passages="),
        ({"files_sha256": {"../config.json": "0" * 64}}, "name of a file in the same folder"),
        ({"files_sha256": {"/etc/passwd": "0" * 64}}, "name of a file in the same folder"),
        ({"files_sha256": {"..": "0" * 64}}, "name of a file in the same folder"),
        ({"files_sha256": {"a\\b": "0" * 64}}, "name of a file in the same folder"),
        ({"files_sha256": {"C:config.json": "0" * 64}}, "name of a file in the same folder"),
        ({"files_sha256": {"config.json": "short"}}, "files_sha256="),
        ({"files_sha256": []}, "files_sha256="),
        ({"more": 5}, "more=5"),
        ({"format_version": "1"}, "no format_version"),
        ({"format_version": True}, "no format_version"),
    ],
)
def test_what_is_wrong_with_vectorlong_json_is_said(
    folder: Path, change: dict, message: str
) -> None:
    edit(folder / "vectorlong.json", lambda content: content.update(change))
    with pytest.raises(CheckpointError, match=message):
        Longformer2Vec(folder)


FACTS = ["config.json", "vectorlong.json", "tokenizer_config.json", "tokenizer.json"]


@needs_posix
@pytest.mark.parametrize("kind", ["pipe", "endless device", "folder", "loop"])
@pytest.mark.parametrize("name", [*FACTS, "sentence_bert_config.json", "added_tokens.json"])
def test_files_that_are_none(folder: Path, name: str, kind: str) -> None:
    path = folder / name
    path.unlink(missing_ok=True)
    if name != "vectorlong.json":
        forget_digests(folder)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero" if kind == "endless device" else path)
    with pytest.raises(CheckpointError, match=name.replace(".", r"\.")):
        Longformer2Vec(folder)


@needs_posix
@pytest.mark.parametrize("name", ["chat_template.jinja", "additional_chat_templates/a.jinja"])
def test_templates_for_chats_that_never_end(folder: Path, name: str) -> None:
    (folder / "additional_chat_templates").mkdir()
    (folder / name).symlink_to("/dev/zero")
    with pytest.raises(CheckpointError, match="is no plain file"):
        Longformer2Vec(folder)


@pytest.mark.parametrize("name", FACTS)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b'{"a": 1, "a": 2}',
        b"\xff\xfe{}",
        b'{"a": ' + b"9" * 10_000 + b"}",
        b"{}",
        b'{"model": 5}',
        b'{"model": {"vocab": 5}}',
        b'{"model": {"type": "WordPiece", "vocab": {"a": []}}}',
        b'{"added_tokens": [5], "model": {}}',
    ],
)
def test_json_that_is_none(folder: Path, name: str, content: bytes) -> None:
    if name != "vectorlong.json":
        forget_digests(folder)
    (folder / name).write_bytes(content)
    assert_ours_or_fine(folder)


@pytest.mark.parametrize("name", [*FACTS, "special_tokens_map.json", "vocab.json", "merges.txt"])
def test_a_file_of_a_terabyte_is_not_read(folder: Path, name: str) -> None:
    if name != "vectorlong.json":
        forget_digests(folder)
    with (folder / name).open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(CheckpointError, match=r"is larger than the [\d,]+ bytes"):
        Longformer2Vec(folder)


# --- what was saved ------------------------------------------------------------------------------


def test_files_of_others_are_neither_listed_nor_touched(folder: Path, tmp_path: Path) -> None:
    encoder = Longformer2Vec(folder)
    place = tmp_path / "shared"
    (place / "folder").mkdir(parents=True)
    (place / "README.md").write_text("theirs")
    (place / "model.onnx").write_text("theirs")
    encoder.save(place)
    listed = json.loads((place / "vectorlong.json").read_text())["files_sha256"]
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= set(listed)
    assert not {"README.md", "model.onnx", "vectorlong.json"} & set(listed)
    ours = {path.name for path in place.iterdir()} - {"README.md", "model.onnx", "folder"}
    assert set(listed) | {"vectorlong.json"} == ours
    (place / "README.md").write_text("edited")
    (place / "model.onnx").unlink()
    assert Longformer2Vec(place).fingerprint == encoder.fingerprint
    encoder.save(place)
    assert (place / "README.md").read_text() == "edited"
    with (place / "tokenizer.json").open("a") as file:
        file.write(" ")
    with pytest.raises(CheckpointError, match=r"tokenizer\.json was changed"):
        Longformer2Vec(place)


@needs_posix
def test_saving_into_a_folder_with_links_writes_through_none(folder: Path, tmp_path: Path) -> None:
    encoder = Longformer2Vec(folder)
    target = tmp_path / "target"
    target.write_text("theirs")
    place = tmp_path / "linked"
    encoder.save(place)
    for path in list(place.iterdir()):
        path.unlink()
        path.symlink_to(target)
    encoder.save(place)
    assert target.read_text() == "theirs"
    assert not any(path.is_symlink() for path in place.iterdir())
    assert Longformer2Vec(place).fingerprint == encoder.fingerprint


def test_templates_for_chats_are_not_saved_under_names_of_theirs(
    folder: Path, tmp_path: Path
) -> None:
    forget_digests(folder)
    template = {"name": "../../outside", "template": "{{ messages }}"}
    edit(
        folder / "tokenizer_config.json",
        lambda content: content.update(
            chat_template=[template, {"name": "default", "template": "x"}]
        ),
    )
    place = tmp_path / "deep" / "saved"
    Longformer2Vec(folder).save(place)
    assert [path.name for path in place.parent.iterdir()] == ["saved"]
    assert not list(tmp_path.rglob("*.jinja"))


# --- weights -------------------------------------------------------------------------------------


@pytest.fixture
def sharded(folder: Path) -> Path:
    """The same model with its weights in two files and an index."""
    forget_digests(folder)
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(weights)
    weight_map = {}
    for number, part in enumerate((names[::2], names[1::2]), start=1):
        file = f"model-0000{number}-of-00002.safetensors"
        save_file({name: weights[name] for name in part}, folder / file, metadata={"format": "pt"})
        weight_map |= dict.fromkeys(part, file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    return folder


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../outside.safetensors",
        "../../outside.safetensors",
        "sub/../../outside.safetensors",
        "sub/inside.safetensors",
        "..\\outside.safetensors",
        "C:\\outside.safetensors",
        "",
        ".",
        "..",
        "model\0.safetensors",
        5,
        None,
        ["a"],
    ],
)
def test_an_index_of_weights_that_leaves_the_folder(sharded: Path, name: object) -> None:
    outside = {"embeddings.word_embeddings.weight": torch.zeros(1)}
    save_file(outside, sharded.parent / "outside.safetensors")
    (sharded / "sub").mkdir()
    save_file(outside, sharded / "sub" / "inside.safetensors")
    edit(
        sharded / "model.safetensors.index.json",
        lambda content: content["weight_map"].update({"embeddings.LayerNorm.bias": name}),
    )
    with pytest.raises(CheckpointError, match="weight_map="):
        Longformer2Vec(sharded)


@pytest.mark.parametrize("name", ["config.json", "missing.safetensors", "vectorlong.json"])
def test_an_index_that_names_no_weights(sharded: Path, name: str) -> None:
    edit(
        sharded / "model.safetensors.index.json",
        lambda content: content["weight_map"].update({"embeddings.LayerNorm.bias": name}),
    )
    with pytest.raises(CheckpointError, match=f"missing or hold no weights: {name}"):
        Longformer2Vec(sharded)


@needs_posix
def test_links_as_in_the_cache_of_the_hub_are_followed(sharded: Path) -> None:
    blobs = sharded.parent / "blobs"
    blobs.mkdir()
    for path in [path for path in sharded.iterdir() if path.name != "vectorlong.json"]:
        path.rename(blobs / path.name)
        path.symlink_to(Path("..") / "blobs" / path.name)
    assert Longformer2Vec(sharded).encode("the document").shape == (32,)


@needs_posix
def test_weights_that_never_end(folder: Path) -> None:
    forget_digests(folder)
    for make in (os.mkfifo, lambda path: path.symlink_to("/dev/zero")):
        (folder / "model.safetensors").unlink()
        make(folder / "model.safetensors")
        with pytest.raises(CheckpointError, match="has no weights"):
            Longformer2Vec(folder)


def safetensors_of(header: object, n_bytes: int = 64, said: int | None = None) -> bytes:
    written = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(written) if said is None else said) + written + b"\0" * n_bytes


def entry(start: int, end: int, shape: list[int], dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 8,
        safetensors_of({}, said=2**62),
        safetensors_of({}, said=2**40),
        safetensors_of(b"[" * 200_000),
        safetensors_of(b'{"a":' * 100_000),
        safetensors_of({"embeddings.a": entry(0, 64, [2**62])}),
        safetensors_of({"embeddings.a": entry(0, 2**40, [2**38])}),
        safetensors_of({"embeddings.a": entry(0, 64, [16]), "embeddings.b": entry(0, 64, [16])}),
        safetensors_of({"embeddings.a": entry(0, 32, [8]), "embeddings.b": entry(16, 64, [12])}),
        safetensors_of({"embeddings.a": entry(64, 0, [16])}),
        safetensors_of({"embeddings.a": entry(-4, 64, [17])}),
        safetensors_of({"embeddings.a": entry(0, 64, [16], "F99")}),
        safetensors_of({"embeddings.a": entry(0, 64, [8], "C64")}),
        safetensors_of({"embeddings.a": entry(0, 64, [64], "F8_E4M3")}),
        safetensors_of({"embeddings.a": entry(0, 64, [16] + [1] * 10_000)}),
        safetensors_of({"embeddings.a": entry(0, 0, [0, 2**62])}, 0),
        safetensors_of({"__metadata__": {"a": 5}}),
        safetensors_of(b'{"embeddings.a": 5}'),
    ],
)
def test_a_header_that_lies(folder: Path, content: bytes) -> None:
    forget_digests(folder)
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"model"):
        Longformer2Vec(folder)


@pytest.fixture
def pickled(folder: Path) -> Path:
    forget_digests(folder)
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    return folder


class RunsCode:
    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("touch ran",)


def test_pickles_run_nothing(pickled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(pickled)
    with (pickled / "pytorch_model.bin").open("wb") as file:
        torch.save({"a": RunsCode()}, file)
    with pytest.raises(CheckpointError, match="never loaded because it could run code"):
        Longformer2Vec(pickled)
    (pickled / "pytorch_model.bin").write_bytes(pickle.dumps({"a": RunsCode()}))
    with pytest.raises(CheckpointError, match="pytorch_model"):
        Longformer2Vec(pickled)
    assert not (pickled / "ran").exists()


@pytest.mark.parametrize("is_plain", [True, False])
def test_archives_that_unpack_to_more_are_not_unpacked(pickled: Path, is_plain: bool) -> None:
    path = pickled / "pytorch_model.bin"
    packed = path.with_suffix(".packed")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            new.writestr(item.filename, old.read(item) if is_plain else b"\0" * (2 << 20))
    packed.replace(path)
    with pytest.raises(CheckpointError, match=r"unpacks to more bytes|damaged"):
        Longformer2Vec(pickled)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.zeros(1).expand(2**40),
        torch.zeros(4, 4).to_sparse(),
        torch.empty(4, device="meta"),
        torch.zeros(1000, 32, dtype=torch.int8),
        torch.zeros(1000, 32, dtype=torch.complex64),
        torch.quantize_per_tensor(torch.zeros(1000, 32), 0.1, 0, torch.qint8),
        torch.nested.nested_tensor([torch.zeros(2)]),
    ],
    ids=["repeated", "sparse", "meta", "int8", "complex", "quantised", "nested"],
)
def test_tensors_that_are_no_ordinary_numbers(pickled: Path, tensor: torch.Tensor) -> None:
    path = pickled / "pytorch_model.bin"
    weights = torch.load(path, weights_only=True)
    weights["embeddings.word_embeddings.weight"] = tensor
    torch.save(weights, path)
    with pytest.raises(CheckpointError, match=r"word_embeddings|damaged|never loaded"):
        Longformer2Vec(pickled)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.safetensors"])
def test_any_byte_of_the_weights_may_be_wrong(pickled: Path, name: str) -> None:
    weights = torch.load(pickled / "pytorch_model.bin", weights_only=True)
    if name == "model.safetensors":
        (pickled / "pytorch_model.bin").unlink()
        save_file(weights, pickled / name)
    path = pickled / name
    original = path.read_bytes()
    generator = torch.Generator().manual_seed(0)
    for _ in range(300):
        damaged = bytearray(original)
        # Most of a file are numbers; its structure lies at both ends.
        edge = min(len(damaged), 3000)
        place = int(torch.randint(edge, (1,), generator=generator))
        place = place if torch.rand(1, generator=generator) < 0.5 else len(damaged) - 1 - place
        damaged[place] ^= 1 << int(torch.randint(8, (1,), generator=generator))
        path.write_bytes(damaged)
        message = name
        try:
            read_weights(pickled)
        except CheckpointError as error:
            message = str(error)
        assert name in message


# --- what a model is converted from --------------------------------------------------------------


@pytest.fixture
def source(tmp_path: Path) -> Path:
    write_source(tmp_path / "source")
    return tmp_path / "source"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("modules.json", [{"type": "a.Transformer", "path": "../.."}], "path='../..'"),
        ("modules.json", [{"type": "a.Transformer", "path": "/etc"}], "path='/etc'"),
        ("modules.json", [{"type": 5, "path": ""}], "type=5"),
        ("modules.json", [5], "modules.json is damaged"),
        ("modules.json", {"a": 1}, "modules.json is damaged"),
        ("modules.json", [{"type": "a.Pooling", "path": "1_Pooling"}], "pooling_mode=5"),
        ("config_sentence_transformers.json", {"prompts": {"a": 5}}, r"prompts=\{'a': 5\}"),
        ("config_sentence_transformers.json", {"prompts": [1]}, r"prompts=\[1\]"),
        ("config_sentence_transformers.json", {"default_prompt_name": {}}, "default_prompt_name="),
    ],
)
def test_what_is_wrong_with_a_source_is_said(
    source: Path, tmp_path: Path, name: str, content: object, message: str
) -> None:
    if name != "modules.json":
        (source / "modules.json").write_text("[]")
    (source / "1_Pooling").mkdir()
    (source / "1_Pooling" / "config.json").write_text('{"pooling_mode": 5}')
    (source / name).write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match=message):
        convert(source, tmp_path / "converted", max_tokens=100)
    assert not (tmp_path / "converted").exists()


@pytest.mark.parametrize("field", [*CONFIG_FIELDS, "is_decoder", "add_cross_attention"])
def test_absurd_values_in_a_source(source: Path, tmp_path: Path, field: str) -> None:
    original = (source / "config.json").read_text()
    for number, value in enumerate([*ABSURD, 41, None]):
        (source / "config.json").write_text(original)
        edit(source / "config.json", lambda content, value=value: content.update({field: value}))
        destination = tmp_path / f"converted-{number}"
        message = ""
        try:
            convert(source, destination, max_tokens=100)
        except VectorlongError as error:
            message = str(error)
        assert destination.exists() != bool(message)
        assert len(message) < 5_000


def test_a_position_table_of_another_length(source: Path, tmp_path: Path) -> None:
    edit(source / "config.json", lambda content: content.update(max_position_embeddings=30))
    with pytest.raises(CheckpointError, match="position_embeddings"):
        convert(source, tmp_path / "converted", max_tokens=100)


def test_the_kind_of_a_source_is_any_value(source: Path, tmp_path: Path) -> None:
    edit(source / "config.json", lambda content: content.update(model_type={"a": 1}))
    with pytest.raises(UnsupportedArchitectureError, match="cannot be converted"):
        convert(source, tmp_path / "converted", max_tokens=100)
