"""``accelerate`` changes nothing but the speed: every head, outputs, loss and gradients."""

import copy
import pickle

import pytest
import torch
from transformers import (
    BertConfig,
    BertModel,
    LongformerForMaskedLM,
    LongformerForMultipleChoice,
    LongformerForQuestionAnswering,
    LongformerForSequenceClassification,
    LongformerForTokenClassification,
    LongformerModel,
)

from tests.models import longformer_config, randomize
from vectorlong.encoder.accelerate import accelerate
from vectorlong.errors import InputTypeError

HEADS = [
    LongformerModel,
    LongformerForMaskedLM,
    LongformerForSequenceClassification,
    LongformerForTokenClassification,
    LongformerForQuestionAnswering,
    LongformerForMultipleChoice,
]


def batch_for(head):
    """A padded batch (right, left, none) with what the head needs to compute a loss."""
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(3, 1000, (3, 77), generator=generator)
    mask = torch.ones_like(ids)
    mask[1, 40:] = 0
    mask[2, :5] = 0
    ids[:, 10], ids[:, 12], ids[:, 39] = 2, 2, 2
    ids[mask == 0] = 1
    inputs = {"input_ids": ids, "attention_mask": mask}
    if head in (LongformerModel, LongformerForMaskedLM, LongformerForTokenClassification):
        inputs["global_attention_mask"] = torch.zeros_like(ids).index_fill_(
            1, torch.tensor([0, 20, 76]), 1
        )
    if head is LongformerForMaskedLM:
        inputs["labels"] = ids.masked_fill(mask == 0, -100)
    if head is LongformerForTokenClassification:
        inputs["labels"] = ids % 2
    if head is LongformerForSequenceClassification:
        inputs["labels"] = torch.tensor([0, 1, 1])
    if head is LongformerForQuestionAnswering:
        inputs["start_positions"] = torch.tensor([13, 14, 15])
        inputs["end_positions"] = torch.tensor([14, 20, 70])
    if head is LongformerForMultipleChoice:
        inputs = {name: value[None] for name, value in inputs.items()}
        inputs["labels"] = torch.tensor([1])
    return inputs


def pair(head, **changes):
    model = randomize(head(longformer_config(**changes)))
    return model, accelerate(copy.deepcopy(model))


@pytest.mark.parametrize("head", HEADS, ids=lambda head: head.__name__)
@torch.no_grad()
def test_outputs_in_evaluation(head):
    model, accelerated = pair(head)
    inputs = batch_for(head)
    expected = model.eval()(**inputs, output_hidden_states=True)
    actual = accelerated.eval()(**inputs, output_hidden_states=True)
    assert actual.keys() == expected.keys()
    for name in expected:
        left, right = expected[name], actual[name]
        pairs = zip(left, right, strict=True) if isinstance(left, tuple) else [(left, right)]
        for one, other in pairs:
            assert one.shape == other.shape
            assert (one - other).abs().max() <= 1e-5, name


@pytest.mark.parametrize("head", HEADS, ids=lambda head: head.__name__)
def test_a_step_of_training_has_the_same_loss_and_gradients_and_ends_at_the_same_weights(head):
    model, accelerated = pair(head)
    inputs = batch_for(head)
    losses = []
    for each in (model.train(), accelerated.train()):
        optimizer = torch.optim.SGD(each.parameters(), lr=0.01)
        for _ in range(2):
            optimizer.zero_grad()
            output = each(**inputs)
            loss = output.loss if "loss" in output else output.last_hidden_state.pow(2).mean()
            loss.backward()
            losses.append(loss.item())
            optimizer.step()
    assert losses[:2] == pytest.approx(losses[2:], rel=1e-5)
    assert losses[1] != pytest.approx(losses[0], rel=1e-5)
    expected = dict(model.named_parameters())
    largest = max(p.grad.abs().max() for p in expected.values() if p.grad is not None)
    for name, parameter in accelerated.named_parameters():
        theirs = expected[name].grad
        assert (parameter.grad is None) == (theirs is None), name
        if theirs is not None:
            difference = (parameter.grad - theirs).abs().max()
            assert difference <= 1e-4 * theirs.abs().max() + 1e-6 * largest, name
        assert torch.allclose(parameter, expected[name], atol=1e-6), name


def test_parameters_and_files_stay_what_they_were(tmp_path):
    model = randomize(LongformerForSequenceClassification(longformer_config()))
    before = {name: tensor.data_ptr() for name, tensor in model.state_dict().items()}
    model.save_pretrained(tmp_path / "before")
    assert accelerate(model) is model
    assert {name: tensor.data_ptr() for name, tensor in model.state_dict().items()} == before
    model.save_pretrained(tmp_path / "after")
    for name in ("config.json", "model.safetensors"):
        assert (tmp_path / "before" / name).read_bytes() == (tmp_path / "after" / name).read_bytes()


def test_accelerating_twice_changes_nothing_more():
    model, accelerated = pair(LongformerModel)
    inputs = batch_for(LongformerModel)
    with torch.no_grad():
        once = accelerated.eval()(**inputs).last_hidden_state
        twice = accelerate(accelerated)(**inputs).last_hidden_state
    assert torch.equal(once, twice)
    assert type(model.encoder) is not type(accelerated.encoder)


def test_pickling_and_copying_keep_the_core():
    _, accelerated = pair(LongformerModel)
    inputs = batch_for(LongformerModel)
    with torch.no_grad():
        expected = accelerated.eval()(**inputs).last_hidden_state
        for copied in (copy.deepcopy(accelerated), pickle.loads(pickle.dumps(accelerated))):
            assert torch.equal(copied(**inputs).last_hidden_state, expected)


@torch.no_grad()
def test_attention_weights_come_from_transformers_own_code():
    model, accelerated = pair(LongformerModel)
    inputs = batch_for(LongformerModel)
    expected = model.eval()(**inputs, output_attentions=True)
    actual = accelerated.eval()(**inputs, output_attentions=True)
    assert len(actual.attentions) == 3
    for one, other in zip(expected.attentions, actual.attentions, strict=True):
        assert one.shape == other.shape
        assert (one - other).abs().max() <= 1e-5
    assert (expected.last_hidden_state - actual.last_hidden_state).abs().max() <= 1e-5


@torch.no_grad()
def test_masks_with_holes_and_rows_without_tokens():
    model, accelerated = pair(LongformerModel)
    inputs = batch_for(LongformerModel)
    for change in (lambda mask: mask[0, 30:35].zero_(), lambda mask: mask[1].zero_()):
        changed = {**inputs, "attention_mask": inputs["attention_mask"].clone()}
        change(changed["attention_mask"])
        expected = model.eval()(**changed).last_hidden_state
        actual = accelerated.eval()(**changed).last_hidden_state
        assert (expected - actual).abs().max() <= 1e-5


@torch.no_grad()
def test_tuples_embeddings_and_given_positions():
    model, accelerated = pair(LongformerModel)
    inputs = batch_for(LongformerModel)
    ids = inputs.pop("input_ids")
    inputs["inputs_embeds"] = model.embeddings.word_embeddings(ids)
    inputs["position_ids"] = torch.arange(77).flip(0).expand(3, -1)
    expected = model.eval()(**inputs, return_dict=False)
    actual = accelerated.eval()(**inputs, return_dict=False)
    assert len(expected) == len(actual) == 2
    for one, other in zip(expected, actual, strict=True):
        assert (one - other).abs().max() <= 1e-5


def test_dropout_acts_in_training():
    model = accelerate(
        randomize(
            LongformerModel(
                longformer_config(hidden_dropout_prob=0.2, attention_probs_dropout_prob=0.2)
            )
        )
    ).train()
    inputs = batch_for(LongformerModel)
    first = model(**inputs).last_hidden_state
    assert not torch.equal(first, model(**inputs).last_hidden_state)
    assert first.isfinite().all()


def test_other_models_are_refused():
    bert = BertModel(
        BertConfig(
            vocab_size=10,
            hidden_size=8,
            num_hidden_layers=1,
            num_attention_heads=1,
            intermediate_size=8,
        )
    )
    with pytest.raises(InputTypeError, match="got BertModel"):
        accelerate(bert)
