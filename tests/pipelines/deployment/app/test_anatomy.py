from __future__ import annotations

from pydicom.dataset import Dataset

from pipelines.deployment.app.anatomy import Region, laterality, regions


def made_region(code: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code, scheme, meaning
    return item


def made_group(side: str, *inner: Dataset) -> Dataset:
    group, anatomy = Dataset(), Dataset()
    anatomy.FrameLaterality = side
    anatomy.AnatomicRegionSequence = list(inner)
    group.FrameAnatomySequence = [anatomy]
    return group


def test_regions_are_named_by_their_codes_in_any_scheme_and_language() -> None:
    header = Dataset()
    header.AnatomicRegionSequence = [made_region("76752008", "SCT", "Mamma")]
    older = made_region("T-04000", "SRT", "Brust")
    header.SharedFunctionalGroupsSequence = [made_group("L", older)]
    heart = made_region("80891009", "SCT", "Herz")
    own = made_region("1", "99OWN", "Mamma")
    header.PerFrameFunctionalGroupsSequence = [made_group("L", heart), made_group("L", own)]
    breast = Region("76752008", "BREAST")
    assert regions(header) == (breast, Region("80891009", "HEART"), Region("99OWN:1", "MAMMA"))
    assert regions(Dataset()) == ()


def test_the_side_is_that_of_the_image_or_of_its_frames() -> None:
    header = Dataset()
    assert laterality(header) == ""
    header.PerFrameFunctionalGroupsSequence = [made_group("L"), made_group("R")]
    assert (laterality(header), laterality(header, 0), laterality(header, 1)) == ("", "L", "R")
    header.Laterality = "B"
    assert laterality(header, 1) == "B"
    header.ImageLaterality = "R"
    assert laterality(header) == "R"
