"""A training step over more images than fit into memory at once."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise
from pathlib import Path
from typing import Any

import ignite.distributed as idist
import torch
from monai.engines import IterationEvents, SupervisedTrainer
from torch import nn

from pipelines.errors import InputError
from pipelines.training.machine_fit import FILE, MachineFit
from pipelines.training.out_of_memory import is_lasting, is_out_of_memory
from pipelines.training.precision import float32_products
from pipelines.training.single_image import SINGLE, is_single_image

_LOG = logging.getLogger("med2d")

Batch = Mapping[str, Any]


class AccumulatedStep:
    """The ``iteration_update`` of MONAI's ``SupervisedTrainer``: pieces in, one optimiser step out.

    The loader gives all images of a step. They go through the network in even pieces of at most
    ``machine.batch_size``; each piece's loss counts by its share of the images, so that the
    gradients are those of the whole batch where the loss is a mean over images. Batch norm sees
    the pieces. The engine's output is of the whole batch: ``image`` as the loader gave it, and on
    the device ``label``, ``pred`` and the scalar ``loss``. ``FORWARD_COMPLETED``,
    ``LOSS_COMPLETED`` and ``BACKWARD_COMPLETED`` fire for each piece, ``MODEL_COMPLETED`` once.

    Where memory runs out, the pieces are halved for the rest of the run and the step is taken
    again from its start: gradients are cleared and the network's buffers (running statistics of
    batch norm) put back. Several processes stop instead: while one is taken aback, the others wait
    in the exchange of gradients for what never comes. So does a process that computes no more
    (``is_lasting``). The record is halved all the same, so that ``--resume true`` goes on with
    smaller pieces.

    Args:
        machine: how many images go at once; is changed where memory runs out.
        output_dir: the run's folder, where the change is recorded.
    """

    def __init__(self, machine: MachineFit, output_dir: str | Path) -> None:
        self.machine = machine
        self.folder = Path(output_dir)
        is_scaled = machine.precision == "float16"
        self.scaler = torch.amp.GradScaler(machine.device, enabled=is_scaled)

    def __call__(self, engine: SupervisedTrainer, batch: Batch) -> dict[str, Any]:
        """Take one step of the trainer ``engine``.

        Args:
            engine: the trainer.
            batch: tensors or lists by name, one entry an image.

        Raises:
            InputError: there is no memory for a single image, for the optimiser, or in one of
                several processes.
        """
        engine.network.train()
        kept = [buffer.detach().clone() for buffer in engine.network.buffers()]
        with float32_products(self.machine.precision):
            while (output := self._attempt(engine, batch)) is None:
                for buffer, value in zip(engine.network.buffers(), kept, strict=True):
                    buffer.copy_(value)
        self._update(engine)
        engine.state.output = output
        engine.fire_event(IterationEvents.MODEL_COMPLETED)
        return output

    def _attempt(self, engine: SupervisedTrainer, batch: Batch) -> dict[str, Any] | None:
        """Add up the gradients; None where the next attempt will take less memory."""
        engine.optimizer.zero_grad(set_to_none=engine.optim_set_to_none)
        try:
            return self._gradients(engine, batch)
        except ValueError as error:
            if not is_single_image(error):
                raise
            raise InputError(
                f"epoch {engine.state.epoch}, step {engine.state.iteration}, batch_size "
                f"{self.machine.batch_size}: {SINGLE}. Give a batch_size of 2 or "
                "more, and where memory ran out a smaller network or image_size"
            ) from error
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            goes_on = idist.get_world_size() == 1 and not is_lasting(error)
        # Here, where the error is gone, the failed attempt holds no memory any more.
        engine.state.output = None
        engine.optimizer.zero_grad(set_to_none=True)
        self._make_room(engine, _images(batch), goes_on)
        return None

    def _gradients(self, engine: SupervisedTrainer, batch: Batch) -> dict[str, Any]:
        images = _images(batch)
        pieces = list(_pieces(batch, self.machine.batch_size))
        done: list[tuple[torch.Tensor, ...]] = []
        for piece in pieces:
            is_last = len(done) + 1 == len(pieces)
            with nullcontext() if is_last else _unshared(engine.network):
                done.append(self._piece(engine, piece, _images(piece) / images))
        labels, answers, losses = zip(*done, strict=True)
        return {
            "image": batch["image"],
            "label": torch.cat(labels) if len(pieces) > 1 else labels[0],
            "pred": torch.cat(answers) if len(pieces) > 1 else answers[0],
            "loss": torch.stack(losses).sum() if len(pieces) > 1 else losses[0],
        }

    def _piece(
        self, engine: SupervisedTrainer, piece: Batch, share: float
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Labels, answers and share of the loss of a piece, whose gradients are added."""
        inputs, labels = engine.prepare_batch(
            piece, engine.state.device, engine.non_blocking, **engine.to_kwargs
        )
        engine.state.output = {"image": inputs, "label": labels}
        answer = engine.inferer(inputs, engine.network)
        engine.state.output["pred"] = answer
        engine.fire_event(IterationEvents.FORWARD_COMPLETED)
        loss = engine.loss_function(engine.state.output["pred"], labels).mean() * share
        engine.state.output["loss"] = loss
        engine.fire_event(IterationEvents.LOSS_COMPLETED)
        self.scaler.scale(loss).backward()
        engine.fire_event(IterationEvents.BACKWARD_COMPLETED)
        return labels, answer.detach(), loss.detach()

    def _update(self, engine: SupervisedTrainer) -> None:
        try:
            self.scaler.step(engine.optimizer)
            self.scaler.update()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise InputError(
                "there is no memory for the optimiser's own state of this network, whatever the "
                "batch; choose a smaller network or another device"
            ) from error

    def _make_room(self, engine: SupervisedTrainer, images: int, goes_on: bool) -> None:
        tried = min(images, self.machine.batch_size)
        place = f"out of memory in epoch {engine.state.epoch}, step {engine.state.iteration}"
        if tried == 1:
            raise InputError(
                f"{place}, with a single image at once; choose a smaller network or image_size, "
                "or another device"
            )
        if torch.device(self.machine.device).type == "cuda":
            torch.cuda.empty_cache()
        self.machine.halve(tried)
        self.machine.write(self.folder)
        now = f"{self.machine.batch_size} at once, {self.machine.effective_batch} to a step"
        if not goes_on:
            raise InputError(
                f"{place}, with {tried} images at once; {self.folder / FILE} now says {now}: give "
                "the same command again with --resume true"
            )
        _LOG.warning(
            f"{place}, with {tried} images at once; going on with {now} (recorded in "
            f"{self.folder / FILE})"
        )


def _images(batch: Batch) -> int:
    return len(batch["image"])


def _pieces(batch: Batch, most: int) -> Iterator[Batch]:
    """Even parts of a batch, none of more than ``most`` images."""
    images = _images(batch)
    count = -(-images // most)
    if count == 1:
        yield batch
        return
    bounds = [images * number // count for number in range(count + 1)]
    for start, end in pairwise(bounds):
        yield {name: values[start:end] for name, values in batch.items()}


def _unshared(network: nn.Module) -> AbstractContextManager[None]:
    """Keeps several processes from exchanging gradients that are not whole yet."""
    no_sync = getattr(network, "no_sync", None)
    return nullcontext() if no_sync is None else no_sync()
