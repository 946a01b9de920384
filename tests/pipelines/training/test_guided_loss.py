import pytest
import torch

from pipelines.training.class_loss import ClassLoss
from pipelines.training.guided_loss import GuidedLoss

LOGITS = torch.tensor([[2.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
LABELS = torch.tensor([0, 1])
SHARES = torch.eye(3)[LABELS]


def mask() -> torch.Tensor:
    """The upper left quarter of the first image of 4 x 4 pixels; nothing in the second."""
    squares = torch.zeros(2, 4, 4)
    squares[0, :2, :2] = 1
    return squares.flatten(1)


def test_without_a_mask_it_is_the_loss_of_the_classes() -> None:
    loss = GuidedLoss(ClassLoss(), 3)
    expected = ClassLoss()(LOGITS, LABELS)
    assert loss(LOGITS, LABELS) == loss(LOGITS, SHARES) == expected
    assert loss(torch.cat([LOGITS, torch.randn(2, 4)], 1), LABELS) == expected


def test_a_map_that_is_right_costs_nothing_and_a_wrong_one_much() -> None:
    loss, target = GuidedLoss(ClassLoss(), 3), torch.cat([SHARES, mask()], 1)
    right = torch.tensor([[30.0, -30.0, -30.0, -30.0], [-30.0] * 4])
    found = loss(torch.cat([LOGITS, right], 1), target)
    assert found == pytest.approx(float(ClassLoss()(LOGITS, LABELS)), abs=1e-5)
    assert loss(torch.cat([LOGITS, -right], 1), target) > found + 10


def test_the_map_is_the_share_of_each_cell() -> None:
    half = torch.zeros(1, 4, 4)
    half[0, :, :1] = 1  # half of the two cells on the left
    target = torch.cat([torch.eye(3)[:1], half.flatten(1)], 1)
    cells = torch.tensor([[0.0, -30.0, 0.0, -30.0]])
    answer = torch.cat([LOGITS[:1], cells], 1)
    plain = ClassLoss()(LOGITS[:1], LABELS[:1])
    entropy = torch.log(torch.tensor(2.0)) / 2  # two cells of four at a chance of one half
    dice = 1 - (2 * 0.5 + 1) / (1 + 1 + 1)
    for weight in (1.0, 0.5):
        expected = plain + weight * (entropy + 0.5 * dice)
        assert float(GuidedLoss(ClassLoss(), 3, weight)(answer, target)) == pytest.approx(
            float(expected), abs=1e-5
        )
