"""The baseline chooses by the validation, keeps a plain network, scores and tracks."""

import csv
import json
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from ignite.engine import Engine, Events
from monai.data import DataLoader, Dataset
from monai.engines import SupervisedEvaluator
from monai.transforms import Compose, EnsureTyped

from networks.calibrated_classifier import CalibratedClassifier
from networks.transfer_classifier import TransferClassifier
from pipelines.errors import InputError
from pipelines.training import embedding_baseline as module
from pipelines.training.calibration import Calibration
from pipelines.training.class_scores import ClassScores
from pipelines.training.embedding_baseline import EmbeddingBaseline
from pipelines.training.embedding_classifiers import KINDS, fit_classifier
from pipelines.training.tracked_results import CALIBRATION
from pipelines.training.tracking import Tracking
from pipelines.training.weights import load_weights
from scripts.check_gpus import configs, environment, make_dataset, torchrun, words
from transforms.class_probabilities import ClassProbabilitiesd

LABELS = ["a", "b", "c"]
PREPROCESSING = Compose([EnsureTyped("image", track_meta=False)])


def items(seed: int, count: int = 24) -> list[dict[str, Any]]:
    random = np.random.default_rng(seed)
    made = []
    for number in range(count):
        label = number % 3
        image = random.random((1, 32, 32)).astype(np.float32) * 0.3
        image[:, 10 * label : 10 * label + 10] += 0.5
        known = {"id": f"{seed}-{number:02d}", "group": f"g{number // 3}", "class": LABELS[label]}
        made.append({"image": image, "label": label, "fold": 1, **known})
    return made


def network(head: dict[str, Any] | None = None) -> TransferClassifier:
    torch.manual_seed(0)
    return TransferClassifier(
        "monai.DenseNet121",
        3,
        options={"block_config": [1, 1], "init_features": 8},
        head=head or {"pooling": "average"},
        trained="none",
    )


def validator(model: torch.nn.Module, activation: str) -> SupervisedEvaluator:
    return SupervisedEvaluator(
        device="cpu",
        val_data_loader=DataLoader(Dataset(items(1), PREPROCESSING), batch_size=8),
        network=model,
        postprocessing=Compose([ClassProbabilitiesd("pred", activation)]),
        key_val_metric={
            "val_balanced_accuracy": ClassScores(
                LABELS, {"balanced_accuracy": "val_balanced_accuracy", "auroc": "val_auroc"}
            )
        },
    )


class Scored:
    """Stands for the scorer: attached, it notes when it ran."""

    ran = False

    def attach(self, engine: Engine) -> None:
        engine.add_event_handler(Events.COMPLETED, lambda _: setattr(self, "ran", True))


def made(folder: Path, classifier: str, **changes: Any) -> SimpleNamespace:
    kind = KINDS[classifier] if classifier in KINDS else KINDS["logistic"]
    head = {"pooling": "average", **({"dense": 6} if kind.hidden else {})}
    model = network(changes.pop("head", head))
    activation = changes.pop("activation", kind.activation)
    scorer = Scored()
    baseline = EmbeddingBaseline(
        **{
            "network": model,
            "classifier": classifier,
            "items": items(0),
            "preprocessing": PREPROCESSING,
            "activation": activation,
            "validator": validator(model, activation),
            "scorer": scorer,
            "handlers": [],
            "output_dir": folder,
            **changes,
        }
    )
    return SimpleNamespace(baseline=baseline, network=model, scorer=scorer)


@pytest.mark.parametrize("classifier", KINDS)
def test_the_network_answers_as_scikit_learn_does(classifier: str, tmp_path: Path) -> None:
    strength = KINDS[classifier].strengths[1]
    parts = made(tmp_path, classifier, strengths=[strength])
    parts.baseline.run()
    samples = parts.baseline.samples()
    fitted = fit_classifier(classifier, samples, strength, 6)
    kept = load_weights(
        network({"pooling": "average", **({"dense": 6} if classifier == "mlp" else {})}),
        tmp_path / "model.pt",
    ).eval()
    images = torch.stack([torch.tensor(item["image"]) for item in items(0)])
    with torch.no_grad():
        answers = kept(images)
    read = ClassProbabilitiesd("pred", KINDS[classifier].activation)
    found = torch.stack([read({"pred": answer})["pred"] for answer in answers]).numpy()
    np.testing.assert_allclose(found, fitted.probabilities(samples.embeddings), atol=1e-5)
    assert parts.scorer.ran


def test_the_validation_chooses_the_strength(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = made(tmp_path, "logistic", strengths=[1e-3, 1e-2, 1e-1, 1.0])
    given = iter([0.5, float("nan"), 0.9, 0.9])
    heads = []

    def validate(epoch: int) -> None:
        parts.baseline.validator.state.metrics = {"val_balanced_accuracy": next(given)}
        heads.append(parts.network.head.scores.weight.clone())

    monkeypatch.setattr(parts.baseline.validator, "run", validate)
    parts.baseline.run()
    kept = torch.load(tmp_path / "model.pt", weights_only=True)["head.scores.weight"]
    assert torch.equal(kept, heads[2])
    assert not torch.equal(heads[2], heads[3])
    with (tmp_path / "candidates.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["strength"]) for row in rows] == [1e-3, 1e-2, 1e-1, 1.0]
    assert rows[2]["val_balanced_accuracy"] == "0.9"


class Watched(Tracking):
    """Notes what there is to track, in place of an MLflow store."""

    def attach(self, engine: Engine) -> None:
        self.epochs: list[tuple[float, bool, float]] = []
        self.files: set[str] = set()
        engine.add_event_handler(Events.EPOCH_COMPLETED, self._note)
        engine.add_event_handler(Events.COMPLETED, self._look)

    def _note(self, engine: Engine) -> None:
        validator = self.validator.state
        value = validator.metrics["val_balanced_accuracy"]
        current = validator.epoch == engine.state.epoch
        self.epochs.append((engine.state.metrics["strength"], current, value))

    def _look(self, engine: Engine) -> None:
        self.files = {path.name for path in self.folder.iterdir()}


def test_it_is_tracked_as_one_run_an_epoch_for_each_candidate(tmp_path: Path) -> None:
    watched = Watched(tmp_path, "breast", Engine(lambda engine, batch: None), object())
    baseline = made(
        tmp_path, "logistic", strengths=[1e-3, 1e-2], handlers=[object(), watched]
    ).baseline
    watched.validator = baseline.validator
    baseline.run()
    assert [(strength, current) for strength, current, _ in watched.epochs] == [
        (1e-3, True),
        (1e-2, True),
    ]
    assert watched.optimizer is None
    assert watched.files == {"model.pt", "candidates.csv"}


def test_it_is_calibrated_before_it_is_scored(tmp_path: Path) -> None:
    answering = CalibratedClassifier(network(), activation="sigmoid")
    loader = DataLoader(Dataset(items(1), PREPROCESSING), batch_size=8)
    handler = Calibration(answering, loader, LABELS, tmp_path, "cpu")
    seen = []
    baseline = made(tmp_path, "svm", strengths=[1e-4], handlers=[handler]).baseline
    baseline.scorer.attach = lambda engine: engine.add_event_handler(
        Events.COMPLETED, lambda _: seen.append((tmp_path / CALIBRATION).is_file())
    )
    baseline.run()
    assert seen == [True]
    assert "temperature" in torch.load(tmp_path / "model.pt", weights_only=True)
    assert torch.equal(answering.network.head.scores.weight, baseline.network.head.scores.weight)


@pytest.mark.parametrize(
    ("classifier", "changes", "expected"),
    [
        ("tree", {}, "classifier is 'tree'; expected one of svm, logistic, mlp"),
        ("svm", {"activation": "softmax"}, "give --activation sigmoid"),
        ("mlp", {"head": {"pooling": "average"}}, "a dense width such as 64"),
        ("svm", {"head": {"pooling": "average", "dense": 8}}, "no dense layer"),
        ("logistic", {"head": {"pooling": "maximum"}}, "needs AdaptiveAvgPool2d, Flatten, Linear"),
        ("logistic", {"strengths": [0]}, "expected numbers above 0"),
        ("logistic", {"strengths": []}, "expected numbers above 0"),
    ],
)
def test_what_does_not_fit_is_refused(
    classifier: str, changes: dict[str, Any], expected: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=expected):
        made(tmp_path, classifier, **changes)


def test_several_processes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.idist, "get_world_size", lambda: 2)
    with pytest.raises(InputError, match=r"leave multi_gpu_train\.json out"):
        made(tmp_path, "logistic")
    assert list(tmp_path.iterdir()) == []


def test_it_is_refused_before_a_run_s_folder_is_made() -> None:
    (path,) = configs("breast_us_classification", "multi_gpu_train")
    steps = json.loads(Path(path).read_text(encoding="utf-8"))["initialize"]
    (built,) = [at for at, step in enumerate(steps) if "'baseline'" in step]
    (made,) = [at for at, step in enumerate(steps) if "run_folder.prepare" in step]
    assert built < made


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["embeddings_svm", "embeddings_scales"])
def test_torchrun_is_refused_before_there_is_a_folder(variant: str, tmp_path: Path) -> None:
    bundle = "breast_us_classification"
    dataset = make_dataset(bundle, tmp_path, 2)
    given = {"dataset_dir": dataset, "output_dir": tmp_path / "run", "num_workers": 0}
    command = torchrun(bundle, 2, more=tuple(configs(bundle, f"variants/{variant}")))
    done = subprocess.run(
        [*command, *words(given)],
        cwd=tmp_path,
        env=environment(cpu=True),
        capture_output=True,
        text=True,
    )
    told = [line for line in done.stderr.splitlines() if "the baseline runs in one process" in line]
    assert done.returncode != 0 and told, done.stderr
    own, _, _ = done.stderr.partition("torch/distributed/elastic")  # torchrun tells of the loss
    assert "Traceback" not in own and "AttributeError: " not in done.stderr
    assert not (tmp_path / "run").exists()
