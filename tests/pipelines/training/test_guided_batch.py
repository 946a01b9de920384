from pathlib import Path

import pytest
import torch
from monai.transforms import RandAdjustContrastd, RandFlipd

from networks.guided_classifier import GuidedClassifier
from networks.transfer_classifier import TransferClassifier
from pipelines.errors import InputError
from pipelines.training.guided_batch import GuidedBatch, check_guidance, sample_keys, with_masks
from pipelines.training.parts import fold_parts
from transforms.trivial_augment import RandTrivialAugmentd

SMALL = {"width_mult": 0.35}


def test_the_images_that_train_get_their_masks(class_dataset: Path, busi_dataset: Path) -> None:
    parts = fold_parts(class_dataset, 0, "classification")
    found = with_masks(parts, busi_dataset)
    for item in found["train"]:
        assert Path(item["mask"]).parent == busi_dataset / "masks"
        assert Path(item["mask"]).stem == item["id"]
    assert found["validate"] == parts["validate"] and found["score"] == parts["score"]
    assert with_masks(parts, None) is parts and "mask" not in parts["train"][0]
    assert tuple(sample_keys(busi_dataset)) == ("image", "label", "mask")
    assert tuple(sample_keys("null")) == ("image", "label")


def test_masks_of_other_images_are_refused(class_dataset: Path, busi_dataset: Path) -> None:
    parts = fold_parts(class_dataset, 0, "classification")
    strange = [{**parts["train"][0], "sha256": "0" * 64}, *parts["train"][1:]]
    with pytest.raises(InputError, match=r"no mask of 1 of the \d+ images that train, such as"):
        with_masks({**parts, "train": strange}, busi_dataset)
    with pytest.raises(InputError, match="a dataset for classification; expected one for segment"):
        with_masks(parts, class_dataset)


def test_label_and_mask_travel_as_one_row() -> None:
    prepare = GuidedBatch(3)
    batch = {"image": torch.rand(2, 1, 4, 4), "label": torch.tensor([2, 0])}
    images, labels = prepare(batch, "cpu")
    assert images is batch["image"] and labels is batch["label"]
    mask = torch.zeros(2, 1, 4, 4)
    mask[0, 0, 1, 2] = 7
    _, rows = prepare({**batch, "mask": mask}, "cpu")
    assert rows.shape == (2, 3 + 16) and rows[:, :3].argmax(1).tolist() == [2, 0]
    assert rows[:, 3:].sum() == 1 and rows[0, 3 + 4 + 2] == 1


def test_network_and_masks_go_together() -> None:
    guided = GuidedClassifier("torchvision.mobilenet_v2", 2, options=SMALL)
    plain = TransferClassifier("torchvision.mobilenet_v2", 2, options=SMALL)
    check_guidance(guided, "masks")
    check_guidance(plain, None, {"mixup": 0.2})
    check_guidance(guided, "masks", {"mixup": None, "cutmix": None})
    with pytest.raises(InputError, match="name that dataset folder by --masks_dir"):
        check_guidance(guided, None)
    with pytest.raises(InputError, match="variant lesion_guided"):
        check_guidance(plain, "masks")
    with pytest.raises(InputError, match=r"mixing is .*mixap"):
        check_guidance(plain, None, {"mixap": 0.2})
    with pytest.raises(InputError, match="images but not masks"):
        check_guidance(guided, "masks", {"mixup": 0.2})


def test_what_moves_the_image_must_move_its_mask() -> None:
    guided = GuidedClassifier("torchvision.mobilenet_v2", 2, options=SMALL)
    harmless = [RandAdjustContrastd("image"), RandFlipd(["image", "mask"])]
    check_guidance(guided, "masks", None, harmless)
    check_guidance(guided, "masks", None, [RandTrivialAugmentd("image", "mask")])
    for transform in (RandFlipd("image"), RandTrivialAugmentd("image")):
        with pytest.raises(InputError, match="moves the image and not its mask"):
            check_guidance(guided, "masks", None, [*harmless, transform])
