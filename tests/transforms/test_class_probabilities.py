"""Probabilities follow the rule of the loss, add up to 1 and never change the class."""

import pytest
import torch
from monai.data import MetaTensor

from transforms.class_probabilities import ClassProbabilitiesd

LOGITS = torch.randn(20, 4, generator=torch.Generator().manual_seed(0)) * 3


def probabilities(logits: torch.Tensor, activation: str) -> torch.Tensor:
    given = {"pred": logits, "other": 1}
    answer = ClassProbabilitiesd("pred", activation)(given)
    assert answer["other"] == 1
    assert given["pred"] is logits
    assert answer["pred"].dtype == torch.float32
    return answer["pred"]


@pytest.mark.parametrize("logits", LOGITS)
def test_a_softmax_is_a_softmax_and_sigmoids_are_divided_by_their_sum(logits: torch.Tensor) -> None:
    torch.testing.assert_close(probabilities(logits, "softmax"), logits.softmax(0))
    sigmoids = logits.sigmoid()
    torch.testing.assert_close(probabilities(logits, "sigmoid"), sigmoids / sigmoids.sum())
    assert probabilities(logits, "sigmoid").argmax() == logits.argmax()


def test_several_answers_of_an_image_are_turned_one_by_one() -> None:
    together = probabilities(LOGITS[:2], "sigmoid")
    assert torch.equal(together[1], probabilities(LOGITS[1], "sigmoid"))


def test_estimates_that_add_up_to_1_stay_what_they_are() -> None:
    true = torch.tensor([0.5, 0.3, 0.2])
    torch.testing.assert_close(probabilities(true.logit(), "sigmoid"), true)
    assert probabilities(true.logit(), "softmax")[0] > 0.59  # too sure of itself


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
@pytest.mark.parametrize("size", [-400.0, 400.0])
def test_where_no_class_is_likely_they_still_add_up_to_1(activation: str, size: float) -> None:
    found = probabilities(torch.tensor([size, size, size - 1]), activation)
    assert torch.isfinite(found).all()
    assert float(found.sum()) == pytest.approx(1)


def test_half_precision_and_metadata_are_taken() -> None:
    meta = MetaTensor(LOGITS[0].to(torch.bfloat16))
    torch.testing.assert_close(
        torch.as_tensor(probabilities(meta, "softmax")), LOGITS[0].bfloat16().float().softmax(0)
    )


def test_another_activation_is_refused() -> None:
    with pytest.raises(ValueError, match="activation is 'tanh'; expected one of"):
        ClassProbabilitiesd("pred", "tanh")
