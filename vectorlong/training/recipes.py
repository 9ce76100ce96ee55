"""What can be trained: a name for each task, its file's keys, and the module that prepares it."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vectorlong.errors import OptionError

if TYPE_CHECKING:  # so that the command line can list what there is at once
    from vectorlong.training.job import Job
    from vectorlong.training.sections import RunConfig


@dataclass(frozen=True)
class Recipe:
    """A task that can be trained.

    Attributes
    ----------
    name
        What users write.
    summary
        One line for people.
    module, config_class
        Where its configuration and its ``prepare`` are; loaded when it is used.
    """

    name: str
    summary: str
    module: str
    config_class: str

    @property
    def config(self) -> type[RunConfig]:
        """What its file may hold."""
        return getattr(self._load(), self.config_class)

    @property
    def presets(self) -> Mapping[str, Mapping[str, Any]]:
        """Its named values."""
        return getattr(self._load(), "PRESETS", {})

    def prepare(self, config: Any) -> Job:
        """Read model and data; whatever weights are new follow from the run's seed."""
        import torch

        torch.manual_seed(config.training.seed)
        return self._load().prepare(config)

    def _load(self) -> Any:
        return importlib.import_module(f"vectorlong.training.{self.module}")


RECIPES = (
    Recipe(
        "mlm",
        "continue pretraining by masked tokens or words, after a conversion if asked for",
        "masked_language_model",
        "MaskedLanguageModelConfig",
    ),
    Recipe(
        "contrastive",
        "vectors of documents or passages by questions that they answer, or by another model's",
        "contrastive",
        "ContrastiveConfig",
    ),
    Recipe("classify", "one label for a document", "classification", "ClassificationConfig"),
    Recipe("tokens", "a label for each word of a document", "tokens", "TokensConfig"),
    Recipe("sentences", "a label for each sentence of a document", "sentences", "SentencesConfig"),
    Recipe(
        "qa",
        "where in a document the answer to a question stands",
        "question_answering",
        "QuestionAnsweringConfig",
    ),
    Recipe(
        "charlm",
        "the next byte of a text, by dilated causal windows",
        "characters",
        "CharacterLanguageModelConfig",
    ),
    Recipe("choice", "which answer to a question a document bears out", "choice", "ChoiceConfig"),
)


def find_recipe(name: str) -> Recipe:
    """Find a task by its name.

    Raises
    ------
    OptionError
        There is none; the message lists them.
    """
    for recipe in RECIPES:
        if recipe.name == name:
            return recipe
    raise OptionError("TASK", name, [recipe.name for recipe in RECIPES])
