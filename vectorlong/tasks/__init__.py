"""Heads for tasks, in the style of ``transformers``, on this library's core."""

from vectorlong.tasks.character_language_model import (
    CharacterConfig,
    LongformerForCharacterLanguageModeling,
)
from vectorlong.tasks.fill_mask import Filling, FillMask
from vectorlong.tasks.loading import load_head
from vectorlong.tasks.question_answering import Answer, Answers, QuestionAnswerer
from vectorlong.tasks.sentence_windows import cut_sentences, sentence_windows
from vectorlong.tasks.sequential_sentences import (
    LongformerForSequentialSentenceClassification,
    SentenceLabels,
    label_sentences,
)

__all__ = [
    "Answer",
    "Answers",
    "CharacterConfig",
    "FillMask",
    "Filling",
    "LongformerForCharacterLanguageModeling",
    "LongformerForSequentialSentenceClassification",
    "QuestionAnswerer",
    "SentenceLabels",
    "cut_sentences",
    "label_sentences",
    "load_head",
    "sentence_windows",
]
