"""``accelerate`` where dropout is on, off or of another strength than the model's mode says."""

import pytest
import torch
from torch import nn
from transformers.models.longformer.modeling_longformer import LongformerSelfAttention

from tests.parity.changed_models import DROPOUTS, MASK, pair, replace_by, run


@pytest.mark.parametrize("is_training", [False, True])
def test_a_dropout_that_is_on_alone_or_of_another_strength(is_training):
    outputs = []
    for model in pair():
        model.train(is_training)
        first, second = (model.get_submodule(name) for name in DROPOUTS)
        first.p, second.p = (0.0, 0.4)
        if not is_training:
            second.train()
        torch.manual_seed(0)
        with torch.no_grad():
            outputs.append(run(model))
            assert (outputs[-1] - run(model)).abs().max() > 1e-3
    assert (outputs[0] - outputs[1]).abs().max() <= 1e-5


def switch_dropout(model, mode, attention_mode):
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.train(mode)
        if isinstance(module, LongformerSelfAttention):
            module.training = attention_mode


def turn_on(model):
    """Monte-Carlo dropout: the model evaluates, dropout acts."""
    switch_dropout(model.eval(), True, False)


def turn_attention_on(model):
    switch_dropout(model.eval(), False, True)


def train_layers(model):
    model.eval().encoder.layer.train()


@torch.no_grad()
@pytest.mark.parametrize("change", [turn_on, turn_attention_on, train_layers])
def test_dropout_acts_as_its_modules_say_and_as_strongly(change):
    spreads = []
    for model in pair(hidden_dropout_prob=0.3, attention_probs_dropout_prob=0.3):
        change(model)
        torch.manual_seed(0)
        spreads.append(torch.stack([run(model)[MASK > 0] for _ in range(30)]).std(0).mean().item())
    assert spreads[0] > 0.05
    assert spreads[0] == pytest.approx(spreads[1], rel=0.05)


def freeze(model):
    switch_dropout(model.train(), False, False)


def weaken(model):
    model.train()
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        if isinstance(module, LongformerSelfAttention):
            module.dropout = 0.0


def remove(model):
    weaken(model)
    for name in [*DROPOUTS, "embeddings.dropout"]:
        replace_by(lambda dropout: nn.Identity(), name)(model)


@pytest.mark.parametrize("change", [freeze, weaken, remove])
def test_dropout_that_was_switched_off_in_training(change):
    gradients, outputs = [], []
    for model in pair(hidden_dropout_prob=0.3, attention_probs_dropout_prob=0.3):
        change(model)
        outputs.append(run(model))
        outputs[-1].pow(2).mean().backward()
        gradients.append(model.embeddings.word_embeddings.weight.grad)
    assert (outputs[0] - outputs[1]).abs().max() <= 1e-5
    assert (gradients[0] - gradients[1]).abs().max() <= 1e-4 * gradients[0].abs().max()
