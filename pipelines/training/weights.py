"""Put weights from a file into a network, all of them, or say what does not fit."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch

from networks.calibrated_classifier import TEMPERATURE, CalibratedClassifier
from networks.errors import NetworkError
from networks.weight_file import check_finite, check_kind
from pipelines.errors import InputError, first_line

UNREADABLE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
)
"""What ``torch.load`` raises over a file that is damaged or of another kind."""


def load_weights(network: torch.nn.Module, path: str | Path | None) -> torch.nn.Module:
    """Load a state dict into ``network``; every tensor must fit.

    Weights that have no temperature give a ``CalibratedClassifier`` that of 1.

    Args:
        network: the network to fill.
        path: a file with a plain state dict (``model.pt`` of a run), or None to change nothing.
            It is read with ``weights_only=True``: no code of the file is run.

    Returns:
        The same network.

    Raises:
        InputError: no such file, not a state dict, or one of another network.
        NetworkError: the weights hold NaN.
    """
    if path is None:
        return network
    state = _read(Path(path))
    own = network.state_dict()
    if isinstance(network, CalibratedClassifier):
        state.setdefault(TEMPERATURE, torch.tensor(1.0))
    elif TEMPERATURE in state and TEMPERATURE not in own:
        raise InputError(
            f"{path} holds a temperature, by which the answers are calibrated, and network_def has "
            "no place for it; use configs/inference.json of the run's folder, or wrap network_def "
            "in networks.calibrated_classifier.CalibratedClassifier"
        )
    wrong = sorted(k for k in own if k not in state or own[k].shape != state[k].shape)
    extra = sorted(set(state) - set(own))
    if wrong or extra:
        raise InputError(
            f"{path} holds the weights of another network: {len(wrong)} of {len(own)} tensors are "
            f"missing or of another shape, {len(extra)} are unknown (first: {(wrong + extra)[0]}). "
            "Use the configuration that it was trained with, which its run's folder records"
        )
    check_finite(state, path)
    network.load_state_dict(state)
    return network


def _read(path: Path) -> dict[str, torch.Tensor]:
    try:
        check_kind(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise InputError(
            f"there are no weights at {path}; train first, or name a model.pt by --weights"
        ) from None
    except NetworkError as error:
        raise InputError(str(error)) from None
    except UNREADABLE as error:
        raise InputError(
            f"{path} cannot be read as weights ({first_line(error)}); expected a model.pt"
        ) from error
    plain = isinstance(state, dict) and all(
        isinstance(k, str) and isinstance(v, torch.Tensor) for k, v in state.items()
    )
    if not plain:
        raise InputError(f"{path} holds no plain state dict; expected a model.pt of a run")
    return state
