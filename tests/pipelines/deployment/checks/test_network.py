from pathlib import Path

import pytest
import torch
from monai.bundle import ConfigParser

from pipelines.deployment.checks.network import check_export, check_network
from tests.pipelines.deployment.checks.made_bundle_folder import bundle_copy, change, found

INFERENCE, METADATA = "configs/inference.json", "configs/metadata.json"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return bundle_copy(tmp_path)


def network(bundle: Path) -> torch.nn.Module:
    parser = ConfigParser()
    parser.read_config(str(bundle / INFERENCE))
    return parser.get_parsed_content("network_def").eval()


def test_a_network_that_answers_otherwise_is_named(bundle: Path) -> None:
    assert check_network(found(bundle)).state == "ok"
    change(bundle, INFERENCE, lambda content: content["network_def"].update(out_channels=2))
    assert "output channel number `2`" in check_network(found(bundle)).problems[0]
    change(bundle, INFERENCE, lambda content: content["network_def"].update(_target_="No.net"))
    assert check_network(found(bundle)).state == "problem"


def test_the_export_answers_as_the_network_does(
    bundle: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert check_export(found(bundle)) == (
        "export as TorchScript",
        (),
        "",
        "with untrained weights",
    )
    (bundle / "models").mkdir()
    torch.save(network(bundle).state_dict(), bundle / "models" / "model.pt")
    assert check_export(found(bundle)) == ("export as TorchScript", (), "", "")
    assert "---" not in "".join(capfd.readouterr())  # MONAI tells every step


def test_weights_and_scripts_of_another_network_are_named(bundle: Path) -> None:
    (bundle / "models").mkdir()
    torch.save(network(bundle).state_dict(), bundle / "models" / "model.pt")
    torch.jit.script(network(bundle)).save(bundle / "models" / "model.ts")  # other random weights
    (problem,) = check_export(found(bundle)).problems
    assert problem.startswith("models/model.ts answers otherwise than the network, by ")
    torch.save({"a": torch.zeros(1)}, bundle / "models" / "model.pt")
    assert "Error(s) in loading state_dict" in check_export(found(bundle)).problems[0]
