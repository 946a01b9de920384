import subprocess
import sys

from networks.timm_models import timm_models


def test_timm_comes_first_in_a_new_process() -> None:
    code = "from networks.timm_models import timm_models; print(timm_models().is_model('resnet18'))"
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "True\n"
    assert timm_models() is timm_models()
