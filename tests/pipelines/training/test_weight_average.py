"""The averaged weights follow the formula, survive a checkpoint and can be switched off."""

import ignite.distributed as idist
import pytest
import torch
from ignite.engine import Engine

from pipelines.errors import InputError
from pipelines.training.weight_average import WeightAverage


def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))


def train(model: torch.nn.Module, average: WeightAverage, steps: int) -> list[torch.Tensor]:
    """Change the weights ``steps`` times; the first layer's bias after each."""
    biases: list[torch.Tensor] = []

    def step(engine: Engine, batch: int) -> None:
        with torch.no_grad():
            model(torch.randn(8, 3))
            model[0].bias.add_(1.0)  # type: ignore[index]
        biases.append(model[0].bias.detach().clone())  # type: ignore[index]

    trainer = Engine(step)
    average.attach(trainer)
    trainer.run(range(steps))
    return biases


def test_the_average_is_the_formulas() -> None:
    model = network()
    average = WeightAverage(model, 0.25)
    biases = train(model, average, 4)
    expected = biases[0]
    for weight, bias in zip((2 / 11, 0.25, 0.25), biases[1:], strict=True):
        expected = weight * expected + (1 - weight) * bias
    assert torch.allclose(average.network[0].bias, expected)  # type: ignore[index]
    assert not torch.equal(average.network[1].running_mean, model[1].running_mean)  # type: ignore[index]


def test_without_a_decay_the_network_is_the_trained_one() -> None:
    model = network()
    average = WeightAverage(model, None)
    train(model, average, 2)
    assert average.network is model
    assert average.state_dict() == {}


@pytest.mark.parametrize("decay", [None, 0.9])
def test_the_statistics_of_the_first_process_are_validated(
    decay: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = network()
    average = WeightAverage(model, decay)

    def broadcast(buffer: torch.Tensor, source: int) -> None:
        assert source == 0
        buffer.fill_(7)

    monkeypatch.setattr(idist, "get_world_size", lambda: 2)
    monkeypatch.setattr(torch.distributed, "broadcast", broadcast)
    train(model, average, 2)
    assert all(bool((buffer == 7).all()) for buffer in average.network.buffers())


def test_a_resumed_average_goes_on_where_it_was() -> None:
    whole, first, second = network(), network(), network()
    one, before, after = (WeightAverage(model, 0.9) for model in (whole, first, second))
    torch.manual_seed(1)
    train(whole, one, 5)
    torch.manual_seed(1)
    train(first, before, 2)
    second.load_state_dict(first.state_dict())
    after.load_state_dict(before.state_dict())
    train(second, after, 3)
    for name, value in one.state_dict().items():
        assert torch.equal(value, after.state_dict()[name]), name


@pytest.mark.parametrize("decay", [1.0, -0.1, "much", True])
def test_a_decay_that_cannot_be_is_refused(decay: object) -> None:
    with pytest.raises(InputError, match=r"weight_average is .*0\.99"):
        WeightAverage(network(), decay)  # type: ignore[arg-type]


def test_a_checkpoint_without_average_is_refused() -> None:
    with pytest.raises(ValueError, match="weight_average"):
        WeightAverage(network(), 0.9).load_state_dict({})
