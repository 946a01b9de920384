"""What leaks add to a score: splits, choice of the epoch and table; little is trained."""

from __future__ import annotations

import importlib
import shutil
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from networks.transfer_classifier import TransferClassifier
from pipelines.errors import InputError

ROOT = Path(__file__).parents[2]
IMAGES, COPIES, FOLDS, EPOCHS = 20, 3, 5, 4
LABELS = ("benign", "malignant", "normal")


@pytest.fixture(scope="module")
def leaks() -> Iterator[Any]:
    """The program; it finds its neighbours as it does when it is run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "benchmarks"))
        yield importlib.import_module("leak_gap")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights in the place of pretrained ones."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "mobilenet_v2.pth"
    network = TransferClassifier("torchvision.mobilenet_v2", 3)
    torch.save(network.backbone.state_dict(), path)
    return path


def options(folder: Path, **changed: Any) -> Namespace:
    given = {"dataset_dir": None, "weights": None, "normalisation": "symmetric", "seeds": [0]}
    more = {"epochs": EPOCHS, "image_size": 32, "out_of_fold": None, "runs": folder / "runs"}
    return Namespace(**{**given, **more, "out": None, "page": None, "resamples": 20, **changed})


@pytest.fixture(scope="module")
def files(leaks: Any) -> Any:
    """Twenty images in ten groups, each with its copies."""
    source = np.repeat(np.arange(IMAGES), COPIES + 1)
    return leaks.Files(
        labels=LABELS,
        ids=tuple(f"i{s:02}-{n % (COPIES + 1)}" for n, s in enumerate(source)),
        source=source,
        is_copy=np.arange(len(source)) % (COPIES + 1) > 0,
        classes=source % 3,
        groups=tuple(f"g{s // 2}" for s in source),
        still=lambda: torch.zeros(1),
    )


HONEST_FOLDS = np.repeat(np.arange(FOLDS), IMAGES // FOLDS)  # no group of two is split


def sides(files: Any, folds: Any, of: Any) -> set[int]:
    """In how many folds the files of one group, or of one image, stand."""
    return {len(set(folds[[each == name for each in of]])) for name in set(of)}


def test_the_honest_split_parts_neither_groups_nor_copies(leaks: Any, files: Any) -> None:
    folds = leaks.file_folds("groups", 0, files, HONEST_FOLDS)
    assert sides(files, folds, files.groups) == sides(files, folds, files.source) == {1}


def test_a_split_of_images_parts_groups_but_no_copy_from_its_image(leaks: Any, files: Any) -> None:
    folds = leaks.file_folds("images", 0, files, HONEST_FOLDS)
    assert sides(files, folds, files.source) == {1} and 2 in sides(files, folds, files.groups)
    assert np.bincount(folds).tolist() == [16] * FOLDS


def test_a_split_of_files_parts_copies_from_their_images(leaks: Any, files: Any) -> None:
    folds = leaks.file_folds("files", 0, files, HONEST_FOLDS)
    assert max(sides(files, folds, files.source)) > 1
    assert np.ptp(np.bincount(folds, minlength=FOLDS)) <= 2
    assert (folds != leaks.file_folds("files", 1, files, HONEST_FOLDS)).any()


def made_answers(leaks: Any, files: Any, folds: Any, fold: int, seed: int) -> Any:
    """Random answers; those of epoch 2 are right in the next fold, of epoch 3 in the scored one."""
    following = (fold + 1) % FOLDS
    asked = np.flatnonzero((folds == fold) | (folds == following))
    random = np.random.RandomState(100 * seed + fold)
    answers = random.dirichlet([1, 1, 1], size=(EPOCHS, len(asked))).astype(np.float32)
    for epoch, right in ((2, following), (3, fold)):
        inside = folds[asked] == right
        answers[epoch, inside] = 0.1 + 0.7 * np.eye(3)[files.classes[asked[inside]]]
    return leaks.Answers(folds, asked, answers, 60.0)


def test_the_epoch_is_the_best_one_of_the_fold_that_chooses(leaks: Any, files: Any) -> None:
    answers = made_answers(leaks, files, HONEST_FOLDS[files.source], 4, 0)
    chosen = {
        each.name: leaks.chosen_epoch(each, 4, answers, files) for each in leaks.PROTOCOLS[:2]
    }
    assert chosen == {"honest": 2, "best_epoch": 3}


@pytest.fixture
def made(
    leaks: Any, class_dataset: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Namespace, list[tuple[int, int]]]:
    """A measurement whose trainings are made up, and the folds and seeds that were asked for."""
    trained: list[tuple[int, int]] = []

    def train(files: Any, folds: Any, fold: int, seed: int, options: Namespace) -> Any:
        trained.append((fold, seed))
        return made_answers(leaks, files, folds, fold, seed)

    monkeypatch.setattr(leaks, "trained", train)
    return options(tmp_path, dataset_dir=class_dataset, weights=str(weights)), trained


def test_each_protocol_has_its_rows_and_all_but_the_honest_a_gap(
    leaks: Any, made: tuple[Namespace, list[tuple[int, int]]]
) -> None:
    given, trained = made
    leaks.run(given)
    assert len(trained) == 3 * FOLDS
    table = pd.read_csv(given.runs / "leaks.csv").set_index(["protocol", "scored", "score"])
    assert len(table) == 5 * 2 * 3
    accuracy = table.xs("accuracy", level="score")
    images = accuracy.xs("images", level="scored")
    assert set(images["n"]) == {30}
    assert set(accuracy.xs("images and copies", level="scored")["n"]) == {30 * (COPIES + 1)}
    assert images["gap"].isna().to_dict() == {n: n == "honest" for n in images.index}
    assert images.loc["honest", "best_epochs"] == "3+3+3+3+3"
    assert images.loc["best_epoch", "best_epochs"] == "4+4+4+4+4"
    # The made answers are random in the honest epoch, and right in that of the scored fold.
    assert images.loc["best_epoch", "value"] == 1 and images.loc["honest", "value"] < 0.7
    gap = images.loc["best_epoch"]
    assert gap["gap"] == pytest.approx(1 - images.loc["honest", "value"], abs=1e-4)
    assert gap["gap_low"] <= gap["gap"] <= gap["gap_high"] and gap["p"] < 0.1
    assert images.loc["all", "core_minutes"] == FOLDS


def test_a_second_seed_is_trained_alone_and_pooled_with_the_first(
    leaks: Any, made: tuple[Namespace, list[tuple[int, int]]]
) -> None:
    given, trained = made
    leaks.run(given)
    trained.clear()
    leaks.run(Namespace(**{**vars(given), "seeds": [0, 1]}))
    assert {seed for _, seed in trained} == {1} and len(trained) == 3 * FOLDS
    table = pd.read_csv(given.runs / "leaks.csv", dtype={"seed": str})
    rows = table[(table["scored"] == "images") & (table["score"] == "accuracy")]
    values = rows[rows["protocol"] == "copies"].set_index("seed")
    assert values.loc["all", "value"] == pytest.approx(values.loc[["0", "1"], "value"].mean())
    assert set(values["n"]) == {30} and values.loc["all", "best_epochs"].count("+") == 9


def test_answers_of_other_settings_are_not_taken_for_these(
    leaks: Any, made: tuple[Namespace, list[tuple[int, int]]]
) -> None:
    given, _ = made
    leaks._check_settings(given.runs, leaks.Settings("digest", "file.pth", None, 32, 10))
    with pytest.raises(InputError, match="trainings of another dataset: digest, not"):
        leaks.run(given)


def test_a_dataset_that_leaks_already_is_refused(
    leaks: Any, class_dataset: Path, leaky_dataset: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="a leaky segmentation dataset; expected a classification"):
        leaks.run(options(tmp_path, dataset_dir=leaky_dataset, weights="file.pth"))
    with pytest.raises(InputError, match="--weights is missing"):
        leaks.run(options(tmp_path, dataset_dir=class_dataset))
    with pytest.raises(InputError, match="nothing to do"):
        leaks.run(options(tmp_path))


def test_a_training_learns_from_the_other_folds_and_answers_two_each_epoch(
    leaks: Any, class_dataset: Path, weights: Path, tmp_path: Path
) -> None:
    given = options(tmp_path, weights=str(weights), epochs=2)
    dataset = leaks.read(class_dataset)
    items = leaks.part_items(dataset, dataset.items)
    files = leaks.made_files(items, LABELS, given)
    assert files.maps.shape[:2] == (30 * (COPIES + 1), 96)
    folds = np.array([item["fold"] for item in items])[files.source]
    first = leaks.trained(files, folds, 4, 0, given)
    assert set(folds[first.asked]) == {4, 0} and len(first.asked) == (folds == 4).sum() * 2
    assert first.probabilities.shape == (2, len(first.asked), 3)
    assert np.allclose(first.probabilities.sum(axis=2), 1, atol=1e-5)
    assert not np.allclose(first.probabilities[0], first.probabilities[1], atol=1e-4)
    leaks._save(tmp_path / "answers.npz", first)
    again = leaks._load(tmp_path / "answers.npz")
    repeated = leaks.trained(files, folds, 4, 0, given)
    assert (again.probabilities == repeated.probabilities).all()


def test_copies_differ_from_their_image_and_are_made_alike_each_time(
    leaks: Any, class_dataset: Path
) -> None:
    dataset = leaks.read(class_dataset)
    items = leaks.part_items(dataset, dataset.items[:2])
    first, second = (list(leaks.pictures(items, 32)) for _ in range(2))
    for image, again in zip(first, second, strict=True):
        assert image.shape == (COPIES + 1, 1, 32, 32) and torch.equal(image, again)
        assert all((image[0] - copy).abs().mean() > 0.01 for copy in image[1:])


def cases(folder: Path, name: str, share: float) -> None:
    """Writes the cases of three folds, of which a share is answered rightly."""
    for fold in range(3):
        path = folder / f"{name}-{fold}"
        path.mkdir(parents=True)
        truth = [LABELS[number % 3] for number in range(12)]
        right = np.arange(12) < share * 12
        wrong = [LABELS[(number + 1) % 3] for number in range(12)]
        rows: dict[str, Any] = {
            "id": [f"i{fold}-{number}" for number in range(12)],
            "group": [f"g{fold}-{number // 2}" for number in range(12)],
            "fold": fold,
            "class": truth,
            "predicted": np.where(right, truth, wrong),
        }
        for label in LABELS:
            rows[f"p_{label}"] = (rows["predicted"] == label).astype(float)
        pd.DataFrame(rows).to_csv(path / "cases.csv", index=False)


def test_the_gap_of_a_recipe_is_told_by_the_runs_of_both_splits(
    leaks: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out_of_fold"
    cases(folder, "bundle-recipe-grouped", 0.5)
    cases(folder, "bundle-recipe-leaky", 0.75)
    cases(folder, "bundle-other-grouped", 0.5)
    shutil.copytree(folder / "bundle-other-grouped-0", folder / "bundle-other-leaky-0")
    given = options(tmp_path, out_of_fold=[folder], out=tmp_path / "leaks.csv")
    leaks.run(given)
    table = pd.read_csv(given.out).set_index(["protocol", "score"])
    names = {"honest: bundle-recipe", "duplicates: bundle-recipe"}
    assert set(table.index.unique("protocol")) == names
    row = table.loc["duplicates: bundle-recipe", "accuracy"]
    assert (row["value"], row["gap"], row["n"], row["groups"]) == (0.75, 0.25, 36, 18)
    assert "bundle-other: folds [0, 1, 2] honest, [0] leaky; left out" in capsys.readouterr().out


def test_the_page_holds_the_figures_of_the_table(leaks: Any) -> None:
    rows = pd.read_csv(ROOT / "docs/results/leaks.csv", dtype=str, keep_default_na=False)
    assert list(rows) == list(leaks.COLUMNS)
    page = (ROOT / "docs/leaks.md").read_text(encoding="utf-8")
    for mark, text in leaks.page_tables(rows).items():
        assert f"<!-- {mark} -->\n\n{text}\n<!-- /{mark} -->" in page
        assert text.count("\n") > 3


def test_a_page_without_marks_is_refused(leaks: Any, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Leaks\n")
    rows = pd.DataFrame(columns=list(leaks.COLUMNS), dtype=str)
    with pytest.raises(InputError, match=r"holds 0 times <!-- images -->; expected it once"):
        leaks.write_page(page, rows)
    assert page.read_text() == "# Leaks\n"


def test_p_values_are_adjusted_over_the_scores_of_a_protocol(leaks: Any) -> None:
    first = {"protocol": "best_epoch", "seed": "0", "scored": "images"}
    rows = pd.DataFrame(
        [
            {**first, "protocol": "honest", "p": ""},
            *({**first, "p": p} for p in ("0.0234", "0.1336", "0.8932")),
            *({**first, "seed": "all", "p": p} for p in ("0.04", "", "0.01")),
        ]
    )
    adjusted = leaks.with_adjusted_p(rows)["p_holm"].tolist()
    assert adjusted == ["", "0.0702", "0.2672", "0.8932", "0.0400", "", "0.0200"]


def test_the_page_says_by_which_files_each_protocol_chooses_its_epoch(leaks: Any) -> None:
    page = (ROOT / "docs/leaks.md").read_text(encoding="utf-8")
    for protocol in leaks.PROTOCOLS:
        (line,) = [
            each
            for each in page.splitlines()
            if each.startswith(f"| `{protocol.name}` | ")
            and each.endswith(f"the {protocol.chosen_on} |")
        ]
        chosen = "images and copies of" if protocol.split == leaks.FILES else "images of"
        assert f"| {chosen} the {protocol.chosen_on} |" in line
