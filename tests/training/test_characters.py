"""Language modelling byte by byte: stages, evaluation as the paper's, and what is learnt."""

import math

import numpy as np
import pytest
import torch

from vectorlong.errors import ConfigError
from vectorlong.tasks import LongformerForCharacterLanguageModeling
from vectorlong.tasks.text_bytes import encode_bytes
from vectorlong.training.characters import (
    CharacterLanguageModelConfig,
    CharacterModelSection,
    CharacterSection,
    CharacterTrainingSection,
    evaluate_bytes,
    prepare,
)
from vectorlong.training.job import Draws
from vectorlong.training.recipes import find_recipe
from vectorlong.training.run import run_job
from vectorlong.training.run_folder import RunFolder
from vectorlong.training.sections import TextDataSection

SHAPE = CharacterModelSection(
    width=32, layers=2, heads=2, windows=[16, 32], dilations=[1, [1, 2]], dropout=0.0
)


def config(tmp_path, text, **changes):
    for name in ("train", "eval"):
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    values = {
        "output": str(tmp_path / "run"),
        "data": TextDataSection(
            train=[str(tmp_path / "train.txt")], eval=[str(tmp_path / "eval.txt")]
        ),
        "model": SHAPE,
        "task": CharacterSection(length=64, stages=3, scored=16),
        "training": CharacterTrainingSection(
            max_steps=30, batch_size=4, evaluate_every=15, learning_rate=0.01
        ),
    }
    return CharacterLanguageModelConfig(**{**values, **changes})


def test_stages_read_the_same_bytes_in_longer_and_longer_pieces(tmp_path):
    settings = config(tmp_path, "".join(chr(97 + n % 26) for n in range(1000)))
    job = prepare(settings)
    draws = Draws(job.examples, 30 * 4, 0)
    seen = {}
    for step, (length, divisor) in {0: (16, 4), 9: (16, 4), 10: (32, 2), 20: (64, 1)}.items():
        batch = job.collate([draws[step * 4 + n] for n in range(4)])
        assert batch["input_ids"].shape[1] <= length + 1
        assert int(batch["window_divisor"]) == divisor
        told = int((batch["labels"][:, 1:] != -100).sum())
        seen[step] = told
        assert told == sum(len(draws[step * 4 + n].example) - 1 for n in range(4))
    # Every byte of the text is told once.
    assert sum(len(example) - 1 for example in job.examples) == 1000


def test_every_byte_is_scored_once_after_as_many_as_fit():
    torch.manual_seed(0)
    from vectorlong.tasks import CharacterConfig

    model = LongformerForCharacterLanguageModeling(
        CharacterConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
                        intermediate_size=16, attention_window=8)
    ).eval()  # fmt: skip
    texts = [
        encode_bytes("Grüße aus 北京, und noch etwas mehr Text.").numpy(),
        encode_bytes("a").numpy(),
    ]
    with torch.no_grad():
        found = evaluate_bytes(model, texts, length=20, scored=7, batch_size=3)
        # A byte sees four before it, so that all of them fit.
        nats = [
            float(model(ids[None], labels=ids[None]).loss) * (len(ids) - 1)
            for ids in map(torch.from_numpy, texts)
        ]
    n_bytes, n_characters = 45 + 1, 39 + 1
    assert sum(len(text) - 1 for text in texts) == n_bytes
    assert found["loss"] == pytest.approx(sum(nats) / n_bytes, rel=1e-5)
    assert found["bits_per_byte"] == pytest.approx(sum(nats) / n_bytes / math.log(2), rel=1e-5)
    assert found["bits_per_character"] == pytest.approx(
        sum(nats) / n_characters / math.log(2), rel=1e-5
    )


def test_it_learns_to_go_on(tmp_path):
    settings = config(tmp_path, "abcdefgh " * 200)
    job = prepare(settings)
    with torch.no_grad():
        before = job.evaluate(job.model.eval())
    job.model.train()
    result = run_job(RunFolder("charlm", settings), settings, job)
    assert result.figures["eval_bits_per_character"] < 0.3 * before["bits_per_character"]
    model = LongformerForCharacterLanguageModeling.from_pretrained(result.folder)
    assert model.generate("abc", 6, temperature=0) == "defgh "


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": CharacterSection(length=100, stages=4)}, "length=100 cannot be halved 3 times"),
        ({"task": CharacterSection(length=16, stages=3)}, "length=16 cannot be halved 2 times"),
        ({"task": CharacterSection(length=64, scored=100)}, "scored=100 is more than"),
        ({"model": CharacterModelSection(layers=3)}, "model: attention_window=.*each of 3 layers"),
        ({"model": CharacterModelSection(width=30)}, "model: hidden_size=30"),
    ],
)
def test_shapes_that_cannot_be(tmp_path, changes, message):
    with pytest.raises(ConfigError, match=message):
        prepare(config(tmp_path, "text " * 100, **changes))


def test_the_model_depends_on_the_seed_alone(tmp_path):
    recipe, settings = find_recipe("charlm"), config(tmp_path, "text " * 100)
    one, other = (recipe.prepare(settings).model for _ in range(2))
    assert all(
        np.array_equal(a.detach(), b.detach())
        for a, b in zip(one.parameters(), other.parameters(), strict=True)
    )
