from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.errors import InputError
from pipelines.training.record_check import Finding, check_record, places_now
from pipelines.training.run_record import read_record
from tests.pipelines.training.made_record import edit_record, recorded_run


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "w.pth"
    path.write_bytes(b"weights")
    return path


@pytest.fixture
def run(busi_dataset: Path, weights: Path, tmp_path: Path) -> Path:
    return recorded_run(tmp_path / "run", busi_dataset, weights=str(weights))


def found(run: Path, **given: Path) -> dict[str, Finding]:
    record = read_record(run)
    findings = check_record(run, record, places_now(record, given))
    return {finding.subject: finding for finding in findings}


def test_all_is_as_recorded(run: Path) -> None:
    findings = found(run)
    assert list(findings) == ["dataset_dir", "weights", "code", "bundle", "libraries", "machine"]
    assert all(each.equal and not each.refuses for each in findings.values()), findings
    assert findings["dataset_dir"].text == "as recorded: 30 images"


def test_a_moved_dataset_is_the_same(run: Path, busi_dataset: Path, tmp_path: Path) -> None:
    shutil.copytree(busi_dataset, tmp_path / "moved")
    assert found(run, dataset_dir=tmp_path / "moved")["dataset_dir"].equal


def test_a_changed_image_is_named(run: Path, busi_dataset: Path, tmp_path: Path) -> None:
    shutil.copytree(busi_dataset, tmp_path / "copy")
    content = json.loads((tmp_path / "copy" / "dataset.json").read_text(encoding="utf-8"))
    first, second = (tmp_path / "copy" / item["image"] for item in content["training"][:2])
    first.write_bytes(first.read_bytes() + b"\0")
    finding = found(run, dataset_dir=tmp_path / "copy")["dataset_dir"]
    assert (finding.equal, finding.refuses) == (False, True)
    name = content["training"][0]["image"]
    assert f"differs: {name} has changed since the dataset was made" in finding.text
    content["training"][1]["sha256"] = "another"
    (tmp_path / "copy" / "dataset.json").write_text(json.dumps(content), encoding="utf-8")
    second.write_bytes(second.read_bytes() + b"\0")
    finding = found(run, dataset_dir=tmp_path / "copy")["dataset_dir"]
    assert f"{content['training'][1]['image']}: sha256; {name} has changed" in finding.text


def test_many_differences_are_counted(run: Path, busi_dataset: Path, tmp_path: Path) -> None:
    shutil.copytree(busi_dataset, tmp_path / "copy")
    content = json.loads((tmp_path / "copy" / "dataset.json").read_text(encoding="utf-8"))
    for item in content["training"]:
        item["fold"] = (item["fold"] + 1) % 5
    (tmp_path / "copy" / "dataset.json").write_text(json.dumps(content), encoding="utf-8")
    finding = found(run, dataset_dir=tmp_path / "copy")["dataset_dir"]
    assert finding.text.endswith("; and 25 more") and finding.text.count(": fold;") == 5


def test_another_weights_file_is_refused(run: Path, weights: Path) -> None:
    weights.write_bytes(b"others")
    finding = found(run)["weights"]
    assert finding.refuses
    assert finding.text == f"{weights} is another file than the run read"


def test_what_has_moved_is_asked_for(run: Path, weights: Path, tmp_path: Path) -> None:
    weights.rename(tmp_path / "elsewhere.pth")
    with pytest.raises(InputError, match=r"w\.pth, the weights of the run, does not exist; say .*"):
        found(run)
    assert found(run, weights=tmp_path / "elsewhere.pth")["weights"].equal
    with pytest.raises(InputError, match="the run read no masks_dir; it read dataset_dir, weights"):
        found(run, masks_dir=tmp_path)


def _other_code(run: Path) -> None:
    code = read_record(run)["code"]
    code["files"] |= {"networks/head.py": "0", "pipelines/gone.py": "1"}
    edit_record(run, code=code)


def _other_torch(run: Path) -> None:
    edit_record(run, libraries={**read_record(run)["libraries"], "torch": "1.0"})


def _other_cpu(run: Path) -> None:
    edit_record(run, machine={**read_record(run)["machine"], "cpu": "abacus", "threads": 64})


def _resumed_elsewhere(run: Path) -> None:
    record = read_record(run)
    resumed = {name: record[name] for name in ("libraries", "machine")}
    edit_record(run, resumed=[{**resumed, "code": "another"}])


def _out_of_memory(run: Path) -> None:
    edit_record(run, machine_fit={"batch_size": 8})
    (run / "machine.json").write_text('{"batch_size": 4}')


@pytest.mark.parametrize(
    ("change", "subject", "text"),
    [
        (
            _other_code,
            "code",
            "2 files differ: networks/head.py, pipelines/gone.py; the run is of med2d",
        ),
        (_other_torch, "libraries", "torch was 1.0, is 2"),
        (_other_cpu, "machine", "cpu was abacus, is"),
        (_resumed_elsewhere, "run", "was resumed with another code; equal weights are not"),
        (_out_of_memory, "run", "ran out of memory and went on by 4 images at once"),
    ],
)
def test_what_may_change_the_weights_is_told_but_not_refused(
    change: Callable[[Path], None], subject: str, text: str, run: Path
) -> None:
    change(run)
    findings = found(run)
    assert text in findings.pop(subject).text
    assert all(each.equal for each in findings.values())


def test_the_threads_are_no_difference(run: Path) -> None:
    edit_record(run, machine={**read_record(run)["machine"], "threads": 64, "cores": 64})
    assert found(run)["machine"] == Finding("machine", "as recorded: 64 threads on cpu", True)


def test_a_bundle_that_changed_or_went_changes_nothing(run: Path) -> None:
    bundle = read_record(run)["bundle"]
    edit_record(run, bundle={**bundle, "files": {**bundle["files"], "configs/train.json": "0"}})
    finding = found(run)["bundle"]
    assert finding.equal and "1 file differs" in finding.text
    edit_record(run, bundle={**bundle, "path": str(run / "gone")})
    assert "is gone; the recorded configuration is used" in found(run)["bundle"].text
