"""The model card says what a model is for, without links that lead nowhere."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

from pipelines.demo.card import card, facts
from pipelines.demo.model import Model, load_model
from pipelines.deployment.app.class_threshold import ClassThreshold


def test_of_a_run_the_bundle_s_card_follows_what_is_its_own(outliner: Model) -> None:
    text = card(outliner)
    assert text.startswith("# Breast ultrasound tumour segmentation")
    assert "**Intended use:** Research. Not a medical device" in text
    assert "which is not of this model alone" in text and "Al-Dhabyani" in text
    assert not re.search(r"\]\((?!https?:)", text)


def test_a_package_has_its_own(class_run: Path, tmp_path: Path) -> None:
    package = shutil.copytree(class_run, tmp_path / "package")
    (package / "docs").mkdir()
    (package / "docs" / "README.md").write_text(
        "# Mine\n![picture](a.png)\n[here](b.md#c) [there](https://monai.io)"
    )
    assert card(load_model(package)) == "# Mine\n\nhere [there](https://monai.io)"


def test_what_must_be_known_first(classifier: Model, outliner: Model) -> None:
    told = facts(classifier)
    assert told["answers"] == "classification: benign, malignant, normal"
    assert told["probabilities"] == "calibrated (temperature 1.50)"
    assert told["compared with"] == "30 training images"
    called = replace(classifier, operating_point=ClassThreshold("normal", 2, 0.25))
    assert facts(called)["operating point"] == "normal from 0.250"
    assert facts(outliner)["answers"] == "segmentation: tumour"
    assert "compared with" not in facts(replace(classifier, training_images=None))
