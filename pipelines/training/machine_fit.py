"""How a training fits its machine: images at once, number format and memory layout."""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import ignite.distributed as idist
import torch
from torch import nn

from pipelines.atomic import write_text
from pipelines.errors import InputError
from pipelines.training.batch_fit import LARGEST, largest_batch
from pipelines.training.precision import candidates, precision_name
from pipelines.training.processes import gathered
from pipelines.training.run_folder import flag
from pipelines.training.single_image import check_single_image
from pipelines.training.speed_probe import fastest_of, probe, table_line
from pipelines.training.trial_step import LAYOUTS, TrialStep, image_channels
from pipelines.training.unfreeze import Schedule, checked_schedule, with_most_trained

_LOG = logging.getLogger("med2d")

FILE = "machine.json"
"""What was chosen for the run's machine, so that a resume goes on with it."""

AUTO = "auto"


@dataclass
class MachineFit:
    """What a training does in the way that suits its machine.

    Attributes:
        effective_batch: images that make one step of the optimiser, in each process; never changes.
        batch_size: of these, images that are in memory at once.
        precision: a key of ``PRECISIONS``.
        memory_layout: a key of ``LAYOUTS``.
        device: kind of device that this was chosen for.
    """

    effective_batch: int
    batch_size: int
    precision: str
    memory_layout: str
    device: str

    @property
    def accumulation(self) -> int:
        """Pieces whose gradients are added up to one step."""
        return -(-self.effective_batch // self.batch_size)

    @property
    def memory_format(self) -> torch.memory_format:
        """The memory layout as PyTorch names it."""
        return LAYOUTS[self.memory_layout]

    def halve(self, images: int) -> None:
        """Take half as many images at once as there were when memory ran out."""
        self.batch_size = max(1, min(images, self.batch_size) // 2)

    def write(self, folder: str | Path) -> None:
        """Record this in a run's folder."""
        record = {**asdict(self), "accumulation": self.accumulation}
        write_text(Path(folder) / FILE, json.dumps(record, indent=2) + "\n")


def check_machine(batch_size: Any, accumulation: Any, precision: Any, memory_layout: Any) -> None:
    """Check the settings that may be ``auto`` before anything is tried.

    Raises:
        InputError: one of them is neither ``auto`` nor of its kind.
    """
    for name, value in (("batch_size", batch_size), ("accumulation", accumulation)):
        may_be_auto = name == "batch_size"
        if may_be_auto and value == AUTO:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            expected = "a whole number of at least 1" + (", or auto" if may_be_auto else "")
            raise InputError(f"{name} is {value!r}; expected {expected}")
    if precision != AUTO:
        precision_name(precision, "cuda")
    if memory_layout not in (AUTO, *LAYOUTS):
        raise InputError(
            f"memory_layout is {memory_layout!r}; expected one of {', '.join((AUTO, *LAYOUTS))}"
        )


def fit_machine(
    network: nn.Module,
    loss: Callable[..., torch.Tensor],
    *,
    image_size: int,
    images: int,
    device: str | torch.device,
    batch_size: int | str = AUTO,
    accumulation: int = 1,
    precision: str = AUTO,
    memory_layout: str = AUTO,
    unfreeze: Schedule | None = None,
    output_dir: str | Path | None = None,
    resume: bool | str = False,
) -> MachineFit:
    """Choose what is ``auto``, log it, and take what a run that goes on has recorded.

    Where several processes train, the smallest batch that one of them found and the first one's
    format and layout count for all.

    Args:
        network: the network; copies of it take trial steps, it stays as it is.
        loss: takes logits and class indices.
        image_size: side of the square images in pixels.
        images: images that train.
        device: where the training runs.
        batch_size: images in memory at once, or ``auto``: the largest power of two that fits.
        accumulation: pieces of ``batch_size`` images that make one step of the optimiser.
        precision: see ``PRECISIONS``, or ``auto``: the fastest.
        memory_layout: see ``LAYOUTS``, or ``auto``: the fastest.
        unfreeze: what trains later; memory must last for the most of it.
        output_dir: the run's folder.
        resume: whether to go on with the run in that folder.

    Returns:
        What the training shall do.

    Raises:
        InputError: a setting is none, a record cannot be read, nothing fits into memory, or the
            network cannot train on the single image that is asked for.
    """
    check_machine(batch_size, accumulation, precision, memory_layout)
    kind = torch.device(device).type
    before = _recorded(output_dir) if flag(resume, "resume") and output_dir is not None else None
    asked = {"batch_size": batch_size, "precision": precision, "memory_layout": memory_layout}
    if before is not None:
        asked |= {"batch_size": before.batch_size}
        if before.device == kind:
            asked |= {"precision": before.precision, "memory_layout": before.memory_layout}
    checked_schedule(network, unfreeze)
    if asked["batch_size"] == 1:
        check_single_image(network, image_channels(network), image_size)
    found, told = _chosen(network, loss, image_size, images, device, asked, unfreeze)
    effective = found["batch_size"] * accumulation if before is None else before.effective_batch
    fits = _agreed(MachineFit(effective_batch=effective, device=kind, **found), before is not None)
    if idist.get_rank() == 0:
        _tell(fits, told, before is not None)
    return fits


def record_machine(machine: MachineFit, output_dir: str | Path) -> None:
    """Record the choice in the run's folder, which must exist; the first process writes.

    Args:
        machine: the choice.
        output_dir: the run's folder.
    """
    if idist.get_rank() == 0:
        machine.write(output_dir)


def recorded_layout(output_dir: str | Path) -> torch.memory_format:
    """Gives the memory layout that a run trained in, so that scoring again rounds alike.

    Args:
        output_dir: the run's folder.
    """
    found = _recorded(output_dir)
    return torch.channels_last if found is None else found.memory_format


def _chosen(
    network: nn.Module,
    loss: Callable[..., torch.Tensor],
    image_size: int,
    images: int,
    device: str | torch.device,
    asked: Mapping[str, Any],
    unfreeze: Schedule | None,
) -> tuple[dict[str, Any], list[str]]:
    """Batch size, precision and layout without ``auto``, and what was tried for them."""
    told = []
    batch, precision, layout = (asked[n] for n in ("batch_size", "precision", "memory_layout"))
    precisions = candidates(device) if precision == AUTO else [precision_name(precision, device)]
    layouts = list(LAYOUTS) if layout == AUTO else [layout]
    choices = [(one, other) for one in precisions for other in layouts]
    if len(choices) > 1:
        most = images if batch == AUTO else min(batch, images)
        timings = probe(network, loss, image_size, device, choices, most)
        choices = [fastest_of(timings)[:2]]
        told.append(table_line(timings, fastest_of(timings)))
    if batch == AUTO:
        widest = with_most_trained(copy.deepcopy(network), unfreeze)
        step = TrialStep(widest, loss, image_size, device, *choices[0])
        share = max(1, images // idist.get_world_size())
        batch = largest_batch(step, share, idist.get_nproc_per_node())
        told.append(f"batch_size auto: {batch} fit into memory (at most {LARGEST} are tried)")
    precision, layout = choices[0]
    return {"batch_size": batch, "precision": precision, "memory_layout": layout}, told


def _agreed(found: MachineFit, is_recorded: bool) -> MachineFit:
    """What all processes do: as the first one's record says, else by what each one found."""
    rows = gathered([{**asdict(found), "recorded": is_recorded}])
    first = {key: value for key, value in rows[0].items() if key != "recorded"}
    if not rows[0]["recorded"]:
        first["batch_size"] = min(row["batch_size"] for row in rows)
        first["effective_batch"] = min(row["effective_batch"] for row in rows)
    return MachineFit(**first)


def _tell(fits: MachineFit, told: list[str], is_recorded: bool) -> None:
    for line in told:
        _LOG.info(line)
    _LOG.info(
        f"{'as recorded: ' if is_recorded else ''}{fits.batch_size} images at once, "
        f"{fits.effective_batch} to a step, {fits.precision}, {fits.memory_layout}"
    )


def _recorded(output_dir: str | Path) -> MachineFit | None:
    path = Path(output_dir) / FILE
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return MachineFit(**{k: v for k, v in record.items() if k != "accumulation"})
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise InputError(f"{path} cannot be read ({error}); train again") from error
