from pipelines.datasets.audit.finding import Finding, number, percent


def test_a_finding_says_all_in_a_few_sentences() -> None:
    finding = Finding("group-leak", "error", "2 groups leak", "It is bad.", "Mend it.", ("a", "b"))
    assert finding.text == "2 groups leak. It is bad. Mend it."
    content = finding.content()
    assert content["images"] == ["a", "b"] and content["count"] == 2 and content["details"] == {}
    assert Finding("x", "note", "Short").text == "Short."


def test_numbers_agree_with_their_nouns() -> None:
    assert number(1, "mask is", "masks are") == "1 mask is"
    assert number(12345, "image") == "12,345 images" and number(0, "image") == "0 images"


def test_a_share_is_rounded_to_none_or_all_only_where_it_is() -> None:
    assert [percent(share) for share in (0, 0.0004, 0.25, 0.996, 1)] == [
        "0 %", "0.04 %", "25 %", "99.6 %", "100 %",
    ]  # fmt: skip
