from __future__ import annotations

from pathlib import PurePosixPath

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.datasets.layouts.mask_names import Naming
from pipelines.datasets.layouts.mask_pairs import Pairs, pair


def paired(*names: str, naming: Naming | None = None, classes: tuple[str, ...] = ()) -> Pairs:
    return pair([PurePosixPath(name) for name in names], naming or Naming(), classes)


def masks(found: Pairs) -> dict[str, list[str]]:
    return {str(each.image.path): [str(path) for path in each.masks] for each in found.pairs}


def lines(found: Pairs) -> list[str]:
    return [each.line for each in found.problems]


def test_two_folders() -> None:
    found = paired("images/a (1).jpg", "images/é.png", "masks/a (1).png", "masks/e\u0301_mask.png")
    assert masks(found) == {
        "images/a (1).jpg": ["masks/a (1).png"],
        "images/é.png": ["masks/e\u0301_mask.png"],
    }
    assert not found.problems


def test_other_words_and_folders_of_parts_and_classes() -> None:
    found = paired(
        "train/img/benign/img_1.png", "Training/gt/benign/mask_1.png",
        "imagesTs/b_0000.png", "labelsTs/b.png",
        "validation/images/1.png", "val/masks/1.png",
    )  # fmt: skip
    assert masks(found) == {
        "train/img/benign/img_1.png": ["Training/gt/benign/mask_1.png"],
        "imagesTs/b_0000.png": ["labelsTs/b.png"],
        "validation/images/1.png": ["val/masks/1.png"],
    }
    assert [each.image.folders for each in found.pairs][1] == ("test",)


def test_masks_in_a_folder_below_their_images() -> None:
    assert masks(paired("c/a.png", "c/mask/a_mask.png")) == {"c/a.png": ["c/mask/a_mask.png"]}


def test_mixed_in_one_folder() -> None:
    found = paired("c/a.png", "c/a_mask.png", "c/a_mask_1.png", "c/b.png", "c/b-seg.tif")
    assert masks(found) == {
        "c/a.png": ["c/a_mask.png", "c/a_mask_1.png"],
        "c/b.png": ["c/b-seg.tif"],
    }
    assert masks(paired("a.jpg", "a.png", "b.jpeg", "b.png")) == {
        "a.jpg": ["a.png"],
        "b.jpeg": ["b.png"],
    }
    named = paired("a.tif", "a.png", naming=Naming(mask_suffix=".png"))
    assert masks(named) == {"a.tif": ["a.png"]}
    assert masks(paired("image_1.png", "mask_1.png")) == {"image_1.png": ["mask_1.png"]}


def test_names_that_say_image_and_mask_only() -> None:
    found = paired("p1/image.png", "p1/mask.png", "p2/us.jpg", "p2/label.png", "p3/img/x.png",
                   "p3/masks/mask.png")  # fmt: skip
    assert masks(paired("p1/image.png", "p1/mask.png", "p2/us.jpg", "p2/label.png")) == {
        "p1/image.png": ["p1/mask.png"],
        "p2/us.jpg": ["p2/label.png"],
    }
    assert masks(found) == {"p3/img/x.png": ["p3/masks/mask.png"]}
    lines_ = lines(paired("p/a.png", "p/b.png", "p/mask.png"))
    assert lines_[0].startswith('mask "p/mask.png" has no image of its name')


def test_many_masks_of_one_image_are_counted() -> None:
    names = [f"masks/a.{suffix}" for suffix in ("png", "tif", "bmp", "gif", "webp", "jpg", "tiff")]
    (line,) = lines(paired("images/a.png", *names))
    assert '"masks/a.webp" and 2 more; take all but one out' in line


def test_a_file_for_each_class() -> None:
    classes = ("background", "Dense Stroma", "tumour")
    for names in (
        ("images/a.png", "masks/dense_stroma/a.png", "masks/tumour/a.png"),
        ("images/a.png", "masks/a_dense-stroma.png", "masks/a_tumour.png"),
        ("a.png", "a_dense stroma.png", "a_tumour_mask.png"),
        ("a.png", "a_mask_dense_stroma.png", "a_mask_tumour.png"),
    ):
        found = paired(*names, classes=classes)
        assert [each.of_class for each in found.pairs] == [
            [(1, PurePosixPath(names[1])), (2, PurePosixPath(names[2]))]
        ]
        assert not found.problems


def test_folders_of_classes_above_images_and_masks_are_no_files_of_one_class() -> None:
    found = paired("images/b/1.png", "masks/b/1.png", classes=("background", "b"))
    assert masks(found) == {"images/b/1.png": ["masks/b/1.png"]}


def test_missing_and_ambiguous_mates_are_named() -> None:
    found = paired(
        "images/a.png", "images/b.png", "images/b.jpg", "images/c.png", "images/d.png",
        "masks/b.png", "masks/c.png", "masks/c.tif", "masks/e.png", "masks/d_tumour.png", "x.png",
    )  # fmt: skip
    assert lines(found) == [
        'images "images/b.png" and "images/b.jpg" share one name and one mask; rename one with its '
        "mask, take it out, or say by --mask-suffix .png (or another extension) that one is the "
        "mask",
        'mask "masks/e.png" has no image of its name; correct the name, or take it out',
        'mask "masks/d_tumour.png" has no image of its name; correct the name, or take it out (if '
        "it holds one class, name that among --classes: tumour)",
        'image "images/a.png" has no mask of its name; add it (all background where there is '
        "nothing to mark), or take the image out",
        'image "images/c.png" has several masks: "masks/c.png", "masks/c.tif"; take all but one '
        "out, or say by --masks-dir or --mask-suffix which to take",
        'image "images/d.png" has no mask of its name; add it (all background where there is '
        "nothing to mark), or take the image out",
    ]
    assert found.outside == [PurePosixPath("x.png")]
    assert (found.masks, found.orphans, list(found.perhaps)) == (5, 2, ["tumour"])


def test_masks_of_all_and_of_single_classes_do_not_go_together() -> None:
    found = paired("i.png", "i_mask.png", "i_tumour.png", classes=("background", "tumour"))
    assert "has masks of all and of single classes" in lines(found)[0]


WORDS = st.sampled_from(["a", "images", "masks", "train", "a_mask", "mask", "tumour", "a_tumour"])
PATHS = st.builds(
    lambda folders, stem, suffix: PurePosixPath(*folders, stem + suffix),
    st.lists(WORDS, max_size=3),
    WORDS | st.text("ab_ -.é(1)", min_size=1, max_size=6),
    st.sampled_from([".png", ".jpg", ".tif"]),
)


@settings(deadline=None)
@given(st.lists(PATHS, unique=True, max_size=12), st.booleans())
def test_every_picture_is_accounted_for_once(paths: list[PurePosixPath], classes: bool) -> None:
    found = pair(sorted(paths), Naming(), ("background", "tumour") if classes else ())
    used = [each.image.path for each in found.pairs]
    used += [path for each in found.pairs for path in each.masks]
    used += [path for each in found.pairs for _, path in each.of_class]
    assert len(set(used)) == len(used)
    rest = set(paths) - set(used) - set(found.outside)
    told = " ".join(lines(found))
    assert not rest or found.problems
    for path in rest:
        known_image = any(str(path.stem) in line for line in lines(found))
        assert str(path) in told or known_image
    for each in found.pairs:
        assert each.masks or each.of_class
