from __future__ import annotations

from typing import Any

import pytest
from pydicom.sr.codedict import codes

from pipelines.bundles import bundle_names, bundle_root
from pipelines.deployment.app.anatomy import Region
from pipelines.deployment.app.code import Code
from pipelines.deployment.app.intended_use import NOT_JUDGED, IntendedUse, intended_use
from pipelines.deployment.array_answerer import INFERENCE, METADATA, read_configuration
from pipelines.errors import InputError

BASE = {"name": "N", "version": "1.0.0", "intended_use": "Research."}
TOLD: dict[str, Any] = {"modalities": ["US"], "body_parts": ["BREAST"], "classes": {}}


def made(**told: Any) -> IntendedUse:
    return intended_use({**BASE, "dicom": {**TOLD, **told}}, "metadata.json")


@pytest.mark.parametrize("name", bundle_names())
def test_every_bundle_codes_its_classes_by_what_is_known(name: str) -> None:
    root = bundle_root(name)
    metadata = read_configuration(root, METADATA)
    use = intended_use(metadata, name)
    told = metadata["network_data_format"]["outputs"]["pred"]["channel_def"].values()
    labels = {each.removesuffix(" (logit)") for each in told} - {"background"}
    assert set(use.classes) == labels
    assert labels <= set(read_configuration(root, INFERENCE).get("labels", labels))
    known = [*use.classes.values(), *use.categories.values()]
    for code in known + ([use.anatomy] if use.anatomy else []):
        assert code.scheme in ("SCT", "99MED2D")
        if code.scheme == "SCT":
            assert _is_known(code), code


OF_SNOMED = {"31610004": "Epithelium", "125605004": "Fracture of bone"}
"""Codes of SNOMED CT, a body structure and a disorder, that DICOM's own tables do not list."""


def _is_known(code: Code) -> bool:
    """Whether pydicom's table has the code with that meaning, or SNOMED CT."""
    from pydicom.sr._concepts_dict import concepts

    if code.code in OF_SNOMED:
        return code.meaning == OF_SNOMED[code.code]

    found = [each[code.code] for each in concepts["SCT"].values() if code.code in each]
    return code.meaning in {str(each[0]) for each in found} and bool(codes)


def test_what_a_model_is_not_meant_for_is_refused() -> None:
    use = made()
    assert use.refusal("US", "BREAST") is None and use.refusal("US", "") is None
    assert use.refusal("CT", "") == "has the modality CT; the model is meant for US"
    assert use.refusal("", "") == "has the modality (none); the model is meant for US"
    assert "body part HEART" in str(use.refusal("US", "HEART"))
    assert made(body_parts=[]).refusal("US", "HEART") is None


def test_a_class_without_a_code_has_one_of_our_own() -> None:
    assert made().concept("odd").scheme == "99MED2D"
    told = {"code": "4147007", "scheme": "SCT", "meaning": "Mass"}
    use = made(classes={"tumour": {**told, "category": told}})
    assert use.concept("tumour") == use.category("tumour") == Code(**told)
    assert use.category("odd").meaning == "Morphologically Abnormal Structure"


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({**BASE, "dicom": None}, 'metadata.json has no "dicom"'),
        ({"name": "N", "dicom": TOLD}, "has no version, intended_use"),
        ({**BASE, "dicom": {**TOLD, "modalities": []}}, "dicom::modalities is"),
        ({**BASE, "dicom": {**TOLD, "body_parts": "BREAST"}}, "dicom::body_parts is 'BREAST'"),
        ({**BASE, "dicom": {**TOLD, "classes": ["a"]}}, "dicom::classes is"),
        ({**BASE, "dicom": {**TOLD, "classes": {"a": {"code": "1"}}}}, "dicom::classes::a is"),
        ({**BASE, "dicom": {**TOLD, "anatomy": {"code": "1" * 17}}}, "dicom::anatomy is"),
    ],
)
def test_metadata_that_do_not_say_it_are_refused(metadata: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as caught:
        intended_use(metadata, "metadata.json")
    assert words in str(caught.value) and "\n" not in str(caught.value)


BREAST, HEART = Region("76752008", "BREAST"), Region("80891009", "HEART")


def test_a_region_is_meant_by_its_code_whatever_it_is_called() -> None:
    use = made(anatomy={"code": "76752008", "scheme": "SCT", "meaning": "Breast"})
    assert use.refusal("US", "", [BREAST._replace(meaning="MAMMA")]) is None
    assert "body part HEART" in str(use.refusal("US", "", [HEART]))
    assert "body part HEART" in str(use.refusal("US", "BREAST", [BREAST, HEART]))
    assert use.marks("US", "", [BREAST]) == ()
    assert made(body_parts=[]).refusal("US", "", [HEART]) is None


def test_a_body_part_of_others_too_is_marked() -> None:
    use = made(body_parts=["FETUS"], body_parts_marked=["ABDOMEN"])
    (mark,) = use.marks("US", "ABDOMEN")
    assert mark == "body part ABDOMEN: may be of a patient who is not meant"
    assert use.refusal("US", "ABDOMEN") is None
    assert use.marks("US", "FETUS") == use.marks("US", "FETUS ABDOMEN") == ()
    assert "meant for FETUS, ABDOMEN" in str(use.refusal("US", "BREAST"))


def test_what_cannot_be_judged_is_marked() -> None:
    use = made(modalities=["SM", "OT"], body_parts=[])
    assert use.marks("SM", "") == ()
    assert use.marks("OT", "") == use.marks("SM", "CHEST") == (NOT_JUDGED,)


def test_abdomens_are_marked_by_the_model_of_fetal_planes() -> None:
    metadata = read_configuration(bundle_root("fetal_plane_classification"), METADATA)
    use = intended_use(metadata, "metadata.json")
    assert use.marks("US", "ABDOMEN") and use.marks("US", "PELVIS")
    assert use.marks("US", "UTERUS") == ()
