"""``transformers``' own tools with accelerated models: ``Trainer`` and ``pipeline``."""

import copy
from collections.abc import Mapping

import numpy as np
import pytest
import torch
from transformers import (
    AutoTokenizer,
    LongformerForMaskedLM,
    LongformerForSequenceClassification,
    LongformerForTokenClassification,
    LongformerModel,
    Trainer,
    TrainingArguments,
    pipeline,
)

from tests.models import longformer_config, randomize
from tests.parity.test_accelerate import HEADS, batch_for
from tests.text.builders import write_byte_bpe
from vectorlong.encoder.accelerate import accelerate

PATTERN = {"dilation": [1, 2, 3], "causal": True}


def losses_of(model, inputs, folder):
    """Train as ``Trainer`` does: checkpoints, clipped gradients, weights saved and loaded again."""
    examples = [
        {name: value[index] for name, value in inputs.items()}
        for index in range(len(inputs["labels" if "labels" in inputs else "start_positions"]))
    ]
    arguments = TrainingArguments(
        str(folder),
        num_train_epochs=2,
        per_device_train_batch_size=2,
        gradient_checkpointing=True,
        learning_rate=1e-3,
        logging_steps=1,
        save_strategy="epoch",
        eval_strategy="epoch",
        load_best_model_at_end=True,
        disable_tqdm=True,
        report_to=[],
        use_cpu=True,
    )
    trainer = Trainer(model, arguments, train_dataset=examples, eval_dataset=examples)
    trainer.train()
    history = [entry.get("loss", entry.get("eval_loss")) for entry in trainer.state.log_history]
    return [float(loss) for loss in history if loss is not None]


@pytest.mark.parametrize("head", HEADS[1:], ids=lambda head: head.__name__)
def test_trainer(head, tmp_path):
    model = randomize(head(longformer_config()))
    inputs = batch_for(head)
    patterned = accelerate(copy.deepcopy(model), **PATTERN)
    found = [
        losses_of(each, inputs, tmp_path / str(number))
        for number, each in enumerate((model, accelerate(copy.deepcopy(model)), patterned))
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-4)
    assert len(found[0]) >= 4
    assert found[2] != pytest.approx(found[0], rel=1e-4)
    assert np.isfinite(found[2]).all()


def numbers_in(answer):
    """The numbers and strings of what a pipeline gives, in their order."""
    if isinstance(answer, Mapping):
        return [found for value in answer.values() for found in numbers_in(value)]
    if isinstance(answer, list | tuple):
        return [found for value in answer for found in numbers_in(value)]
    return [answer]


@pytest.mark.parametrize(
    ("task", "head", "named"),
    [
        ("feature-extraction", LongformerModel, {}),
        ("fill-mask", LongformerForMaskedLM, {}),
        ("text-classification", LongformerForSequenceClassification, {}),
        (
            "zero-shot-classification",
            LongformerForSequenceClassification,
            {"candidate_labels": ["law", "food"]},
        ),
        ("token-classification", LongformerForTokenClassification, {}),
    ],
)
def test_pipelines(task, head, named, tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(write_byte_bpe(tmp_path))
    mask = tokenizer.mask_token if task == "fill-mask" else "window"
    texts = [f"A {mask} slides over the text.", f"Every token sees the whole {mask}, both sides."]
    model = randomize(head(longformer_config())).eval()
    patterned = accelerate(copy.deepcopy(model), **PATTERN)
    answers = []
    for each in (model, accelerate(copy.deepcopy(model)), patterned):
        torch.manual_seed(0)
        run = pipeline(task, model=each, tokenizer=tokenizer)
        answers.append(numbers_in(run(texts, **named)))
    for expected, actual in zip(answers[0], answers[1], strict=True):
        is_number = not isinstance(expected, str) and expected is not None
        assert actual == (pytest.approx(expected, abs=1e-5) if is_number else expected)
    assert str(answers[2]) != str(answers[0])
