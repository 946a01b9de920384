from tests.pipelines.datasets.audit.made_cases import case


def test_a_case_stands_in_a_fold_or_in_the_test_part() -> None:
    assert case(4).place == "fold 1" and case(4, fold=None).place == "testing"
    assert case(4, part="train").part == "train" and case(4).part is None
    one = case(4, category="benign", group="g9")
    assert (one.image, one.category, one.group) == ("images/a_0004.png", "benign", "g9")
