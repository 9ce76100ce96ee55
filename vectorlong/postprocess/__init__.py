"""What is done to finished vectors: normalise, whiten, truncate, quantise.

NumPy only. A step is fitted once, then applied to any number of vectors; it saves itself as one
file without pickle. Steps know nothing of texts or models.
"""

from vectorlong.postprocess.quantization import Precision, quantize
from vectorlong.postprocess.step import Postprocess, load_postprocess
from vectorlong.postprocess.steps import Chain, Normalize, Truncate
from vectorlong.postprocess.whitening import Whitening
from vectorlong.vectors import check_vectors

__all__ = [
    "Chain",
    "Normalize",
    "Postprocess",
    "Precision",
    "Truncate",
    "Whitening",
    "check_vectors",
    "load_postprocess",
    "quantize",
]
