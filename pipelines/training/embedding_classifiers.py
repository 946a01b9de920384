"""Classifiers of scikit-learn on a network's embeddings, given back as layers of a network.

A pickle of a scikit-learn model runs code when it is read, and depends on the library's version.
Each classifier here is a chain of linear layers in the end: the standardisation and the calibration
are multiplied into their weights, so that a torch head of the same shape answers the same
probabilities, and ``model.pt`` is a plain state dict like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils.class_weight import compute_sample_weight

from pipelines.errors import InputError

PARTS = 5
"""Parts of the training images for the calibration: each is answered by a fit to the others."""

Table = NDArray[np.float64]
Layer = tuple[Table, Table]
"""Weight (outputs, inputs) and bias (outputs,)."""


class Samples(NamedTuple):
    """What a classifier is fitted to.

    Attributes:
        embeddings: (images, channels).
        labels: class index of each image, (images,); every class is there.
        groups: group of each image, (images,).
    """

    embeddings: Table
    labels: NDArray[np.int64]
    groups: NDArray[np.str_]


class Fitted(NamedTuple):
    """A fitted classifier.

    Attributes:
        probabilities: gives (images, classes) of embeddings (images, channels).
        layers: the same as linear layers with ReLU between them.
    """

    probabilities: Callable[[Table], Table]
    layers: Sequence[Layer]


class Kind(NamedTuple):
    """A kind of classifier.

    Attributes:
        fit: from scaled samples, strength, width of the hidden layer and seed to the estimator.
        layers: the estimator's linear layers, before the scaling is multiplied in.
        activation: what makes probabilities of the last layer; see
            ``transforms.class_probabilities``.
        strengths: values of the strength to choose from. A larger one fits the training images
            more closely.
        hidden: whether it has a hidden layer.
    """

    fit: Callable[[Samples, float, int | None, int], Any]
    layers: Callable[[Any], list[Layer]]
    activation: str
    strengths: tuple[float, ...]
    hidden: bool = False


def fit_classifier(
    kind: str, samples: Samples, strength: float, width: int | None = None, seed: int = 0
) -> Fitted:
    """Fits a classifier to standardised embeddings.

    Args:
        kind: a key of ``KINDS``.
        samples: the training images, and nothing else.
        strength: ``C`` of the SVM and the logistic regression; 1 / ``alpha`` of the network.
        width: of the hidden layer.
        seed: of everything random.

    Raises:
        InputError: a class stands in too few groups to calibrate an SVM.
    """
    chosen = KINDS[kind]
    scaler = StandardScaler().fit(samples.embeddings)
    scaled = samples._replace(embeddings=scaler.transform(samples.embeddings))
    model = chosen.fit(scaled, strength, width, seed)
    (weight, bias), *rest = chosen.layers(model)
    first = weight / scaler.scale_
    layers = [(first, bias - first @ scaler.mean_), *rest]
    return Fitted(lambda values: model.predict_proba(scaler.transform(values)), layers)


def _svm(samples: Samples, strength: float, width: int | None, seed: int) -> Any:
    """A linear SVM of each class against the others, calibrated by Platt's sigmoids.

    The calibration sees the answers of fits that did not see the image, nor one of its group. It
    weighs the classes as the SVM does: otherwise it would undo the weights.

    Source: Platt 1999, Probabilistic outputs for support vector machines.
    """
    splitter = StratifiedGroupKFold(_parts(samples), shuffle=True, random_state=seed)
    splits = list(splitter.split(samples.embeddings, samples.labels, samples.groups))
    model = LinearSVC(C=strength, max_iter=10_000, random_state=seed)
    calibrated = CalibratedClassifierCV(model, method="sigmoid", ensemble=False, cv=splits)
    weights = compute_sample_weight("balanced", samples.labels)
    return calibrated.fit(samples.embeddings, samples.labels, sample_weight=weights)


def _parts(samples: Samples) -> int:
    classes = np.unique(samples.labels)
    least = min(len(np.unique(samples.groups[samples.labels == one])) for one in classes)
    if least < 2:
        raise InputError(
            "a class has a single group of training images, so that nothing is left to calibrate "
            "the SVM with; take --baseline::classifier logistic --activation softmax"
        )
    return min(PARTS, least)


def _logistic(samples: Samples, strength: float, width: int | None, seed: int) -> Any:
    model = LogisticRegression(C=strength, class_weight="balanced", max_iter=10_000)
    return model.fit(samples.embeddings, samples.labels)


def _mlp(samples: Samples, strength: float, width: int | None, seed: int) -> Any:
    model = MLPClassifier((width,), alpha=1 / strength, max_iter=1000, random_state=seed)
    return model.fit(samples.embeddings, samples.labels)


def _svm_layers(model: Any) -> list[Layer]:
    """Logits whose sigmoids, divided by their sum, are the calibrated probabilities."""
    (calibrated,) = model.calibrated_classifiers_
    slopes, offsets = np.array([(c.a_, c.b_) for c in calibrated.calibrators]).T
    machine = calibrated.estimator
    weight = -slopes[:, None] * machine.coef_
    bias = -slopes * machine.intercept_ - offsets
    if len(bias) == 1:  # of two classes, the second against the first
        return [(np.vstack([-weight, weight]), np.concatenate([-bias, bias]))]
    return [(weight, bias)]


def _logistic_layers(model: Any) -> list[Layer]:
    return [_softmax_layer(model.coef_, model.intercept_)]


def _mlp_layers(model: Any) -> list[Layer]:
    *hidden, last = zip((w.T for w in model.coefs_), model.intercepts_, strict=True)
    return [*hidden, _softmax_layer(*last)]


def _softmax_layer(weight: Table, bias: Table) -> Layer:
    """Logits for a softmax: of two classes scikit-learn has one, for a sigmoid."""
    if len(bias) > 1:
        return weight, bias
    return np.vstack([np.zeros_like(weight), weight]), np.append(0.0, bias)


KINDS: Mapping[str, Kind] = {
    "svm": Kind(_svm, _svm_layers, "sigmoid", (1e-5, 1e-4, 1e-3, 1e-2)),
    "logistic": Kind(_logistic, _logistic_layers, "softmax", (1e-4, 1e-3, 1e-2, 1e-1)),
    "mlp": Kind(_mlp, _mlp_layers, "softmax", (0.1, 1.0, 10.0), hidden=True),
}
"""Kinds of classifiers by name."""
