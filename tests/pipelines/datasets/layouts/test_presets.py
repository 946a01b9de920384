from __future__ import annotations

from pipelines.datasets.layouts import LAYOUTS
from pipelines.datasets.layouts.presets import PRESETS


def test_the_presets_are_those_that_can_be_chosen() -> None:
    options = {option.name: option for option in LAYOUTS["csv-labels"].options}
    assert options["preset"].choices == tuple(PRESETS)
    for name, preset in PRESETS.items():
        assert preset.name == name and preset.licence and preset.reference
        assert preset.options.keys() <= options.keys()
        assert len(set(preset.classes)) == len(preset.classes) > 1
