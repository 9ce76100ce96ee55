"""``contrastive``: questions and the documents or passages that answer them come to lie together.

Figures of held-out questions: ``ndcg@10`` and ``mrr@10`` of their documents, and ``loss``: nats to
tell a question's documents from all others, or how far vectors are from a teacher's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor

from vectorlong.errors import ConfigError, UnsupportedArchitectureError
from vectorlong.longformer2vec import Longformer2Vec
from vectorlong.training.candidates import Candidate, CandidateChooser, Example, together
from vectorlong.training.contrastive_loss import (
    LEFT_OUT,
    NEGATIVE,
    POSITIVE,
    ImitationLoss,
    RankingLoss,
)
from vectorlong.training.job import Draw, Job, batches, digest_of, on_device
from vectorlong.training.questions import (
    AskedQuestion,
    Documents,
    questions_bytes,
    read_questions,
)
from vectorlong.training.records import split_off
from vectorlong.training.run_folder import INDEX
from vectorlong.training.sections import (
    Config,
    DataSection,
    Help,
    NotNegative,
    Positive,
    Rate,
    TrainingSection,
)
from vectorlong.vectors import unit_rows

_DEPTH = 10


@dataclass(frozen=True, kw_only=True)
class ContrastiveData(DataSection):
    """Questions and documents."""

    train: Annotated[
        list[str],
        Help(
            "JSON lines of question and positive: the text of a document that answers it, or its\n"
            "id in the corpus. Optional: negatives, a list of such; span, [start, end], the\n"
            "characters of the positive that answer.",
            ["train.jsonl"],
        ),
    ]
    corpus: Annotated[
        list[str],
        Help("Files of every kind that `vectorlong index` reads, whose ids the questions name."),
    ] = field(default_factory=list)
    eval_documents: Annotated[
        Positive | None,
        Help(
            "Documents that held-out questions are asked of: their positives and others; all\n"
            "where not given.",
            500,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ContrastiveSection:
    """What is compared, and how."""

    vectors: Annotated[
        Literal["documents", "passages"],
        Help("What a question is compared with: a document's one vector, or its best passage's."),
    ] = "documents"
    hard_negatives: Annotated[
        NotNegative,
        Help("Near documents that do not answer, for each question, by the model before training."),
    ] = 0
    questions_per_document: Annotated[
        Positive,
        Help(
            "Questions of one document or passage that are learnt from together, for one reading\n"
            "of it. Above 1, training.batch_size counts such groups.",
        ),
    ] = 1
    scale: Annotated[Rate, Help("Cosines are multiplied with it: one over the temperature.")] = 20.0
    mini_batch_tokens: Annotated[
        Positive,
        Help("Tokens whose states are in memory at a time, however large a batch is."),
    ] = 8192
    dropout: Annotated[
        bool,
        Help("States are dropped in training, as the model's config says: half as fast on a CPU."),
    ] = False
    teacher: Annotated[
        str | None,
        Help(
            "A model of this library or of sentence-transformers whose vectors of the same texts\n"
            "are learnt, in place of the contrast.",
            "sentence-transformers/all-MiniLM-L12-v2",
        ),
    ] = None
    teacher_loss: Annotated[
        Literal["cosine", "mse"], Help("How far vectors are from the teacher's.")
    ] = "cosine"


@dataclass(frozen=True, kw_only=True)
class ContrastiveTraining(TrainingSection):
    """As for every task, with a larger batch: its other documents are what is learnt from."""

    batch_size: Annotated[
        Positive, Help("Questions whose documents are told apart; memory does not bound it.")
    ] = 32


@dataclass(frozen=True, kw_only=True)
class ContrastiveConfig(Config):
    """The file of ``vectorlong train contrastive``."""

    data: ContrastiveData
    task: ContrastiveSection = field(default_factory=ContrastiveSection)
    training: ContrastiveTraining = field(default_factory=ContrastiveTraining)


def prepare(config: ContrastiveConfig) -> Job:
    """Read questions, documents and model, and choose what is learnt from.

    Raises
    ------
    ConfigError
        The data or the model cannot be used so.
    """
    data, task, training = config.data, config.task, config.training
    questions, documents = read_questions(
        {"data.train": data.train, "data.eval": data.eval}, data.corpus
    )
    learnt, held_out = questions["data.train"], questions.get("data.eval")
    if held_out is None:
        learnt, held_out = split_off(learnt, data.eval_share, training.seed)
    encoder = _load(config)
    n_other = len(documents.texts) - max(len(each.relevant) for each in learnt)
    if task.hard_negatives > max(n_other, 0):
        raise ConfigError(
            f"task.hard_negatives={task.hard_negatives}: there are {len(documents.texts)} "
            "documents."
        )
    has_passages = task.vectors == "passages"
    folder = Path(config.output).expanduser() / INDEX
    chooser = CandidateChooser(
        encoder, documents, folder if has_passages or task.hard_negatives else None, has_passages
    )
    examples = chooser.examples(learnt, task.hard_negatives)
    evaluated = chooser.examples(held_out, 0) if task.teacher else []
    chooser.close()
    model: SentenceTransformer = encoder.as_sentence_transformer()
    groups = together(examples, task.questions_per_document)
    collate = _Collate(model, encoder.query_prompt, encoder.document_prompt)
    loss: RankingLoss | ImitationLoss = RankingLoss(model, task.scale, task.mini_batch_tokens)
    if task.teacher is not None:
        teacher = _Teacher(task.teacher, encoder.get_embedding_dimension())
        collate.learn_vectors(teacher, [*examples, *evaluated])
        loss = ImitationLoss(model, task.teacher_loss, task.mini_batch_tokens)
    searched = _searched(held_out, documents, data.eval_documents)

    def batch_loss(trained: Any, batch: dict[str, Any]) -> Tensor:
        trained.train(trained.training and task.dropout)
        return loss([batch["questions"], batch["candidates"]], batch["labels"])

    def evaluate(trained: Any) -> dict[str, float]:
        facade = trained[0].longformer2vec()
        figures = _ranking_figures(facade, held_out, searched, has_passages, task.scale)
        if evaluated:
            nats = 0.0
            for group in batches(evaluated, training.batch_size):
                batch = on_device(collate.of_examples(group), trained)
                nats += float(batch_loss(trained, batch)) * len(group)
            figures["loss"] = nats / len(evaluated)
        return figures

    return Job(
        model=model,
        examples=groups,
        collate=collate,
        evaluate=evaluate,
        metric="loss" if task.teacher else "ndcg@10",
        greater_is_better=task.teacher is None,
        save=_save,
        data_digest=digest_of(questions_bytes([*learnt, *held_out], documents)),
        loss=batch_loss,
    )


def _save(model: Any, folder: Path) -> None:
    model.save(str(folder), create_model_card=False)


def _load(config: ContrastiveConfig) -> Longformer2Vec:
    if config.model.convert_to_tokens is not None:
        raise ConfigError(
            "model.convert_to_tokens is for mlm. To train vectors of a converted model: vectorlong "
            "convert SOURCE FOLDER, and name FOLDER."
        )
    encoder = Longformer2Vec(config.model.name)
    if encoder.postprocess is not None:
        raise ConfigError(
            f"model.name={config.model.name!r}: its vectors are post-processed "
            f"({encoder.postprocess.kind}), which has no gradients and would have to be fitted "
            'anew. Save it without: Longformer2Vec(..., postprocess="none").save(folder).'
        )
    return encoder


class _Teacher:
    """Another encoder, of which vectors are learnt."""

    def __init__(self, name: str, width: int) -> None:
        try:
            self._model: Any = Longformer2Vec(name)
        except UnsupportedArchitectureError:
            self._model = SentenceTransformer(name)
        actual = self._model.get_embedding_dimension()
        if actual != width:
            raise ConfigError(
                f"task.teacher={name!r}: its vectors have width {actual}, the model's {width}."
            )

    def vectors(self, texts: Sequence[str], is_question: bool) -> np.ndarray:
        """Encode texts, float32 [n, e]."""
        encode = self._model.encode_query if is_question else self._model.encode_document
        return np.asarray(encode(list(texts), show_progress_bar=False), dtype=np.float32)


class _Collate:
    """Makes a batch: questions, all their candidates, each once, and what each pair of them is."""

    def __init__(self, model: SentenceTransformer, question: str, document: str) -> None:
        self._model = model
        self._prompts = (question, document)
        self._learnt: dict[tuple[bool, str], np.ndarray] | None = None

    def __call__(self, draws: list[Draw]) -> dict[str, Any]:
        return self.of_examples([each for draw in draws for each in draw.example])

    def learn_vectors(self, teacher: _Teacher, examples: Sequence[Example]) -> None:
        """Let batches hold the vectors that a teacher gives their texts, in place of pairs."""
        asked = dict.fromkeys(each.question.text for each in examples)
        answering = dict.fromkeys(
            candidate.own_text
            for each in examples
            for candidate in (each.positive, *each.negatives)
        )
        self._learnt = {}
        for is_question, texts in ((True, asked), (False, answering)):
            vectors = teacher.vectors(list(texts), is_question)
            self._learnt.update(
                ((is_question, text), vector) for text, vector in zip(texts, vectors, strict=True)
            )

    def of_examples(self, examples: Sequence[Example]) -> dict[str, Any]:
        """Make the batch of some examples."""
        candidates = list(
            dict.fromkeys(
                candidate for each in examples for candidate in (each.positive, *each.negatives)
            )
        )
        questions = [each.question.text for each in examples]
        return {
            "questions": self._model.preprocess(questions, prompt=self._prompts[0]),
            "candidates": self._candidate_features(candidates),
            "labels": self._labels(examples, candidates),
        }

    def _candidate_features(self, candidates: Sequence[Candidate]) -> dict[str, Any]:
        texts = [candidate.text for candidate in candidates]
        features = self._model.preprocess(texts, prompt=self._prompts[1])
        if any(candidate.tokens for candidate in candidates):
            lengths = features["attention_mask"].sum(dim=1) - features["n_prompt_tokens"]
            features["token_span"] = torch.tensor(
                [
                    candidate.tokens or (0, length)
                    for candidate, length in zip(candidates, lengths.tolist(), strict=True)
                ]
            )
        return features

    def _labels(self, examples: Sequence[Example], candidates: Sequence[Candidate]) -> Tensor:
        if self._learnt is not None:
            known = [self._learnt[True, each.question.text] for each in examples]
            known += [self._learnt[False, candidate.own_text] for candidate in candidates]
            return torch.from_numpy(np.stack(known))  # [q + c, e]
        labels = torch.full((len(examples), len(candidates)), NEGATIVE)
        for row, each in enumerate(examples):
            for column, candidate in enumerate(candidates):
                if candidate == each.positive:
                    labels[row, column] = POSITIVE
                elif (
                    candidate.document in each.question.relevant
                    or candidate.own_text == each.positive.own_text
                ):
                    labels[row, column] = LEFT_OUT
        return labels


def _searched(
    held_out: Sequence[AskedQuestion], documents: Documents, n_documents: int | None
) -> dict[str, str]:
    """Choose the documents that held-out questions are asked of: their positives, then others."""
    if n_documents is None:
        return documents.texts
    ids = dict.fromkeys(id for each in held_out for id in sorted(each.relevant))
    for id in documents.texts:
        if len(ids) >= n_documents:
            break
        ids[id] = None
    return {id: documents.texts[id] for id in ids}


def _ranking_figures(
    encoder: Longformer2Vec,
    questions: Sequence[AskedQuestion],
    documents: dict[str, str],
    has_passages: bool,
    scale: float,
) -> dict[str, float]:
    """Say how well questions find their documents by cosine."""
    asked = unit_rows(encoder.encode_query([each.text for each in questions]))  # [q, e]
    scores = np.empty((len(questions), len(documents)), dtype=np.float32)
    if has_passages:
        for column, encoding in enumerate(encoder.encode_with_passages(documents.values())):
            scores[:, column] = (asked @ unit_rows(encoding.passages.vectors).T).max(axis=1)
    else:
        scores[:] = asked @ unit_rows(encoder.encode_document(list(documents.values()))).T
    place = {id: column for column, id in enumerate(documents)}
    ndcg = mrr = nats = 0.0
    for row, each in zip(scores, questions, strict=True):
        relevant = [place[id] for id in each.relevant]
        ranked = np.argsort(-row, kind="stable")[:_DEPTH]
        gains = np.isin(ranked, relevant) / np.log2(np.arange(2, len(ranked) + 2))
        best = 1 / np.log2(np.arange(2, min(len(relevant), _DEPTH) + 2))
        ndcg += gains.sum() / best.sum()
        mrr += next((1 / (n + 1) for n, id in enumerate(ranked) if id in relevant), 0.0)
        scaled = scale * row.astype(np.float64)
        nats += np.logaddexp.reduce(scaled) - np.logaddexp.reduce(scaled[relevant])
    n = len(questions)
    return {"ndcg@10": float(ndcg / n), "mrr@10": float(mrr / n), "loss": float(nats / n)}
