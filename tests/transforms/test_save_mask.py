"""Predicted masks reach the disk pixel by pixel, in place, whole or not at all."""

import gzip
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import torch
from monai.bundle import ConfigParser
from monai.data import MetaTensor, decollate_batch, list_data_collate
from monai.transforms import Invertd, LoadImaged, SaveImaged
from numpy.typing import NDArray
from PIL import Image

from pipelines.bundles import bundle_names, bundle_root
from tests.pipelines.datasets.made_nifti import SWAPPED, TRANSFORMS, lying, write_nifti
from transforms.save_mask import PALETTE, SaveImageMaskd, mask_name
from transforms.upright_reader import UprightReader

Picture = NDArray[np.uint8]


def case(indices: NDArray[Any], source: Path, **meta: Any) -> dict[str, Any]:
    tensor = torch.as_tensor(indices.copy())[None]
    return {"pred": MetaTensor(tensor, meta={"filename_or_obj": str(source), **meta})}


def saved(path: Path) -> NDArray[Any]:
    return np.asarray(Image.open(path))


def test_every_pixel_comes_back(marked: Picture, tmp_path: Path) -> None:
    mask = (marked == 220).astype(np.float32)
    data = case(mask, Path("elsewhere/scan.one.jpg"))
    assert SaveImageMaskd("pred", str(tmp_path / "new" / "out"))(data)["pred"] is data["pred"]
    image = Image.open(tmp_path / "new" / "out" / "scan.one_mask.png")
    assert (image.mode, image.size) == ("P", (40, 60))
    np.testing.assert_array_equal(np.asarray(image), mask)


def test_indices_stand_for_colours(tmp_path: Path) -> None:
    indices = np.arange(256, dtype=np.uint8).reshape(8, 32)
    SaveImageMaskd("pred", str(tmp_path))(case(indices, Path("a.png")))
    image = Image.open(tmp_path / "a_mask.png")
    np.testing.assert_array_equal(np.asarray(image), indices)
    assert image.convert("RGB").getpixel((2, 0)) == PALETTE[2]


def placed(image: Any) -> dict[str, Any]:
    """What a file says of where its array lies."""
    header = image.header
    names = ("pixdim", "xyzt_units", "qform_code", "sform_code", "quatern_b", "quatern_c")
    rows = ("quatern_d", "qoffset_x", "qoffset_y", "qoffset_z", "srow_x", "srow_y", "srow_z")
    return {"shape": image.shape, **{name: header[name].tolist() for name in (*names, *rows)}}


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_the_mask_of_a_nifti_lies_on_its_input(
    name: str, suffix: str, marked: Picture, tmp_path: Path
) -> None:
    stored = lying(marked, TRANSFORMS[name])[..., None]
    source = write_nifti(tmp_path / f"scan{suffix}", stored, TRANSFORMS[name])
    picture, _ = UprightReader().get_data(source)
    np.testing.assert_array_equal(picture, marked)
    SaveImageMaskd("pred", str(tmp_path / "out"))(case(marked == 220, source))
    given, image = nib.load(source), nib.load(tmp_path / "out" / "scan_mask.nii.gz")
    assert placed(image) == placed(given)
    np.testing.assert_array_equal(image.affine, given.affine)
    assert image.get_data_dtype() == np.uint8
    np.testing.assert_array_equal(np.asarray(image.dataobj), stored == 220)


@pytest.mark.parametrize("name", TRANSFORMS)
@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1), (5, 7, 1, 1), (1, 5, 7), (5, 1, 7)])
def test_a_marker_comes_back_to_its_voxel(
    name: str, shape: tuple[int, ...], tmp_path: Path
) -> None:
    stored = np.zeros(35, np.uint8)
    stored[9] = 200
    source = write_nifti(tmp_path / "scan.nii", stored.reshape(shape), TRANSFORMS[name])
    image = LoadImaged("image", reader=UprightReader(), ensure_channel_first=True)(
        {"image": str(source)}
    )["image"]
    assert sorted(image.shape[1:]) == [5, 7]
    SaveImageMaskd("pred", str(tmp_path))({"pred": image > 100})
    mask = np.asarray(nib.load(tmp_path / "scan_mask.nii.gz").dataobj)
    np.testing.assert_array_equal(mask, (stored == 200).reshape(shape))


def test_a_mask_follows_the_code_and_the_kind_of_its_input(marked: Picture, tmp_path: Path) -> None:
    """Viewers treat a qform, an sform and a file without either differently."""
    given = nib.Nifti2Image(marked.T.astype(np.int16), None)
    given.header.set_qform(SWAPPED, 1)
    given.header.set_sform(None, 0)
    given.header.set_xyzt_units("micron")
    given.header["cal_max"], given.header["descrip"] = 900, b"J. Doe"
    given.header.extensions.append(nib.nifti1.Nifti1Extension("comment", b"J. Doe"))
    given.to_filename(tmp_path / "scan.nii")
    size = (40, 60)  # the axes are swapped
    SaveImageMaskd("pred", str(tmp_path))(case(np.ones(size), tmp_path / "scan.nii"))
    image = nib.load(tmp_path / "scan_mask.nii.gz")
    assert placed(image) == placed(nib.load(tmp_path / "scan.nii"))
    assert type(image) is nib.Nifti2Image and int(image.header["qform_code"]) == 1
    assert image.header["cal_max"] == 0 and not image.header.extensions
    assert b"Doe" not in gzip.decompress((tmp_path / "scan_mask.nii.gz").read_bytes())


def test_masks_of_several_kinds_may_share_a_batch(marked: Picture, tmp_path: Path) -> None:
    """MONAI drops metadata that only some of a batch have."""
    write_nifti(tmp_path / "a.nii", lying(marked, np.eye(4)), np.eye(4))
    Image.fromarray(marked).save(tmp_path / "b.png")
    load = LoadImaged("image", reader=UprightReader(), ensure_channel_first=True)
    batch = list_data_collate(
        [load({"image": str(tmp_path / name)}) for name in ("a.nii", "b.png")]
    )
    for each in decollate_batch({"pred": batch["image"] > 100}):
        SaveImageMaskd("pred", str(tmp_path))(each)
    stored = np.asarray(nib.load(tmp_path / "a_mask.nii.gz").dataobj)
    np.testing.assert_array_equal(stored, lying(marked == 220, np.eye(4)))
    np.testing.assert_array_equal(saved(tmp_path / "b_mask.png"), marked == 220)


def test_a_mask_that_does_not_fit_its_nifti_is_refused(marked: Picture, tmp_path: Path) -> None:
    save = SaveImageMaskd("pred", str(tmp_path / "out"))
    source = write_nifti(tmp_path / "a.nii", marked, np.eye(4))  # 40 x 60 in place of 60 x 40
    with pytest.raises(ValueError, match=r"a\.nii has the shape \(60, 40\), and does not fit"):
        save(case(marked == 220, source))
    write_nifti(source, np.zeros((40, 60, 2)), np.eye(4))
    with pytest.raises(ValueError, match=r"does not fit on its array of \(40, 60, 2\)"):
        save(case(marked == 220, source))
    source.unlink()
    with pytest.raises(OSError, match=r"a\.nii"):
        save(case(marked == 220, source))
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("a.png", "a_x.png"),
        ("a.b.JPEG", "a.b_x.png"),
        ("a.nii", "a_x.nii.gz"),
        ("a.b.NII.GZ", "a.b_x.nii.gz"),
    ],
)
def test_names(source: str, name: str) -> None:
    assert mask_name(Path("folder") / source, "_x") == name


def test_sub_folders_are_kept(
    marked: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save = SaveImageMaskd("pred", str(tmp_path / "out"), input_dir="in", postfix="")
    for source in (tmp_path / "in/left/a.png", Path("in/right/a.png"), tmp_path / "else/b.png"):
        save(case(marked == 220, source))
    found = sorted(p.relative_to(tmp_path).as_posix() for p in (tmp_path / "out").rglob("*.png"))
    assert found == ["out/b.png", "out/left/a.png", "out/right/a.png"]


def test_a_failing_write_leaves_the_old_file_and_no_other(
    marked: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = SaveImageMaskd("pred", str(tmp_path))
    save(case(marked == 220, Path("a.png")))
    before = (tmp_path / "a_mask.png").read_bytes()

    def half(self: Image.Image, path: Path, **options: Any) -> None:
        Path(path).write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(Image.Image, "save", half)
    for name in ("a.png", "b.png"):
        with pytest.raises(OSError, match="disk full"):
            save(case(marked == 60, Path(name)))
    assert [p.name for p in tmp_path.iterdir()] == ["a_mask.png"]
    assert (tmp_path / "a_mask.png").read_bytes() == before


def test_a_mask_of_unknown_origin_or_shape_is_refused(tmp_path: Path) -> None:
    save = SaveImageMaskd("pred", str(tmp_path))
    with pytest.raises(ValueError, match="pred carries no file name"):
        save({"pred": torch.zeros(1, 4, 4)})
    with pytest.raises(ValueError, match=r"\(2, 4, 4\); expected \(1, height, width\)"):
        save({"pred": MetaTensor(torch.zeros(2, 4, 4), meta={"filename_or_obj": "a.png"})})


def shape_pair(width: int, height: int) -> tuple[Picture, Picture]:
    """A picture and a mask of an L that no transposition or flip maps onto itself."""
    mask = np.zeros((height, width), np.uint8)
    mask[height // 8 : height // 2, width // 6 : width // 3] = 1
    mask[3 * height // 8 : height // 2, width // 6 : 3 * width // 4] = 1
    return np.where(mask == 1, 200, 40).astype(np.uint8), mask


def overlap(a: NDArray[Any], b: NDArray[Any]) -> float:
    if a.shape != b.shape:
        return 0.0
    return float(np.sum((a > 0) & (b > 0)) / np.sum((a > 0) | (b > 0)))


@pytest.mark.parametrize("size", [(300, 500), (500, 300), (37, 91), (128, 128), (1000, 64)])
@pytest.mark.parametrize("bundle", [n for n in bundle_names() if n.endswith("segmentation")])
def test_a_letterboxed_or_padded_mask_comes_back_in_place(
    bundle: str, size: tuple[int, int], tmp_path: Path
) -> None:
    picture, mask = shape_pair(*size)
    Image.fromarray(picture).save(tmp_path / "image.png")
    Image.fromarray(mask).save(tmp_path / "mask.png")
    parser = ConfigParser()
    parser.read_config(str(bundle_root(bundle) / "configs" / "train.json"))
    preprocessing = parser.get_parsed_content("preprocessing")
    item = preprocessing(
        {"image": str(tmp_path / "image.png"), "label": str(tmp_path / "mask.png")}
    )
    side = parser.get_parsed_content("image_size")
    assert item["label"].shape == (1, *item["image"].shape[1:])
    assert min(item["label"].shape[1:]) >= side
    assert item["label"].unique().tolist() == [0, 1]
    batch = list_data_collate([item])
    batch["pred"] = (
        batch["image"].amax(dim=1, keepdim=True) * 0 + batch["label"]
    )  # carries on the metadata, as a network does
    invert = Invertd("pred", preprocessing, orig_keys="image", nearest_interp=False, to_tensor=True)
    back = invert(decollate_batch(batch)[0])
    back["pred"] = (back["pred"] >= 0.5).float()
    SaveImageMaskd("pred", str(tmp_path / "out"))(back)
    result = saved(tmp_path / "out" / "image_mask.png")
    assert result.shape == mask.shape
    # Where 1000 px become 128, an edge can lie four pixels off.
    assert overlap(result, mask) > (0.75 if max(size) == 1000 else 0.9)
    wrong = (result.T, result[::-1], result[:, ::-1], result[::-1, ::-1])
    assert all(overlap(turned, mask) < 0.6 for turned in wrong)


def test_programs_that_leave_out_what_saves_leave_it_out(tmp_path: Path) -> None:
    assert isinstance(SaveImageMaskd("pred", str(tmp_path)), SaveImaged)
