"""What stands on both sides of a split: patients and copies; and copies with two labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from pipelines.datasets.audit.case import TESTING, Case
from pipelines.datasets.audit.finding import Finding, number
from pipelines.datasets.audit.pairing import Pair

_LEAK = (
    "A model that has seen one side recognises the other, so its score is too good: it measures "
    "memory."
)


def leaks(cases: Sequence[Case], pairs: Sequence[Pair], leaky: bool = False) -> list[Finding]:
    """Finds what stands on both sides of a split.

    Args:
        cases: the images.
        pairs: those that show the same.
        leaky: whether the split ignores the groups on purpose.

    Returns:
        The findings.
    """
    known: set[str] = {case.image for pair in pairs for case in pair.cases}
    found = [
        _listed_twice(cases),
        _groups(cases, leaky),
        _across_folds(pairs),
        _across_parts(pairs),
        _groups_across_parts(cases, known),
        _two_labels(pairs, exact=True),
        _two_labels(pairs, exact=False),
        _two_masks(pairs),
        _ungrouped(pairs),
        _same_side(pairs),
    ]
    return [finding for finding in found if finding is not None]


def _listed_twice(cases: Sequence[Case]) -> Finding | None:
    """Finds images that dataset.json lists more than once."""
    counts: dict[str, int] = defaultdict(int)
    for case in cases:
        counts[case.image] += 1
    twice = tuple(image for image, count in counts.items() if count > 1)
    if not twice:
        return None
    return Finding(
        "listed-twice",
        "error",
        f"{number(len(twice), 'image stands', 'images stand')} in dataset.json more than once",
        "The same file counts twice, or stands on both sides of the split.",
        "Remove the second entry.",
        twice,
    )


def _spread(
    cases: Iterable[Case], side: Callable[[Case], str | None]
) -> dict[str, dict[str, list[Case]]]:
    """Gives the groups that stand on several sides: group to side to its images there."""
    homes: dict[str, dict[str, list[Case]]] = defaultdict(lambda: defaultdict(list))
    for case in cases:
        name = side(case)
        if name is not None:
            homes[case.group][name].append(case)
    return {group: dict(home) for group, home in homes.items() if len(home) > 1}


def _members(spread: dict[str, dict[str, list[Case]]]) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            case.image for home in spread.values() for cases in home.values() for case in cases
        )
    )


def _by_side(spread: dict[str, dict[str, list[Case]]]) -> dict[str, dict[str, list[str]]]:
    return {
        group: {side: [case.image for case in cases] for side, cases in sorted(home.items())}
        for group, home in spread.items()
    }


def _groups(cases: Sequence[Case], leaky: bool) -> Finding | None:
    """Finds groups in two folds, or in a fold and the test part."""
    spread = _spread(cases, lambda case: case.place)
    if not spread:
        return None
    purpose = " The split is marked as leaky: it was made so on purpose." if leaky else ""
    return Finding(
        "group-leak",
        "error",
        f"{number(len(spread), 'group stands', 'groups stand')} in several folds"
        + (" or in the test part, too" if any(TESTING in home for home in spread.values()) else ""),
        "A group (a patient, or copies of one image) must stay on one side of every split. "
        + _LEAK
        + purpose,
        "Make the folds anew by med2d split, which keeps groups together.",
        _members(spread),
        {"groups": _by_side(spread)},
    )


def _groups_across_parts(cases: Sequence[Case], known: set[str]) -> Finding | None:
    """Finds groups in two parts of the split that came with the data, but for the known pairs."""
    spread = _spread(cases, lambda case: case.part)
    spread = {
        group: home
        for group, home in spread.items()
        if not all(case.image in known for members in home.values() for case in members)
    }
    if not spread:
        return None
    return Finding(
        "group-across-split",
        "error",
        f"The split that came with the data divides {number(len(spread), 'group')}",
        "Images of one patient (or one group) are in several of its parts. " + _LEAK,
        "Use our folds instead of that split, or convert again with --keep-split --skip-bad, which "
        "takes such images out of its training part.",
        _members(spread),
        {"groups": _by_side(spread)},
    )


def _of_pairs(
    check: str, severity: str, pairs: Sequence[Pair], what: str, meaning: str, advice: str
) -> Finding | None:
    """Makes a finding of pairs, if there are any; exact ones first."""
    if not pairs:
        return None
    ordered = sorted(pairs, key=lambda pair: not pair.exact)
    images = tuple(dict.fromkeys(case.image for pair in ordered for case in pair.cases))
    content = {"pairs": [pair.content() for pair in ordered]}
    title = f"{number(len(images), 'image has', 'images have')} {what}"
    return Finding(check, severity, title, meaning, advice, images, content)


def _a_duplicate(pairs: Sequence[Pair]) -> str:
    """Calls duplicates exact where all are."""
    return f"{'an exact' if all(pair.exact for pair in pairs) else 'a'} duplicate"


def _across_folds(pairs: Sequence[Pair]) -> Finding | None:
    across = [pair for pair in pairs if pair.first.place != pair.second.place]
    testing = any(TESTING in (pair.first.place, pair.second.place) for pair in across)
    return _of_pairs(
        "duplicates-across-folds",
        "error",
        across,
        f"{_a_duplicate(across)} in another fold" + (" or in the test part" if testing else ""),
        "The same picture (perhaps flipped, turned, cut, brightened or recompressed) is trained on "
        "and scored. " + _LEAK,
        "Have a look at the pairs. Convert the raw folder again, which puts duplicates in one "
        "group, or take one image of each pair out.",
    )


def _is_across_parts(pair: Pair) -> bool:
    one, other = pair.first.part, pair.second.part
    return None not in (one, other) and one != other


def _across_parts(pairs: Sequence[Pair]) -> Finding | None:
    across = [pair for pair in pairs if _is_across_parts(pair)]
    return _of_pairs(
        "duplicates-across-split",
        "error",
        across,
        f"{_a_duplicate(across)} in another part of the split that came with the data",
        "The same picture (perhaps an augmented copy) is on both sides of it. Results that were "
        "published on that split are too good.",
        "Use our folds instead, which keep duplicates together, or convert again with --keep-split "
        "--skip-bad, which takes such images out of the training part.",
    )


def _two_labels(pairs: Sequence[Pair], exact: bool) -> Finding | None:
    two = [
        pair
        for pair in pairs
        if pair.first.category != pair.second.category and pair.exact == exact
    ]
    return _of_pairs(
        "exact-duplicates-with-two-classes" if exact else "near-duplicates-with-two-classes",
        "error" if exact else "warning",
        two,
        "an exact duplicate of another class" if exact else "a near-duplicate of another class",
        "One of the two labels must be wrong, and nobody knows which. A model cannot learn from "
        "them, and is scored wrong for one of them.",
        "Look at them with somebody who can tell. Without --keep-conflicts, med2d convert leaves "
        "both out.",
    )


def _two_masks(pairs: Sequence[Pair]) -> Finding | None:
    """Finds equal images with masks that are not equal."""
    return _of_pairs(
        "exact-duplicates-with-two-masks",
        "warning",
        [pair for pair in pairs if pair.exact and _digest(pair.first) != _digest(pair.second)],
        "an exact duplicate with another mask",
        "The same pixels are labelled in two ways. No model can be right on both.",
        "Compare the outlines, keep the better mask, and take the other image out.",
    )


def _digest(case: Case) -> str:
    return case.measured.mask.digest if case.measured.mask else ""


def _ungrouped(pairs: Sequence[Pair]) -> Finding | None:
    """Finds copies on one side whose groups differ: the next split may tear them apart."""
    torn = [
        pair
        for pair in pairs
        if pair.first.place == pair.second.place and pair.first.group != pair.second.group
    ]
    return _of_pairs(
        "duplicates-in-two-groups",
        "warning",
        torn,
        f"{_a_duplicate(torn)} in another group",
        "They stand in the same fold now, by chance. Another split would part them, and leak.",
        "Give both images of a pair the same group in dataset.json, or convert the raw folder "
        "again.",
    )


def _same_side(pairs: Sequence[Pair]) -> Finding | None:
    """Counts the duplicates that do no harm in our folds."""
    together = [pair for pair in pairs if _harmless(pair)]
    parted = sum(map(_is_across_parts, together))
    but = (
        f" Only the split that came with the data parts {number(parted, 'pair')} of them: see "
        "duplicates-across-split."
        if parted
        else ""
    )
    return _of_pairs(
        "duplicates-in-one-group",
        "note",
        together,
        f"{_a_duplicate(together)} in their own group",
        f"Each stands in one fold with its duplicate, so our folds do not leak.{but} They count as "
        "several images of one scene, so the data hold less than their number says.",
        f"{'With our folds, nothing' if parted else 'Nothing'} has to be done. Report the number "
        "of groups beside that of images.",
    )


def _harmless(pair: Pair) -> bool:
    one, other = pair.cases
    return (one.place, one.group, one.category) == (other.place, other.group, other.category)
