"""Speed beside transformers, one run: equal random weights, alternating runs, medians.

    python benchmarks/speed.py                 # everything; about ten minutes on two cores
    python benchmarks/speed.py --lengths 128 1024 --repeats 2 --skip-corpus

Prints tables, then one JSON line. The corpus part reads labelled documents from --data (default
$VECTORLONG_DATA) and is skipped, with the reason, where they are missing.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import os
import platform
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    AutoTokenizer,
    LongformerConfig,
    LongformerModel,
    PreTrainedTokenizerFast,
    logging,
)

from vectorlong import Longformer2Vec, accelerate
from vectorlong.attention.spec import PackedTexts
from vectorlong.encoder.fused import PackedLinear
from vectorlong.encoder.model import Encoder
from vectorlong.encoder.precision import choose_dtype

N_LAYERS, WIDTH, N_HEADS, FEED_FORWARD, WINDOW, MAX_TOKENS = 12, 768, 12, 3072, 512, 4096
CORPUS = {"qmsum/corpus": 3, "movie_reviews/data": 10, "cranfield/corpus": 27}
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lengths", type=int, nargs="+", default=[128, 512, 1024, 4096])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--data", type=Path, default=os.environ.get("VECTORLONG_DATA"))
    parser.add_argument("--skip-corpus", action="store_true")
    parser.add_argument("--skip-long", action="store_true", help="leave out 16,384 and 65,536")
    arguments = parser.parse_args()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    warnings.filterwarnings("ignore")
    result: dict = {"machine": describe_machine(), "torch": torch.__version__}
    print(result["machine"])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = read_corpus(arguments.data)
        write_checkpoint(folder, texts)
        result["limit"] = measure_limit()
        result["forward"] = forward_table(folder, arguments.lengths, arguments.repeats, result)
        result["memory"] = memory_table(folder)
        if not arguments.skip_long:
            result["long"] = long_table(folder)
        if not texts:
            print(f"\ncorpus: skipped, no documents in {arguments.data} (pass --data)")
        elif not arguments.skip_corpus:
            result["corpus"] = corpus_table(folder, texts)
            result["minilm"] = minilm_table(texts)
    print(json.dumps(result))


# --- what is measured on -------------------------------------------------------------------------


def describe_machine() -> str:
    names = [
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    cpu = names[0] if names else platform.processor()
    return f"{cpu}, {torch.get_num_threads()} threads, torch {torch.__version__}"


def read_corpus(data: Path | str | None) -> list[str]:
    texts = []
    for name, count in CORPUS.items():
        path = Path(data or ".") / f"{name}.jsonl.gz"
        if not path.is_file():
            return []
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            rows = [json.loads(line)["text"] for line in lines]
        texts += [rows[i] for i in np.random.default_rng(0).choice(len(rows), count, False)]
    return texts


def write_checkpoint(folder: Path, texts: list[str]) -> None:
    """A base-sized Longformer with random weights and a byte-level BPE tokenizer."""
    from pydoc_data.topics import topics

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=20_000, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([*texts, *topics.values()], trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    names = ("bos_token", "pad_token", "eos_token", "unk_token", "mask_token")
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        cls_token="<s>",
        sep_token="</s>",
        model_max_length=MAX_TOKENS,
        **dict(zip(names, special, strict=True)),
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = LongformerConfig(
        vocab_size=20_000,
        hidden_size=WIDTH,
        num_hidden_layers=N_LAYERS,
        num_attention_heads=N_HEADS,
        intermediate_size=FEED_FORWARD,
        max_position_embeddings=MAX_TOKENS + 2,
        attention_window=WINDOW,
        pad_token_id=1,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
    )
    LongformerModel(config, add_pooling_layer=False).save_pretrained(folder)


def measure_limit() -> dict[str, float]:
    """This machine's rate at the products a layer is made of, packed, in GFLOP/s."""
    rates = {}
    for name, dtype in DTYPES.items():
        seconds, flops = 0.0, 0.0
        for n_out, n_in in ((3 * WIDTH, WIDTH), (WIDTH, WIDTH), (FEED_FORWARD, WIDTH)):
            x, weight = torch.randn(256, n_in).to(dtype), torch.randn(n_out, n_in).to(dtype)
            linear = PackedLinear(weight, torch.zeros(n_out, dtype=dtype))
            with torch.inference_mode():
                seconds += median_s(lambda x=x, linear=linear: linear(x), 15)
            flops += 2 * 256 * n_in * n_out
        rates[name] = flops / seconds / 1e9
    print("packed product rate, GFLOP/s:", {name: round(rate) for name, rate in rates.items()})
    return rates


def flops_of(n_tokens: int) -> float:
    """Products and in-window attention of one text."""
    linear = 2 * n_tokens * (4 * WIDTH**2 + 2 * WIDTH * FEED_FORWARD)
    attention = 4 * n_tokens * WIDTH * min(n_tokens, WINDOW + 1)
    return N_LAYERS * (linear + attention)


def median_s(function: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def load_theirs(folder: Path, dtype: str) -> LongformerModel:
    model = LongformerModel.from_pretrained(folder, add_pooling_layer=False)
    return model.eval().to(DTYPES[dtype])


def load_ours(folder: Path, dtype: str) -> Encoder:
    encoder = Longformer2Vec(folder)._pipeline.encoder
    if dtype == "auto":
        dtype = choose_dtype(encoder, Longformer2Vec(folder).tokenizer)
    return encoder.to(DTYPES[dtype])


# --- one text ------------------------------------------------------------------------------------


def forward_table(folder: Path, lengths: list[int], repeats: int, result: dict) -> list[dict]:
    """One text of each length, CLS global, hidden states of all tokens."""
    theirs = {f"transformers {d}": load_theirs(folder, d) for d in ("float32", "bfloat16")}
    accelerated = accelerate(load_theirs(folder, "float32"))
    ours = {"vectorlong float32": load_ours(folder, "float32")}
    ours["vectorlong auto"] = load_ours(folder, "auto")
    auto = str(next(ours["vectorlong auto"].parameters()).dtype).removeprefix("torch.")
    print(f"\none text, seconds (median of {repeats}, alternating); auto is {auto} here")
    rows = []
    for n_tokens in lengths:
        ids = torch.randint(5, 20_000, (n_tokens,), generator=torch.Generator().manual_seed(1))
        mask = torch.zeros(1, n_tokens, dtype=torch.long)
        mask[0, 0] = 1
        packed = PackedTexts((n_tokens,), ((0,),))

        def run_theirs(model: LongformerModel, ids=ids, mask=mask) -> torch.Tensor:
            return model(ids[None], global_attention_mask=mask).last_hidden_state[0]

        systems: dict[str, Callable[[], torch.Tensor]] = {
            name: lambda model=model: run_theirs(model) for name, model in theirs.items()
        }
        systems["accelerate(transformers)"] = lambda: run_theirs(accelerated)
        for name, encoder in ours.items():
            systems[name] = lambda encoder=encoder, ids=ids, packed=packed: encoder(ids, packed)
        rows += time_alternating(systems, n_tokens, repeats, result["limit"], auto)
    return rows


@torch.inference_mode()
def time_alternating(
    systems: dict[str, Callable[[], torch.Tensor]],
    n_tokens: int,
    repeats: int,
    limit: dict[str, float],
    auto: str,
) -> list[dict]:
    outputs = {name: run().float() for name, run in systems.items()}
    times: dict[str, list[float]] = {name: [] for name in systems}
    for _ in range(repeats):
        for name, run in systems.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    expected = outputs["transformers float32"]
    baseline = statistics.median(times["transformers float32"])
    rows = []
    for name, seconds in times.items():
        dtype = auto if name.endswith("auto") else name.split()[-1]
        rate = limit.get(dtype, limit["float32"])
        median = statistics.median(seconds)
        row = {
            "tokens": n_tokens,
            "system": name,
            "seconds": round(median, 4),
            "tokens_per_s": round(n_tokens / median),
            "ratio": round(baseline / median, 2),
            "share_of_limit": round(flops_of(n_tokens) / (rate * 1e9) / median, 3),
            "max_difference": float((outputs[name] - expected).abs().max()),
            "cosine": float(F.cosine_similarity(outputs[name].mean(0), expected.mean(0), dim=0)),
        }
        rows.append(row)
        print(
            f"{n_tokens:6} {name:26} {row['seconds']:8.3f} s {row['tokens_per_s']:7} tok/s "
            f"{row['ratio']:6.2f}x  limit {row['share_of_limit']:4.0%}  "
            f"max diff {row['max_difference']:.1e}  cosine {row['cosine']:.6f}"
        )
    return rows


def long_table(folder: Path) -> list[dict]:
    """Cost per token of one text far past the model's window, through ``encode``."""
    encoder = Longformer2Vec(folder)
    rng = np.random.default_rng(0)
    words = ["the", "contract", "meeting", "was", "held", "between", "parties", "and", "reason"]
    print("\none long text through encode(), float32")
    rows = []
    for n_tokens in (1024, 4096, 16_384, 65_536):
        text = " ".join(rng.choice(words, n_tokens))
        text = text[: encoder.tokenizer.encode([text])[0].offsets[n_tokens - 3, 1]]
        seconds = median_s(lambda text=text: encoder.encode(text), 1)
        rows.append(
            {"tokens": n_tokens, "seconds": seconds, "us_per_token": 1e6 * seconds / n_tokens}
        )
        print(f"{n_tokens:6} tokens {seconds:8.2f} s {rows[-1]['us_per_token']:7.1f} us/token")
    return rows


# --- memory --------------------------------------------------------------------------------------


def peak_mib(folder: str, system: str) -> float:
    """Peak memory above the loaded weights of one 4,096-token text; in a process of its own."""
    ids = torch.randint(5, 20_000, (MAX_TOKENS,))
    with torch.inference_mode():
        if system == "transformers":
            model = load_theirs(Path(folder), "float32")

            def run(n_tokens: int) -> object:
                mask = torch.zeros(1, n_tokens, dtype=torch.long)
                mask[0, 0] = 1
                return model(ids[None, :n_tokens], global_attention_mask=mask)
        else:
            encoder = load_ours(Path(folder), "float32")

            def run(n_tokens: int) -> object:
                return encoder(ids[:n_tokens], PackedTexts((n_tokens,), ((0,),)))

        run(64)
        before = memory_mib("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the kernel starts its peak anew
        run(MAX_TOKENS)
    return memory_mib("VmHWM") - before


def memory_mib(field: str) -> float:
    """Read a memory figure of this process from the kernel."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise LookupError(field)


def memory_table(folder: Path) -> dict[str, float]:
    print("\npeak memory above the weights, one text of 4,096 tokens, float32")
    context = multiprocessing.get_context("spawn")
    peaks = {}
    for system in ("transformers", "vectorlong"):
        with context.Pool(1) as pool:
            peaks[system] = round(pool.apply(peak_mib, (str(folder), system)), 1)
        print(f"{system:14} {peaks[system]:8.1f} MiB")
    print(f"ratio {peaks['vectorlong'] / peaks['transformers']:.2f}")
    return peaks


# --- a corpus ------------------------------------------------------------------------------------


def corpus_table(folder: Path, texts: list[str]) -> list[dict]:
    """Whole ``encode`` calls, tokenisation included; every system cuts at 4,096 tokens."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    transformer = Transformer(str(folder), max_seq_length=MAX_TOKENS)
    pooling = Pooling(WIDTH, "mean")
    sentence_transformer = SentenceTransformer(modules=[transformer, pooling], device="cpu")
    model, tokenizer = load_theirs(folder, "float32"), AutoTokenizer.from_pretrained(folder)

    @torch.inference_mode()
    def one_by_one() -> np.ndarray:
        vectors = []
        for text in texts:
            inputs = tokenizer(text, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
            inputs["global_attention_mask"] = torch.zeros_like(inputs.input_ids)
            inputs["global_attention_mask"][:, 0] = 1
            vectors.append(model(**inputs).last_hidden_state[0].mean(0).numpy())
        return np.stack(vectors)

    cutting = {"overlength": "truncate"}
    systems: dict[str, Callable[[], np.ndarray]] = {
        "transformers float32, one by one (vectorhub)": one_by_one,
        "sentence-transformers float32": lambda: sentence_transformer.encode(texts, batch_size=8),
        "vectorlong float32": Longformer2Vec(folder, **cutting).bulk_encode,
        "vectorlong auto": Longformer2Vec(folder, dtype="auto", **cutting).bulk_encode,
    }
    print(f"\n{len(texts)} documents of qmsum, movie_reviews and cranfield, whole encode call")
    rows, expected = [], None
    for name, run in systems.items():
        call = run if name.startswith(("trans", "sent")) else lambda run=run: run(texts)
        if name.startswith("vectorlong"):
            run(texts[-1:])  # packs the weights
        start = time.perf_counter()
        vectors = call()
        seconds = time.perf_counter() - start
        expected = vectors if expected is None else expected
        cosine = (vectors * expected).sum(1) / (
            np.linalg.norm(vectors, axis=1) * np.linalg.norm(expected, axis=1)
        )
        baseline = rows[0]["seconds"] if rows else seconds
        rows.append(
            {
                "system": name,
                "seconds": seconds,
                "ratio": baseline / seconds,
                "min_cosine": float(cosine.min()),
            }
        )
        print(
            f"{name:46} {seconds:8.2f} s {baseline / seconds:6.2f}x  min cosine {cosine.min():.6f}"
        )
    return rows


def minilm_table(texts: list[str]) -> list[dict]:
    """The embedded model on the same documents, whole."""
    print("\nminilm on the same documents, nothing cut")
    rows = []
    for dtype in ("float32", "auto"):
        encoder = Longformer2Vec("minilm", dtype=dtype)
        n_tokens = sum(len(tokens) for tokens in encoder.tokenizer.encode(texts))
        seconds = median_s(lambda encoder=encoder: encoder.encode(texts), 1)
        rows.append({"dtype": encoder.dtype, "tokens_per_s": n_tokens / seconds})
        print(f"{dtype:8} ({encoder.dtype}) {n_tokens / seconds:9.0f} tok/s")
    return rows


if __name__ == "__main__":
    main()
