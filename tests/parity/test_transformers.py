"""The same numbers as ``transformers.LongformerModel``, through every way in and out."""

import pytest
import torch
from transformers import LongformerModel

from tests.models import load, longformer_config, randomize
from vectorlong.attention.spec import PackedTexts
from vectorlong.encoder.checkpoint import save_checkpoint, to_transformers_name

TINY = {}
BASE = {
    "hidden_size": 768,
    "num_hidden_layers": 2,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "attention_window": [512, 512],
}
LENGTHS = (1, 2, 7, 8, 16, 17, 513, 1500, 4096)
BASE_LENGTHS = (1, 2, 7, 256, 512, 513, 1500, 4096)


def globals_of(kind: str, n_tokens: int) -> tuple[int, ...]:
    positions = {
        "none": [],
        "cls": [0],
        "several": [0, n_tokens // 3, n_tokens // 2],
        "both ends": [0, n_tokens - 1],
        "all": range(n_tokens),
    }[kind]
    return tuple(sorted(set(positions)))


def model_pair(tmp_path, changes):
    model = randomize(LongformerModel(longformer_config(**changes)).eval())
    model.save_pretrained(tmp_path)
    return model, load(tmp_path)


@pytest.fixture(scope="module")
def tiny_pair(tmp_path_factory):
    return model_pair(tmp_path_factory.mktemp("tiny"), TINY)


@pytest.fixture(scope="module")
def base_pair(tmp_path_factory):
    return model_pair(tmp_path_factory.mktemp("base"), BASE)


def random_ids(n_tokens: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(3, 1000, (n_tokens,), generator=torch.Generator().manual_seed(seed))


def theirs(model, ids, positions):
    mask = torch.zeros(1, len(ids), dtype=torch.long)
    mask[0, list(positions)] = 1
    return model(ids[None], global_attention_mask=mask).last_hidden_state[0]


@torch.no_grad()
def assert_equal_outputs(pair, n_tokens, kind):
    model, encoder = pair
    ids, positions = random_ids(n_tokens), globals_of(kind, n_tokens)
    actual = encoder(ids, PackedTexts((n_tokens,), (positions,)))
    assert (actual - theirs(model, ids, positions)).abs().max() <= 1e-5


@pytest.mark.parametrize("kind", ["none", "cls", "several", "both ends", "all"])
@pytest.mark.parametrize("n_tokens", LENGTHS[:-1])
def test_tiny_outputs(tiny_pair, n_tokens, kind):
    assert_equal_outputs(tiny_pair, n_tokens, kind)


@pytest.mark.parametrize("kind", ["none", "cls", "several", "both ends"])
def test_tiny_outputs_at_full_length(tiny_pair, kind):
    assert_equal_outputs(tiny_pair, LENGTHS[-1], kind)


@pytest.mark.parametrize("kind", ["none", "cls", "both ends"])
@pytest.mark.parametrize("n_tokens", BASE_LENGTHS)
def test_base_sized_outputs(base_pair, n_tokens, kind):
    assert_equal_outputs(base_pair, n_tokens, kind)


@pytest.mark.parametrize(("n_tokens", "kind"), [(513, "all"), (1500, "several")])
def test_base_sized_outputs_with_many_globals(base_pair, n_tokens, kind):
    assert_equal_outputs(base_pair, n_tokens, kind)


@pytest.mark.slow
def test_all_tokens_global_at_full_length(tiny_pair):
    assert_equal_outputs(tiny_pair, LENGTHS[-1], "all")


@torch.no_grad()
def test_ragged_batch(tiny_pair):
    model, encoder = tiny_pair
    lengths = (5, 130, 1, 64, 33)
    positions = ((0,), (0, 100), (), (63,), tuple(range(33)))
    ids = [random_ids(length, seed) for seed, length in enumerate(lengths)]
    packed = encoder(torch.cat(ids), PackedTexts(lengths, positions))
    padded = torch.ones(len(lengths), max(lengths), dtype=torch.long)
    mask, global_mask = torch.zeros_like(padded), torch.zeros_like(padded)
    for row, (text, globals_) in enumerate(zip(ids, positions, strict=True)):
        padded[row, : len(text)] = text
        mask[row, : len(text)] = 1
        global_mask[row, list(globals_)] = 1
    expected = model(padded, attention_mask=mask, global_attention_mask=global_mask)
    assert (packed - expected.last_hidden_state[mask.bool()]).abs().max() <= 1e-5


@pytest.mark.parametrize("kind", ["none", "cls", "several", "all"])
@pytest.mark.parametrize("n_tokens", [1, 7, 33, 200])
def test_gradients(tiny_pair, n_tokens, kind):
    model, encoder = tiny_pair
    ids, positions = random_ids(n_tokens), globals_of(kind, n_tokens)
    weights = torch.randn(n_tokens, 32, generator=torch.Generator().manual_seed(1))
    model.zero_grad()
    encoder.zero_grad()
    (theirs(model, ids, positions) * weights).sum().backward()
    (encoder(ids, PackedTexts((n_tokens,), (positions,))) * weights).sum().backward()
    expected = {name: parameter.grad for name, parameter in model.named_parameters()}
    largest = max(grad.abs().max() for grad in expected.values() if grad is not None)
    for name, parameter in encoder.named_parameters():
        their_grad = expected[to_transformers_name(name)]
        if parameter.grad is None or their_grad is None:
            # Global projections without global tokens.
            assert parameter.grad is None or not parameter.grad.abs().max()
            assert their_grad is None or not their_grad.abs().max()
            continue
        difference = (parameter.grad - their_grad).abs().max()
        # Key biases have a gradient of zero in theory and rounding noise in practice.
        assert difference <= 1e-4 * their_grad.abs().max() + 1e-6 * largest, name


def test_through_save_and_transformers_and_back(tiny_pair, tmp_path):
    model, encoder = tiny_pair
    save_checkpoint(encoder, tmp_path / "ours")
    loaded, report = LongformerModel.from_pretrained(
        tmp_path / "ours", add_pooling_layer=False, output_loading_info=True
    )
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    loaded.eval().save_pretrained(tmp_path / "theirs")
    again = load(tmp_path / "theirs")
    ids, positions = random_ids(300), (0, 7)
    texts = PackedTexts((300,), (positions,))
    with torch.no_grad():
        expected = theirs(model, ids, positions)
        assert (theirs(loaded, ids, positions) - expected).abs().max() <= 1e-5
        assert torch.equal(again(ids, texts), encoder(ids, texts))
