"""Weights of elsewhere for a backbone: from a library or from a file, counted."""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from torch import nn

from networks.backbones import first_convolution
from networks.errors import NetworkError
from networks.normalisation import Choice, Normalisation
from networks.timm_models import timm_models
from networks.torchvision_models import torchvision_models
from networks.weight_file import check_finite, check_kind

LEAST = 0.9
"""Share of a backbone's numbers that weights must bring, and share of the file's numbers for the
same stages that the backbone must take; below, they are another network's."""

State = Mapping[str, torch.Tensor]
_SAFE = ".safetensors"


class HasBackbone(Protocol):
    """A network part of which is known elsewhere, such as ``TransferClassifier``.

    Attributes:
        backbone: the part that pretrained weights are for.
        normalisation: what the images become before it.
    """

    backbone: nn.Module
    normalisation: Normalisation

    def state_dict(self) -> dict[str, torch.Tensor]:
        """Gives its tensors by name."""

    def load_state_dict(self, state_dict: State) -> object:
        """Takes its tensors by name."""


@dataclass(frozen=True)
class Loaded:
    """What was loaded.

    Attributes:
        source: the weights' name or file.
        tensors: tensors that were loaded, and
        of: tensors that the backbone has, or the whole network where that was loaded.
        numbers: share of their numbers that were loaded, in [0, 1].
        summed: whether the colour filters of the first layer were summed for grey images.
        unused: tensors of the file that the backbone has no place for, those of the head among
            them.
        part: what was loaded: ``backbone`` or ``network``.
        kept: tensors of the network that were left as they were: those that a training chooses.
    """

    source: str
    tensors: int
    of: int
    numbers: float
    summed: bool
    unused: int = 0
    part: str = "backbone"
    kept: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Says it in one line."""
        text = f"{self.tensors} of {self.of} tensors of the {self.part} from {self.source}"
        text += f", {self.unused} of its tensors not used" if self.unused else ""
        text += f", but its {', '.join(self.kept)}, to be chosen anew" if self.kept else ""
        return text + (", its colour filters summed for grey images" if self.summed else "")


def load_pretrained(
    network: HasBackbone,
    weights: str | None,
    normalisation: Choice | None = None,
    whole: bool = False,
) -> Loaded | None:
    """Loads weights into a network's backbone, and the normalisation that they expect.

    Args:
        network: a classifier or a U-Net; its other layers keep their random weights.
        weights: none; ``torchvision.<enumeration>.<entry>`` such as
            ``torchvision.ResNet50_Weights.IMAGENET1K_V2`` (downloaded once by torchvision);
            ``timm`` for what timm offers for the backbone's name; or a file of a plain state dict,
            ``.safetensors``, or ``.pth`` or ``.pt`` (read with ``weights_only``: no code runs).
        normalisation: what the weights expect; a library's own weights say it themselves, with a
            file it must be given.
        whole: whether a file with the weights of just such a network, trained before, fills all of
            it. Its normalisation is among them. What a training chooses at its end (``chosen`` of a
            network, such as a gate) stays as it is.

    Returns:
        What was loaded; nothing where no weights are wanted.

    Raises:
        NetworkError: the weights cannot be had or read, fit too little of the backbone, have
            much that has no place in it, hold NaN, or come from a file and nobody said which
            normalisation they expect.
    """
    if weights is None:
        if normalisation is not None:
            network.normalisation.choose(normalisation)
        return None
    state, own = _state(str(weights))
    if whole and _is_whole(network, state):
        return _fill_whole(network, state, str(weights), normalisation)
    if normalisation is None and own is None:
        raise NetworkError(
            f"{weights} does not say which input it expects; give --normalisation symmetric "
            "(values in [-1, 1]), imagenet (mean and deviation of ImageNet) or unit ([0, 1])"
        )
    loaded = _fill(network.backbone, state, str(weights))
    network.normalisation.choose(own if normalisation is None else normalisation)  # type: ignore[arg-type]
    return loaded


def _state(weights: str) -> tuple[State, Choice | None]:
    if weights.startswith("torchvision."):
        return _of_torchvision(weights)
    if weights.startswith("timm.") and not Path(weights).exists():
        return _of_timm(weights.partition(".")[2])
    return _of_file(Path(weights)), None


def _of_torchvision(name: str) -> tuple[State, Choice]:
    models = torchvision_models()
    try:
        entry = models.get_weight(name.partition(".")[2])
    except (AttributeError, KeyError, ValueError) as error:
        raise NetworkError(f"torchvision has no weights {name!r}: {error}") from None
    try:
        state = entry.get_state_dict(progress=True, check_hash=True)
    except (OSError, RuntimeError) as error:
        raise NetworkError(_not_downloaded(name, error)) from error
    if "Inception_V3" in name:
        return state, "symmetric"
    given = entry.transforms()
    return state, (list(given.mean), list(given.std))


def _of_timm(model: str) -> tuple[State, Choice]:
    timm = timm_models()
    try:
        network = timm.create_model(model, pretrained=True, num_classes=0, global_pool="")
    except Exception as error:  # a hub raises what it likes
        raise NetworkError(_not_downloaded(f"timm.{model}", error)) from error
    settings = network.pretrained_cfg
    return network.state_dict(), (list(settings["mean"]), list(settings["std"]))


def _not_downloaded(name: str, error: BaseException) -> str:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return (
        f"the weights {name} cannot be downloaded ({reason}); fetch the file on a machine with a "
        "connection and give its path by --weights, or train from random weights with "
        "--weights null"
    )


def _of_file(path: Path) -> State:
    if not path.is_file():
        raise NetworkError(
            f"there is no file {path}; expected torchvision.<enumeration>.<entry>, timm.<model>, "
            "or a .safetensors or .pth file"
        )
    check_kind(path)
    try:
        if path.suffix == _SAFE:
            from safetensors.torch import load_file

            state = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise NetworkError(
            f"{path} holds more than weights, and to read it would run its code; save its state "
            "dict alone: torch.save(network.state_dict(), file)"
        ) from None
    except Exception as error:  # a damaged file makes its reader raise anything
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise NetworkError(f"{path} cannot be read as weights ({reason})") from None
    for key in ("state_dict", "model"):
        if isinstance(state, Mapping) and isinstance(state.get(key), Mapping):
            state = state[key]
    if not isinstance(state, Mapping) or not all(torch.is_tensor(v) for v in state.values()):
        raise NetworkError(f"{path} holds no plain state dict; expected names and tensors")
    return state


def _is_whole(network: HasBackbone, state: State) -> bool:
    wanted = network.state_dict()
    fits = (state[name].shape == value.shape for name, value in wanted.items() if name in state)
    return wanted.keys() == state.keys() and all(fits)


def _fill_whole(
    network: HasBackbone, state: State, source: str, normalisation: Choice | None
) -> Loaded:
    """Loads all but what a training chooses."""
    check_finite(state, source)
    own = network.state_dict()
    kept = tuple(name for name in getattr(network, "chosen", ()) if name in own)
    network.load_state_dict({**state, **{name: own[name].clone() for name in kept}})
    if normalisation is not None:
        network.normalisation.choose(normalisation)
    loaded = len(own) - len(kept)
    return Loaded(source, loaded, len(own), 1.0, False, part="network", kept=kept)


def _fill(backbone: nn.Module, state: State, source: str) -> Loaded:
    """Loads all that fits by name and shape; refuses where that is too little."""
    wanted = backbone.state_dict()
    given = _renamed(state, wanted)
    summed = _sum_colours(backbone, given)
    fitting = {k: v for k, v in given.items() if k in wanted and v.shape == wanted[k].shape}
    numbers = sum(wanted[k].numel() for k in fitting) / sum(v.numel() for v in wanted.values())
    if numbers < LEAST:
        missing = next(k for k in wanted if k not in fitting)
        raise NetworkError(
            f"{source} fits {len(fitting)} of the {len(wanted)} tensors of the backbone "
            f"({numbers:.0%} of its numbers; first that it lacks, or has in another shape: "
            f"{missing}); these are weights of another network. Change --weights, or network_def"
        )
    unused = [name for name in given if name not in fitting]
    _check_unused(given, unused, wanted, source)
    check_finite(fitting, source)
    backbone.load_state_dict({**wanted, **fitting})
    return Loaded(source, len(fitting), len(wanted), numbers, summed, len(unused))


def _check_unused(given: State, unused: list[str], wanted: State, source: str) -> None:
    """Refuses the weights of a larger network whose names contain those of the backbone.

    A stage that the backbone does not have at all, such as ``fc`` or ``classifier``, is a head;
    what comes after the backbone's last layer was cut off on purpose (``MultiScaleClassifier``).
    """
    stages = {name.partition(".")[0] for name in wanted}
    last = max(map(_place, wanted))
    left = [n for n in unused if n.partition(".")[0] in stages and _place(n) < last]
    own = [name for name in given if name.partition(".")[0] in stages]
    numbers = sum(given[k].numel() for k in left) / max(sum(given[k].numel() for k in own), 1)
    if numbers > 1 - LEAST:
        raise NetworkError(
            f"{len(left)} of the {len(own)} tensors that {source} has for the backbone find no "
            f"place in it ({numbers:.0%} of their numbers; first: {left[0]}); these are weights of "
            "another network. Change --weights, or network_def"
        )


def _place(name: str) -> list[tuple[int, str]]:
    """Where a tensor stands among others: ``layer3.9`` before ``layer3.10``."""
    return [(int(part) if part.isdigit() else -1, part) for part in re.split(r"(\d+)", name)]


def _renamed(state: State, wanted: State) -> dict[str, torch.Tensor]:
    """Takes a common beginning off the names, such as ``module.`` or ``backbone.``.

    An encoder writes ``features_0.0.weight`` where the backbone has ``features.0.0.weight``.
    """
    own = {name.replace(".", "_"): name for name in wanted}
    best: dict[str, torch.Tensor] = {}
    for start in ("", "module.", "backbone.", "module.backbone.", "model.", "encoder."):
        plain = {name.removeprefix(start): tensor for name, tensor in state.items()}
        cut = {own.get(name.replace(".", "_"), name): tensor for name, tensor in plain.items()}
        if len(cut.keys() & wanted.keys()) > len(best.keys() & wanted.keys()):
            best = cut
    return best


def _sum_colours(backbone: nn.Module, state: dict[str, torch.Tensor]) -> bool:
    """Sums the colour filters where the images are grey: three equal channels had the same sum."""
    name, first = first_convolution(backbone)
    key = f"{name}.weight"
    filters = state.get(key)
    grey = filters is not None and filters.ndim == 4 and filters.shape[1] == 3
    if filters is None or not grey or first.in_channels != 1:
        return False
    state[key] = filters.sum(dim=1, keepdim=True)
    return True
