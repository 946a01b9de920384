from __future__ import annotations

import pytest
from pydicom.dataset import Dataset

from pipelines.datasets.layouts.dicom_concealment import Concealment
from pipelines.datasets.layouts.dicom_identity import Identity, secrets
from pipelines.datasets.layouts.sample import Problem


def learnt(*paths: str, identity: Identity | None = None) -> Concealment:
    header = Dataset()
    header.PatientName, header.PatientBirthDate = "Meier^Anna", "19400305"
    concealment = Concealment(identity or Identity())
    for path in paths:
        concealment.learn(path, secrets(header))
    return concealment


@pytest.mark.parametrize(
    "path",
    [
        "a/Meier/1.dcm",
        "b/Meier/2.png",
        "Meier",
        "a/meier_1.dcm",
        "a/meier_1.png",
        "meier_1_mask.png",
    ],
)
def test_names_that_were_seen_to_tell_are_hidden_everywhere(path: str) -> None:
    source = learnt("a/Meier/1.dcm", "c/meier_1.dcm").source(path)
    assert source.startswith("hidden-")
    assert len(source) == 19
    salted = learnt("a/Meier/1.dcm", "c/meier_1.dcm", identity=Identity(salt="s")).source(path)
    assert salted not in (source, path)


@pytest.mark.parametrize("path", ["a/1.dcm", "a/2_mask.png", "c/Huber/1.dcm", "1.dcm"])
def test_other_names_stay(path: str) -> None:
    assert learnt("a/Meier/1.dcm", "c/meier_1.dcm").source(path) == path


def test_a_path_that_tells_only_as_a_whole_is_hidden() -> None:
    concealment = learnt("1940/03/05/x.dcm")
    assert concealment.source("1940/03/05/x.dcm").startswith("hidden-")
    assert concealment.source("1940/03/06/x.dcm") == "1940/03/06/x.dcm"


def test_names_stay_where_ids_are_kept() -> None:
    assert (
        learnt("Meier/1.dcm", identity=Identity(keep=True)).source("Meier/1.dcm") == "Meier/1.dcm"
    )


def test_a_problem_keeps_its_sentence() -> None:
    concealment = learnt("Meier/1.dcm")
    hidden = concealment.source("Meier/2.dcm")
    problem = Problem("Meier/2.dcm", 'file "Meier/2.dcm" is empty; see "a.dcm"')
    assert concealment.problem(problem) == Problem(hidden, f'file "{hidden}" is empty; see "a.dcm"')
