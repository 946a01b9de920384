"""Batches are mixed with their labels, repeatably, and by nothing but (seed, epoch, iteration)."""

import logging
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from ignite.engine import Engine
from monai.bundle import ConfigParser

from pipelines.bundles import bundle_names, bundle_root
from pipelines.errors import InputError
from pipelines.training import mixing
from pipelines.training.mixing import Mixing
from pipelines.training.workflow import check_id

SIZE = 16
LABELS = torch.tensor([0, 1, 2, 1])
IMAGES = torch.arange(4.0)[:, None, None, None].expand(4, 1, SIZE, SIZE).contiguous()
"""Each image is its own number everywhere; torchvision's partner is the one before."""
PARTNERS = IMAGES.roll(1, 0)


def mixed(kind: Mapping[str, float], number: int = 0, epoch: int = 1, seed: int = 0) -> Any:
    return Mixing(kind, 3, seed).mixed(IMAGES, LABELS, epoch, number)


def share(labels: torch.Tensor) -> float:
    """The part of itself that the first image keeps: its class is no other's."""
    return float(labels[0, 0])


def test_mixup_blends_images_as_it_blends_labels() -> None:
    for number in range(5):
        images, labels = mixed({"mixup": 1.0}, number)
        kept = share(labels)
        torch.testing.assert_close(images, kept * IMAGES + (1 - kept) * PARTNERS)
        assert labels.shape == (4, 3)
        torch.testing.assert_close(labels.sum(1), torch.ones(4))


def test_cutmix_shares_are_those_of_the_pixels() -> None:
    for number in range(5):
        images, labels = mixed({"cutmix": 1.0}, number)
        own = (images == IMAGES).float().mean((1, 2, 3))
        assert own.unique().numel() == 1
        assert share(labels) == pytest.approx(float(own[0]), abs=1e-6)
        assert ((images == IMAGES) | (images == PARTNERS)).all()
        rows = (images[0, 0] != IMAGES[0, 0]).any(1).nonzero().flatten()
        assert rows.numel() == 0 or rows[-1] - rows[0] + 1 == rows.numel()  # one box


def test_it_depends_on_seed_epoch_iteration_and_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def kept(**given: int) -> float:
        return share(mixed({"mixup": 1.0}, **given)[1])

    first = kept()
    torch.rand(5)
    assert kept() == first
    others = [kept(seed=1), kept(epoch=2), kept(number=1)]
    monkeypatch.setattr(mixing.idist, "get_rank", lambda: 1)
    assert len({first, *others, kept()}) == 5


def test_it_draws_from_no_global_generator() -> None:
    before = torch.get_rng_state()
    mixed({"cutmix": 1.0})
    assert torch.equal(torch.get_rng_state(), before)


def test_the_probability_is_the_part_of_the_batches_that_is_mixed() -> None:
    given = {"mixup": 1.0, "cutmix": 1.0, "probability": 0.4}
    whole = [mixed(given, number) for number in range(200)]
    untouched = [labels is LABELS and images is IMAGES for images, labels in whole]
    assert 0.5 < sum(untouched) / 200 < 0.7
    blended = [i for i, done in zip(whole, untouched, strict=True) if not done and i[0][0, 0].min()]
    assert 20 < len(blended) < 60  # of some 80, half by each of the two


def test_a_kind_that_is_null_is_left_out() -> None:
    off = {"mixup": None, "cutmix": "null", "probability": 1.0}
    assert not mixing.mixes(off) and not mixing.mixes(None) and not Mixing(off, 3, 0).mixers
    on = {**off, "mixup": 0.2}
    assert mixing.mixes(on) and list(Mixing(on, 3, 0).alphas) == ["mixup"]
    assert Mixing({"cutmix": 1.0, "probability": None}, 3, 0).probability == 1


CLASSIFICATIONS = [name for name in bundle_names() if name.endswith("_classification")]


@pytest.mark.parametrize("bundle", CLASSIFICATIONS)
def test_one_kind_is_set_alone_from_the_command_line(bundle: str) -> None:
    parser = ConfigParser()
    parser.read_config(bundle_root(bundle) / "configs" / "train.json")
    assert not mixing.mixes(parser["mixing"])
    check_id(parser.get(), "mixing::mixup")
    parser.update({"mixing::mixup": 0.2})
    assert Mixing(parser["mixing"], 3, 0).alphas == {"mixup": 0.2}


def run(given: Any, epochs: tuple[int, int]) -> list[dict[str, torch.Tensor]]:
    """The batches that a trainer sees from one epoch to another, three an epoch."""
    seen = []
    engine = Engine(lambda engine, batch: seen.append(batch))
    Mixing(given, 3, seed=0).attach(engine)
    batch = {"image": IMAGES, "label": LABELS, "other": torch.ones(4)}
    start, end = epochs
    engine.load_state_dict({"epoch": start, "max_epochs": end, "epoch_length": 3})
    engine.run([batch] * 3)
    return seen


def test_a_resume_repeats_the_mixtures() -> None:
    whole, resumed = run({"cutmix": 1.0}, (0, 3)), run({"cutmix": 1.0}, (1, 3))
    assert len(whole) == 9
    for one, other in zip(whole[3:], resumed, strict=True):
        assert torch.equal(one["image"], other["image"])
        assert torch.equal(one["label"], other["label"])
        assert torch.equal(one["other"], torch.ones(4))
    assert len({share(batch["label"]) for batch in whole}) > 5


@pytest.mark.parametrize("off", [None, "null"])
def test_without_a_kind_the_trainer_sees_what_was_loaded(off: Any) -> None:
    (batch, *_) = run(off, (0, 1))
    assert batch["image"] is IMAGES
    assert batch["label"] is LABELS


def test_it_says_what_is_mixed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "med2d")
    Mixing({"mixup": 0.2, "cutmix": 1, "probability": 0.5}, 3, 0)
    expected = "mixing: mixup with alpha 0.2 or cutmix with alpha 1, in 50% of the batches"
    assert expected in caplog.text


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (0.2, "mixing is 0.2; expected null, or such as"),
        ({}, "mixing is {}"),
        ({"probability": 0.5}, "mixing is {'probability': 0.5}"),
        ({"mixup": 0.2, "cutmx": 1.0}, "mixing names cutmx, which it does not know"),
        ({"mixup": 0}, "mixup of mixing is 0; expected a number above 0"),
        ({"cutmix": "1"}, "cutmix of mixing is '1'"),
        ({"cutmix": True}, "cutmix of mixing is True"),
        ({"mixup": 1, "probability": 1.5}, "probability of mixing is 1.5; expected a number above"),
        ({"mixup": float("nan")}, "mixup of mixing is nan"),
    ],
)
def test_anything_else_is_refused(given: Any, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        Mixing(given, 3, 0)
    assert expected in str(caught.value)
