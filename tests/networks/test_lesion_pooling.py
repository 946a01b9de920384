import pytest
import torch

from networks.lesion_pooling import LesionPooling

POOLING = LesionPooling()


def test_an_image_without_lesion_is_pooled_evenly() -> None:
    coarse, drawn = torch.rand(2, 5, 2, 3), torch.rand(2, 4, 8, 12)
    pooled = POOLING(coarse, drawn, torch.full((2, 1, 8, 12), -60.0))
    assert pooled.shape == (2, LesionPooling.width(5, 4)) == (2, 17)
    mean, weighted, finer = pooled[:, :5], pooled[:, 5:10], pooled[:, 10:14]
    torch.testing.assert_close(mean, coarse.mean(dim=(2, 3)))
    torch.testing.assert_close(weighted, mean)
    torch.testing.assert_close(finer, drawn.mean(dim=(2, 3)))
    torch.testing.assert_close(pooled[:, 14:], torch.tensor([[-2.0, -2.0, 0.0]] * 2))


def test_a_lesion_is_pooled_alone() -> None:
    coarse, drawn = torch.rand(1, 5, 2, 3), torch.rand(1, 4, 8, 12)
    lesion = torch.full((1, 1, 8, 12), -60.0)
    lesion[..., 4:, 8:] = 60  # the lower right of 2 x 3 cells
    pooled = POOLING(coarse, drawn, lesion)
    torch.testing.assert_close(pooled[:, 5:10], coarse[:, :, 1, 2], atol=0.01, rtol=0)
    inside = drawn[:, :, 4:, 8:].mean(dim=(2, 3))
    torch.testing.assert_close(pooled[:, 10:14], inside, atol=0.01, rtol=0)
    assert pooled[0, 16].item() == pytest.approx(10 / 6)


def test_one_suspicious_cell_is_seen() -> None:
    lesion = torch.full((1, 1, 16, 16), -60.0)
    lesion[..., 3, 7] = 60
    pooled = POOLING(torch.rand(1, 5, 2, 2), torch.rand(1, 4, 16, 16), lesion)
    assert pooled[0, 14].item() == 2
    assert pooled[0, 15].item() == pytest.approx(-1)  # the mean of the four largest of 256


def test_a_map_of_one_cell_is_enough() -> None:
    pooled = POOLING(torch.rand(1, 5, 1, 1), torch.rand(1, 4, 1, 1), torch.zeros(1, 1, 1, 1))
    assert pooled.isfinite().all()
