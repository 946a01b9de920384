"""Decibels move the greys of a log-compressed display by their part of its range."""

import torch

from transforms.display_gain import display_gain

GREYS = torch.linspace(0, 1, 101).reshape(1, 101, 1)


def test_a_gain_moves_greys_by_its_part_of_the_dynamic_range() -> None:
    found = display_gain(GREYS, torch.tensor(6.0), 60)
    torch.testing.assert_close(found[:, 5:91], GREYS[:, 5:91] + 0.1)
    torch.testing.assert_close(display_gain(GREYS, torch.tensor(-12.0), 60)[:, 20:], GREYS[:, :81])


def test_black_stays_black_and_the_order_of_greys_stays() -> None:
    for decibels in (-30.0, -1.0, 0.0, 1.0, 30.0):
        found = display_gain(GREYS, torch.tensor(decibels), 60)
        assert found[0, 0] == 0 and found.min() >= 0 and found.max() <= 1
        assert (found.diff(dim=1) >= -1e-7).all()
    assert torch.equal(display_gain(GREYS, torch.tensor(0.0), 60), GREYS)


def test_each_row_has_its_own_gain() -> None:
    image = torch.full((3, 4, 5), 0.5)
    found = display_gain(image, torch.tensor([0.0, 6.0, -6.0, 60.0])[:, None], 60)
    torch.testing.assert_close(found[2, :, 1], torch.tensor([0.5, 0.6, 0.4, 1.0]))
