"""As linear layers, a classifier answers the probabilities of scikit-learn's own."""

import numpy as np
import pytest
import torch
from torch import nn

from pipelines.errors import InputError
from pipelines.training.embedding_classifiers import KINDS, Samples, fit_classifier
from transforms.class_probabilities import ClassProbabilitiesd

CHANNELS = 12


def samples(classes: int, images: int = 90) -> Samples:
    """Embeddings on very different scales, one of them constant; two images in a group."""
    random = np.random.default_rng(0)
    labels = np.arange(images) % classes
    scales = np.logspace(-3, 3, CHANNELS)
    embeddings = scales * (3 + random.normal(size=(images, CHANNELS)) + labels[:, None] % 2)
    embeddings[:, 4] = 7
    groups = np.array(
        [f"g{number // (2 * classes)}-{number % classes}" for number in range(images)]
    )
    return Samples(embeddings, labels, groups)


def network(layers: list) -> nn.Sequential:
    parts: list[nn.Module] = []
    for weight, bias in layers:
        linear = nn.Linear(weight.shape[1], weight.shape[0])
        linear.load_state_dict({"weight": torch.tensor(weight), "bias": torch.tensor(bias)})
        parts += [linear, nn.ReLU()]
    return nn.Sequential(*parts[:-1])


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_the_layers_answer_the_probabilities_of_scikit_learn(kind: str, classes: int) -> None:
    given = samples(classes)
    strength = KINDS[kind].strengths[1]
    fitted = fit_classifier(kind, given, strength, width=5)
    with torch.no_grad():
        logits = network(list(fitted.layers))(torch.tensor(given.embeddings).float())
    to_probabilities = ClassProbabilitiesd("pred", KINDS[kind].activation)
    found = torch.stack([to_probabilities({"pred": row})["pred"] for row in logits]).numpy()
    expected = fitted.probabilities(given.embeddings)
    assert expected.shape == (90, classes)
    assert expected.max(axis=1).std() > 0.01
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_svm_is_calibrated_by_groups_that_its_fits_did_not_see(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from pipelines.training import embedding_classifiers as module

    seen: list = []
    whole = module.CalibratedClassifierCV

    def watched(*args, cv, **kwargs):
        seen.extend(cv)
        return whole(*args, cv=cv, **kwargs)

    monkeypatch.setattr(module, "CalibratedClassifierCV", watched)
    given = samples(3)
    fit_classifier("svm", given, 1e-3)
    assert len(seen) == 5
    for fitted, answered in seen:
        assert not set(given.groups[fitted]) & set(given.groups[answered])
    assert sorted(np.concatenate([answered for _, answered in seen])) == list(range(90))


def test_rare_classes_weigh_as_much() -> None:
    given = samples(3)
    kept = (given.labels != 2) | (np.arange(90) % 9 == 2)
    rare = Samples(*(values[kept] for values in given))
    probabilities = fit_classifier("svm", rare, 1e-4).probabilities(given.embeddings)
    assert abs(probabilities[:, 2].mean() - 1 / 3) < 0.1


def test_a_class_in_a_single_group_is_told() -> None:
    given = samples(3)
    groups = np.where(given.labels == 2, "one", given.groups)
    with pytest.raises(InputError, match="single group of training images"):
        fit_classifier("svm", given._replace(groups=groups), 1e-3)
