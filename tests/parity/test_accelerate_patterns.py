"""``accelerate`` with dilated, causal and dense-when-short attention, fast and slow."""

import copy
import itertools
import pickle

import numpy as np
import pytest
import torch
from torch import nn
from transformers import LongformerForMaskedLM, LongformerModel
from transformers.models.longformer.modeling_longformer import LongformerEncoder

from tests.models import load, longformer_config, randomize
from tests.parity.changed_models import GLOBAL, IDS, LAYER, MASK, changed_output, pair, run
from tests.parity.test_accelerate import HEADS, batch_for
from vectorlong.attention.reference import visible_keys
from vectorlong.attention.spec import PackedTexts
from vectorlong.encoder.accelerate import accelerate
from vectorlong.errors import InputTypeError, OptionError

# Two texts of 70 and 50 tokens, windows 16, 8 and 32, four heads.
PATTERNS = [
    {"dilation": 2},
    {"dilation": [1, [1, 2, 3, 4], (2, 2, 1, 1)], "causal": True},
    {"causal": True},
    {"dilation": 3, "dense_up_to": 60},
    {"causal": True, "dense_up_to": 100},
]
MASKS = {"attention_mask": MASK, "global_attention_mask": GLOBAL}


def listen(model):
    """Make transformers' layers run, by a hook that does nothing."""
    model.encoder.register_forward_hook(lambda *arguments: None)
    return model


def models(pattern, head=LongformerModel, **changes):
    """A fast and a slow model of a pattern."""
    model = accelerate(randomize(head(longformer_config(**changes))).eval(), **pattern)
    slow = copy.deepcopy(model)
    listen(getattr(slow, "longformer", slow))
    return model, slow


@torch.no_grad()
@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_saved_model_gives_the_states_of_the_encoder_that_reads_its_folder(pattern, tmp_path):
    model, slow = models(pattern)
    model.save_pretrained(tmp_path)
    texts = PackedTexts((70, 50), ((0, 30), (0, 30)))
    expected = load(tmp_path)(IDS[MASK > 0], texts)
    assert (run(pair()[0])[MASK > 0] - expected).abs().max() > 0.1
    again = LongformerModel.from_pretrained(tmp_path).eval()
    for each in (model, slow, accelerate(again, **again.config.vectorlong)):
        assert (run(each)[MASK > 0] - expected).abs().max() <= 1e-5


@pytest.mark.parametrize("pattern", PATTERNS)
def test_gradients_are_the_same_fast_slow_and_with_attentions(pattern):
    fast, slow = models(pattern)
    shown = copy.deepcopy(fast)
    shown.config.output_attentions = True
    found = []
    for model in (fast, slow, shown):
        run(model).pow(2).mean().backward()
        found.append({n: p.grad for n, p in model.named_parameters() if p.grad is not None})
    assert found[0].keys() == found[1].keys() == found[2].keys()
    largest = max(gradient.abs().max() for gradient in found[0].values())
    for name, gradient in found[0].items():
        for other in found[1:]:
            assert (gradient - other[name]).abs().max() <= 1e-5 * largest, name


@torch.no_grad()
@pytest.mark.parametrize("pattern", PATTERNS)
def test_texts_with_holes_keep_their_distances(pattern):
    """Whatever stands in a hole is not seen, and nothing moves: as if it had no weight."""
    model, _ = models(pattern)
    mask, ids = MASK.clone(), IDS.clone()
    mask[:, 20:25] = 0
    ids[:, 20:25] = 7
    positions = torch.arange(2, 72).expand(2, -1)
    holed = {"attention_mask": mask, "global_attention_mask": GLOBAL, "position_ids": positions}
    first, second = model(IDS, **holed)[0], model(ids, **holed)[0]
    assert (first - second)[mask > 0].abs().max() == 0
    weights = model(IDS, **holed, output_attentions=True)
    assert (first - weights[0]).abs().max() <= 1e-5
    for local in weights.attentions:
        seen = local.sum(-1).transpose(1, 2)  # [b, n, h]
        is_local = (mask > 0) & (GLOBAL == 0)
        assert torch.allclose(seen[is_local], torch.ones(()))
        assert (seen[~is_local] == 0).all()


@torch.no_grad()
@pytest.mark.parametrize("pattern", PATTERNS)
def test_attention_weights_stand_where_transformers_writes_them(pattern):
    model, _ = models(pattern)
    output = model(IDS, **MASKS, output_attentions=True)
    assert (output.last_hidden_state - run(model)).abs().max() <= 1e-5
    dense = pattern.get("dense_up_to", 0)
    for number, (local, of_globals) in enumerate(
        zip(output.attentions, output.global_attentions, strict=True)
    ):
        attention = model.encoder.layer[number].attention.self
        reaches = [n - 1 for n in (70, 50) if n <= dense]
        radius = max([attention.one_sided_attn_window_size, *reaches])
        assert local.shape == (2, 4, 70, 2 + 2 * radius + 1)
        spec = attention.pattern
        is_shown = (local > 0).numpy()
        for text, length in enumerate((70, 50)):
            expected = visible_keys(spec, length, 4, GLOBAL[text, :length] > 0)  # [h, n, n]
            found = torch.zeros_like(expected)
            dilations = np.broadcast_to(spec.dilation if length > dense else 1, 4)
            places = itertools.product(enumerate(dilations), range(length), range(2 * radius + 1))
            for (head, dilation), token, place in places:
                key = token + (place - radius) * dilation
                if is_shown[text, head, token, 2 + place]:
                    assert 0 <= key < length
                    found[head, token, key] = True
            for column, key in enumerate((0, 30)):
                found[:, :, key] |= local[text, :, :length, column] > 0
            rows = GLOBAL[text, :length] == 0  # global queries have their weights apart
            assert torch.equal(found[:, rows], expected[:, rows])
            seen = of_globals[text, :, :length].transpose(1, 2) > 0  # [h, x, n]
            last = torch.tensor([0, 30]) if spec.causal else torch.tensor([length, length])
            assert torch.equal(seen, (torch.arange(length) <= last[:, None]).expand(4, -1, -1))
            assert torch.allclose(of_globals[text].sum(1), torch.ones(()))


class Scaled(nn.Module):
    def __init__(self, base):
        super().__init__()
        self.base = base

    def forward(self, hidden):
        return changed_output(self.base(hidden))


def hook_layer(model):
    model.get_submodule(LAYER).register_forward_hook(
        lambda module, inputs, output: changed_output(output)
    )


def replace_value(model):
    attention = model.get_submodule(f"{LAYER}.attention.self")
    attention.value = Scaled(attention.value)


def replace_global_query(model):
    attention = model.get_submodule(f"{LAYER}.attention.self")
    attention.query_global = Scaled(attention.query_global)


@torch.no_grad()
@pytest.mark.parametrize("change", [hook_layer, replace_value, replace_global_query])
@pytest.mark.parametrize("pattern", PATTERNS[:2])
def test_hooks_and_other_parts_are_called_as_transformers_calls_them(pattern, change):
    """By a pattern that changes nothing beside one that transformers' own attention computes."""
    model, _ = models(pattern)
    plain = run(model)
    change(model)
    assert (run(model) - plain).abs().max() > 1e-3
    theirs, _ = pair()
    change(theirs)
    nothing, _ = models({"dense_up_to": 1})
    change(nothing)
    assert (run(nothing) - run(theirs)).abs().max() <= 1e-5


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
@pytest.mark.parametrize("pattern", PATTERNS[1::2])
def test_traced_models_serve_other_masks(pattern):
    model, _ = models(pattern)
    traced = torch.jit.trace(model, (IDS, MASK, GLOBAL), strict=False, check_trace=False)
    ids, mask, is_global = IDS.roll(3, 1), MASK.clone(), GLOBAL.clone()
    mask[0, 61:], mask[1, :5], is_global[:, 8] = 0, 0, 1
    expected = model(ids, mask, is_global).last_hidden_state
    assert (traced(ids, mask, is_global)["last_hidden_state"] - expected).abs().max() <= 1e-5


@torch.no_grad()
@pytest.mark.parametrize("pattern", PATTERNS[1::2])
def test_no_globals_only_globals_and_texts_without_tokens(pattern):
    empty = MASK.clone()
    empty[1] = 0
    for mask, is_global in (
        (MASK, torch.zeros_like(GLOBAL)),
        (MASK, torch.ones_like(GLOBAL)),
        (empty, GLOBAL),
    ):
        fast, slow = (each(IDS, mask, is_global)[0] for each in models(pattern))
        shown = models(pattern)[0](IDS, mask, is_global, output_attentions=True)[0]
        assert fast.isfinite().all()
        assert (fast - slow).abs().max() <= 1e-5
        assert (fast - shown).abs().max() <= 1e-5


@torch.no_grad()
def test_dropout_is_as_strong_fast_and_slow():
    strength = {"hidden_dropout_prob": 0.2, "attention_probs_dropout_prob": 0.3}
    spreads = []
    for model in models({"dilation": 2, "causal": True}, **strength):
        model.train()
        torch.manual_seed(0)
        spreads.append(torch.stack([run(model)[MASK > 0] for _ in range(30)]).std(0).mean().item())
    assert spreads[0] > 0.05
    assert spreads[0] == pytest.approx(spreads[1], rel=0.05)


@pytest.mark.parametrize("head", HEADS, ids=lambda head: head.__name__)
def test_every_head_trains_with_checkpoints_and_hidden_states_as_without(head):
    inputs, found = batch_for(head), []
    fast, slow = models({"dilation": [1, 2, 3], "causal": True}, head)
    for model in (fast, slow, copy.deepcopy(fast)):
        if len(found) == 2:
            model.activation_checkpointing_enable()
        output = model.train()(**inputs, output_hidden_states=True)
        assert len(output.hidden_states) == 4
        loss = output.loss if "loss" in output else output.last_hidden_state.pow(2).mean()
        (loss + sum(state.pow(2).mean() for state in output.hidden_states)).backward()
        found.append({n: p.grad for n, p in model.named_parameters() if p.grad is not None})
    assert found[0].keys() == found[1].keys() == found[2].keys()
    largest = max(gradient.abs().max() for gradient in found[0].values())
    for name, gradient in found[0].items():
        for other in found[1:]:
            assert (gradient - other[name]).abs().max() <= 1e-5 * largest, name


@torch.no_grad()
def test_a_pattern_survives_copies_and_follows_the_window():
    model, _ = models(PATTERNS[1])
    expected = run(model)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(run(other), expected)
    fast, slow = models(PATTERNS[1])
    for each in (fast, slow):
        each.encoder.layer[1].attention.self.one_sided_attn_window_size = 8
    assert (run(fast) - expected).abs().max() > 1e-3
    assert (run(fast) - run(slow)).abs().max() <= 1e-5


def test_the_config_holds_what_was_chosen_and_nothing_else_is_lost():
    model = randomize(LongformerForMaskedLM(longformer_config()))
    model.config.vectorlong = {"position_offset": 2, "dense_up_to": 9}
    accelerate(model)
    assert model.config.vectorlong == {"position_offset": 2, "dense_up_to": 9}
    accelerate(model, dilation=[np.int64(2), (1, 1, 2, 2), 1])
    assert model.config.vectorlong == {"position_offset": 2, "dilation": [2, [1, 1, 2, 2], 1]}
    assert '"dilation": [' in model.config.to_json_string()
    accelerate(model, causal=True, dense_up_to=5)
    assert model.config.vectorlong == {"position_offset": 2, "causal": True, "dense_up_to": 5}
    accelerate(model)
    assert model.config.vectorlong == {"position_offset": 2}


@torch.no_grad()
def test_without_arguments_a_pattern_is_taken_back_and_none_is_read():
    theirs, _ = pair()
    model, _ = models(PATTERNS[1])
    accelerate(model)
    assert not hasattr(model.config, "vectorlong")
    assert torch.equal(run(model), run(pair()[1]))
    model.config.vectorlong = {"dilation": [2, 2, 2], "causal": True}
    assert (run(accelerate(model)) - run(theirs)).abs().max() <= 1e-5
    assert (run(accelerate(model, dilation=1)) - run(theirs)).abs().max() <= 1e-5


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"dilation": 0}, r"dilation=0 is not valid.*at least 1 \(none\), a list of 3, one for"),
        ({"dilation": "2"}, r"dilation='2' is not valid.*a list of 4, one for each head"),
        ({"dilation": 2.0}, r"dilation=2.0 is not valid"),
        ({"dilation": True}, r"dilation=True is not valid"),
        ({"dilation": 1 << 40}, r"dilation=\d+ is not valid"),
        ({"dilation": [1, 2]}, r"dilation=\[1, 2\] is not valid"),
        ({"dilation": [1, [1, 2], 1]}, r"dilation=\[1, \[1, 2\], 1\] is not valid"),
        ({"dilation": [1, [1, 2, 3, 0], 1]}, r"dilation=.* is not valid"),
        ({"causal": 1}, r"causal=1 is not valid. Valid values: True, False"),
        ({"causal": None}, r"causal=None is not valid"),
        ({"dense_up_to": -1}, r"dense_up_to=-1 is not valid. Pass a whole number of at least 0"),
        ({"dense_up_to": "all"}, r"dense_up_to='all' is not valid"),
        ({"dense_up_to": 1 << 40}, r"dense_up_to=\d+ is not valid. Pass at most"),
    ],
)
def test_wrong_choices_are_refused_and_the_model_is_as_it_was(chosen, message):
    other = LongformerModel(longformer_config())
    model = LongformerModel(longformer_config())
    with pytest.raises(OptionError, match=message):
        accelerate(nn.ModuleList([other, model]), **{"dilation": 2, **chosen})
    for each in (other, model):
        assert type(each.encoder) is LongformerEncoder
        assert "_pad_to_window_size" not in vars(each)
        assert not hasattr(each.config, "vectorlong")


def test_self_attention_of_another_kind_takes_no_pattern():
    model, accelerated = pair()
    attention = model.get_submodule(f"{LAYER}.attention.self")
    original = attention.forward
    attention.forward = lambda *inputs, **named: original(*inputs, **named)
    with pytest.raises(InputTypeError, match="self attention of layer 1 has a forward other than"):
        accelerate(model, causal=True)
    assert type(model.encoder) is LongformerEncoder
    assert (run(accelerate(model)) - run(accelerated)).abs().max() <= 1e-5
