"""Masks of the lesions that guide the training of a classifier: where they are, how they go."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ignite.distributed as idist
import torch
from torch import nn

from networks.guided_classifier import GuidedClassifier
from pipelines.datasets.dataset import read, verify
from pipelines.errors import InputError
from pipelines.training.mixing import mixes
from pipelines.training.settings import is_none
from pipelines.training.soft_labels import class_shares
from transforms.trivial_augment import RandTrivialAugmentd

_LOG = logging.getLogger("med2d")

_MOVING = ("monai.transforms.spatial.", "monai.transforms.croppad.")

MASK = "mask"
"""Key of the mask of an item that trains."""

Parts = dict[str, list[dict[str, Any]]]


def with_masks(parts: Parts, masks_dir: str | Path | None) -> Parts:
    """Give the items that train the masks of another dataset folder of the same images.

    The masks of the other parts are not looked at. Images are the same where their content is.

    Args:
        parts: the items of a classification's fold, as ``fold_parts`` gives them.
        masks_dir: a dataset folder for segmentation of the same raw folder, or None.

    Returns:
        The parts; each item of ``train`` has ``mask``, the path of its mask, where a folder is
        given.

    Raises:
        InputError: the folder is no dataset for segmentation, was changed, or has no mask of an
            image that trains.
    """
    if is_none(masks_dir):
        return parts
    dataset = read(str(masks_dir))
    if dataset.task != "segmentation":
        raise InputError(
            f"masks_dir is {masks_dir}, a dataset for {dataset.task}; expected one for "
            "segmentation of the same images: convert the raw folder with --task segmentation"
        )
    verify(dataset)
    masks = {
        item["sha256"]: dataset.resolved(item)["label"]
        for item in (*dataset.items, *dataset.testing)
    }
    missing = [item for item in parts["train"] if item["sha256"] not in masks]
    if missing:
        raise InputError(
            f"masks_dir {masks_dir} has no mask of {len(missing)} of the {len(parts['train'])} "
            f"images that train, such as {missing[0]['image']}; convert the same raw folder with "
            "--task segmentation and the same options"
        )
    train = [{**item, MASK: masks[item["sha256"]]} for item in parts["train"]]
    if idist.get_rank() == 0:
        _LOG.info(f"masks of {len(train)} images from {masks_dir} guide the training")
    return {**parts, "train": train}


def check_guidance(
    network: nn.Module,
    masks_dir: str | Path | None,
    mixing: Any = None,
    augmentation: Sequence[Any] = (),
) -> None:
    """Check that a guided network has masks to learn from, and that no other gets some.

    Args:
        network: the network that is trained.
        masks_dir: the folder of the masks, or None.
        mixing: that of ``Mixing``, which mixes images of a batch, but not their masks.
        augmentation: the random transforms; those that move an image must move its mask.

    Raises:
        InputError: they do not go together.
    """
    is_guided = isinstance(network, GuidedClassifier)
    if is_guided and is_none(masks_dir):
        raise InputError(
            "this recipe learns from masks of the lesions; convert the same raw folder with --task "
            "segmentation and name that dataset folder by --masks_dir"
        )
    if not is_guided and not is_none(masks_dir):
        raise InputError(
            f"masks_dir is {masks_dir}, but this recipe does not learn from masks; leave it out, "
            "or take the variant lesion_guided"
        )
    if mixes(mixing) and is_guided:  # what cannot be mixed is said of any network
        raise InputError(f"mixing is {mixing}; it mixes images but not masks: leave it out")
    left = [transform for transform in augmentation if is_guided and _leaves_mask(transform)]
    if left:
        raise InputError(
            f"{type(left[0]).__name__} of augmentation moves the image and not its mask; put mask "
            "beside image in its keys, with the mode nearest (RandTrivialAugmentd: in mask_keys)"
        )


def _leaves_mask(transform: Any) -> bool:
    """Whether a random transform moves an image and leaves its mask where it was."""
    is_policy = isinstance(transform, RandTrivialAugmentd)
    moves = is_policy or type(transform).__module__.startswith(_MOVING)
    keys = transform.mask_keys if is_policy else getattr(transform, "keys", ())
    return moves and MASK not in keys


def sample_keys(masks_dir: str | Path | None) -> Sequence[str]:
    """Name the tensors of a sample that trains."""
    return ("image", "label") if is_none(masks_dir) else ("image", "label", MASK)


class GuidedBatch:
    """The ``prepare_batch`` of a trainer: images, and what they are compared with.

    Args:
        classes: number of classes.
    """

    def __init__(self, classes: int) -> None:
        self.classes = classes

    def __call__(
        self,
        batch: Mapping[str, torch.Tensor],
        device: str | torch.device | None = None,
        non_blocking: bool = False,
        **options: Any,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Prepare a batch.

        Args:
            batch: ``image`` (batch, channels, height, width), ``label`` (class indices (batch,), or
                shares of the classes) and perhaps ``mask`` (batch, 1, height, width), above 0 where
                the lesion is.
            device: where they go.
            non_blocking: see ``torch.Tensor.to``.
            **options: for ``torch.Tensor.to``, of the images.

        Returns:
            Images and labels as they are. With a mask, the labels are one row an image: the shares
            of the classes, followed by the pixels of the mask, 0 or 1.
        """
        images = batch["image"].to(device, non_blocking=non_blocking, **options)
        labels = batch["label"].to(device, non_blocking=non_blocking)
        if MASK not in batch:
            return images, labels
        mask = (batch[MASK] > 0).flatten(1).to(device, torch.float32, non_blocking=non_blocking)
        return images, torch.cat([class_shares(labels, self.classes), mask], dim=1)
