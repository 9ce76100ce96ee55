"""Texts and labels in, a classifier out: the default that needs no choices."""

from __future__ import annotations

import os
from operator import attrgetter
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils import Tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from vectorlong.classify.checks import check_documents, check_known, check_labels
from vectorlong.classify.explanation import Explanation, explain_document
from vectorlong.classify.linear import VectorClassifier, check_classes, class_weights
from vectorlong.classify.model_file import read_model, write_model
from vectorlong.classify.vectorizer import LongformerVectorizer, TextEncoder, as_vectorizer
from vectorlong.errors import (
    CheckpointError,
    EncoderMismatchError,
    InputTypeError,
    ModelNotFoundError,
    OptionError,
)
from vectorlong.user_cache import MAX_VECTORS_BYTES


class DocumentClassifier(ClassifierMixin, BaseEstimator):
    """Classify whole documents by their meaning.

    A :class:`LongformerVectorizer` and a :class:`VectorClassifier`, one after the other. Encoding
    takes nearly all the time and is kept on disk; training takes seconds.

    Parameters
    ----------
    vectorizer
        What makes vectors of texts: a :class:`LongformerVectorizer`, or the name or folder of a
        model, which means ``LongformerVectorizer(name)``.
    class_weight, calibrate
        As in :class:`VectorClassifier`.

    Attributes
    ----------
    classes_
        The classes, sorted.
    vectorizer_, head_
        The two fitted parts.

    Notes
    -----
    Training is deterministic, and batch sizes change speed only.

    Examples
    --------
    >>> texts = ["The team won the match.", "A late goal decided the final.",
    ...          "Simmer the onions in butter.", "Bake the dough until golden."]
    >>> classifier = DocumentClassifier(LongformerVectorizer("minilm", cache=False))
    >>> classifier = classifier.fit(texts, ["sport", "sport", "food", "food"])
    >>> classifier.predict(["Add the garlic and stir."]).tolist()
    ['food']
    """

    def __init__(
        self,
        vectorizer: LongformerVectorizer | str | os.PathLike[str] = "minilm",
        *,
        class_weight: str | dict[Any, float] | None = "balanced",
        calibrate: bool = True,
    ) -> None:
        self.vectorizer = vectorizer
        self.class_weight = class_weight
        self.calibrate = calibrate

    def fit(self, X: Any, y: Any) -> Self:
        """Encode the texts that are not in the cache and train.

        Parameters
        ----------
        X
            The texts: a list, tuple, one-dimensional array or Series of ``str``.
        y
            Their labels, one a text: ``str``, ``int`` or ``bool``.

        Raises
        ------
        InputTypeError, InputValueError
            A text is none or empty, a label is missing, there are more texts than labels or fewer,
            one class only, or a class of one member under calibration. Nothing was encoded.
        OptionError
            An option has a value outside its choices.
        ModelNotFoundError
            The model is neither a folder, nor cached, nor reachable.
        """
        texts = check_documents(X, "X")
        targets = check_labels(y, len(texts), "y")
        check_classes(targets, calibrate=self.calibrate)
        class_weights(self.class_weight, targets)
        vectorizer = as_vectorizer(self.vectorizer)
        vectors = vectorizer.fit_transform(texts)  # [n, e]
        head = VectorClassifier(class_weight=self.class_weight, calibrate=self.calibrate)
        self.head_ = head.fit(vectors, targets)
        self.vectorizer_ = vectorizer
        self.classes_ = head.classes_
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Decision values float64 [m, n_classes]; [m] for two classes, positive for the second."""
        vectors = self._vectors(X)
        return self.head_.decision_function(vectors)

    def predict(self, X: Any) -> np.ndarray:
        """Give the most likely class of every text [m].

        Raises
        ------
        InputTypeError, InputValueError
            A text is none or empty.
        EncoderMismatchError
            The model's name leads to another encoder than the one trained with.
        """
        vectors = self._vectors(X)
        return self.head_.predict(vectors)

    @available_if(lambda self: self.calibrate)
    def predict_proba(self, X: Any) -> np.ndarray:
        """Calibrated probability of each class, float64 [m, n_classes]; there if ``calibrate``."""
        vectors = self._vectors(X)
        return self.head_.predict_proba(vectors)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Share of texts whose predicted class is the label.

        Raises
        ------
        InputValueError
            A label was not seen in training, or there are more texts than labels or fewer.
        """
        check_is_fitted(self)
        texts = check_documents(X, "X")
        targets = check_labels(y, len(texts), "y")
        check_known(targets, self.classes_)
        return float(super().score(texts, targets, sample_weight))

    def explain(self, text: str, label: Any = None, *, max_tokens: int = 128) -> Explanation:
        """Say which passages speak for a class, exactly.

        The contributions of the passages, of the special tokens and the baseline add up to the
        decision value: for two classes that of ``decision_function`` for the second class, and its
        negative for the first.

        Parameters
        ----------
        text
            The whole document.
        label
            The class to explain; the predicted one where not given.
        max_tokens
            Longest passage.

        Raises
        ------
        InputTypeError, InputValueError
            ``text`` is none, or empty.
        OptionError
            ``label`` is no class, or the encoder's vectors are not plain means of token states.
        """
        check_is_fitted(self)
        if not isinstance(text, str):
            raise InputTypeError(f"text is {type(text).__name__}; pass one text (str).")
        check_documents([text], "text")
        coef, intercept = self.head_.coef_, self.head_.intercept_  # [c, e], [c]
        if len(self.classes_) == 2:
            coef, intercept = np.concatenate([-coef, coef]), np.concatenate([-intercept, intercept])
        return explain_document(
            self.vectorizer_.fitted_encoder(),
            text,
            classes=self.classes_,
            number=None if label is None else self._number(label),
            coef=coef,
            intercept=intercept,
            mean=self.head_.mean_,
            max_tokens=max_tokens,
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted classifier to one file, without pickle and without the model's weights.

        Parameters
        ----------
        path
            A file there is replaced, in one move.

        Raises
        ------
        OptionError
            The vectorizer holds code (a callable, a post-processing step of your own), which is
            not stored.
        InputValueError
            The file cannot be written.
        MissingExtraError
            skops is not installed. Nothing is lost: install it, and save again.
        """
        check_is_fitted(self)
        write_model(self, Path(path))

    @classmethod
    def load(cls, path: str | os.PathLike[str], encoder: TextEncoder | None = None) -> Self:
        """Read what :meth:`save` wrote, and make sure the encoder is the one trained with.

        The model runs on this machine's default device, and vectors are kept in this user's cache
        (or nowhere, if so when trained).

        Parameters
        ----------
        path
            As passed to :meth:`save`. The file may come from anywhere: it is read without running
            code, and anything but the types listed in
            :data:`vectorlong.classify.model_file.TRUSTED_TYPES` is refused.
        encoder
            The encoder trained with, where the model's name does not lead to it on this machine.

        Raises
        ------
        ModelNotFoundError
            The file, or the model it names, is not there.
        EncoderMismatchError
            The encoder is not the one trained with; the message shows both fingerprints.
        CheckpointError
            The file is damaged or incomplete, holds other types, or no classifier.
        FormatVersionError
            A newer version of this library wrote it.
        MissingExtraError
            skops is not installed.
        """
        classifier = read_model(Path(path), cls)
        classifier._check_is_whole(path)
        vectorizer = classifier.vectorizer_
        # Devices and folders are this machine's, not those of the one that trained.
        cache = vectorizer.cache is not False
        vectorizer.set_params(device=None, cache=cache, max_cache_bytes=MAX_VECTORS_BYTES)
        if encoder is not None:
            vectorizer.set_params(**LongformerVectorizer(encoder, cache=cache).get_params())
        classifier.vectorizer = clone(vectorizer)
        try:
            vectorizer.fitted_encoder()
        except ModelNotFoundError as error:
            raise ModelNotFoundError(
                f"{os.fspath(path)!r} was trained with the encoder {vectorizer.model!r}, which is "
                f"not on this machine: {error} Or pass it: load(path, encoder=Longformer2Vec(...))."
            ) from error
        except EncoderMismatchError as error:
            raise EncoderMismatchError(f"{os.fspath(path)!r}: {error}") from error
        return classifier

    def _check_is_whole(self, path: str | os.PathLike[str]) -> None:
        """Refuse a classifier that was read without the parts that training gives."""
        parts = {"vectorizer_": LongformerVectorizer, "head_": VectorClassifier}
        try:
            for name, kind in parts.items():
                if not isinstance(getattr(self, name), kind):
                    raise AttributeError(f"{name} is no {kind.__name__}")
            attrgetter("classes_", "vectorizer_.fingerprint_", "vectorizer_._n_features_out")(self)
            attrgetter("classes_", "coef_", "intercept_", "mean_", "n_features_in_")(self.head_)
            self._check_shapes()
        except (AttributeError, TypeError) as error:
            raise CheckpointError(
                f"{os.fspath(path)!r} is incomplete: {error}. Restore it from a copy, or train "
                "again."
            ) from error

    def _check_shapes(self) -> None:
        """Raise an AttributeError where what was fitted does not go together."""
        head, width = self.head_, self.vectorizer_._n_features_out
        n_classes = len(self.classes_)
        n_rows = 1 if n_classes == 2 else n_classes
        shapes = {"coef_": (n_rows, width), "intercept_": (n_rows,), "mean_": (width,)}
        for name, shape in shapes.items():
            array = getattr(head, name)
            is_numbers = isinstance(array, np.ndarray) and array.dtype.kind == "f"
            if not is_numbers or array.shape != shape or not np.isfinite(array).all():
                raise AttributeError(f"{name} is not {shape} finite numbers")
        is_same = np.array_equal(np.asarray(head.classes_), np.asarray(self.classes_))
        if n_classes < 2 or not is_same or head.n_features_in_ != width:
            raise AttributeError("its classes, or its widths, are not the same everywhere")

    def _vectors(self, X: Any) -> Any:
        """Encode texts [m, e]."""
        check_is_fitted(self)
        return self.vectorizer_.transform(X)

    def _number(self, label: Any) -> int:
        """Find a class in ``classes_``."""
        classes = self.classes_.tolist()
        if label not in classes:
            raise OptionError("label", label, classes)
        return classes.index(label)

    def __sklearn_tags__(self) -> Tags:
        """Tell scikit-learn that texts come in."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        return tags
