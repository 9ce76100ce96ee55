"""``Longformer2Vec`` as a scikit-learn transformer: texts in, vectors out."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, clone
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from vectorlong.checks import check_optional_count
from vectorlong.classify.checks import check_documents
from vectorlong.dropped_tokens import said_once
from vectorlong.errors import EncoderMismatchError, OptionError
from vectorlong.user_cache import MAX_VECTORS_BYTES, vectors_folder
from vectorlong.vector_cache.vector_cache import VectorCache

if TYPE_CHECKING:
    from vectorlong.encoder.options import Overlength
    from vectorlong.longformer2vec import Longformer2Vec
    from vectorlong.pooling import Pooling
    from vectorlong.postprocess import Postprocess
    from vectorlong.text.global_attention import GlobalPolicy

# The options that go to Longformer2Vec, and their defaults there.
_ENCODER_OPTIONS: dict[str, Any] = {
    "pooling": None,
    "global_attention": None,
    "max_tokens": None,
    "overlength": None,
    "normalize": None,
    "postprocess": None,
    "device": None,
    "dtype": "float32",
}


class TextEncoder(Protocol):
    """What a transformer asks of an encoder. ``vectorlong.Longformer2Vec`` is one."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the vectors would."""

    def get_embedding_dimension(self) -> int:
        """Width e of every vector."""

    def encode_document(
        self,
        inputs: list[str],
        *,
        batch_size: int | None = None,
        show_progress_bar: bool | None = None,
    ) -> np.ndarray:
        """float32 [n, e], input order kept."""


class LongformerVectorizer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Turns whole documents into vectors, within scikit-learn.

    Parameters
    ----------
    model
        What ``Longformer2Vec`` takes: a short name such as "minilm", a hub id or a folder. Or an
        encoder that is loaded already; the options below are then its own.
    pooling, global_attention, max_tokens, overlength, normalize, postprocess, device, dtype
        As in :class:`vectorlong.Longformer2Vec`: None means what the model's folder says, so that
        a folder has the vectors here that it has there.
    batch_size
        Most windows in one forward pass; changes speed and memory, not the vectors.
    cache
        Where vectors are kept on disk, so that a text is encoded once. True: in the user's cache
        folder ($VECTORLONG_CACHE, else ~/.cache/vectorlong). A folder: there. False: nowhere. The
        cache holds hashes of texts and their vectors, no texts; deleting the folder is always safe.
    max_cache_bytes
        What all vectors kept in that folder may take together; those used longest ago go first.
        None: as much as there is room for.

    Attributes
    ----------
    fingerprint_
        The encoder's fingerprint. A pickle names the model instead of carrying its weights; where
        the name leads to another encoder later on, ``transform`` refuses.

    Notes
    -----
    Clones share the encoder. Models named by a string are loaded once a process and kept while
    they are among the last two used.

    Examples
    --------
    >>> vectorizer = LongformerVectorizer("minilm", cache=False)
    >>> vectorizer.fit_transform(["One document.", "Another, of any length."]).shape
    (2, 384)
    >>> str(vectorizer.get_feature_names_out()[0])
    'longformervectorizer0'
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | TextEncoder = "minilm",
        *,
        pooling: str | tuple[str | Pooling, ...] | Pooling | None = None,
        global_attention: GlobalPolicy | None = None,
        max_tokens: int | None = None,
        overlength: Overlength | None = None,
        normalize: bool | None = None,
        postprocess: Postprocess | Literal["none"] | None = None,
        device: str | None = None,
        dtype: str = "float32",
        batch_size: int | None = None,
        cache: bool | str | os.PathLike[str] = True,
        max_cache_bytes: int | None = MAX_VECTORS_BYTES,
    ) -> None:
        self.model = model
        self.pooling = pooling
        self.global_attention = global_attention
        self.max_tokens = max_tokens
        self.overlength = overlength
        self.normalize = normalize
        self.postprocess = postprocess
        self.device = device
        self.dtype = dtype
        self.batch_size = batch_size
        self.cache = cache
        self.max_cache_bytes = max_cache_bytes

    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the texts and load the encoder; nothing is learnt from the texts.

        Parameters
        ----------
        X
            A list, tuple, one-dimensional array or Series of ``str``.
        y
            Ignored.

        Raises
        ------
        InputTypeError, InputValueError
            ``X`` is no list of texts, or a text is empty.
        OptionError
            An option has a value outside its choices.
        ModelNotFoundError
            The model is neither a folder, nor cached, nor reachable.
        EncoderMismatchError
            The vectorizer comes out of a pickle, and the name leads to another encoder than there.
        """
        check_documents(X, "X")
        if not isinstance(self.cache, bool | str | os.PathLike):
            raise OptionError("cache", self.cache, [True, False], "Or a folder.")
        check_optional_count("max_cache_bytes", self.max_cache_bytes)
        encoder = self.load_encoder()
        self._check_named(encoder)
        self.fingerprint_ = encoder.fingerprint
        self._n_features_out = encoder.get_embedding_dimension()
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Encode texts.

        Parameters
        ----------
        X
            As in :meth:`fit`.

        Returns
        -------
        numpy.ndarray
            float32 [n, e]; after ``set_output(transform="pandas")`` a DataFrame.

        Raises
        ------
        InputTypeError, InputValueError
            ``X`` is no list of texts, or a text is empty. Nothing was encoded.
        EncoderMismatchError
            The model's name leads to another encoder than the one fitted with.
        """
        check_is_fitted(self)
        return self._encode(check_documents(X, "X"))

    def fit_transform(self, X: Any, y: Any = None) -> np.ndarray:
        """Fit and encode, drawing the texts once: ``X`` may be a generator.

        Raises
        ------
        InputTypeError, InputValueError, OptionError, ModelNotFoundError
            As :meth:`fit`.
        """
        texts = check_documents(X, "X")
        return self.fit(texts)._encode(texts)

    def _encode(self, texts: list[str]) -> np.ndarray:
        """Encode checked texts [n, e], those that are not in the cache."""
        encoder = self.fitted_encoder()

        def encode(part: list[str]) -> np.ndarray:
            return encoder.encode_document(
                part,
                batch_size=self.batch_size,
                show_progress_bar=None if self.cache is False else False,
            )

        if self.cache is False:
            return encode(texts)
        # The fingerprint leaves it out, since it changes rounding only.
        dtype = getattr(encoder, "dtype", "float32")
        cache = VectorCache(
            vectors_folder() if self.cache is True else self.cache,
            f"{self.fingerprint_}-{dtype}",
            self._n_features_out,
            max_bytes=self.max_cache_bytes,
            model=getattr(encoder, "model_name", None),
        )
        with said_once():
            return cache.encode(texts, encode)

    def load_encoder(self) -> TextEncoder:
        """Give the encoder, loading the model where it is named by a string.

        Raises
        ------
        OptionError
            An option has a value outside its choices, or comes beside an encoder.
        ModelNotFoundError, CheckpointError
            The model cannot be found or used.
        """
        options = {name: getattr(self, name) for name in _ENCODER_OPTIONS}
        if isinstance(self.model, str | os.PathLike):
            pooling = options["pooling"]
            options["pooling"] = tuple(pooling) if isinstance(pooling, list) else pooling
            name = os.fspath(self.model)
            try:
                hash(tuple(options.values()))
            except TypeError:  # code that cannot be kept by its value, or no option at all
                return _load.__wrapped__(name, None, **options)
            return _load(name, _stamp(self.model), **options)
        if not all(hasattr(self.model, name) for name in ("encode_document", "fingerprint")):
            raise OptionError(
                "model", self.model, hint="Pass a model's name, a folder, or a Longformer2Vec."
            )
        for name, default in _ENCODER_OPTIONS.items():
            if options[name] != default:
                raise OptionError(
                    name, options[name], hint="model is an encoder already; give the option to it."
                )
        return self.model

    def _check_named(self, encoder: TextEncoder) -> None:
        """Make sure that name and options lead to the encoder that they stood for in a pickle."""
        if not hasattr(self, "_named"):
            return
        fingerprint, parameters = self._named
        # Other parameters than those were asked for since, and may lead elsewhere.
        is_as_named = all(getattr(self, name) == value for name, value in parameters.items())
        if is_as_named and encoder.fingerprint != fingerprint:
            raise EncoderMismatchError(
                f"Pickled with the encoder {fingerprint}, but {str(self.model)!r} is "
                f"{encoder.fingerprint}. Prompts set by hand and a revision are not carried along, "
                "and the model may have changed since: save the encoder, and pass its folder."
            )

    def fitted_encoder(self) -> TextEncoder:
        """Give the encoder, after making sure that it is the one fitted with.

        Raises
        ------
        EncoderMismatchError
            It is another; the message shows both fingerprints.
        OptionError, ModelNotFoundError, CheckpointError
            As :meth:`load_encoder`.
        """
        check_is_fitted(self)
        encoder = self.load_encoder()
        if encoder.fingerprint != self.fingerprint_:
            name = getattr(self.model, "model_name", self.model)
            raise EncoderMismatchError(
                f"Fitted with the encoder {self.fingerprint_}, but {str(name)!r} is "
                f"{encoder.fingerprint}. Restore the model, or fit again."
            )
        return encoder

    def __getstate__(self) -> dict[str, Any]:
        """Leave the weights out: name the model and its options instead."""
        state = {**super().__getstate__(), **_by_name(self.model)}
        for name in ("model", "cache"):
            if isinstance(state[name], os.PathLike):
                state[name] = os.fspath(state[name])
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take pickles of before: without a limit, and with other defaults beside an encoder."""
        super().__setstate__({"max_cache_bytes": MAX_VECTORS_BYTES, **state})
        if not isinstance(self.model, str):
            self.overlength = None if self.overlength == "window" else self.overlength
            self.normalize = self.normalize or None

    def __sklearn_clone__(self) -> Self:
        """Share what is fitted: scikit-learn would copy an encoder, and unfit a whitener."""
        stand_in = object.__new__(type(self))
        stand_in.__dict__.update(self.__dict__, model=None, postprocess=None)
        twin: Self = super(LongformerVectorizer, stand_in).__sklearn_clone__()
        twin.model, twin.postprocess = self.model, self.postprocess
        if hasattr(self, "_named"):
            twin._named = self._named
        return twin

    def __sklearn_tags__(self) -> Tags:
        """Tell scikit-learn that texts come in and float32 goes out."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.transformer_tags.preserves_dtype = []
        return tags


@functools.lru_cache(maxsize=2)
def _load(model: str, stamp: object, **options: Any) -> Longformer2Vec:
    """Load a model once a process; ``stamp`` tells a folder's content from a later one."""
    from vectorlong.longformer2vec import Longformer2Vec

    return Longformer2Vec(model, **options)


def _stamp(model: str | os.PathLike[str]) -> tuple[tuple[str, int, int], ...]:
    """Tell versions of a model folder apart, without reading it."""
    folder = Path(model)
    if not folder.is_dir():
        return ()
    facts = ((path.name, path.stat()) for path in sorted(folder.iterdir()))
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in facts)


def _by_name(model: object) -> dict[str, Any]:
    """Describe a loaded encoder by the parameters that load it again; nothing for others."""
    if isinstance(model, str | os.PathLike):
        return {}
    from vectorlong.longformer2vec import Longformer2Vec

    if not isinstance(model, Longformer2Vec):
        return {}
    parameters = {
        "model": model.model_name,
        "pooling": tuple(model.pooling.name.split("+")),
        "global_attention": model.global_attention,
        "max_tokens": model.max_tokens,
        "overlength": model.overlength,
        "normalize": model.normalize,
        "postprocess": model.postprocess or "none",
    }
    return {
        **parameters,
        "device": str(model.device),
        "dtype": model.dtype,
        # What these are to lead to, and the parameters that matter for it.
        "_named": (model.fingerprint, parameters),
    }


def as_vectorizer(vectorizer: object) -> LongformerVectorizer:
    """Give an unfitted copy of a vectorizer, or the default one for a model's name.

    Raises
    ------
    OptionError
        It is neither.
    """
    if isinstance(vectorizer, LongformerVectorizer):
        return clone(vectorizer)
    if isinstance(vectorizer, str | os.PathLike):
        return LongformerVectorizer(vectorizer)
    raise OptionError(
        "vectorizer",
        vectorizer,
        hint="Pass a LongformerVectorizer or a model's name; for an encoder, "
        "LongformerVectorizer(encoder).",
    )
