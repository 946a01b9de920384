"""A loss that is no number stops the training at its step and names the files."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from ignite.engine import Engine
from monai.engines import SupervisedTrainer
from monai.transforms import Compose
from torch import nn

from pipelines.errors import InputError
from pipelines.training.batch_scores import TrainingScores
from pipelines.training.class_batch_scores import ClassTrainingScores
from pipelines.training.finite_loss import check_loss
from pipelines.training.replay import ReplayDataset, replay_loader

COUNT = 7
BAD = 3


class Load:
    """A made image a path; the one of number ``BAD`` holds what no image does."""

    def __call__(self, item: dict[str, str]) -> dict[str, torch.Tensor]:
        number = int(Path(item["image"]).stem)
        value = math.nan if number == BAD else number / COUNT
        return {"image": torch.full((1, 4, 4), value), "label": torch.tensor(number % 2)}


def run(handler: Any, network: nn.Module, loss: nn.Module, workers: int = 0) -> None:
    items = [{"image": f"/data/images/{number}.png"} for number in range(COUNT)]
    data = ReplayDataset(items, Compose([Load()]), 0, keys=("image",), progress=False)
    trainer = SupervisedTrainer(
        device="cpu",
        max_epochs=3,
        train_data_loader=replay_loader(data, 2, workers, seed=0),
        network=network,
        optimizer=torch.optim.SGD(network.parameters(), 0.0),
        loss_function=loss,
        train_handlers=[handler],
        decollate=False,
    )
    trainer.run()


@pytest.mark.parametrize("workers", [0, 1])
def test_the_files_of_the_batch_are_named(workers: int) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(16, 2))
    with pytest.raises(InputError, match=r"nan in epoch \d, step \d of 3") as caught:
        run(ClassTrainingScores(2), network, nn.CrossEntropyLoss(), workers)
    named = str(caught.value).split("over ")[1].split(";")[0].split(", ")
    assert f"{BAD}.png" in named
    assert len(named) == 2


def test_a_segmentation_stops_alike() -> None:
    class Loss(nn.Module):
        def forward(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            return logits.mean() / 0

    class Mask(nn.Conv2d):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return super().forward(images.nan_to_num() + 1)

    class Pixels(TrainingScores):
        def _collect(self, engine: Engine) -> None:
            engine.state.output["label"] = engine.state.output["image"]
            super()._collect(engine)

    with pytest.raises(InputError, match=r"loss is -?inf in epoch 1, step 1 of 3, over \d.png, \d"):
        run(Pixels(), Mask(1, 1, 1), Loss())


@pytest.mark.parametrize(("epoch", "kept"), [(1, "no epoch was finished"), (4, "of epoch 3 is")])
def test_the_message_tells_what_is_left(epoch: int, kept: str) -> None:
    engine = Engine(lambda engine, batch: None)
    engine.state.dataloader = [1, 2]
    engine.state.epoch, engine.state.epoch_length = epoch, 2
    engine.state.iteration = 2 * epoch
    check_loss(0.5, engine)
    expected = rf"is nan in epoch {epoch}, step 2 of 2; lower learning_rate, or .*\(.*{kept}"
    with pytest.raises(InputError, match=expected):
        check_loss(math.nan, engine)
