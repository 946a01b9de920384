"""File names that every file system takes."""

from pipelines.preview.sheet_names import sheet_names


def test_a_name_is_kept_where_it_can_be() -> None:
    sheets = [("class", "benign"), ("flag", "mask-touches-border"), ("class", "Größe 2.5")]
    assert sheet_names(sheets) == [
        "class_benign.png",
        "flag_mask-touches-border.png",
        "class_Größe_2.5.png",
    ]


def test_what_a_file_name_may_not_hold_is_replaced() -> None:
    (name,) = sheet_names([("class", '../a/b\\c:d*"e\n')])
    assert name == "class_.._a_b_c_d_e_.png"
    (long,) = sheet_names([("class", "Ж" * 500)])
    assert len(long.encode()) < 255


def test_no_two_are_the_same_also_without_upper_case() -> None:
    names = sheet_names([("class", "A b"), ("class", "a/b"), ("class", "A?B"), ("flag", "a b")])
    assert names == ["class_A_b.png", "class_a_b_2.png", "class_A_B_3.png", "flag_a_b.png"]
