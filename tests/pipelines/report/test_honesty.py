from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

from pipelines.file_hash import sha256_of
from pipelines.report.content import Pictures, Words, content
from pipelines.report.honesty import HONEST, LEAKY, RESERVED, SEEN, honesty
from pipelines.report.limits import limits
from pipelines.report.sources import Sources, read_sources


def test_groups_that_are_no_patients_leave_a_reservation(classes: Sources) -> None:
    found = honesty(classes)
    assert found["level"] == RESERVED and "near-duplicate clusters" in found["text"]
    assert found["protocol"].startswith("Fold 0 was scored once")


def test_patients_leave_none(classes: Sources) -> None:
    known = replace(classes, scores={**classes.scores, "grouping": "patient ids"})
    assert honesty(known)["level"] == HONEST
    partly = replace(
        classes, scores={**classes.scores, "grouping": "patient ids for 3; leakage possible"}
    )
    assert honesty(partly)["level"] == RESERVED


def test_a_leaky_split_is_called_so(made: Path) -> None:
    found = honesty(read_sources(made / "leaky", "leaky"))
    assert found["level"] == LEAKY and "too good" in found["title"]


def test_a_cross_validation_scores_every_image_unseen(folds: Sources) -> None:
    assert "Each of 3 models scored one fold" in honesty(folds)["protocol"]


def test_an_audit_that_fails_is_a_reservation(classes: Sources) -> None:
    scores = {**classes.scores, "grouping": "patient ids"}
    found = honesty(replace(classes, scores=scores, audit={"passes": False}))
    assert found["level"] == RESERVED and "The audit of the data found errors" in found["text"]
    assert "cannot be excluded" not in found["text"]


def began_from(made: Path, folder: Path, weights: Path) -> Sources:
    """A run of fold 0 that began from weights."""
    shutil.copytree(made / "classes", folder)
    record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    sha256 = sha256_of(weights) if weights.is_file() else "0"
    record["files"] = {"weights": {"path": str(weights), "sha256": sha256}}
    (folder / "record.json").write_text(json.dumps(record), encoding="utf-8")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, "weights": str(weights)}))
    return read_sources(folder, folder.name)


def test_weights_that_had_seen_the_scored_images_are_told_first(made: Path, tmp_path: Path) -> None:
    before = tmp_path / "before"
    shutil.copytree(made / "folds" / "fold1-seed0", before)
    (before / "record.json").unlink()
    sources = began_from(made, tmp_path / "run", before / "model.pt")
    found = honesty(sources)
    assert found["level"] == SEEN and "too good" in found["title"]
    assert f"had seen 6 scored images: they come from {before}, trained on" in found["text"]
    assert found["text"] in found["protocol"] and "Nothing was chosen" not in found["protocol"]
    first = limits(sources, content(sources, Words(), Pictures({}, "", "")))[0]
    assert first == {"title": found["title"], "text": found["text"]}


def test_weights_of_the_same_fold_have_not_seen_it(made: Path, tmp_path: Path) -> None:
    before = tmp_path / "before"
    shutil.copytree(made / "folds" / "fold0-seed0", before)
    (before / "record.json").unlink()
    found = honesty(began_from(made, tmp_path / "run", before / "model.pt"))
    assert found["level"] == RESERVED
    assert found["protocol"].endswith("Nothing was chosen on the scored images.")


def test_of_weights_without_a_record_only_what_is_known_is_said(made: Path, tmp_path: Path) -> None:
    (tmp_path / "imagenet.pth").write_bytes(b"weights")
    found = honesty(began_from(made, tmp_path / "run", tmp_path / "imagenet.pth"))
    assert found["protocol"].endswith(
        "Training began from weights of which it is not known what images they have seen: "
        "imagenet.pth, a file without a record."
    )
    assert found["level"] == RESERVED and "Nothing was chosen" not in found["protocol"]
    gone = honesty(began_from(made, tmp_path / "other", tmp_path / "lost" / "model.pt"))
    assert gone["protocol"].endswith(f"model.pt of {tmp_path / 'lost'}, which is gone.")
