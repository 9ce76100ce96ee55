"""Masks are filled by the model's own mask token, in texts of any length."""

import copy
import warnings

import pytest
import torch
from transformers import LongformerForMaskedLM, pipeline

from tests.models import randomize, write_longformer
from vectorlong.errors import InputTypeError, InputValueError, OptionError
from vectorlong.tasks import FillMask, load_head


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoint")
    write_longformer(folder, max_position_embeddings=130)
    with warnings.catch_warnings(action="ignore"):
        head, tokenizer = load_head(LongformerForMaskedLM, folder)
    head = randomize(head)
    head.tie_weights()
    return head, tokenizer


def test_fillings_are_those_of_the_pipeline_of_transformers(loaded):
    head, tokenizer = loaded
    text = "The first <mask> sees the <mask> document."
    theirs = pipeline("fill-mask", model=head, tokenizer=tokenizer, top_k=3)(text)
    ours = FillMask(loaded).fill(text, k=3)
    assert len(ours) == len(theirs) == 2
    for one, other in zip(ours, theirs, strict=True):
        assert {each.token_id for each in one} == {each["token"] for each in other}
        assert [each.score for each in one] == pytest.approx(
            [each["score"] for each in other], abs=1e-3
        )


def test_either_mask_is_taken(loaded):
    filler = FillMask(loaded)
    assert filler.fill("The [MASK] pays.") == filler.fill("The <mask> pays.")


def test_a_head_in_training_fills_as_one_that_is_not(loaded):
    head, _ = loaded
    filler = FillMask(loaded)
    expected = filler.fill("The <mask> pays.")
    try:
        head.train()
        for module in head.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.5
        assert filler.fill("The <mask> pays.") == expected
        assert head.training
    finally:
        head.eval()


def test_windows_are_no_longer_than_the_model_was_made_for(loaded):
    head, tokenizer = loaded
    shorter = copy.deepcopy(tokenizer)
    shorter.model_max_length = 42  # as longformer-mini, whose table has rows that it never used
    seen = []
    forward = head.longformer.forward
    head.longformer.forward = lambda ids, **masks: seen.append(ids) or forward(ids, **masks)
    try:
        FillMask((head, shorter)).fill("token " * 100 + "<mask>")
    finally:
        del head.longformer.forward
    assert [ids.shape[1] for ids in seen] == [42]


def test_masks_anywhere_in_a_long_text_are_filled_by_what_is_around_them(loaded):
    filler = FillMask(loaded)
    words = ["token"] * 700
    places = [0, 1, 250, 300, 330, 699]
    for place in places:
        words[place] = "<mask>"
    found = filler.fill(" ".join(words), k=2)
    assert len(found) == len(places)
    head, tokenizer = loaded
    ids = tokenizer(" ".join(words), add_special_tokens=False).input_ids
    masks = [n for n, id_ in enumerate(ids) if id_ == tokenizer.mask_token_id]
    for number, place in ((0, masks[0]), (len(masks) - 1, masks[-1])):
        start = max(0, min(place - 63, len(ids) - 126))
        inputs = torch.tensor(
            [[tokenizer.cls_token_id, *ids[start : start + 126], tokenizer.sep_token_id]]
        )
        is_global = torch.zeros_like(inputs)
        is_global[:, 0] = 1
        with torch.no_grad():
            logits = head(inputs, global_attention_mask=is_global).logits[0, place - start + 1]
        assert [each.token_id for each in found[number]] == logits.topk(2).indices.tolist()


def test_what_cannot_be_filled(loaded):
    filler = FillMask(loaded)
    with pytest.raises(InputValueError, match="no mask in the text; write <mask>"):
        filler.fill("Nothing to fill.")
    with pytest.raises(InputTypeError, match=r"text is .*list.*, not a text"):
        filler.fill(["<mask>"])
    with pytest.raises(InputValueError, match="text has a lone surrogate"):
        filler.fill("<mask> \ud800")
    with pytest.raises(OptionError, match="k=0"):
        filler.fill("<mask>", k=0)
    head, tokenizer = loaded

    class Maskless:
        mask_token_id = None

    with pytest.raises(InputValueError, match="has no mask token"):
        FillMask((head, Maskless()))
    assert tokenizer.mask_token == "<mask>"
