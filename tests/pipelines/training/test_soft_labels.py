"""Indices become shares, shares stay; the main class is the one of the largest share."""

import torch

from pipelines.training.soft_labels import class_shares, main_class

SHARES = torch.tensor([[0.2, 0.8, 0.0], [0.5, 0.0, 0.5]])


def test_an_index_is_the_whole_share_of_its_class() -> None:
    shares = class_shares(torch.tensor([2, 0]), 3)
    assert shares.tolist() == [[0, 0, 1], [1, 0, 0]]
    assert shares.dtype == torch.float32


def test_shares_are_passed_on() -> None:
    assert torch.equal(class_shares(SHARES, 3), SHARES)


def test_the_main_class_has_the_largest_share() -> None:
    assert main_class(SHARES).tolist() == [1, 0]
    assert main_class(torch.tensor([2, 0])).tolist() == [2, 0]
