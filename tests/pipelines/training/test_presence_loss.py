import pytest
import torch
from monai.losses import DiceCELoss, DiceFocalLoss, DiceLoss, TverskyLoss
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from pipelines.errors import InputError
from pipelines.training.presence_loss import PresenceLoss

MASK = torch.zeros(2, 1, 8, 8)
MASK[0, 0, 2:5, 3:6] = 1


def answer(presence: list[float]) -> torch.Tensor:
    torch.manual_seed(0)
    behind = torch.tensor(presence)[:, None, None, None].expand(2, 1, 8, 8)
    return torch.cat([torch.randn(2, 1, 8, 8), behind], dim=1)


def test_without_presence_it_is_the_loss_of_the_mask() -> None:
    mask = answer([0.0, 0.0])[:, :1]
    expected = DiceCELoss(sigmoid=True)(mask, MASK)
    torch.testing.assert_close(PresenceLoss(DiceCELoss(sigmoid=True), 2.0)(mask, MASK), expected)


def test_presence_is_whether_there_is_any_lesion() -> None:
    given = answer([3.0, -1.0])
    alone = DiceCELoss(sigmoid=True)(given[:, :1], MASK)
    added = PresenceLoss(DiceCELoss(sigmoid=True), 2.0)(given, MASK) - alone
    truth = torch.tensor([1.0, 0.0])
    expected = 2 * binary_cross_entropy_with_logits(torch.tensor([3.0, -1.0]), truth)
    torch.testing.assert_close(added, expected)


def test_images_with_a_lesion_can_weigh_more() -> None:
    given = answer([-1.0, -9.0])
    light, heavy = (
        PresenceLoss(DiceCELoss(sigmoid=True), 1.0, weight)(given, MASK) for weight in (1.0, 3.0)
    )
    assert heavy > light + 0.5


@pytest.mark.parametrize("weights", [(0, 1), (1, -1), (True, 1), ("much", 1), (1, 1, 0)])
def test_what_is_no_weight_is_refused(weights: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="expected a number above 0"):
        PresenceLoss(DiceCELoss(sigmoid=True), *weights)


@pytest.mark.parametrize("kind", [DiceCELoss, DiceFocalLoss, DiceLoss, TverskyLoss])
def test_normal_images_can_weigh_less_in_the_mask(kind: type[nn.Module]) -> None:
    mask = answer([0.0, 0.0])[:, :1]
    each = [kind(sigmoid=True)(mask[n : n + 1], MASK[n : n + 1]) for n in (0, 1)]
    loss = PresenceLoss(kind(sigmoid=True), normal_weight=0.25)
    torch.testing.assert_close(loss(mask, MASK), (each[0] + 0.25 * each[1]) / 1.25)
