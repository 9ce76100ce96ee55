"""The facade: whole documents in, vectors out, whatever the batch."""

import enum
import json
import time
import warnings

import numpy as np
import pytest
import torch

from tests.models import write_longformer
from tests.text.builders import write_chinese_bert, write_wordpiece
from vectorlong import Longformer2Vec, PassageSpec
from vectorlong.encoder import pipeline
from vectorlong.errors import (
    CheckpointError,
    FormatVersionError,
    InputTypeError,
    InputValueError,
    ModelNotFoundError,
    OptionError,
    TextTooLongError,
    UnsupportedArchitectureError,
    WeightsError,
)
from vectorlong.pooling import Pooling
from vectorlong.postprocess import Normalize, Truncate

WORDS = [
    "the",
    "quick",
    "brown",
    "fox",
    "jumps",
    "over",
    "a",
    "lazy",
    "dog",
    "while",
    "seven",
    "wizards",
    "quietly",
    "watch",
]


def text_of(n_words: int, seed: int = 0) -> str:
    generator = np.random.default_rng(seed)
    words = generator.choice(WORDS, n_words)
    return " ".join(f"{word}{'.' if index % 9 == 8 else ''}" for index, word in enumerate(words))


TEXTS = [text_of(n, seed) for seed, n in enumerate([3, 50, 1, 400, 7, 90, 20, 300])]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("longformer")
    write_longformer(folder, max_position_embeddings=202)  # 200 tokens
    return folder


@pytest.fixture(scope="module")
def encoder(folder):
    return Longformer2Vec(folder)


def close(a: np.ndarray, b: np.ndarray) -> bool:
    """Equal but for the rounding that memory alignment alone can change."""
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-5, atol=1e-5)


def relative_difference(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.abs(a - b).max() / np.abs(b).max())


# --- shapes and order ----------------------------------------------------------------------------


def test_shapes_and_types(encoder):
    assert encoder.get_embedding_dimension() == encoder.vector_length == 32
    assert encoder.encode("one text").shape == (32,)
    assert encoder.encode(["one", "two"]).shape == (2, 32)
    assert encoder.encode([]).shape == (0, 32)
    assert encoder.encode([]).dtype == encoder.encode("one").dtype == np.float32
    tensor = encoder.encode(["one"], convert_to_tensor=True)
    assert torch.equal(encoder.encode_query(["one"], convert_to_tensor=True), tensor)
    assert torch.equal(encoder.encode_document(["one"], convert_to_tensor=True), tensor)
    assert isinstance(tensor, torch.Tensor)
    assert tensor.dtype == torch.float32
    assert encoder.encode(np.array(["one", "two"])).shape == (2, 32)


def test_unknown_keywords_are_type_errors(encoder):
    with pytest.raises(TypeError, match="batchsize"):
        encoder.encode("text", batchsize=3)
    with pytest.raises(TypeError, match="batchsize"):
        encoder.encode_query("text", batchsize=3)


def test_a_vector_does_not_depend_on_its_batch(encoder):
    others = [text_of(n % 97 + 1, seed=n) for n in range(64)]
    alone = encoder.encode(TEXTS[5])
    for vectors in (
        encoder.encode([*others, TEXTS[5]])[-1],
        encoder.encode([TEXTS[5], *others], batch_size=1)[0],
        encoder.encode([*others, TEXTS[5]], max_batch_tokens=1)[-1],
    ):
        assert relative_difference(vectors, alone) <= 1e-5


def test_order_is_kept(encoder):
    together = encoder.encode(TEXTS)
    for row, text in zip(together, TEXTS, strict=True):
        assert relative_difference(row, encoder.encode(text)) <= 1e-5


def test_bulk_encode_equals_encode(encoder):
    assert close(encoder.bulk_encode(TEXTS), encoder.encode(TEXTS))


def test_several_processes_give_the_vectors_of_one(encoder, monkeypatch):
    from vectorlong.encoder import parallel

    monkeypatch.setattr(parallel, "_TASK_CHARACTERS", 500)
    expected = encoder.encode(TEXTS)
    assert relative_difference(encoder.encode(TEXTS, n_processes=2), expected) <= 1e-5
    assert encoder.encode([], n_processes=2).shape == (0, 32)
    with pytest.raises(OptionError, match="n_processes=0"):
        encoder.encode(TEXTS, n_processes=0)


def test_mean_pooling_is_the_masked_mean_of_hidden_states(encoder, folder):
    from transformers import AutoTokenizer, LongformerModel

    model = LongformerModel.from_pretrained(folder, add_pooling_layer=False).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for text in (text_of(1), text_of(9), text_of(20)):
        inputs = tokenizer(text, return_tensors="pt")
        global_mask = torch.zeros_like(inputs.input_ids)
        global_mask[:, 0] = 1
        with torch.no_grad():
            hidden = model(inputs.input_ids, global_attention_mask=global_mask).last_hidden_state
        assert np.abs(encoder.encode(text) - hidden[0].mean(0).numpy()).max() <= 1e-5
        first = Longformer2Vec(folder, pooling="cls").encode(text)
        assert np.abs(first - hidden[0, 0].numpy()).max() <= 1e-5


# --- options -------------------------------------------------------------------------------------


def test_pooling_tuples_and_custom_poolings(folder, encoder):
    both = Longformer2Vec(folder, pooling=("cls", "mean"))
    assert both.get_embedding_dimension() == 64
    assert np.allclose(both.encode("a text")[32:], encoder.encode("a text"), atol=1e-6)

    class First(Pooling):
        name = "first_dimension"

        def partial(self, states):
            return states.hidden[:, :1].float()

        def combine(self, partials):
            return torch.cat(list(partials)).mean(0)

        def width(self, hidden_width):
            return 1

    custom = Longformer2Vec(folder, pooling=First())
    assert np.allclose(custom.encode(TEXTS), encoder.encode(TEXTS)[:, :1], atol=1e-5)


def test_global_attention_policies_differ(folder):
    text = "first part</s>second part " + text_of(60)
    vectors = [
        Longformer2Vec(folder, global_attention=policy).encode(text)
        for policy in ("none", "cls", "separators", "question")
    ]
    for index, vector in enumerate(vectors):
        for other in vectors[:index]:
            assert np.abs(vector - other).max() > 1e-4


def test_a_callable_policy_sees_ids_special_ids_and_offsets(folder, encoder):
    seen = []

    def only_first(ids, special_ids, offsets):
        seen.append((len(ids), sorted(special_ids), offsets.shape))
        return np.arange(len(ids)) == 0

    vector = Longformer2Vec(folder, global_attention=only_first).encode("some text")
    assert close(vector, encoder.encode("some text"))
    n_tokens = seen[0][0]
    assert seen[0][2] == (n_tokens, 2)
    assert encoder.tokenizer.cls_id in seen[0][1]

    with pytest.raises(InputValueError, match="value 2"):
        Longformer2Vec(folder, global_attention=lambda i, s, o: np.full(len(i), 2)).encode("text")


def test_normalisation_truncation_and_post_processing(folder, encoder):
    plain = encoder.encode(TEXTS)
    unit = Longformer2Vec(folder, normalize=True).encode(TEXTS)
    assert np.allclose(np.linalg.norm(unit, axis=1), 1, atol=1e-6)
    assert np.allclose(encoder.encode(TEXTS, normalize_embeddings=True), unit)
    assert close(encoder.encode(TEXTS, truncate_dim=5), plain[:, :5])
    cut = Longformer2Vec(folder, postprocess=Truncate(7))
    assert cut.get_embedding_dimension() == 7
    assert close(cut.encode(TEXTS), plain[:, :7])
    with pytest.raises(OptionError, match=r"truncate_dim=33.*1 to 32"):
        encoder.encode("text", truncate_dim=33)


def test_prompts(folder, tmp_path):
    encoder = Longformer2Vec(folder)
    encoder.prompts = {"query": "question: ", "document": "passage: "}
    assert close(encoder.encode_query("who?"), encoder.encode("question: who?"))
    assert close(encoder.encode_document("it."), encoder.encode("passage: it."))
    assert encoder.document_prompt == "passage: "
    assert close(encoder.encode("who?", prompt="ask: "), encoder.encode("ask: who?"))
    assert close(encoder.encode_query("who?", prompt="ask: "), encoder.encode("ask: who?"))
    encoding = next(encoder.encode_with_passages(["First one. Second one."], PassageSpec(5)))
    assert encoding.passages.spans[0, 0] == 0
    assert encoding.passages.spans[-1, 1] == len("First one. Second one.")
    assert close(encoding.vector, encoder.encode("passage: First one. Second one."))
    encoder.prompts = {"query": "question: "}
    assert encoder.document_prompt == ""
    encoder.prompts["corpus"] = "text: "
    assert encoder.document_prompt == "text: "


def test_dtypes(folder, encoder):
    expected = encoder.encode(TEXTS)
    for dtype in ("bfloat16", "float16"):
        actual = Longformer2Vec(folder, dtype=dtype).encode(TEXTS)
        assert actual.dtype == np.float32
        cosines = (actual * expected).sum(1) / (
            np.linalg.norm(actual, axis=1) * np.linalg.norm(expected, axis=1)
        )
        assert cosines.min() >= 0.999


def test_the_automatic_dtype_is_fast_and_close(folder, encoder, monkeypatch):
    from vectorlong.encoder import precision

    chosen = Longformer2Vec(folder, dtype="auto")
    assert chosen.dtype in ("float32", "bfloat16")
    assert chosen.fingerprint == encoder.fingerprint
    expected, actual = encoder.encode(TEXTS), chosen.encode(TEXTS)
    assert np.diag(encoder.similarity(actual, expected)).min() >= 0.999
    monkeypatch.setattr(precision, "_MIN_COSINE", 1.1)
    exact = Longformer2Vec(folder, dtype="auto")
    assert exact.dtype == "float32"
    assert close(exact.encode(TEXTS), expected)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pooling": "median"}, r"pooling='median'.*'mean', 'cls'"),
        ({"dtype": "float64"}, r"dtype='float64'.*'bfloat16'"),
        ({"device": "gpu"}, r"device='gpu'.*'cpu'"),
        ({"device": "cuda:99"}, "device='cuda:99'"),
        ({"attention": "flash"}, r"attention='flash'.*'cpu', 'blocked'"),
        ({"overlength": "drop"}, r"overlength='drop'.*'window', 'truncate', 'error'"),
        ({"global_attention": "some"}, r"global_attention='some'.*'separators'"),
        ({"max_tokens": 201}, r"max_tokens=201.*3 to 200"),
        ({"max_tokens": 0}, "max_tokens=0"),
        ({"max_tokens": 2}, r"max_tokens=2.*3 to 200"),
        ({"max_tokens": "64"}, "max_tokens='64'.*whole number"),
        ({"device": "meta"}, "device='meta'"),
        ({"postprocess": 5}, "postprocess=5"),
    ],
)
def test_wrong_options_name_the_choices(folder, options, message):
    with pytest.raises(OptionError, match=message):
        Longformer2Vec(folder, **options)


@pytest.mark.parametrize("name", ["batch_size", "max_batch_tokens", "n_processes"])
@pytest.mark.parametrize("value", [0, -1, 1.5, "8", True])
def test_wrong_numbers_are_refused(encoder, name, value):
    with pytest.raises(OptionError, match=f"{name}={value!r}"):
        encoder.encode("text", **{name: value})


# --- long documents ------------------------------------------------------------------------------


def test_a_long_text_is_the_mean_of_all_its_tokens_once(folder):
    """Count tokens through pooling: each content token once, the special ones once."""

    class Ids(Pooling):
        name = "count"

        def partial(self, states):
            return len(states.hidden), int(states.is_special.sum())

        def combine(self, partials):
            return torch.tensor([sum(p[0] for p in partials), sum(p[1] for p in partials)])

        def width(self, hidden_width):
            return 2

    encoder = Longformer2Vec(folder, pooling=Ids())
    for text in ("", "one", text_of(150), text_of(5000)):
        n_tokens = len(encoder.tokenizer.encode([text])[0].ids)
        n_special = encoder.tokenizer.n_special
        assert encoder.encode(text).tolist() == [n_tokens + n_special, n_special]


def test_windows_are_pooled_from_where_they_have_most_context(folder, encoder):
    text = text_of(900)
    encoding = next(encoder.encode_with_passages([text], PassageSpec(max_tokens=40)))
    assert encoding.n_windows > 1
    assert encoding.n_dropped_tokens == 0
    assert close(encoding.vector, encoder.encode(text))


def test_passages_tile_the_text_and_add_up_to_the_document(encoder):
    text = "  " + text_of(900) + "\n\n"
    spec = PassageSpec(max_tokens=33)
    encoding = next(encoder.encode_with_passages([text], spec))
    spans = encoding.passages.spans
    assert "".join(text[start:end] for start, end in spans) == text
    assert encoding.passages.vectors.shape == (len(spans), 32)
    tokens = encoder.tokenizer.encode([text])[0]
    counts = np.array(
        [((tokens.offsets[:, 0] >= a) & (tokens.offsets[:, 0] < b)).sum() for a, b in spans]
    )
    assert counts.sum() == encoding.n_tokens
    assert counts.max() <= 33
    weighted = (encoding.passages.vectors * counts[:, None]).sum(0)
    n_special = encoder.tokenizer.n_special
    remainder = encoding.vector * (encoding.n_tokens + n_special) - weighted
    # What is left are the special tokens: two states of a normalised layer.
    assert np.linalg.norm(remainder) < 3 * n_special * np.sqrt(32)


def test_independent_passages_are_texts_of_their_own(encoder):
    text = text_of(200)
    spec = PassageSpec(max_tokens=33, method="independent")
    encoding = next(encoder.encode_with_passages([text], spec))
    parts = [text[start:end] for start, end in encoding.passages.spans]
    assert np.allclose(encoding.passages.vectors, encoder.encode(parts), atol=1e-5)


def test_documents_stream_lazily_in_order(encoder, monkeypatch):
    monkeypatch.setattr(pipeline, "_GROUP_TEXTS", 2)
    drawn = []

    def stream():
        for index in range(100):
            drawn.append(index)
            yield TEXTS[index % len(TEXTS)]

    encodings = encoder.encode_with_passages(stream(), PassageSpec(20))
    first = [next(encodings) for _ in range(4)]
    assert len(drawn) <= 6
    expected = encoder.encode(TEXTS[:4])
    assert np.allclose(np.stack([e.vector for e in first]), expected, atol=1e-5)


def test_results_come_soon_on_a_slow_machine(encoder, monkeypatch):
    """Whoever keeps results can keep none before its group is done."""
    run = pipeline.Pipeline._run

    def slow(self, jobs):
        time.sleep(0.02 * len(jobs))
        run(self, jobs)

    monkeypatch.setattr(pipeline.Pipeline, "_run", slow)
    monkeypatch.setattr(pipeline, "_GROUP_S", 0.2)
    monkeypatch.setattr(pipeline, "_FIRST_GROUP_CHARACTERS", 100)
    drawn = []
    texts = (drawn.append(number) or f"the text number {number}" for number in range(300))
    ahead = []
    for number, _ in enumerate(encoder._pipeline.encode(texts)):
        ahead.append(len(drawn) - number)
    assert len(drawn) == 300
    assert ahead[0] < 10  # to begin with, one batch
    assert max(ahead) < 30  # then what takes about as long as it should


def test_groups_are_as_large_as_the_machine_is_fast():
    pace = pipeline._Pace()
    for _ in range(8):
        pace.note(pace.n_characters, seconds=0.01)
    assert pace.n_characters == pipeline._GROUP_CHARACTERS
    pace.note(1_000_000, seconds=20)
    assert pace.n_characters == 100_000
    pace.note(100_000, seconds=200)
    assert pace.n_characters == pipeline._FIRST_GROUP_CHARACTERS


def test_overlength_error_and_truncate(folder):
    long, short = text_of(900), "short"
    with pytest.raises(TextTooLongError, match=r"inputs\[1\] has \d+ tokens; 198 fit.*'window'"):
        Longformer2Vec(folder, overlength="error").encode([short, long])
    cutting = Longformer2Vec(folder, overlength="truncate")
    with pytest.warns(UserWarning, match=r"1 of 2 texts were cut: \d+ tokens were dropped"):
        vectors = cutting.encode([short, long])
    head = cutting.tokenizer.encode([long])[0].offsets[197, 1]
    assert np.allclose(vectors[1], cutting.encode(long[:head]), atol=1e-5)
    with pytest.warns(UserWarning, match="1 of 1 texts were cut"):
        encoding = next(cutting.encode_with_passages([long], PassageSpec(50)))
    assert encoding.n_dropped_tokens == encoding.n_tokens - 198
    assert encoding.passages.spans[-1, 1] == head


@pytest.mark.parametrize("name", ["encode", "encode_query", "encode_document", "bulk_encode"])
def test_the_warning_of_a_cut_points_at_the_callers_line(folder, name):
    encode = getattr(Longformer2Vec(folder, overlength="truncate"), name)
    with pytest.warns(UserWarning, match="1 of 1 texts were cut") as said:
        encode([text_of(900)])
    assert said[0].filename == __file__


def test_a_prompt_without_room_for_text_is_refused(encoder):
    with pytest.raises(OptionError, match="leave no room"):
        encoder.encode("text", prompt=text_of(300))


def test_a_text_of_fifty_thousand_tokens(encoder):
    text = text_of(40_000)
    encoding = next(encoder.encode_with_passages([text], PassageSpec(128)))
    assert encoding.n_tokens >= 50_000
    assert encoding.n_dropped_tokens == 0
    spans = encoding.passages.spans
    assert spans[0, 0] == 0
    assert spans[-1, 1] == len(text)
    assert (spans[1:, 0] == spans[:-1, 1]).all()
    assert np.isfinite(encoding.vector).all()


def test_running_out_of_memory_halves_the_batch(encoder, monkeypatch):
    expected = encoder.encode(TEXTS)
    forward, sizes = type(encoder._pipeline.encoder).forward, []

    def scarce(self, token_ids, texts, *arguments):
        sizes.append(len(texts.lengths))
        if len(texts.lengths) > 2:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried ...")
        return forward(self, token_ids, texts, *arguments)

    monkeypatch.setattr(type(encoder._pipeline.encoder), "forward", scarce)
    assert np.allclose(encoder.encode(TEXTS), expected, atol=1e-5)
    assert max(sizes) > 2

    def never(self, token_ids, texts, *arguments):
        raise MemoryError("no")

    monkeypatch.setattr(type(encoder._pipeline.encoder), "forward", never)
    with pytest.raises(MemoryError, match="smaller max_tokens"):
        encoder.encode("text")

    def broken(self, token_ids, texts, *arguments):
        raise RuntimeError("something else")

    monkeypatch.setattr(type(encoder._pipeline.encoder), "forward", broken)
    with pytest.raises(RuntimeError, match="something else"):
        encoder.encode("text")


def test_a_batch_that_fails_after_pooling_counts_nothing_twice(folder, monkeypatch):
    encoder = Longformer2Vec(folder, pooling="mean_sqrt_len")
    spec = PassageSpec(max_tokens=40)
    expected = list(encoder.encode_with_passages(TEXTS, spec))
    pool, calls = pipeline.Pipeline._pool_window, []

    def scarce(self, plan, number, hidden):
        calls.append(number)
        if len(calls) == 3:
            raise MemoryError("no")
        pool(self, plan, number, hidden)

    monkeypatch.setattr(pipeline.Pipeline, "_pool_window", scarce)
    actual = list(encoder.encode_with_passages(TEXTS, spec))
    assert len(calls) > 3
    for one, other in zip(actual, expected, strict=True):
        assert close(one.vector, other.vector)
        assert close(one.passages.vectors, other.passages.vectors)


def test_vectors_that_are_not_finite_are_errors(folder, tmp_path):
    from safetensors.torch import load_file, save_file

    encoder = Longformer2Vec(folder)
    encoder._pipeline.encoder.embeddings.norm.weight.data.fill_(float("nan"))
    with pytest.raises(InputValueError, match=r"inputs\[0\].*not finite.*dtype='float32'"):
        encoder.encode(["text", "other"])
    with pytest.raises(InputValueError, match="not finite"):
        list(encoder.encode_with_passages(["text"]))
    Longformer2Vec(folder).save(tmp_path)
    path = tmp_path / "model.safetensors"
    weights = load_file(path)
    weights["embeddings.LayerNorm.weight"][0] += 1
    save_file(weights, path)
    with pytest.raises(WeightsError, match=r"model\.safetensors.*changed"):
        Longformer2Vec.load(tmp_path)


def test_an_interrupt_leaves_a_working_encoder(encoder, monkeypatch):
    expected = encoder.encode(TEXTS)
    forward = type(encoder._pipeline.encoder).forward

    def interrupted(self, *arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(type(encoder._pipeline.encoder), "forward", interrupted)
    with pytest.raises(KeyboardInterrupt):
        encoder.encode(TEXTS, show_progress_bar=True)
    monkeypatch.setattr(type(encoder._pipeline.encoder), "forward", forward)
    assert close(encoder.encode(TEXTS), expected)


def test_progress_goes_to_stderr_only(encoder, capsys):
    encoder.encode(TEXTS, show_progress_bar=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Encoding: 100%" in captured.err
    encoder.encode(TEXTS)
    assert capsys.readouterr().err == ""


# --- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [None, b"bytes", 3, 3.5, float("nan"), {"a": "b"}, {"a"}])
def test_what_is_no_text_is_refused(encoder, value):
    with pytest.raises(InputTypeError, match="inputs"):
        encoder.encode(value)
    with pytest.raises(InputTypeError, match=r"inputs\[1\]"):
        encoder.encode(["text", value])


def test_nested_lists_and_surrogates_are_refused(encoder):
    with pytest.raises(InputTypeError, match=r"inputs\[1\].*flat list"):
        encoder.encode(["a", ["b"]])
    with pytest.raises(InputValueError, match="lone surrogate"):
        encoder.encode("half \ud83d a character")
    with pytest.raises(InputTypeError, match=r"texts\[1\] is None"):
        list(encoder.encode_with_passages(["text", None]))


@pytest.mark.parametrize("texts", [None, 5, b"abc", {"a": "b"}, {"a"}])
def test_streams_have_to_be_ordered_collections(encoder, texts):
    with pytest.raises(InputTypeError, match="texts is"):
        encoder.encode_with_passages(texts)


def test_empty_and_white_texts_have_the_special_tokens_vector(encoder):
    empty = encoder.encode("")
    assert np.isfinite(empty).all()
    hidden = encoder._pipeline.encoder
    ids = torch.tensor([*encoder.tokenizer.prefix_ids, *encoder.tokenizer.suffix_ids])
    with torch.no_grad():
        expected = hidden(ids, pipeline.PackedTexts((len(ids),), ((0,),))).mean(0).numpy()
    assert np.allclose(empty, expected, atol=1e-6)
    encoding = next(encoder.encode_with_passages([""]))
    assert encoding.n_tokens == 0
    assert close(encoding.passages.vectors[0], encoding.vector)
    assert encoding.passages.spans.tolist() == [[0, 0]]


def test_late_passages_need_a_pooling_of_tokens(folder):
    encoder = Longformer2Vec(folder, pooling="cls")
    assert encoder.default_passages.method == "independent"
    with pytest.raises(OptionError, match=r"method='late'.*independent.*pooling='cls'"):
        encoder.encode_with_passages(["text"], PassageSpec(method="late"))


def test_models_that_cannot_be_found(tmp_path):
    with pytest.raises(ModelNotFoundError, match=r"Three ways out.*hf download.*'minilm'"):
        Longformer2Vec(cache_dir=tmp_path, local_files_only=True)
    for name in (None, "", 5):
        with pytest.raises(OptionError, match=f"model={name!r}"):
            Longformer2Vec(name)
    with pytest.raises(ModelNotFoundError, match="neither an existing folder nor a hub id"):
        Longformer2Vec("no/such/folder/at/all")
    with pytest.raises(CheckpointError, match=r"has no config\.json"):
        Longformer2Vec(tmp_path)


def test_without_a_network_the_ways_out_are_named(tmp_path, monkeypatch):
    from huggingface_hub.errors import LocalEntryNotFoundError

    from vectorlong.encoder import hub

    def unreachable(*arguments, **options):
        raise LocalEntryNotFoundError("cannot reach the hub")

    monkeypatch.setattr(hub, "snapshot_download", unreachable)
    with pytest.raises(ModelNotFoundError, match=r"allenai/longformer-base-4096.*Three ways out"):
        Longformer2Vec()


def test_the_hub_is_asked_for_safetensors_first(folder, monkeypatch, tmp_path):
    from vectorlong.encoder import hub

    asked = []

    def download(hub_id, *, allow_patterns, **options):
        asked.append((hub_id, allow_patterns[-1], options["revision"]))
        return str(folder)

    monkeypatch.setattr(hub, "snapshot_download", download)
    found = Longformer2Vec("someone/model", revision="abc")
    assert asked == [("someone/model", "*.safetensors", "abc")]
    assert found.model_name == "someone/model"


def test_other_architectures_are_told_to_convert(folder, tmp_path):
    write_longformer(tmp_path)
    path = tmp_path / "config.json"
    raw = json.loads(path.read_text())
    path.write_text(json.dumps({**raw, "position_embedding_type": "rotary"}))
    with pytest.raises(UnsupportedArchitectureError, match="rotary"):
        Longformer2Vec(tmp_path)
    path.write_text(json.dumps({**raw, "model_type": "bert"}))
    weights = tmp_path / "model.safetensors"
    from safetensors.torch import load_file, save_file

    kept = {name: t for name, t in load_file(weights).items() if "_global" not in name}
    save_file(kept, weights)
    with pytest.raises(UnsupportedArchitectureError, match=r"'bert' model.*vectorlong\.convert"):
        Longformer2Vec(tmp_path)


def test_an_xlm_roberta_that_is_a_longformer_loads_as_one(folder, encoder, tmp_path):
    write_longformer(tmp_path, max_position_embeddings=202)
    path = tmp_path / "config.json"
    raw = json.loads(path.read_text())
    path.write_text(json.dumps({**raw, "model_type": "xlm-roberta"}))
    assert close(Longformer2Vec(tmp_path).encode(TEXTS), encoder.encode(TEXTS))


# --- other tokenizers ----------------------------------------------------------------------------


@pytest.mark.parametrize("write", [write_wordpiece, write_chinese_bert])
def test_wordpiece_and_chinese_tokenizers(tmp_path, write):
    write_longformer(tmp_path, pad_token_id=0, max_position_embeddings=202)
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt"):
        (tmp_path / name).unlink(missing_ok=True)
    config = (tmp_path / "config.json").read_text()
    write(tmp_path)
    (tmp_path / "config.json").write_text(config)
    encoder = Longformer2Vec(tmp_path)
    text = (
        "这是一个很长的中文文档。它有两句话！" * 40 if write is write_chinese_bert else text_of(300)
    )
    spec = PassageSpec(max_tokens=30)
    encoding = next(encoder.encode_with_passages([text], spec))
    parts = [text[start:end] for start, end in encoding.passages.spans]
    assert "".join(parts) == text
    assert np.isfinite(encoding.vector).all()
    assert len(parts) > 5


def test_a_chinese_checkpoint_counts_positions_from_zero(tmp_path):
    """The profile is recognised in a local copy by its configuration."""
    write_chinese_bert(tmp_path)
    write_longformer(
        tmp_path,
        vocab_size=21128,
        hidden_size=768,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        attention_window=8,
        max_position_embeddings=4096,
        pad_token_id=0,
    )
    encoder = Longformer2Vec(tmp_path)
    assert encoder._pipeline.encoder.config.position_offset == 0
    assert encoder.max_tokens == 4096


# --- keeping it ----------------------------------------------------------------------------------


def test_save_and_load_give_the_same_encoder(folder, tmp_path):
    encoder = Longformer2Vec(
        folder,
        pooling=("mean", "max"),
        global_attention="separators",
        max_tokens=100,
        normalize=True,
        postprocess=Normalize(),
    )
    encoder.prompts = {"query": "q: "}
    encoder.save(tmp_path / "saved")
    loaded = Longformer2Vec.load(tmp_path / "saved")
    assert loaded.fingerprint == encoder.fingerprint
    assert close(loaded.encode(TEXTS), encoder.encode(TEXTS))
    assert close(loaded.encode_query("x"), encoder.encode_query("x"))
    assert loaded.max_tokens == 100
    assert loaded.global_attention == "separators"
    loaded.save(tmp_path / "saved")
    assert Longformer2Vec.load(tmp_path / "saved").fingerprint == encoder.fingerprint


def test_fingerprints_tell_encoders_apart(folder, tmp_path):
    write_longformer(tmp_path / "other", seed=1, max_position_embeddings=202)
    variants = [
        Longformer2Vec(folder),
        Longformer2Vec(folder, pooling="max"),
        Longformer2Vec(folder, global_attention="none"),
        Longformer2Vec(folder, max_tokens=99),
        Longformer2Vec(folder, overlength="truncate"),
        Longformer2Vec(folder, normalize=True),
        Longformer2Vec(folder, postprocess=Truncate(3)),
        Longformer2Vec(tmp_path / "other"),
    ]
    assert len({encoder.fingerprint for encoder in variants}) == len(variants)
    assert Longformer2Vec(folder).fingerprint == variants[0].fingerprint
    rounded = Longformer2Vec(folder, dtype="bfloat16")
    assert rounded.fingerprint == variants[0].fingerprint
    with pytest.raises(OptionError, match=r"dtype='bfloat16'.*float32 encoder"):
        rounded.save(tmp_path / "saved")


def test_fingerprints_tell_code_apart(folder):
    class Mean(Pooling):
        name = "mean"

        def partial(self, states):
            return states.hidden[0]

        def combine(self, partials):
            return partials[0]

    def first(ids, special_ids, offsets):
        return np.arange(len(ids)) == 0

    class Named:
        fingerprint = "named-policy-1"

        def __call__(self, ids, special_ids, offsets):
            return np.arange(len(ids)) == 0

    variants = [
        Longformer2Vec(folder),
        Longformer2Vec(folder, pooling=Mean()),
        Longformer2Vec(folder, global_attention=lambda i, s, o: np.arange(len(i)) == 0),
        Longformer2Vec(folder, global_attention=lambda i, s, o: np.arange(len(i)) == 1),
        Longformer2Vec(folder, global_attention=first),
        Longformer2Vec(folder, global_attention=Named()),
    ]
    assert len({encoder.fingerprint for encoder in variants}) == len(variants)
    from functools import partial

    bound = Longformer2Vec(folder, global_attention=partial(first))
    with pytest.raises(OptionError, match="`fingerprint` attribute"):
        bound.fingerprint  # noqa: B018
    with pytest.raises(OptionError, match=r"pooling='mean'.*register_pooling"):
        variants[1].save(folder.parent / "never")


def test_code_is_not_saved(folder, tmp_path):
    encoder = Longformer2Vec(folder, global_attention=lambda i, s, o: np.zeros(len(i), bool))
    with pytest.raises(OptionError, match="Code is not saved"):
        encoder.save(tmp_path / "saved")
    assert not (tmp_path / "saved").exists()


def test_damaged_settings(folder, tmp_path):
    Longformer2Vec(folder).save(tmp_path)
    path = tmp_path / "vectorlong.json"
    raw = json.loads(path.read_text())
    path.write_text(json.dumps({**raw, "format_version": 99}))
    with pytest.raises(FormatVersionError, match="format version 99"):
        Longformer2Vec.load(tmp_path)
    path.write_text(json.dumps({"format_version": 1, "nonsense": 3}))
    with pytest.raises(CheckpointError, match="nonsense"):
        Longformer2Vec.load(tmp_path)
    path.write_text(json.dumps({**raw, "overlength": "cut"}))
    with pytest.raises(CheckpointError, match="damaged: overlength='cut'"):
        Longformer2Vec.load(tmp_path)
    path.write_text("{")
    with pytest.raises(CheckpointError, match="JSON"):
        Longformer2Vec.load(tmp_path)


def test_truncated_weights_never_give_a_vector(folder, tmp_path):
    Longformer2Vec(folder).save(tmp_path)
    path = tmp_path / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(WeightsError, match=r"model\.safetensors was changed"):
        Longformer2Vec.load(tmp_path)
    (tmp_path / "vectorlong.json").unlink()
    with pytest.raises(WeightsError, match="damaged"):
        Longformer2Vec(tmp_path)


def test_similarity_is_the_cosine(encoder):
    vectors = encoder.encode(TEXTS)
    similarity = encoder.similarity(vectors, vectors[:3])
    assert similarity.shape == (len(TEXTS), 3)
    assert np.allclose(np.diag(similarity), 1, atol=1e-6)
    with pytest.raises(InputValueError, match="width 32 and b 3"):
        encoder.similarity(vectors, np.ones((1, 3)))


def test_short_work_warns_of_nothing(encoder):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        encoder.encode(TEXTS)


# --- values of other classes ---------------------------------------------------------------------


class Topic(str, enum.Enum):  # noqa: UP042 - whose str() is not its value
    LAW = "law"


class Size(enum.IntEnum):
    SMALL = 7


def test_members_of_enumerations_are_their_values(encoder, folder):
    expected = encoder.encode("law")
    assert close(encoder.encode(Topic.LAW), expected)
    assert close(encoder.encode([Topic.LAW])[0], expected)
    assert close(encoder.encode("a", prompt=Topic.LAW), encoder.encode("a", prompt="law"))
    assert close(next(encoder.encode_with_passages([Topic.LAW])).vector, expected)
    assert not close(encoder.encode(str(Topic.LAW)), expected)

    class Place(str, enum.Enum):  # noqa: UP042
        HERE = str(folder)

    assert Longformer2Vec(Place.HERE).model_name == str(folder)


@pytest.mark.parametrize("number", [Size.SMALL, np.int64(7), np.uint8(7), 7])
def test_whole_numbers_of_any_class_are_taken(encoder, number):
    expected = encoder.encode(["some", "texts"])
    options = {"batch_size": number, "max_batch_tokens": number}
    assert np.abs(encoder.encode(["some", "texts"], **options) - expected).max() <= 1e-6
    assert encoder.encode("text", truncate_dim=number).shape == (7,)
    spec = PassageSpec(max_tokens=number, overlap=number - 1)
    assert (type(spec.max_tokens), type(spec.overlap)) == (int, int)
    assert next(encoder.encode_with_passages(["some text"], spec, batch_size=number)).n_tokens


@pytest.mark.parametrize(
    "number", [True, np.True_, 7.0, np.float32(7), "7", pytest.param(-(10**5_000), id="huge"), 0]
)
def test_what_is_no_whole_number_is_refused(encoder, folder, number):
    for name in ("batch_size", "max_batch_tokens", "truncate_dim", "n_processes"):
        with pytest.raises(OptionError, match=f"{name}=.*whole number"):
            encoder.encode("text", **{name: number})
    with pytest.raises(OptionError, match=r"max_tokens=.*whole number"):
        Longformer2Vec(folder, max_tokens=number)


@pytest.mark.parametrize(
    "passages", [5, 0, "late", {"max_tokens": 5}, PassageSpec, pytest.param(10**5_000, id="huge")]
)
def test_passages_are_a_spec(encoder, passages):
    with pytest.raises(InputTypeError, match=r"passages is .*PassageSpec\(max_tokens=128\)"):
        encoder.encode_with_passages(["text"], passages)


def deep_list():
    deep = "text"
    for _ in range(5_000):
        deep = [deep]
    return deep


def test_values_nested_deep_are_refused_like_any(encoder, folder):
    deep = deep_list()
    for call in (encoder.encode, encoder.encode_query, encoder.encode_document):
        with pytest.raises(InputTypeError, match=r"inputs\[0\].*flat list"):
            call(deep)
    with pytest.raises(InputTypeError, match=r"texts\[0\]"):
        list(encoder.encode_with_passages(deep))
    with pytest.raises(InputTypeError, match="passages is"):
        encoder.encode_with_passages(["a"], deep)
    with pytest.raises(InputTypeError, match="prompt is"):
        encoder.encode("a", prompt=deep)
    with pytest.raises(OptionError, match="batch_size="):
        encoder.encode("a", batch_size=deep)
    for name in ("pooling", "global_attention", "max_tokens", "overlength", "postprocess", "dtype"):
        with pytest.raises(OptionError, match=f"{name}="):
            Longformer2Vec(folder, **{name: deep})
    with pytest.raises(OptionError, match="model="):
        Longformer2Vec(deep)


def test_poolings_are_not_nested(folder):
    with pytest.raises(OptionError, match="Pass a flat tuple"):
        Longformer2Vec(folder, pooling=("mean", ("cls",)))
