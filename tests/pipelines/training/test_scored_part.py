"""No model scores an image that trained, chose or judged it, whatever asks for it."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipelines.datasets.dataset import digest, read
from pipelines.errors import InputError
from pipelines.training.parts import fold_parts
from pipelines.training.scored_part import ScoredPart, own_folder, scored_part
from tests.pipelines.training.made_record import recorded_run

LABELS = ["benign", "malignant", "normal"]


def edited(source: Path, folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    shutil.copytree(source, folder)
    path = folder / "dataset.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def own(class_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-four images in four folds, and six for testing."""

    def change(content: dict[str, Any]) -> None:
        kept = [item for item in content["training"] if item["fold"] < 4]
        content["testing"] = [item for item in content["training"] if item["fold"] == 4]
        for item in content["testing"]:
            del item["fold"]
        content["training"] = kept

    return edited(class_dataset, tmp_path_factory.mktemp("own") / "own", change)


@pytest.fixture(scope="module")
def site(class_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another site's images, with other names: it calls malignant cancer, and knows a cyst."""

    def change(content: dict[str, Any]) -> None:
        content["labels"] = {"0": "benign", "1": "cancer", "2": "normal", "3": "cyst"}
        for number, item in enumerate(content["training"]):
            item["label"] = 3 if number == 0 else item["label"]
            item["class"] = content["labels"][str(item["label"])]
            item["group"] = f"b{number}"

    folder = edited(class_dataset, tmp_path_factory.mktemp("site") / "hospital_b", change)
    content = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    for item in content["training"]:
        path = folder / item["image"]
        path.write_bytes(path.read_bytes() + b"b")  # after a PNG's end nothing is read
        item["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "dataset.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Path]:
    def make(name: str, dataset: Path, fold: int = 0, scored: bool = True) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        config = {
            "dataset_dir": str(dataset),
            "dataset_digest": digest(read(dataset)),
            "fold": fold,
        }
        (folder / "config.json").write_text(json.dumps(config))
        if scored:
            (folder / "cases.csv").write_text("")
        return folder

    return make


NAMES = {"cancer": "malignant", "cyst": "benign"}


def found(run: Path, own: Path, **options: Any) -> ScoredPart:
    return scored_part(run, own, 0, LABELS, **options)


def test_without_options_it_is_the_run_s_fold(own: Path, run: Callable[..., Path]) -> None:
    folder = run("a", own, scored=False)
    part = found(folder, own)
    assert part.is_plain
    assert list(part.items) == fold_parts(own, 0, "classification")["score"]
    assert (part.folder, part.fold, part.runs) == (folder, 0, (folder,))


def test_the_testing_part_is_in_no_fold(own: Path, run: Callable[..., Path]) -> None:
    folder = run("a", own)
    part = found(folder, own, part="testing")
    assert not part.is_plain
    assert [item["id"] for item in part.items] == [
        Path(item["image"]).stem for item in read(own).testing
    ]
    assert all("fold" not in item and Path(item["image"]).is_file() for item in part.items)
    assert (part.folder, part.fold, part.name) == (
        folder / "testing",
        None,
        "own dataset, testing images",
    )


def test_another_site_gets_the_model_s_classes(
    own: Path, site: Path, run: Callable[..., Path]
) -> None:
    folder = run("a", own)
    part = found(folder, own, site_dir=site, label_names=NAMES)
    raw = read(site)
    expected = [NAMES.get(item["class"], item["class"]) for item in raw.items]
    assert [item["class"] for item in part.items] == expected
    assert [LABELS[item["label"]] for item in part.items] == expected
    assert part.dataset.labels == {"0": "benign", "1": "malignant", "2": "normal"}
    assert part.folder == folder / "sites" / "hospital_b"
    assert part.name == "hospital_b, all images"


def test_a_class_may_be_left_out(own: Path, site: Path, run: Callable[..., Path]) -> None:
    part = found(run("a", own), own, site_dir=site, label_names={**NAMES, "cyst": None})
    assert len(part.items) == 29


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (None, "has images of cancer, cyst; the model's classes are benign, malignant, normal"),
        ({"cancer": "malignant"}, "has images of cyst; .* by --label_names"),
        ({**NAMES, "cist": "benign"}, "label_names renames cist, but .* has the classes benign"),
        ({**NAMES, "cyst": "bening"}, "label_names names bening, which no model answers"),
    ],
)
def test_classes_that_the_model_does_not_know_are_named(
    names: Any, expected: str, own: Path, site: Path, run: Callable[..., Path]
) -> None:
    with pytest.raises(InputError, match=expected):
        found(run("a", own), own, site_dir=site, label_names=names)


def test_images_of_the_training_are_named(
    own: Path, class_dataset: Path, run: Callable[..., Path]
) -> None:
    with pytest.raises(InputError) as caught:
        found(run("a", own), own, site_dir=class_dataset)
    text = str(caught.value)
    assert "24 of the 30 images" in text
    assert read(own).items[0]["image"] in text
    assert "and 14 more" in text


def test_a_testing_image_that_also_trained_is_named(
    own: Path, run: Callable[..., Path], tmp_path: Path
) -> None:
    def change(content: dict[str, Any]) -> None:
        first = content["training"][0]
        shutil.copy(
            tmp_path / "twice" / first["image"], tmp_path / "twice" / "images" / "again.png"
        )
        again = {**first, "image": "images/again.png", "group": "elsewhere"}
        content["testing"].append({k: v for k, v in again.items() if k != "fold"})

    twice = edited(own, tmp_path / "twice", change)
    with pytest.raises(InputError, match=r"1 of the 7 images .*images/again\.png \(images/"):
        found(run("a", twice), twice, part="testing")


def test_an_ensemble_of_folds_never_scores_a_fold(own: Path, run: Callable[..., Path]) -> None:
    runs = [run("a", own, 0), run("b", own, 1)]
    with pytest.raises(InputError, match=r"6 of the 6 images .* the run in .*b was trained"):
        found(runs[0], own, ensemble=runs)
    part = found(runs[0], own, ensemble=runs, part="testing")
    assert part.runs == tuple(runs)
    assert part.folder == runs[0] / "testing_ensemble"


def test_an_ensemble_of_seeds_scores_the_fold_that_none_has_seen(
    own: Path, run: Callable[..., Path]
) -> None:
    runs = [run("a", own, 0), run("b", own, 0)]
    part = found(runs[0], own, ensemble=runs)
    assert not part.is_plain
    assert (part.fold, part.folder) == (0, runs[0] / "ensemble")


def test_a_member_of_another_dataset_must_not_have_seen_them_either(
    own: Path, class_dataset: Path, run: Callable[..., Path]
) -> None:
    runs = [run("a", own), run("b", class_dataset)]
    with pytest.raises(InputError, match=r"6 of the 6 images .*b was trained, chosen or judged"):
        found(runs[0], own, ensemble=runs, part="testing")


@pytest.mark.parametrize("part", ["fold", "testing", "all"])
def test_a_run_that_began_from_weights_that_saw_the_images_scores_none_of_them(
    part: str, own: Path, class_dataset: Path, site: Path, tmp_path: Path
) -> None:
    seen = site if part == "all" else class_dataset  # what is tested in `own`, it was trained on
    recorded_run(tmp_path / "first", seen, fold=1)
    model = tmp_path / "first" / "model.pt"
    model.write_bytes(b"weights")
    folder = recorded_run(tmp_path / "second", own, fold=0, weights=str(model))
    (folder / "cases.csv").write_text("")
    given = {"site_dir": site, "label_names": NAMES} if part == "all" else {"part": part}
    with pytest.raises(InputError, match=r"first was trained on or chosen by .*second began from"):
        found(folder, own, **given)


def test_a_member_whose_dataset_changed_is_refused(
    own: Path, class_dataset: Path, run: Callable[..., Path], tmp_path: Path
) -> None:
    moved = edited(class_dataset, tmp_path / "moved", lambda content: None)
    runs = [run("a", own), run("b", moved)]
    content = json.loads((moved / "dataset.json").read_text(encoding="utf-8"))
    content["training"][0]["group"] = "another"
    (moved / "dataset.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match="nobody can tell whether it saw the images"):
        found(runs[0], own, ensemble=runs, part="testing")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"part": "all"}, "expected fold or testing of the run's own dataset"),
        ({"part": "fold", "site_dir": True}, "expected all or testing of another site"),
        ({"part": "testing", "site_dir": True, "label_names": NAMES}, "has no testing images"),
        ({"label_names": NAMES}, "label_names is given without site_dir"),
    ],
)
def test_what_there_is_not_is_refused(
    options: dict[str, Any], expected: str, own: Path, site: Path, run: Callable[..., Path]
) -> None:
    if "site_dir" in options:
        options = {**options, "site_dir": site}
    with pytest.raises(InputError, match=expected):
        found(run("a", own), own, **options)


def test_a_segmentation_and_a_run_never_scored_are_refused(
    own: Path, busi_dataset: Path, run: Callable[..., Path]
) -> None:
    with pytest.raises(InputError, match="is a dataset for segmentation"):
        found(run("a", own), own, site_dir=busi_dataset)
    with pytest.raises(InputError, match=r"has no cases\.csv of its own fold to compare with"):
        found(run("b", own, scored=False), own, part="testing")


def test_mirror_images_that_the_run_does_not_ask_get_a_folder_of_their_own(
    own: Path, run: Callable[..., Path]
) -> None:
    folder = run("a", own)
    same = found(folder, own, flip_average="false")
    assert same.is_plain and not same.is_mirrored and same.folder == folder
    part = found(folder, own, flip_average=True)
    assert not part.is_plain and part.is_mirrored
    assert (part.folder, own_folder(folder, True)) == (folder / "flip_average",) * 2
    with pytest.raises(InputError, match=r"own fold with --flip_average true to compare with; ev"):
        found(folder, own, part="testing", flip_average=True)
    part.folder.mkdir()
    (part.folder / "cases.csv").write_text("")
    there = found(folder, own, part="testing", flip_average=True)
    assert there.folder == folder / "testing_flip_average"
    with pytest.raises(InputError, match="flip_average is 'maybe'; expected true or false"):
        found(folder, own, flip_average="maybe")


def test_a_run_that_asks_mirror_images_does_so_everywhere(
    own: Path, run: Callable[..., Path]
) -> None:
    folder = run("a", own)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, "flip_average": True}))
    assert found(folder, own).is_mirrored and found(folder, own, flip_average=True).is_plain
    assert found(folder, own, flip_average=False).folder == folder / "no_flip_average"


def test_of_a_segmentation_the_site_s_masks_must_be_of_the_same_classes(
    busi_dataset: Path, tmp_path: Path, run: Callable[..., Path]
) -> None:
    folder = run("a", busi_dataset)
    other = edited(
        busi_dataset,
        tmp_path / "other",
        lambda content: content.update(labels={"0": "background", "1": "cyst"}),
    )
    with pytest.raises(InputError, match=r"classes background, cyst; the model's are background, "):
        scored_part(folder, busi_dataset, 0, None, site_dir=other)
    with pytest.raises(InputError, match=r"30 of the 30 images .* that the run in .*a was trained"):
        scored_part(folder, busi_dataset, 0, None, site_dir=busi_dataset)
    part = scored_part(folder, busi_dataset, 0, None)
    assert part.is_plain and len(part.items) == 6


def test_a_damaged_image_is_named(
    own: Path, site: Path, run: Callable[..., Path], tmp_path: Path
) -> None:
    broken = edited(site, tmp_path / "broken", lambda content: None)
    image = broken / read(site).items[3]["image"]
    image.write_bytes(image.read_bytes() + b"x")
    with pytest.raises(InputError, match=f"{image.name} has changed"):
        found(run("a", own), own, site_dir=broken, label_names=NAMES)


def scored(folder: Path, images: str, runs: list[Path]) -> None:
    folder.mkdir(parents=True)
    content = {"scored": {"dataset_digest": images, "runs": [str(run) for run in runs]}}
    (folder / "scores.json").write_text(json.dumps(content))


def test_results_of_another_site_of_that_name_are_not_replaced(
    own: Path, site: Path, run: Callable[..., Path]
) -> None:
    folder = run("a", own)
    options = {"site_dir": site, "label_names": NAMES}
    part = found(folder, own, **options)
    scored(part.folder, digest(part.dataset), [folder])
    assert found(folder, own, **options).folder == part.folder
    (part.folder / "scores.json").unlink()
    part.folder.rmdir()
    scored(part.folder, "another", [folder])
    with pytest.raises(InputError, match=r"results of other images.* --site_name, .*--overwrite"):
        found(folder, own, **options)
    assert found(folder, own, overwrite="true", **options).folder == part.folder
    named = found(folder, own, site_name="hospital_c", **options)
    assert (named.folder, named.site) == (folder / "sites" / "hospital_c", "hospital_c")


def test_results_of_another_ensemble_are_not_replaced(own: Path, run: Callable[..., Path]) -> None:
    runs = [run(name, own, 0) for name in ("a", "b", "c")]
    part = found(runs[0], own, part="testing", ensemble=runs[:2])
    scored(part.folder, digest(part.dataset), runs[:2])
    assert found(runs[0], own, part="testing", ensemble=runs[1::-1]).folder == part.folder
    with pytest.raises(InputError, match="results of other runs; replace them by --overwrite"):
        found(runs[0], own, part="testing", ensemble=runs)


@pytest.mark.parametrize("name", ["../b", "score", "testing_ensemble_flip_average", "", 7.5])
def test_a_site_s_name_names_a_folder_of_its_own(
    name: Any, own: Path, site: Path, run: Callable[..., Path]
) -> None:
    options = {"site_dir": site, "label_names": NAMES, "site_name": name}
    if name == 7.5:  # the command line makes numbers of names
        assert found(run("a", own), own, **options).site == "7.5"
        return
    with pytest.raises(InputError, match=r"site_name is .* expected letters"):
        found(run("a", own), own, **options)


def test_label_names_that_are_no_names_are_refused(
    own: Path, site: Path, run: Callable[..., Path]
) -> None:
    folder = run("a", own)
    with pytest.raises(InputError, match=r"label_names is 'cancer=malignant'; expected .*'carc"):
        found(folder, own, site_dir=site, label_names="cancer=malignant")
    assert found(folder, own, label_names="null").is_plain
    names = {**NAMES, "cyst": "null"}
    assert len(found(folder, own, site_dir=site, label_names=names).items) == 29
