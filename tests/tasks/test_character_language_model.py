"""Bytes are told from those before them, by dilated windows, and written on."""

from functools import partial

import numpy as np
import pytest
import torch

from vectorlong.attention import reference
from vectorlong.attention.dispatch import choose_backend
from vectorlong.attention.spec import AttentionSpec, PackedTexts
from vectorlong.errors import InputTypeError, InputValueError, OptionError
from vectorlong.tasks import character_language_model as module
from vectorlong.tasks.byte_sampling import drawn
from vectorlong.tasks.character_language_model import (
    CharacterConfig,
    LongformerForCharacterLanguageModeling,
)
from vectorlong.tasks.text_bytes import START, encode_bytes, may_follow

TEXT = "Grüße aus 北京 😀, said the fox; and the brown dog slept on. " * 3


def make_model(seed=0, **changes):
    torch.manual_seed(seed)
    values = {
        "hidden_size": 32,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "attention_window": [8, 16, 16],
        "attention_dilation": [1, [1, 1, 2, 3], 2],
        "hidden_dropout_prob": 0.0,
    }
    model = LongformerForCharacterLanguageModeling(CharacterConfig(**{**values, **changes}))
    with torch.no_grad():  # attention far from uniform
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1 and "embedding" not in name:
                parameter.mul_(8)
            elif "embedding" in name:
                parameter.mul_(30)
    return model.eval()


@pytest.fixture(scope="module")
def model():
    return make_model()


def logits(model, ids, **named):
    with torch.no_grad():
        return model(ids[None], **named).logits[0]


def test_a_later_byte_changes_nothing_before_it(model):
    ids = encode_bytes(TEXT)
    found = logits(model, ids)
    changed = ids.clone()
    changed[50] = 7
    difference = (logits(model, changed) - found).abs().amax(1)
    assert difference[:50].max() == 0
    assert difference[50] > 1e-3
    # A byte reaches as far as the windows of all layers together: 4 + 8 * 3 + 8 * 2.
    assert difference[50 + 44] > 0
    assert difference[50 + 45 :].max() == 0


def test_a_layer_attends_as_the_definition_says(model):
    ids = encode_bytes(TEXT)
    layer, spec = model.layers[1], model.config.specs()[1]
    assert spec == AttentionSpec(window=16, dilation=(1, 1, 2, 3), causal=True)
    texts = PackedTexts.without_globals([len(ids)])
    with torch.no_grad():
        hidden = model.embedding(ids)
        angles = model.angles(torch.arange(len(ids)))
        attended = reference.local_attention(*layer.projected(hidden, angles), texts, spec)
        expected = layer.finished(hidden, attended)
        assert (layer(hidden, angles, texts, spec) - expected).abs().max() <= 1e-4


def test_scores_depend_on_distances_alone(model):
    """Rotary positions are relative: what is before a reach of windows does not matter."""
    ids = encode_bytes(TEXT)
    later = torch.cat([encode_bytes("x" * 60), ids[1:]])
    found = logits(model, later)[60:]
    assert (found[60:] - logits(model, ids)[60:]).abs().max() <= 1e-3


def test_scores_depend_on_distances_alone_ten_million_bytes_on(model):
    hidden = model.embedding(encode_bytes(TEXT[:20]))
    found = []
    for start in (0, 10_000_000):
        angles = model.angles(torch.arange(start, start + len(hidden)))
        query, key, _ = model.layers[0].projected(hidden, angles)
        found.append(torch.einsum("nhd,mhd->hnm", query, key))
    assert (found[0] - found[1]).abs().max() <= 1e-5 * found[0].abs().max()


def test_texts_of_a_batch_do_not_see_each_other_nor_padding(model):
    one, other = encode_bytes(TEXT), encode_bytes("short")
    ids = torch.zeros(2, len(one), dtype=torch.long)
    ids[0], ids[1, : len(other)] = one, other
    mask = torch.zeros_like(ids)
    mask[0], mask[1, : len(other)] = 1, 1
    with torch.no_grad():
        found = model(ids, attention_mask=mask).logits
    assert (found[0] - logits(model, one)).abs().max() <= 1e-4
    assert (found[1, : len(other)] - logits(model, other)).abs().max() <= 1e-4


def test_the_loss_is_of_each_byte_after_the_first(model):
    ids = encode_bytes(TEXT)
    with torch.no_grad():
        loss = model(ids[None], labels=ids[None]).loss
        chances = logits(model, ids).log_softmax(-1)
    expected = -chances[torch.arange(len(ids) - 1), ids[1:]].mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    labels = ids.clone()
    labels[:100] = -100
    with torch.no_grad():
        late = model(ids[None], labels=labels[None]).loss
    expected = -chances[torch.arange(99, len(ids) - 1), ids[100:]].mean()
    assert late.item() == pytest.approx(expected.item(), rel=1e-5)


def test_where_no_byte_is_asked_for_the_loss_is_nothing():
    model = make_model()
    for ids, mask in (([[START]], [[1]]), ([[0, 0]], [[0, 0]])):
        found = model(torch.tensor(ids), torch.tensor(mask), labels=torch.tensor(ids))
        assert found.loss.item() == 0
        found.loss.backward()
        assert all(not each.grad.any() for each in model.parameters() if each.grad is not None)
    assert model(torch.zeros(1, 0, dtype=torch.long)).logits.shape == (1, 0, 257)


def _choose(name, _, case):
    return choose_backend(name, case)


def test_gradients_are_those_of_the_definition(monkeypatch):
    ids = encode_bytes(TEXT)[None]
    found = {}
    for name in ("auto", "reference"):
        model = make_model()
        monkeypatch.setattr(module, "choose_backend", partial(_choose, name))
        model(ids, labels=ids).loss.backward()
        found[name] = {key: each.grad for key, each in model.named_parameters()}
    for key, gradient in found["auto"].items():
        other = found["reference"][key]
        assert (gradient - other).abs().max() <= 1e-4 * max(1e-3, other.abs().max()), key


def test_written_on_with_and_without_a_cache(model):
    """The likeliest byte each time, found by reading all of the text each time."""
    ids = encode_bytes(TEXT[:40])
    written = []
    unfinished = b""
    while len(b"".join(written).decode(errors="ignore")) < 30:
        scores = logits(model, ids)[-1].masked_fill(~may_follow(unfinished), float("-inf"))
        byte = bytes([int(scores.argmax())])
        unfinished += byte
        try:
            unfinished.decode()
            unfinished = b""
        except UnicodeDecodeError:
            pass
        written.append(byte)
        ids = torch.cat([ids, torch.tensor([byte[0]])])
    expected = b"".join(written).decode()[:30]
    assert model.generate(TEXT[:40], 30, temperature=0) == expected


@pytest.mark.parametrize("prompt", ["", "a", "北京", TEXT])
def test_what_is_written_is_text_of_the_length_asked_for(model, prompt):
    written = model.generate(prompt, 25, temperature=3.0, seed=1)
    assert len(written) == 25
    assert written.encode("utf-8").decode("utf-8") == written
    assert model.generate(prompt, 25, temperature=3.0, seed=1) == written
    assert model.generate(prompt, 25, temperature=3.0, seed=2) != written
    assert model.generate(prompt, 0) == ""


def test_only_bytes_that_go_on_as_utf8may_follow():
    """Every sequence of bytes that may be drawn is a character, and every character may be."""

    def sequences(start):
        for byte in np.flatnonzero(may_follow(start).numpy()).tolist():
            sequence = start + bytes([byte])
            try:
                sequence.decode("utf-8")
                yield sequence
            except UnicodeDecodeError as error:
                reasons.add(error.reason)
                if len(sequence) < 3:
                    yield from sequences(sequence)

    reasons = set()
    found = [sequence.decode() for sequence in sequences(b"")]
    assert reasons == {"unexpected end of data"}
    expected = [chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000]
    assert sorted(found) == expected


def test_the_likeliest_bytes_alone_aredrawn():
    scores = torch.log(torch.tensor([0.5, 0.3, 0.15, 0.05]))
    generator = torch.Generator().manual_seed(0)
    assert {drawn(scores, 1.0, 0.75, generator) for _ in range(200)} == {0, 1}
    assert {drawn(scores, 1.0, 0.01, generator) for _ in range(20)} == {0}
    assert {drawn(scores, 1.0, 1.0, generator) for _ in range(500)} == {0, 1, 2, 3}
    for temperature in (0, 1e-320, 1e-39):
        assert drawn(scores, temperature, 1.0, generator) == 0


def test_narrower_windows_for_early_stages(model):
    ids = encode_bytes(TEXT)
    found = logits(model, ids, window_divisor=4)
    narrow = make_model(attention_window=[2, 4, 4])
    assert (found - logits(narrow, ids)).abs().max() <= 1e-5


def test_it_is_saved_and_loaded(model, tmp_path):
    model.save_pretrained(tmp_path)
    again = LongformerForCharacterLanguageModeling.from_pretrained(tmp_path).eval()
    ids = encode_bytes(TEXT)
    assert (logits(again, ids) - logits(model, ids)).abs().max() <= 1e-6
    assert again.config.attention_dilation == [1, [1, 1, 2, 3], 2]
    assert again.head.weight is again.embedding.weight


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"attention_window": [8, 8]}, "attention_window=.*one for each of 3 layers"),
        ({"attention_window": 7}, "window=7"),
        ({"attention_dilation": [1, [1, 2], 1]}, r"dilation=\(1, 2\).*each of 4 heads"),
        ({"attention_dilation": 0}, "dilation=0"),
        ({"hidden_size": 36}, "hidden_size=36.*even width"),
    ],
)
def test_shapes_that_cannot_be(changes, message):
    with pytest.raises(OptionError, match=message):
        make_model(**changes)


def test_what_cannot_be_read_or_written(model):
    with pytest.raises(InputValueError, match="bytes"):
        model(torch.tensor([[300]]))
    with pytest.raises(InputValueError, match="padding before a byte"):
        model(torch.tensor([[START, 1]]), attention_mask=torch.tensor([[0, 1]]))
    with pytest.raises(InputValueError, match=r"labels\[0, 0\] = 400"):
        model(torch.tensor([[START, 1]]), labels=torch.tensor([[400, 1]]))
    with pytest.raises(InputValueError, match=r"input_ids has the shape \(2,\)"):
        model(torch.tensor([START, 1]))
    with pytest.raises(InputValueError, match=r"attention_mask has the shape \(1, 1\)"):
        model(torch.tensor([[START, 1]]), attention_mask=torch.tensor([[1]]))
    with pytest.raises(InputTypeError, match=r"prompt is .*bytes"):
        model.generate(b"a", 3)
    with pytest.raises(InputValueError, match="prompt has a lone surrogate"):
        model.generate("a\ud800", 3)
    for changes, message in (
        ({"temperature": -1}, "temperature=-1"),
        ({"temperature": "hot"}, "temperature='hot'"),
        ({"top_p": 0}, "top_p=0"),
    ):
        with pytest.raises(OptionError, match=message):
            model.generate("a", 3, **changes)


@pytest.mark.parametrize("divisor", [0, -1, 1.5])
def test_a_divisor_of_windows_is_a_whole_number(model, divisor):
    ids = encode_bytes("a text")[None]
    with pytest.raises(OptionError, match="window_divisor"):
        model(ids, window_divisor=divisor)
