"""What is said of a picture is what the bundle answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from pipelines.demo.model import Model
from pipelines.demo.reply import replied
from pipelines.deployment.array_answerer import Answer, ArrayAnswerer
from tests.pipelines.demo.conftest import LABELS, noise


def test_a_class_is_said_with_its_probabilities_and_heat(classifier: Model) -> None:
    reply = replied(classifier, noise(3), "a.png")
    answer = classifier.answerer.answer(noise(3))
    assert reply.answer == LABELS[int(answer.label or 0)]
    assert list(reply.probabilities) == LABELS
    assert list(reply.probabilities.values()) == pytest.approx(answer.probabilities.tolist())
    assert reply.sureness == max(reply.probabilities.values())
    assert (reply.width, reply.height) == (60, 40)
    assert reply.remark or [view.caption for view in reply.views] == [
        "as given",
        f"where it spoke for “{reply.answer}” (Grad-CAM)",
    ]
    assert replied(classifier, noise(3), "a.png", pictured=False).views == ()


def test_an_unlike_picture_is_flagged(classifier: Model, outliner: Model) -> None:
    assert not replied(classifier, noise(99), "noise").is_unlike
    assert replied(classifier, np.full((40, 60), 250, np.uint8), "white").is_unlike
    unknown = replied(outliner, noise(1), "a")
    assert unknown.unlikeness is None and not unknown.is_unlike


def answering(model: Model, mask: np.ndarray[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Answer(np.zeros((1, *mask.shape), np.float32), mask=mask.astype(np.uint8))
    monkeypatch.setattr(model.answerer, "answer", lambda pixels, name: answer)


def test_regions_and_areas_of_a_mask(outliner: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    mask = np.zeros((40, 60))
    mask[2:6, 3:9] = mask[20:22, 40:42] = mask[22, 42] = 1
    answering(outliner, mask, monkeypatch)
    reply = replied(outliner, noise(1), "a")
    assert reply.answer == "tumour found (2 regions)" and reply.found
    assert reply.areas == {"tumour": 29 / 2400} and reply.regions == {"tumour": 2}
    assert [view.caption for view in reply.views] == ["as given", "what was found"]
    seen = outliner.answerer.prepared(noise(1))
    with torch.no_grad():
        presence = outliner.answerer.network.answers(seen)[1].sigmoid()  # type: ignore[attr-defined]
    assert reply.probabilities == {"tumour": pytest.approx(float(presence))}


def test_an_empty_mask_is_said(outliner: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(outliner, np.zeros((40, 60)), monkeypatch)
    reply = replied(outliner, noise(1), "a")
    assert reply.answer == "no tumour found" and not reply.found
    assert [view.caption for view in reply.views] == ["as given"]


def test_of_several_classes_the_largest_is_named(
    outliner: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outliner.answerer, "labels", ["background", "stroma", "necrosis"])
    mask = np.zeros((40, 60))
    mask[:30], mask[30:35] = 2, 1
    answering(outliner, mask, monkeypatch)
    reply = replied(outliner, noise(1), "a")
    assert reply.answer == "largest class: necrosis (75 %)" and reply.probabilities == {}
    assert list(reply.colours) == ["stroma", "necrosis"] and reply.colours["stroma"] == "#e69f00"


def test_a_network_without_maps_is_told_of(classifier: Model) -> None:
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(32 * 32, 3)).eval()
    answerer = ArrayAnswerer(classifier.answerer.folder, network=network)
    reply = replied(replace(classifier, answerer=answerer), noise(1), "a")
    assert len(reply.views) == 1 and "no feature maps" in reply.remark
