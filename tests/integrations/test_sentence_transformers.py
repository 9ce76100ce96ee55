"""The encoder inside sentence-transformers: the same vectors, their gradients, the same folders."""

import numpy as np
import pytest
import torch
from datasets import Dataset
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.sentence_transformer.losses import (
    CachedMultipleNegativesRankingLoss,
    MultipleNegativesRankingLoss,
)
from transformers import LongformerModel

from tests.models import write_longformer
from vectorlong import Longformer2Vec
from vectorlong.documents import PassageSpec
from vectorlong.encoder.settings import Settings, write_settings
from vectorlong.errors import InputTypeError, InputValueError, OptionError, TextTooLongError
from vectorlong.postprocess import Truncate
from vectorlong.text.passages import split_passages

WORDS = "alpha beta gamma delta"
TEXTS = ["", "  ", WORDS, "gamma " * 30, f"{WORDS} " * 60]
PROMPTS = {"query": "find: ", "passage": "text: ", "kind": "kind of: "}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint")
    write_longformer(folder, max_position_embeddings=130, attention_window=16)
    write_settings(Settings(prompts=PROMPTS, default_prompt_name="kind", normalize=True), folder)
    return folder


@pytest.fixture(scope="module")
def encoder(checkpoint):
    return Longformer2Vec(checkpoint, device="cpu")


def close(a, b):
    return a.shape == b.shape and np.abs(a - b).max() <= 1e-5


def same_vectors(one, other):
    return all(
        close(getattr(one, name)(TEXTS), getattr(other, name)(TEXTS))
        for name in ("encode", "encode_query", "encode_document")
    )


def gradients(module):
    return {
        name: each.grad.clone() for name, each in module.named_parameters() if each.grad is not None
    }


def squares(module, texts, **features):
    """A loss of which every part of every vector matters, with its gradients."""
    module.zero_grad()
    vectors = module({**module.preprocess(texts), **features})["sentence_embedding"]
    weights = torch.linspace(-1, 2, vectors.numel()).view(vectors.shape)
    loss = (weights * vectors).sum()
    loss.backward()
    return loss.item(), gradients(module)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"pooling": "cls", "normalize": False},
        {"pooling": ("max", "weighted_mean"), "global_attention": "none"},
        {"pooling": "last", "postprocess": Truncate(5)},
        {"overlength": "truncate", "max_tokens": 40},
        {"global_attention": lambda ids, special, offsets: offsets[:, 0] % 4 == 1},
        {"dtype": "bfloat16"},
    ],
)
@pytest.mark.filterwarnings("ignore:.*texts were cut")
def test_vectors_and_prompts_are_those_of_the_facade(checkpoint, options):
    encoder = Longformer2Vec(checkpoint, device="cpu", **options)
    model = encoder.as_sentence_transformer()
    if "dtype" in options:  # rounded by what else is in a batch
        assert np.abs(model.encode(TEXTS) - encoder.encode(TEXTS)).max() < 0.02
        return
    assert same_vectors(model, encoder)
    assert close(model.encode(WORDS, prompt="so: "), encoder.encode(WORDS, prompt="so: "))
    assert close(
        model.encode(TEXTS, prompt_name="passage"), encoder.encode(TEXTS, prompt_name="passage")
    )
    assert model.get_embedding_dimension() == encoder.get_embedding_dimension()


def test_similarity_is_the_cosine(encoder):
    model = encoder.as_sentence_transformer()
    vectors = encoder.encode(TEXTS, normalize_embeddings=False)
    assert close(model.similarity(vectors, vectors).numpy(), encoder.similarity(vectors, vectors))


def test_it_is_saved_inside_a_sentence_transformer_and_loads_everywhere(encoder, tmp_path):
    encoder.as_sentence_transformer().save(str(tmp_path / "saved"))
    facade = Longformer2Vec(tmp_path / "saved")
    assert facade.fingerprint == encoder.fingerprint
    assert same_vectors(facade, encoder)
    assert facade.default_passages == encoder.default_passages
    # It asks for trust wherever a class is not its own.
    loaded = SentenceTransformer(str(tmp_path / "saved"), trust_remote_code=True, device="cpu")
    assert same_vectors(loaded, encoder)
    loaded.save(str(tmp_path / "again"))
    assert Longformer2Vec(tmp_path / "again").fingerprint == encoder.fingerprint
    with pytest.raises(OptionError, match="model_kwargs"):
        SentenceTransformer(
            str(tmp_path / "saved"), trust_remote_code=True, model_kwargs={"dtype": torch.float16}
        )


def test_what_trains_there_changes_nothing_here(encoder):
    before = encoder.encode(TEXTS)
    model = encoder.as_sentence_transformer().train()
    fingerprint = model[0].longformer2vec().fingerprint
    assert fingerprint == encoder.fingerprint
    with torch.no_grad():
        model[0].encoder.embeddings.word.weight.mul_(2)
    assert (encoder.encode(TEXTS) == before).all()
    changed = model.eval()[0].longformer2vec()
    assert changed.fingerprint != fingerprint
    assert same_vectors(changed, model)


def test_gradients_are_those_of_a_plain_loop_over_transformers(checkpoint):
    module = Longformer2Vec(checkpoint, normalize=False).as_sentence_transformer()[0].train()
    texts = ["", WORDS, "gamma " * 9, "alpha"]
    loss, ours = squares(module, texts)
    model = LongformerModel.from_pretrained(checkpoint, add_pooling_layer=False)
    tokenizer = module.tokenizer
    vectors = []
    for text in texts:
        inside = tokenizer.encode([text])[0].ids.tolist()
        ids = torch.tensor([[*tokenizer.prefix_ids, *inside, *tokenizer.suffix_ids]])
        is_global = torch.zeros_like(ids)
        is_global[0, 0] = 1
        states = model(ids, global_attention_mask=is_global).last_hidden_state[0]
        vectors.append(states.mean(0))
    weights = torch.linspace(-1, 2, len(texts) * 32).view(len(texts), 32)
    expected = (weights * torch.stack(vectors)).sum()
    expected.backward()
    assert loss == pytest.approx(expected.item(), rel=1e-4)
    theirs = gradients(model)
    assert len(theirs) == len(ours)
    by_size = [sorted(grad.abs().sum().item() for grad in each.values()) for each in (ours, theirs)]
    assert by_size[0] == pytest.approx(by_size[1], rel=2e-3, abs=1e-3)
    word = theirs["embeddings.word_embeddings.weight"]
    assert (ours["encoder.embeddings.word.weight"] - word).abs().max() <= 1e-3 * word.abs().max()


@pytest.mark.parametrize("options", [{}, {"pooling": ("max", "cls")}, {"pooling": "mean_sqrt_len"}])
def test_gradients_of_texts_in_several_windows_are_the_slopes(checkpoint, options):
    module = Longformer2Vec(checkpoint, **options).as_sentence_transformer()[0]
    _, slopes = squares(module, TEXTS)
    generator = torch.Generator().manual_seed(0)
    moved = {
        name: torch.randn(slope.shape, generator=generator) * slope.abs().mean()
        for name, slope in slopes.items()
    }
    norm = sum(each.square().sum() for each in moved.values()) ** 0.5
    expected = sum((slopes[name] * each).sum() for name, each in moved.items()) / norm
    losses = []
    for sign in (1, -1):
        with torch.no_grad():
            for name, parameter in module.named_parameters():
                if name in moved:
                    parameter.add_(moved[name], alpha=sign * 0.01 / norm.item())
        losses.append(squares(module, TEXTS)[0])
        with torch.no_grad():
            for name, parameter in module.named_parameters():
                if name in moved:
                    parameter.sub_(moved[name], alpha=sign * 0.01 / norm.item())
    assert (losses[0] - losses[1]) / 0.02 == pytest.approx(expected.item(), rel=0.05, abs=0.01)


def test_checkpointed_layers_give_the_same_gradients(encoder):
    module = encoder.as_sentence_transformer()[0].train()
    loss, whole = squares(module, TEXTS)
    model = encoder.as_sentence_transformer()
    model.gradient_checkpointing_enable()
    again, checkpointed = squares(model[0].train(), TEXTS)
    assert again == loss
    for name, grad in whole.items():
        assert (checkpointed[name] - grad).abs().max() <= 1e-6 * max(1, grad.abs().max())


def test_a_span_of_tokens_is_pooled_as_a_late_passage(encoder):
    text, spec = TEXTS[-1], PassageSpec(50, method="late")
    module = encoder.as_sentence_transformer()[0].eval()
    document = next(encoder.encode_with_passages([text], spec, prompt="so: "))
    prepared = module.preprocess([text], prompt="so: ")
    _, content = module.tokenizer.encode(["so: " + text])[0].split(4)
    tokens, spans = split_passages(text, content.offsets, spec)
    assert (spans == document.passages.spans).all()
    span = torch.from_numpy(tokens[2:3])
    with torch.no_grad():
        vector = module({**prepared, "token_span": span})["sentence_embedding"]
    assert close(vector.numpy()[0], document.passages.vectors[2])
    with pytest.raises(InputValueError, match=r"token_span\[0\] is 3 to 9000"):
        module({**prepared, "token_span": torch.tensor([[3, 9000]])})


def pairs(model):
    questions = model.preprocess([WORDS, "beta", "gamma alpha"])
    texts = model.preprocess(["alpha alpha", TEXTS[-1], "delta gamma"])
    return [questions, texts]


def test_its_losses_run_in_mini_batches_with_the_same_gradients(encoder):
    results = []
    for loss in (MultipleNegativesRankingLoss, CachedMultipleNegativesRankingLoss):
        model = encoder.as_sentence_transformer().train()
        options = {} if loss is MultipleNegativesRankingLoss else {"mini_batch_size": 2}
        value = loss(model, **options)(pairs(model), None)
        value.backward()
        results.append((value.item(), gradients(model)))
    (whole, expected), (cached, actual) = results
    assert cached == pytest.approx(whole, abs=1e-5)
    for name, grad in expected.items():
        assert (actual[name] - grad).abs().max() <= 1e-4 * max(1, grad.abs().max())


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_its_trainer_trains_it(encoder, tmp_path):
    model = encoder.as_sentence_transformer()
    data = Dataset.from_dict({"anchor": ["alpha", "beta"], "positive": [TEXTS[-1], "beta two"]})
    arguments = SentenceTransformerTrainingArguments(
        str(tmp_path), max_steps=1, save_steps=1, report_to=[], use_cpu=True
    )
    loss = CachedMultipleNegativesRankingLoss(model, mini_batch_size=1)
    SentenceTransformerTrainer(model, arguments, train_dataset=data, loss=loss).train()
    trained = Longformer2Vec(tmp_path / "checkpoint-1")
    assert trained.fingerprint != encoder.fingerprint
    assert same_vectors(trained, model)


def test_bad_input(checkpoint, encoder):
    model = encoder.as_sentence_transformer()
    with pytest.raises(InputTypeError, match=r"inputs\[1\]"):
        model[0].preprocess(["a", ("b", "c")])
    cut = Longformer2Vec(checkpoint, overlength="error").as_sentence_transformer()
    with pytest.raises(TextTooLongError, match=r"inputs\[0\] has \d+ tokens; \d+ fit"):
        cut.encode([TEXTS[-1]])
    finished = Longformer2Vec(checkpoint, postprocess=Truncate(3)).as_sentence_transformer()
    with pytest.raises(OptionError, match="fit it anew"):
        finished[0](finished.preprocess(["a"]))
    with torch.no_grad():
        model[0].encoder.embeddings.word.weight.fill_(float("nan"))
    with pytest.raises(InputValueError, match="not finite"):
        model.encode(["a"])
