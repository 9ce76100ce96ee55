"""The sections of the files that say what is trained; tasks give them their own keys.

What a key may be is written once, here and in the tasks' own sections: as the type of a field, with
what the key is for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

Positive = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, lt=1)]
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[int, Field(ge=0)]


@dataclass(frozen=True)
class Help:
    """What a key is for, as the second part of its type.

    Attributes
    ----------
    text
        Stands above the key in an example file.
    example
        What the example says where there is no default.
    """

    text: str
    example: Any = None


@dataclass(frozen=True, kw_only=True)
class ModelSection:
    """Which model is trained further."""

    name: Annotated[
        str,
        Help(
            "A name from `vectorlong models`, a folder, or a hub id; of a BERT-like encoder, with\n"
            "convert_to_tokens below."
        ),
    ] = "minilm"
    convert_to_tokens: Annotated[
        Positive | None,
        Help("Convert the encoder to a Longformer of so many tokens before training.", 4096),
    ] = None
    window: Annotated[
        Positive | None, Help("Attention window of the converted model, even.", 512)
    ] = None


@dataclass(frozen=True, kw_only=True)
class TrainingSection:
    """How long and how fast a model is trained."""

    learning_rate: Annotated[Rate, Help("Highest learning rate.")] = 3e-5
    batch_size: Annotated[Positive, Help("Examples in one forward pass.")] = 8
    accumulate: Annotated[Positive, Help("Forward passes before the weights change.")] = 1
    epochs: Annotated[
        Rate, Help("Times that every example is seen, where max_steps is not given.")
    ] = 3.0
    max_steps: Annotated[Positive | None, Help("Changes of the weights.", 1000)] = None
    warmup: Annotated[Share, Help("Share of the steps in which the learning rate rises.")] = 0.1
    schedule: Annotated[
        Literal["linear", "cosine", "constant", "polynomial"],
        Help("How the learning rate falls: linear, cosine, constant or polynomial (power 3)."),
    ] = "linear"
    weight_decay: Annotated[Annotated[float, Field(ge=0)], Help("Of AdamW.")] = 0.01
    adam_epsilon: Annotated[Rate, Help("Of AdamW.")] = 1e-8
    max_gradient_norm: Annotated[Rate, Help("Longer gradients are shortened to this.")] = 1.0
    gradient_checkpointing: Annotated[bool, Help("Less memory, a third more time.")] = False
    evaluate_every: Annotated[
        Positive | None,
        Help("Steps between evaluations and checkpoints; a tenth of all where not given.", 100),
    ] = None
    log_every: Annotated[Positive, Help("Steps between entries of the log.")] = 10
    seed: Annotated[
        Annotated[int, Field(ge=0, lt=1 << 31)],
        Help("Of new weights, the order of examples, dropout and masks."),
    ] = 0

    @property
    def examples_a_step(self) -> int:
        """How many examples the weights change by."""
        return self.batch_size * self.accumulate

    def n_steps(self, n_examples: int) -> int:
        """Return how many steps a run over so many examples has."""
        if self.max_steps is not None:
            return self.max_steps
        return max(1, math.ceil(n_examples * self.epochs / self.examples_a_step))


@dataclass(frozen=True, kw_only=True)
class DataSection:
    """What is learnt from and evaluated on; tasks say of ``train`` what its files are."""

    train: list[str]
    eval: Annotated[
        list[str], Help("Likewise, to evaluate on; a share of train where there are none.")
    ] = field(default_factory=list)
    eval_share: Annotated[Share, Help("That share.")] = 0.1


@dataclass(frozen=True, kw_only=True)
class TextDataSection(DataSection):
    """Texts of which every token or byte is learnt from."""

    train: Annotated[
        list[str],
        Help("Files and folders of every kind that `vectorlong index` reads.", ["texts/"]),
    ]
    eval_share: Annotated[Share, Help("That share.")] = 0.05
    text: Annotated[str | None, Help("Column of tables that is the text.", "body")] = None


WindowTokens = Annotated[
    Positive | None, Help("Tokens of a window; the model's limit where not given.", 1024)
]


@dataclass(frozen=True, kw_only=True)
class WindowSection:
    """How documents are read that may be longer than the model."""

    length: WindowTokens = None
    stride: Annotated[NotNegative, Help("Tokens that the windows of a longer document share.")] = 64


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """What every task's file holds; tasks give the sections their own types.

    Attributes
    ----------
    output
        The folder of the run.
    preset
        Name of values that take the place of the defaults.
    training
        As its class says.
    """

    output: Annotated[
        str, Help("Folder of the run; the trained model is in its folder model/.", "run")
    ]
    preset: Annotated[str | None, Help("Named values in place of the defaults below.", "NAME")] = (
        None
    )
    training: TrainingSection = field(default_factory=TrainingSection)


@dataclass(frozen=True, kw_only=True)
class Config(RunConfig):
    """What the file of a task holds that begins with a model.

    Attributes
    ----------
    model
        As its class says.
    """

    model: ModelSection = field(default_factory=ModelSection)
