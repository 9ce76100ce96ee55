"""The facade: whole documents in, vectors out.

Options are checked here, once; the work is done by :mod:`vectorlong.encoder.pipeline`.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack, overload

import numpy as np
import torch
from torch import Tensor

from vectorlong.attention.dispatch import Case, choose_backend
from vectorlong.checks import check_optional_count
from vectorlong.documents import DocumentEncoding, PassageSpec
from vectorlong.dropped_tokens import warn_of_dropped
from vectorlong.encoder.checkpoint import weights_digest
from vectorlong.encoder.finishing import finish_vectors
from vectorlong.encoder.loading import load_model
from vectorlong.encoder.options import (
    Overlength,
    check_device,
    check_max_tokens,
    check_model,
    check_normalize,
    check_overlength,
    check_postprocess,
)
from vectorlong.encoder.parallel import encode_in_processes
from vectorlong.encoder.pipeline import Pipeline
from vectorlong.encoder.precision import DTYPES, check_dtype, choose_dtype
from vectorlong.encoder.profiles import DEFAULT_MODEL
from vectorlong.encoder.prompts import DOCUMENT_PROMPTS, choose_prompt
from vectorlong.encoder.saving import save_model, saved_postprocess
from vectorlong.encoder.settings import Settings
from vectorlong.encoder.with_passages import encode_with_passages
from vectorlong.errors import (
    InputTypeError,
    InputValueError,
    ModelNotFoundError,
    OptionError,
    shown,
)
from vectorlong.extras import import_extra
from vectorlong.pooling import Pooling, resolve_pooling
from vectorlong.postprocess import Postprocess
from vectorlong.progress import progress_bar
from vectorlong.text.check import check_container, check_texts
from vectorlong.text.global_attention import GlobalPolicy, check_policy, policy_fingerprint
from vectorlong.text.tokenizer import TextTokenizer
from vectorlong.vectors import unit_rows


class _EncodeOptions(TypedDict, total=False):
    """What `Longformer2Vec.encode` takes beside what decides the type of its answer."""

    prompt: str | None
    prompt_name: str | None
    batch_size: int | None
    max_batch_tokens: int | None
    show_progress_bar: bool | None
    convert_to_numpy: bool
    normalize_embeddings: bool | None
    truncate_dim: int | None
    n_processes: int | None


class Longformer2Vec:
    """Turns whole documents into vectors.

    Parameters
    ----------
    model
        A hub id, a local folder, or a known short name: "longformer-base", "longformer-large",
        "longformer-mini", "longformer-zh", "minilm" (the small English model that comes from PyPI),
        "multilingual" (one for 100 languages that does, too).
    pooling
        A registered name ("cls", "mean", "max", "mean_sqrt_len", "weighted_mean", "last"), a tuple
        of names whose vectors are concatenated, or a ``Pooling``. Where neither this nor the folder
        says: "mean".
    global_attention
        Which tokens attend to all others: "none", "cls", "separators", "question", or a callable
        ``(token_ids, special_ids, offsets) -> bool mask``. Where nothing says: "cls".
    max_tokens
        Longest window, special tokens included. Where nothing says: the checkpoint's limit.
    overlength
        What happens to a longer text. "window": strided windows, every token pooled exactly once,
        from the window where it has most context. "truncate": cut, with a warning that counts what
        was dropped. "error": refused. Where nothing says: "window".
    normalize
        Give vectors of length 1. Where nothing says: False.
    postprocess
        A step applied to all vectors (whitening, truncation; see :mod:`vectorlong.postprocess`), or
        "none": no step, even if the folder has one.
    device
        "cpu", "cuda", "cuda:1", ...; the GPU if there is one where not given.
    dtype
        What the model computes in: "float32", "bfloat16", "float16", or "auto" for the fastest
        whose cosine to float32 stays at least 0.9999 on a probe text. Vectors are float32.
    attention
        "auto" or the name of an attention backend.
    revision
        Branch, tag or commit on the hub.
    local_files_only
        Use the hub's cache and never the network.
    cache_dir
        Where the hub's cache, or for an embedded model the converted one, is kept.

    Raises
    ------
    ModelNotFoundError
        The model is neither a folder, nor cached, nor reachable.
    CheckpointError
        The folder is incomplete or damaged, or of another architecture.
    OptionError
        An option has a value outside its choices.

    Notes
    -----
    A folder that :meth:`save` or ``convert`` wrote says how its vectors are made, and what is not
    given here is as it says: pooling, global attention, max_tokens, overlength, normalize and
    postprocess, beside its prompts and passages. So the same folder gives the same vectors and the
    same fingerprint everywhere. A value given here counts for more than the folder's. Device, dtype
    and attention backend are this machine's, and no folder says them.

    The empty string and white space have a defined vector: that of the special tokens alone.

    Examples
    --------
    >>> encoder = Longformer2Vec("minilm")
    >>> encoder.encode("A whole document.").shape
    (384,)
    >>> encoder.encode(["One document.", "Another, of any length."]).shape
    (2, 384)
    """

    def __init__(
        self,
        model: str | os.PathLike[str] = DEFAULT_MODEL,
        *,
        pooling: str | tuple[str | Pooling, ...] | Pooling | None = None,
        global_attention: GlobalPolicy | None = None,
        max_tokens: int | None = None,
        overlength: Overlength | None = None,
        normalize: bool | None = None,
        postprocess: Postprocess | Literal["none"] | None = None,
        device: str | torch.device | None = None,
        dtype: str = "float32",
        attention: str = "auto",
        revision: str | None = None,
        local_files_only: bool = False,
        cache_dir: str | os.PathLike[str] | None = None,
    ) -> None:
        check_model(model)
        check_dtype(dtype)
        if overlength is not None:
            check_overlength(overlength)
        check_optional_count("max_tokens", max_tokens)
        check_normalize(normalize)
        check_postprocess(postprocess)
        self.device = check_device(device)
        choose_backend(attention, Case(self.device, DTYPES.get(dtype, torch.float32)))
        if pooling is not None:
            pooling = resolve_pooling(pooling)
        if global_attention is not None:
            check_policy(global_attention)
        loaded = load_model(
            model,
            attention=attention,
            revision=revision,
            local_files_only=local_files_only,
            cache_dir=cache_dir,
        )
        settings = loaded.settings
        self.model_name = loaded.name
        encoder = loaded.encoder.to(self.device)
        self.dtype = choose_dtype(encoder, loaded.tokenizer) if dtype == "auto" else dtype
        self.normalize = bool(settings.normalize if normalize is None else normalize)
        if postprocess is None:
            postprocess = saved_postprocess(loaded.folder, settings)
        self.postprocess = None if isinstance(postprocess, str) else postprocess
        self.prompts = dict(settings.prompts)
        self.default_prompt_name = settings.default_prompt_name
        # Taken before weights are rounded: the fingerprint is the model's, whatever the dtype.
        self._weights_digest = None if self.dtype == "float32" else weights_digest(encoder)
        self._pipeline = Pipeline(
            encoder.to(DTYPES[self.dtype]),
            loaded.tokenizer,
            pooling=pooling or resolve_pooling(settings.pooling or "mean"),
            global_attention=check_policy(global_attention or settings.global_attention or "cls"),
            max_tokens=check_max_tokens(
                max_tokens or settings.max_tokens, loaded.max_tokens, loaded.tokenizer.n_special
            ),
            overlength=overlength or settings.overlength or "window",
        )
        self.default_passages = _default_passages(loaded.passages, self._pipeline.pooling)

    # --- encoding --------------------------------------------------------------------------------

    @overload
    def encode(
        self,
        inputs: str | Sequence[str],
        *,
        convert_to_tensor: Literal[False] = False,
        **options: Unpack[_EncodeOptions],
    ) -> np.ndarray: ...

    @overload
    def encode(
        self,
        inputs: str | Sequence[str],
        *,
        convert_to_tensor: Literal[True],
        **options: Unpack[_EncodeOptions],
    ) -> Tensor: ...

    def encode(
        self,
        inputs: str | Sequence[str],
        *,
        prompt: str | None = None,
        prompt_name: str | None = None,
        batch_size: int | None = None,
        max_batch_tokens: int | None = None,
        show_progress_bar: bool | None = None,
        convert_to_numpy: bool = True,
        convert_to_tensor: bool = False,
        normalize_embeddings: bool | None = None,
        truncate_dim: int | None = None,
        n_processes: int | None = None,
    ) -> np.ndarray | Tensor:
        """Encode one text or many.

        Parameters
        ----------
        inputs
            A text, or an ordered collection of texts (list, tuple, array, Series).
        prompt
            Put before every text; the model's default prompt, if it has one, where not given.
        prompt_name
            Name of one of the model's ``prompts``, in place of ``prompt``.
        batch_size
            Most windows in one forward pass; no limit where not given.
        max_batch_tokens
            Most tokens in one forward pass; the device's default where not given. A vector does not
            depend on it.
        show_progress_bar
            True or False; None shows one on a terminal when the work takes long.
        convert_to_numpy
            True, as code written for sentence-transformers says. A list of tensors is not given.
        convert_to_tensor
            Give a torch tensor on the model's device instead of a NumPy array.
        normalize_embeddings
            Overrides ``normalize``.
        truncate_dim
            Keep only the first dimensions.
        n_processes
            Share the work among this many processes (weights in shared memory, each with its part
            of the threads or its own GPU). Pays from some thousand texts on many cores; a script
            that uses it needs the usual ``if __name__ == "__main__"``.

        Returns
        -------
        numpy.ndarray or Tensor
            float32 [e] for a text, [n, e] for a collection, in its order; [0, e] for an empty one.

        Raises
        ------
        InputTypeError, InputValueError
            An input is not a text; the message names it. Nothing was encoded.
        TextTooLongError
            A text does not fit and ``overlength`` is "error".
        OptionError
            An option has a value outside its choices, such as a ``prompt_name`` that the model does
            not have. Nothing was encoded.

        Examples
        --------
        >>> Longformer2Vec("minilm").encode(["a", "b"], truncate_dim=64).shape
        (2, 64)
        """
        n_processes = check_optional_count("n_processes", n_processes)
        truncate_dim = self._check_truncate_dim(truncate_dim)
        if not (convert_to_numpy or convert_to_tensor):
            hint = "Vectors come as one array; pass convert_to_tensor=True for one tensor."
            raise OptionError("convert_to_numpy", convert_to_numpy, hint=hint)
        texts = check_texts(inputs)
        options: dict[str, Any] = {
            "prompt": self._prompt(prompt, prompt_name),
            "batch_size": check_optional_count("batch_size", batch_size),
            "max_batch_tokens": check_optional_count("max_batch_tokens", max_batch_tokens),
        }
        with progress_bar(sum(map(len, texts)), "char", "Encoding", show_progress_bar) as progress:
            options["on_progress"] = progress.update
            if n_processes is not None and n_processes > 1 and len(texts) > 1:
                n_processes = min(n_processes, len(texts))
                pooled = encode_in_processes(self._pipeline, texts, n_processes, **options)
            else:
                pooled = list(self._pipeline.encode(texts, **options))
        warn_of_dropped([document.n_dropped_tokens for document in pooled])
        vectors = self._finish(
            [document.vector for document in pooled],
            normalize=normalize_embeddings,
            truncate_dim=truncate_dim,
        )
        if isinstance(inputs, str):
            vectors = vectors[0]  # [e]
        return torch.from_numpy(vectors).to(self.device) if convert_to_tensor else vectors

    @overload
    def encode_query(
        self,
        inputs: str | Sequence[str],
        *,
        convert_to_tensor: Literal[False] = False,
        **options: Unpack[_EncodeOptions],
    ) -> np.ndarray: ...

    @overload
    def encode_query(
        self,
        inputs: str | Sequence[str],
        *,
        convert_to_tensor: Literal[True],
        **options: Unpack[_EncodeOptions],
    ) -> Tensor: ...

    def encode_query(
        self,
        inputs: str | Sequence[str],
        *,
        prompt: str | None = None,
        prompt_name: str | None = None,
        **options: Any,
    ) -> np.ndarray | Tensor:
        """Encode questions: :meth:`encode` with the model's prompt for queries, if it has one."""
        prompt = self._prompt(prompt, prompt_name, "query")
        return self.encode(inputs, prompt=prompt, **options)

    @overload
    def encode_document(
        self,
        inputs: str | Sequence[str],
        *,
        convert_to_tensor: Literal[False] = False,
        **options: Unpack[_EncodeOptions],
    ) -> np.ndarray: ...

    @overload
    def encode_document(
        self,
        inputs: str | Sequence[str],
        *,
        convert_to_tensor: Literal[True],
        **options: Unpack[_EncodeOptions],
    ) -> Tensor: ...

    def encode_document(
        self,
        inputs: str | Sequence[str],
        *,
        prompt: str | None = None,
        prompt_name: str | None = None,
        **options: Any,
    ) -> np.ndarray | Tensor:
        """Encode documents: :meth:`encode` with the model's prompt for documents, if it has one."""
        prompt = self._prompt(prompt, prompt_name, *DOCUMENT_PROMPTS)
        return self.encode(inputs, prompt=prompt, **options)

    def bulk_encode(self, texts: Sequence[str]) -> np.ndarray:
        """Encode many texts: vectorhub's name for :meth:`encode`, and the same vectors.

        Returns
        -------
        numpy.ndarray
            float32 [n, e].
        """
        return self.encode(texts)

    def encode_with_passages(
        self,
        texts: Iterable[str],
        passages: PassageSpec | None = None,
        *,
        prompt: str | None = None,
        prompt_name: str | None = None,
        batch_size: int | None = None,
        max_batch_tokens: int | None = None,
        show_progress_bar: bool | None = None,
    ) -> Iterator[DocumentEncoding]:
        """Encode documents together with their passages.

        Parameters
        ----------
        texts
            Any iterable; it is taken in groups, so a stream of any size needs bounded memory.
        passages
            How to cut; ``default_passages`` where not given.
        prompt
            Put before every text; the model's prompt for documents where not given.
        prompt_name, batch_size, max_batch_tokens, show_progress_bar
            As in :meth:`encode`.

        Yields
        ------
        DocumentEncoding
            One a text, in order. Passage spans are character offsets into the text:
            ``text[start:end]`` is the passage.

        Raises
        ------
        InputTypeError, InputValueError
            ``passages`` is no PassageSpec, or a text is none. Texts are drawn in groups ahead of
            the results; the error comes before the results of its group.
        OptionError
            Late passages were asked of a pooling that reads only the window's first token, or an
            option has a value outside its choices.

        Examples
        --------
        >>> encoder = Longformer2Vec("minilm")
        >>> text = "First sentence. Second sentence."
        >>> encoding = next(encoder.encode_with_passages([text], PassageSpec(max_tokens=4)))
        >>> [text[start:end] for start, end in encoding.passages.spans]
        ['First sentence. ', 'Second sentence.']
        """
        spec = self.default_passages if passages is None else passages
        if not isinstance(spec, PassageSpec):
            raise InputTypeError(
                f"passages is {shown(spec)} ({type(spec).__name__}); pass how to cut, such as "
                "PassageSpec(max_tokens=128), or None for the model's own way."
            )
        if spec != _default_passages(spec, self._pipeline.pooling):
            raise OptionError(
                "method",
                spec.method,
                ["independent"],
                f"Late passages are pooled from their own tokens, which "
                f"pooling={self.pooling.name!r} does not read.",
            )
        options: dict[str, Any] = {
            "prompt": self._prompt(prompt, prompt_name, *DOCUMENT_PROMPTS),
            "batch_size": check_optional_count("batch_size", batch_size),
            "max_batch_tokens": check_optional_count("max_batch_tokens", max_batch_tokens),
        }
        if isinstance(texts, str):
            texts = [texts]
        check_container(texts, "texts")
        return encode_with_passages(
            self._pipeline, texts, spec, self._finish, show_progress_bar, **options
        )

    def encode_documents(
        self, texts: Iterable[str], passages: PassageSpec | None = None, **options: Any
    ) -> Iterator[DocumentEncoding]:
        """Do what :meth:`encode_with_passages` does, under its former name, for one version more.

        That name differs by a letter from :meth:`encode_document`, which returns something else.
        """
        warnings.warn(
            "encode_documents is called encode_with_passages now; the former name will be removed "
            "in the next version.",
            DeprecationWarning,
            stacklevel=2,
        )
        return self.encode_with_passages(texts, passages, **options)

    def _finish(
        self,
        vectors: Sequence[Tensor] | Tensor,
        first: int = 0,
        normalize: bool | None = None,
        truncate_dim: int | None = None,
    ) -> np.ndarray:
        """Make float32 [n, e'] of pooled vectors [e], as the options say."""
        return finish_vectors(
            vectors,
            self._pooled_width(),
            postprocess=self.postprocess,
            truncate_dim=truncate_dim,
            normalize=self.normalize if normalize is None else normalize,
            first=first,
        )

    def _check_truncate_dim(self, truncate_dim: int | None) -> int | None:
        truncate_dim = check_optional_count("truncate_dim", truncate_dim)
        width = self.get_embedding_dimension()
        if truncate_dim is not None and truncate_dim > width:
            raise OptionError("truncate_dim", truncate_dim, hint=f"Pass 1 to {width}.")
        return truncate_dim

    def _prompt(self, prompt: str | None, prompt_name: str | None, *names: str) -> str:
        """Give the caller's prompt, else the first the model has under these names, else ""."""
        return choose_prompt(self.prompts, self.default_prompt_name, prompt, prompt_name, names)

    # --- what the encoder is ---------------------------------------------------------------------

    @property
    def pooling(self) -> Pooling:
        """How token states become a vector."""
        return self._pipeline.pooling

    @property
    def global_attention(self) -> GlobalPolicy:
        """Which tokens attend to all others."""
        return self._pipeline.global_attention

    @property
    def max_tokens(self) -> int:
        """Longest window in tokens, special tokens included."""
        return self._pipeline.max_tokens

    @property
    def overlength(self) -> Overlength:
        """What happens to a text longer than a window."""
        return self._pipeline.overlength

    @property
    def tokenizer(self) -> TextTokenizer:
        """The model's tokenizer."""
        return self._pipeline.tokenizer

    @property
    def document_prompt(self) -> str:
        """What is put before every document where no prompt is given; "" if nothing is."""
        return self._prompt(None, None, *DOCUMENT_PROMPTS)

    @property
    def query_prompt(self) -> str:
        """What is put before every question where no prompt is given; "" if nothing is."""
        return self._prompt(None, None, "query")

    @property
    def vector_length(self) -> int:
        """Width of the vectors, under vectorhub's name."""
        return self.get_embedding_dimension()

    def get_embedding_dimension(self) -> int:
        """Width of the vectors, after post-processing."""
        width = self._pooled_width()
        return width if self.postprocess is None else self.postprocess.width(width)

    def _pooled_width(self) -> int:
        return self.pooling.width(self._pipeline.encoder.config.hidden_width)

    @property
    def fingerprint(self) -> str:
        """What determines the vectors, hashed: equal fingerprints give comparable vectors.

        Covers weights, tokenizer, pooling, global attention, window, prompts and post-processing;
        not the device, the dtype or the batch size, which change only rounding.
        """
        if self._weights_digest is None:
            self._weights_digest = weights_digest(self._pipeline.encoder)
        facts = {
            "weights": self._weights_digest,
            "tokenizer": self.tokenizer.fingerprint,
            "pooling": self.pooling.fingerprint,
            "global_attention": policy_fingerprint(self.global_attention),
            "max_tokens": self.max_tokens,
            "overlength": self.overlength,
            "normalize": self.normalize,
            "prompts": [self.prompts, self.default_prompt_name],
            "postprocess": self.postprocess.fingerprint if self.postprocess else None,
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def similarity(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Cosine of every row of ``a`` with every row of ``b``.

        Parameters
        ----------
        a, b
            float32 [n, e] and [m, e]; a single vector [e] counts as one row.

        Returns
        -------
        numpy.ndarray
            float32 [n, m].

        Examples
        --------
        >>> encoder = Longformer2Vec("minilm")
        >>> encoder.similarity(np.array([1.0, 0.0]), np.array([[1.0, 0.0], [0.0, 1.0]]))
        array([[1., 0.]], dtype=float32)
        """
        rows = [np.atleast_2d(np.asarray(side, dtype=np.float32)) for side in (a, b)]
        if rows[0].shape[1] != rows[1].shape[1]:
            raise InputValueError(
                f"a has width {rows[0].shape[1]} and b {rows[1].shape[1]}; both must come from the "
                "same encoder."
            )
        return unit_rows(rows[0]) @ unit_rows(rows[1]).T

    # --- other libraries -------------------------------------------------------------------------

    @property
    def pipeline(self) -> Pipeline:
        """What runs the model; for integrations with other libraries."""
        return self._pipeline

    def with_changed_weights(self) -> Longformer2Vec:
        """Give an encoder that shares the weights, after somebody changed them in place."""
        changed = copy.copy(self)
        changed._weights_digest = None
        changed.device = next(self._pipeline.encoder.parameters()).device
        return changed

    def as_sentence_transformer(self) -> Any:
        """Copy this encoder into a ``SentenceTransformer``, to train it or use it there.

        Returns
        -------
        sentence_transformers.SentenceTransformer
            Its ``encode``, ``encode_query`` and ``encode_document`` give these vectors, with the
            same prompts; whole texts are read, in windows where they are long. What it saves loads
            in ``SentenceTransformer(folder)`` and in ``Longformer2Vec(folder)``.

        Raises
        ------
        MissingExtraError
            sentence-transformers is not installed.

        Examples
        --------
        >>> model = Longformer2Vec("minilm").as_sentence_transformer()
        >>> model.encode(["A whole document."]).shape
        (1, 384)
        """
        name = "vectorlong.integrations.sentence_transformers"
        return import_extra("sentence-transformers", name).as_sentence_transformer(self)

    # --- keeping it ------------------------------------------------------------------------------

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the model and every option of its vectors, for plain ``transformers``, too.

        Parameters
        ----------
        folder
            Made if missing; a model in it is replaced, other files in it are left alone.

        Raises
        ------
        OptionError
            ``global_attention`` or ``pooling`` is code, which is not stored; or the weights are
            rounded to another dtype than float32.
        """
        if self.dtype != "float32":
            raise OptionError(
                "dtype", self.dtype, hint="Its weights are rounded; save a float32 encoder instead."
            )
        save_model(
            Path(folder),
            self._pipeline,
            self.postprocess,
            Settings(
                normalize=self.normalize,
                prompts=self.prompts,
                default_prompt_name=self.default_prompt_name,
                passages=self.default_passages,
                source=self.model_name,
            ),
        )

    @classmethod
    def load(
        cls,
        folder: str | os.PathLike[str],
        *,
        device: str | torch.device | None = None,
        dtype: str = "float32",
        attention: str = "auto",
    ) -> Longformer2Vec:
        """Read what :meth:`save` wrote: ``Longformer2Vec(folder)``, which never asks a hub.

        Parameters
        ----------
        folder
            As passed to :meth:`save`.
        device, dtype, attention
            As in the constructor.

        Raises
        ------
        ModelNotFoundError
            There is no such folder.
        CheckpointError
            The folder is incomplete or damaged.
        """
        path = Path(folder)
        if not path.is_dir():
            raise ModelNotFoundError(f"{str(path)!r} is not a folder; pass one that save() wrote.")
        return cls(path, device=device, dtype=dtype, attention=attention)

    def __repr__(self) -> str:
        return (
            f"Longformer2Vec({self.model_name!r}, pooling={self.pooling.name!r}, "
            f"max_tokens={self.max_tokens}, device='{self.device}', dtype={self.dtype!r})"
        )


def _default_passages(spec: PassageSpec, pooling: Pooling) -> PassageSpec:
    """Make passages independent where the pooling cannot pool a stretch of tokens."""
    return spec if pooling.pools_any_tokens else replace(spec, method="independent")
