import pytest
import torch

from pipelines.errors import InputError
from pipelines.training.class_loss import ClassLoss
from pipelines.training.prior_adjusted_loss import PriorAdjustedLoss

LABELS = ["a", "b"]
ITEMS = [{"class": "a"}] * 9 + [{"class": "b"}]


def test_the_best_answer_without_looking_favours_no_class() -> None:
    loss = PriorAdjustedLoss(ClassLoss(), ITEMS, LABELS)
    logits = torch.zeros(1, 2, requires_grad=True)
    labels = torch.tensor([LABELS.index(item["class"]) for item in ITEMS])
    loss(logits.expand(len(ITEMS), 2), labels).backward()
    assert logits.grad is not None
    torch.testing.assert_close(logits.grad, torch.zeros(1, 2))


def test_a_strength_of_zero_changes_nothing() -> None:
    logits, labels = torch.randn(4, 2), torch.tensor([0, 1, 1, 0])
    unchanged = PriorAdjustedLoss(ClassLoss(), ITEMS, LABELS, strength=0)
    assert unchanged(logits, labels) == ClassLoss()(logits, labels)


def test_the_rare_class_must_be_surer_of_itself() -> None:
    logits = torch.zeros(1, 2)
    loss = PriorAdjustedLoss(ClassLoss(), ITEMS, LABELS)
    rare, common = loss(logits, torch.tensor([1])), loss(logits, torch.tensor([0]))
    assert float(rare) == pytest.approx(-torch.tensor(0.1).log().item())
    assert float(common) == pytest.approx(-torch.tensor(0.9).log().item())


def test_shares_of_classes_are_taken_too() -> None:
    logits, labels = torch.randn(4, 2), torch.tensor([0, 1, 1, 0])
    loss = PriorAdjustedLoss(ClassLoss(label_smoothing=0.1), ITEMS, LABELS)
    torch.testing.assert_close(loss(logits, torch.eye(2)[labels]), loss(logits, labels))


@pytest.mark.parametrize("strength", [-1, "much", True])
def test_what_is_no_strength_is_refused(strength: object) -> None:
    with pytest.raises(InputError, match="expected a number from 0"):
        PriorAdjustedLoss(ClassLoss(), ITEMS, LABELS, strength)  # type: ignore[arg-type]
