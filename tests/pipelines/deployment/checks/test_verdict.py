from pipelines.deployment.checks.verdict import Verdict


def test_a_problem_goes_before_what_was_not_checked() -> None:
    assert Verdict("files").state == "ok"
    assert Verdict("files", unchecked="of x").state == "not checked"
    assert Verdict("files", ("a is missing",), "of x").state == "problem"


def test_it_is_told_in_words_and_for_programs() -> None:
    verdict = Verdict("files", ("a is missing", "b is missing"), remark="of a run")
    assert verdict.lines() == [
        "problem      files (of a run)",
        "               a is missing",
        "               b is missing",
    ]
    assert verdict.record() == {
        "check": "files",
        "state": "problem",
        "problems": ["a is missing", "b is missing"],
        "remark": "of a run",
    }
    unchecked = Verdict("weights", unchecked="it has none")
    assert unchecked.lines() == ["not checked  weights because it has none"]
    assert unchecked.record()["reason"] == "it has none"
