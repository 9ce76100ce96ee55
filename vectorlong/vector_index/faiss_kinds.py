"""The kinds of FAISS index there are to choose from, and how each is made, trained and widened.

A kind is a name of this library or any string FAISS's ``index_factory`` takes. Every kind but
``flat`` is approximate in where it looks; compressed kinds are approximate in distances as well,
which exact re-ranking undoes. Nothing here searches. (FAISS's type stubs leave out much of what it
has, hence the ignored types.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

import faiss
import numpy as np

from vectorlong.errors import OptionError

Metric = Literal["cosine", "inner_product", "l2"]

# Up to this many rows exact search answers in milliseconds and needs no training; see
# docs/retrieval.md for the figures.
EXACT_UP_TO = 50_000
AUTO_KIND = "ivf-sq8"
_MAX_TRAINING_ROWS_PER_LIST = 64
_MIN_TRAINING_ROWS_PER_LIST = 39  # FAISS's own lower limit for k-means, below which it warns
_MIN_TRAINING_ROWS = 2048


@dataclass(frozen=True)
class Kind:
    """One kind of index.

    Attributes
    ----------
    name
        As the user wrote it.
    factory
        FAISS's name for it; ``{lists}``, ``{dim}`` and ``{parts}`` are filled in. None: exact.
    stores_exact
        Whether its own distances are exact, so that re-ranking would change nothing.
    needs_l2
        Whether FAISS has it for L2 only; cosine then uses L2 on vectors of length 1, which ranks
        alike.
    """

    name: str
    factory: str | None
    stores_exact: bool = False
    needs_l2: bool = False


KINDS = {
    kind.name: kind
    for kind in (
        Kind("flat", None, stores_exact=True),
        Kind("hnsw", "HNSW32,Flat", stores_exact=True),
        Kind("ivf", "IVF{lists},Flat", stores_exact=True),
        Kind("ivf-sq8", "IVF{lists},SQ8"),
        # np: no polysemous codes, which nothing here uses and whose training takes minutes.
        Kind("ivfpq", "IVF{lists},PQ{parts}np"),
        Kind("rabitq", "RR{dim},RaBitQ"),
        Kind("rabitq-fs", "RR{dim},RaBitQfs"),
        Kind("ivf-rabitq", "RR{dim},IVF{lists},RaBitQ"),
        Kind("ivf-rabitq-fs", "RR{dim},IVF{lists},RaBitQfs"),
        Kind("hnsw-rabitq", "HNSW32,RaBitQ4", needs_l2=True),
    )
}


def check_metric(metric: str) -> Metric:
    """Return the metric, if there is one of that name."""
    if metric not in get_args(Metric):
        raise OptionError("metric", metric, get_args(Metric))
    return cast("Metric", metric)


def check_kind(name: str, dim: int, metric: Metric) -> str:
    """Return the kind's name, if FAISS can make it for this width and metric.

    Raises
    ------
    OptionError
        It is neither ``"auto"``, nor a name of this library, nor understood by ``index_factory``.
    """
    if name != "auto":
        try:
            kind = get_kind(name)
            if kind.factory is not None:
                make_empty(kind, dim, metric, n_rows=_MIN_TRAINING_ROWS)
        except (RuntimeError, TypeError, ValueError) as error:
            reason = str(error).strip().splitlines()[-1][-200:] if str(error).strip() else "unknown"
            raise OptionError(
                "kind",
                name,
                ["auto", *KINDS],
                f"Or any index_factory string of FAISS that takes width {dim} and metric "
                f"{metric!r}; FAISS says: {reason}",
            ) from error
    return name


def get_kind(name: str) -> Kind:
    """Return a named kind, or an ``index_factory`` string taken as it is."""
    if not isinstance(name, str) or not name:
        raise ValueError("a kind is a non-empty string")
    if name in KINDS:
        return KINDS[name]
    if name == "Flat":
        return Kind(name, None, stores_exact=True)
    if "{" in name or "IDMap" in name:
        raise ValueError("braces and IDMap are not taken: ids are kept by this library")
    has_transform = any(part.startswith(("PCA", "OPQ", "ITQ")) for part in name.split(","))
    return Kind(name, name, stores_exact=name.endswith("Flat") and not has_transform)


def choose_kind(name: str, n_rows: int) -> Kind:
    """Return the kind that ``name`` means for so many rows; ``"auto"`` is exact up to a size."""
    if name == "auto":
        return KINDS["flat" if n_rows <= EXACT_UP_TO else AUTO_KIND]
    return get_kind(name)


def list_count(n_rows: int) -> int:
    """Inverted lists for so many rows: about 4·√n, a power of two, with enough rows to train."""
    wanted = 2 ** round(math.log2(max(4 * math.sqrt(n_rows), 1)))
    trainable = max(n_rows // _MIN_TRAINING_ROWS_PER_LIST, 1)
    return max(min(wanted, trainable), 1)


def _part_count(dim: int) -> int:
    """Sub-quantizers of a product quantizer: the most that divide ``dim`` into 8 or more each."""
    return next((dim // width for width in range(8, dim + 1) if dim % width == 0), 1)


def make_empty(kind: Kind, dim: int, metric: Metric, n_rows: int) -> faiss.Index:
    """Return an untrained FAISS index of a kind, sized for ``n_rows``."""
    if kind.factory is None:
        raise ValueError("exact search needs no FAISS index")
    factory = kind.factory
    if kind.name in KINDS:
        factory = factory.format(lists=list_count(n_rows), dim=dim, parts=_part_count(dim))
    if kind.needs_l2 and metric == "inner_product":
        raise ValueError(f"{kind.name} is there for cosine and l2 only")
    if kind.factory.startswith(("NSG", "NNDescent")):
        raise ValueError(f"{kind.name} takes no vectors once it is built")
    uses_l2 = metric == "l2" or kind.needs_l2
    index = faiss.index_factory(
        dim, factory, faiss.METRIC_L2 if uses_l2 else faiss.METRIC_INNER_PRODUCT
    )
    graph = find_graph(index)
    if graph is not None:
        graph.hnsw.efConstruction = 100
    lists = find_lists(index)
    if lists is not None:
        # list_count has seen to it; FAISS would print its warning to the terminal.
        lists.cp.min_points_per_centroid = 1
        if isinstance(lists, faiss.IndexIVFPQ):
            lists.pq.cp.min_points_per_centroid = 1
    return index


def find_lists(index: faiss.Index) -> Any:
    """Return the inverted file within an index, if it has one."""
    found = faiss.try_extract_index_ivf(index)
    return None if found is None else faiss.downcast_index(found)


def find_graph(index: faiss.Index) -> Any:
    """Return the HNSW graph that an index is, perhaps behind a transform, if it is one."""
    index = faiss.downcast_index(index)
    if isinstance(index, faiss.IndexPreTransform):
        index = faiss.downcast_index(index.index)
    return index if isinstance(index, faiss.IndexHNSW) else None


def set_width(index: faiss.Index, width: int) -> None:
    """How widely every search looks: lists probed, or candidates of the graph."""
    lists, graph = find_lists(index), find_graph(index)
    if lists is not None:
        lists.nprobe = width
    elif graph is not None:
        graph.hnsw.efSearch = width


def widths(index: faiss.Index) -> list[int]:
    """Return the widths worth trying, least first; the last looks as far as is reasonable."""
    lists = find_lists(index)
    if lists is not None:
        doubled = [2**power for power in range(int(lists.nlist).bit_length())]
        return sorted({*doubled, int(lists.nlist)})
    return [16, 32, 64, 128, 256, 512, 1024] if find_graph(index) is not None else [0]


def search_parameters(
    index: faiss.Index, selector: faiss.IDSelector | None, width: int
) -> faiss.SearchParameters:
    """Parameters of one search: which rows may be found, and how widely to look."""
    index = faiss.downcast_index(index)
    if isinstance(index, faiss.IndexPreTransform):
        inner = search_parameters(index.index, selector, width)
        return faiss.SearchParametersPreTransform(index_params=inner)  # type: ignore[call-arg]
    chosen = {} if selector is None else {"sel": selector}
    if isinstance(index, faiss.IndexIVF):
        return faiss.SearchParametersIVF(nprobe=width, **chosen)  # type: ignore[call-arg]
    if isinstance(index, faiss.IndexHNSW):
        return faiss.SearchParametersHNSW(efSearch=width, **chosen)  # type: ignore[attr-defined]
    return faiss.SearchParameters(**chosen)


def training_rows(n_rows: int, n_lists: int) -> np.ndarray:
    """int64: which rows to train on, spread evenly over all of them."""
    wanted = max(_MIN_TRAINING_ROWS * 8, n_lists * _MAX_TRAINING_ROWS_PER_LIST)
    if n_rows <= wanted:
        return np.arange(n_rows)
    return np.random.default_rng(0).choice(n_rows, wanted, replace=False, shuffle=False)
