"""A Longformer and its accelerated copy, for tests in which somebody changes both."""

import copy

import torch
from transformers import LongformerModel

from tests.models import longformer_config, randomize
from vectorlong.encoder.accelerate import accelerate

IDS = torch.randint(3, 1000, (2, 70), generator=torch.Generator().manual_seed(0))
MASK = torch.ones_like(IDS)
MASK[1, 50:] = 0
GLOBAL = torch.zeros_like(IDS).index_fill_(1, torch.tensor([0, 30]), 1)
LAYER = "encoder.layer.1"
LINEARS = [
    *(
        f"{LAYER}.attention.self.{name}{suffix}"
        for name in ("query", "key", "value")
        for suffix in ("", "_global")
    ),
    f"{LAYER}.attention.output.dense",
    f"{LAYER}.intermediate.dense",
    f"{LAYER}.output.dense",
]
NORMS = [f"{LAYER}.attention.output.LayerNorm", f"{LAYER}.output.LayerNorm"]
DROPOUTS = [f"{LAYER}.attention.output.dropout", f"{LAYER}.output.dropout"]
OTHERS = [
    LAYER,
    f"{LAYER}.attention",
    f"{LAYER}.attention.self",
    f"{LAYER}.attention.output",
    f"{LAYER}.intermediate",
    f"{LAYER}.output",
    "encoder",
]


def pair(**changes):
    model = randomize(LongformerModel(longformer_config(**changes))).eval()
    return model, accelerate(copy.deepcopy(model))


def run(model):
    masked = {"attention_mask": MASK, "global_attention_mask": GLOBAL}
    return model(IDS, **masked).last_hidden_state


def assert_same_and_changed(model, accelerated, change, least=1e-3):
    """``change`` moves transformers' output, and ours to the same."""
    with torch.no_grad():
        plain = run(model)
        assert (run(accelerated) - plain).abs().max() <= 1e-5  # whatever is cached, is now
        change(model)
        change(accelerated)
        expected = run(model)
        assert (expected - plain).abs().max() >= least
        assert (run(accelerated) - expected).abs().max() <= 1e-5


def changed_output(output):
    """Another output of the same form; rows are told apart by where they stand in the batch."""
    if isinstance(output, tuple):
        return (changed_output(output[0]), *output[1:])
    if not isinstance(output, torch.Tensor):
        output.last_hidden_state = changed_output(output.last_hidden_state)
        return output
    index = torch.arange(output.shape[1]).view(1, -1, *[1] * (output.dim() - 2))
    return output * (1 + 0.1 * (index % 3))


def replace_by(kind, name):
    def change(model):
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, kind(model.get_submodule(name)))

    return change
