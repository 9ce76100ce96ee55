"""The encoder as a module of sentence-transformers: its trainers, losses and ``encode`` run it.

Tokens are padded side by side there, since losses cut batches apart by rows; here they are packed
again, and run and pooled by the same lines as everywhere (:mod:`vectorlong.encoder.pipeline`).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import torch
import torch.nn.functional as F
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import InputModule

from vectorlong.dropped_tokens import warn_of_dropped
from vectorlong.encoder.finishing import finish_vectors
from vectorlong.encoder.passage_vectors import PassageVectors
from vectorlong.encoder.text_plan import TextPlan
from vectorlong.errors import InputValueError, OptionError
from vectorlong.longformer2vec import Longformer2Vec
from vectorlong.text.check import check_texts
from vectorlong.text.tokenized import TokenizedText

Features = dict[str, Any]


class LongformerModule(InputModule):
    """Texts to vectors, in one module: tokenising, encoder, pooling, length 1 where asked for.

    Parameters
    ----------
    encoder
        What is run; its weights are this module's own from now on, and change in training.

    Notes
    -----
    Features are ``input_ids`` [b, n], the tokens of prompt and text without special tokens,
    ``attention_mask`` [b, n], ``n_prompt_tokens`` [b], and ``offsets`` [b, n, 2] where global
    attention is a callable. ``token_span`` [b, 2], where given, says which of the text's own tokens
    are pooled, as late passages are; the others are their context.
    """

    save_in_root = True

    def __init__(self, encoder: Longformer2Vec) -> None:
        super().__init__()
        self._longformer2vec = encoder
        self.encoder = encoder.pipeline.encoder
        self.tokenizer: Any = encoder.tokenizer

    @property
    def max_seq_length(self) -> int | None:
        """Tokens of a text that are read; None for all."""
        encoder = self._longformer2vec
        return None if encoder.overlength == "window" else encoder.max_tokens

    def get_embedding_dimension(self) -> int:
        """Width of the vectors."""
        return self._longformer2vec.get_embedding_dimension()

    def longformer2vec(self) -> Longformer2Vec:
        """Give the facade over these weights as they are now; it shares them."""
        return self._longformer2vec.with_changed_weights()

    def gradient_checkpointing_enable(
        self, gradient_checkpointing_kwargs: dict[str, Any] | None = None
    ) -> None:
        """Keep only the layers' inputs in training, and run each layer once more for gradients."""
        self.encoder.checkpoints_layers = True

    def preprocess(
        self, inputs: Sequence[Any], prompt: str | None = None, **others: Any
    ) -> Features:
        """Tokenise whole texts.

        Parameters
        ----------
        inputs
            Texts.
        prompt
            Put before each.

        Raises
        ------
        InputTypeError, InputValueError
            An input is no text.
        """
        prompt = prompt or ""
        texts: list[TokenizedText] = self.tokenizer.encode(
            [prompt + text for text in check_texts(list(inputs))]
        )
        shape = (len(texts), max(1, *(len(text) for text in texts)))
        ids = np.zeros(shape, dtype=np.int32)
        mask = np.zeros(shape, dtype=bool)
        for row, text in enumerate(texts):
            ids[row, : len(text)] = text.ids
            mask[row, : len(text)] = True
        n_prompt = [len(text.split(len(prompt))[0]) for text in texts]
        features = {
            "input_ids": torch.from_numpy(ids),
            "attention_mask": torch.from_numpy(mask),
            "n_prompt_tokens": torch.tensor(n_prompt),
        }
        if callable(self._longformer2vec.global_attention):
            offsets = np.zeros((*shape, 2), dtype=np.int64)
            for row, text in enumerate(texts):
                places = text.split(len(prompt))[1].offsets
                if places is None:
                    return features
                offsets[row, n_prompt[row] : len(text)] = places
            features["offsets"] = torch.from_numpy(offsets)
        return features

    def forward(self, features: Features, **others: Any) -> Features:
        """Add ``sentence_embedding`` float32 [b, e], with gradients where these are enabled.

        Raises
        ------
        TextTooLongError
            A text does not fit and ``overlength`` is "error".
        OptionError
            Gradients are wanted of post-processed vectors.
        InputValueError
            A vector is not finite.
        """
        encoder = self._longformer2vec
        plans = self._plans(features)
        pooled = encoder.pipeline.pool(plans)
        warn_of_dropped([document.n_dropped_tokens for document in pooled])
        vectors = torch.stack(
            [it.vector if it.passage_vectors is None else it.passage_vectors[0] for it in pooled]
        ).float()  # [b, e]
        if not torch.is_grad_enabled():
            finished = finish_vectors(
                vectors,
                vectors.shape[1],
                postprocess=encoder.postprocess,
                truncate_dim=None,
                normalize=encoder.normalize,
                first=0,
            )
            vectors = torch.from_numpy(finished).to(vectors.device)
        elif encoder.postprocess is not None:
            raise OptionError(
                "postprocess",
                encoder.postprocess.kind,
                hint="Train the vectors before this step, and fit it anew to what comes out: "
                'Longformer2Vec(..., postprocess="none").',
            )
        elif encoder.normalize:
            vectors = F.normalize(vectors, dim=1)
        features["sentence_embedding"] = vectors
        return features

    def _plans(self, features: Features) -> list[TextPlan]:
        """Divide the texts of a batch into windows."""
        ids = features["input_ids"].cpu().numpy().astype(np.int64)  # [b, n]
        lengths = features["attention_mask"].sum(dim=1).tolist()
        offsets = features.get("offsets")
        spans = features.get("token_span")
        planner = self._longformer2vec.pipeline.planner()
        plans = []
        for row, (n_tokens, n_prompt) in enumerate(
            zip(lengths, features["n_prompt_tokens"].tolist(), strict=True)
        ):
            places = None if offsets is None else offsets[row, n_prompt:n_tokens].cpu().numpy()
            content = TokenizedText(ids[row, n_prompt:n_tokens], places)
            plan = planner.plan_tokens(row, ids[row, :n_prompt], content)
            if spans is not None:
                tokens = spans[row : row + 1].cpu().numpy()  # [1, 2]
                _check_span(tokens[0], len(plan.content), row)
                plan.late_passages = PassageVectors(tokens, plan.windows)
            plans.append(plan)
        return plans

    def save(self, output_path: str, *others: Any, **options: Any) -> None:
        """Write what ``Longformer2Vec.save`` writes."""
        self.longformer2vec().save(output_path)

    @classmethod
    def load(
        cls,
        model_name_or_path: str,
        subfolder: str = "",
        token: bool | str | None = None,
        cache_folder: str | None = None,
        revision: str | None = None,
        local_files_only: bool = False,
        init_defaults: dict[str, Any] | None = None,
        **options: Any,
    ) -> Self:
        """Read what :meth:`save` wrote.

        Raises
        ------
        OptionError
            ``model_kwargs`` are given, for which there is no use here.
        """
        if options.get("model_kwargs"):
            raise OptionError(
                "model_kwargs",
                options["model_kwargs"],
                hint="Leave it out; Longformer2Vec(folder, ...).as_sentence_transformer() takes "
                "what Longformer2Vec takes.",
            )
        folder = cls.load_dir_path(
            model_name_or_path, subfolder, token, cache_folder, revision, local_files_only
        )
        return cls(Longformer2Vec(folder or model_name_or_path, device="cpu"))


def as_sentence_transformer(encoder: Longformer2Vec) -> SentenceTransformer:
    """Copy an encoder into a ``SentenceTransformer``; see the facade's method of this name."""
    prompts = dict(encoder.prompts)
    # There a text has the prompt of exactly its kind, where here the model's default comes in.
    prompts["query"] = encoder.query_prompt
    prompts["document"] = encoder.document_prompt
    return SentenceTransformer(
        modules=[LongformerModule(copy.deepcopy(encoder))],
        device=str(encoder.device),
        prompts=prompts,
        default_prompt_name=encoder.default_prompt_name,
        similarity_fn_name="cosine",
    )


def _check_span(tokens: np.ndarray, n_tokens: int, row: int) -> None:
    first, end = tokens.tolist()
    if not 0 <= first < end <= n_tokens:
        raise InputValueError(
            f"token_span[{row}] is {first} to {end}; its text has {n_tokens} tokens of its own."
        )
