"""From what people wrote as labels to class names in a fixed order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipelines.datasets.layouts.pseudonym import whole
from pipelines.datasets.layouts.sample import Request, Scan, natural
from pipelines.datasets.table import nearest
from pipelines.errors import InputError

_MISSING = ("", "nan", "n/a", "#n/a", "null")
# Entries of the dataset folder.
_RESERVED = ("images", "masks", "dataset.json", "audit.json", "audit.html")
_SHOWN = 8
_EXAMPLES = {2: ["normal", "abnormal"], 3: ["normal", "benign", "malignant"]}
_MANY = 20  # more different labels than this, most of them used once, are no classes


@dataclass(frozen=True)
class Classes:
    """The classes of a data set.

    Attributes:
        names: class names in the order of their indices.
        of: the class of each label that has one.
        wrong: what is wrong with each other label: the end of a sentence that names the file.
    """

    names: tuple[str, ...]
    of: Mapping[str, str]
    wrong: Mapping[str, str]


def match_classes(labels: Iterable[str], request: Request, where: str) -> Classes:
    """Finds the classes that labels stand for.

    With ``--classes``, a label is one of the names, or a whole number: its index (or a number that
    ``--map`` gives an index). Without, the labels are the names, in natural order; whole numbers
    are refused then, because nobody knows which class 0 is.

    Args:
        labels: the label of every sample.
        request: what the person asked for.
        where: what messages call the labels, such as ``column "class" of labels.csv``.

    Returns:
        The classes.

    Raises:
        InputError: the labels are numbers and nobody named them, or they are no classes at all.
    """
    counts = Counter(labels)
    of: dict[str, str] = {}
    wrong = {label: "has no label; fill it in" for label in counts if is_missing(label)}
    given = Counter({label: count for label, count in counts.items() if label not in wrong})
    names = request.classes or _names(given, where, wrong)
    if len(set(names)) < len(names):
        raise InputError(f"--classes names a class twice: {','.join(names)}")
    for given_name in request.classes:
        if given_name.casefold() in _RESERVED:
            raise InputError(f"--classes: {given_name} is a reserved name; choose another")
    for label in given:
        if label in wrong:
            continue
        name, reason = _class_of(label, names, request, _numeric(given))
        if name is None:
            wrong[label] = reason
        else:
            of[label] = name
    return Classes(tuple(names), of, wrong)


def is_missing(label: str) -> bool:
    """Tells whether a label is empty, or what programs write for nothing."""
    return label.casefold() in _MISSING


def check_several(found: Scan) -> None:
    """Refuses a classification of fewer than two classes, unless problems are why.

    Raises:
        InputError: all samples are of one class.
    """
    used = sorted({sample.category for sample in found.samples})
    if len(used) < 2 and not found.problems:
        holds = f"images of one class only ({used[0]})" if used else "no image with a class"
        raise InputError(f"{found.root} holds {holds}; expected two classes or more")


def _class_of(
    label: str, names: Sequence[str], request: Request, numeric: bool
) -> tuple[str | None, str]:
    """Gives the class of a label, else why it has none."""
    if label in names:
        return label, ""
    number = _number(label)
    indices = ", ".join(f"{index} {name}" for index, name in enumerate(names))
    if number is not None:
        index = request.mapping.get(number, number)
        if 0 <= index < len(names):
            return names[index], ""
        return None, f"has the label {number}; expected an index of --classes: {indices}"
    if numeric:
        return None, f'has the label "{label}", which is no number; expected {indices}'
    meant = nearest(label, names)
    hint = f' (did you mean "{meant}"?)' if meant else ""
    return None, f'has the unknown class "{label}"{hint}; expected {", ".join(names)}'


def _names(given: Counter[str], where: str, wrong: dict[str, str]) -> tuple[str, ...]:
    """Takes the labels as the names; puts aside what is no name."""
    if _numeric(given):
        raise InputError(f"{where} holds {_listed(given)}; {_unnamed(given)}")
    _check_repeated(given, where)
    for label in given:
        if label.casefold() in _RESERVED:
            wrong[label] = f'has the class "{label}", a reserved name; rename it'
        if _number(label) is not None:
            wrong[label] = f"has the label {label}, a number among names; expected a class name"
    for label, usual in _variants(given):
        wrong[label] = (
            f'has the class "{label}", which differs from "{usual}" by case or spaces only; write '
            "both alike, or name both by --classes"
        )
    return tuple(sorted((label for label in given if label not in wrong), key=natural))


def _numeric(given: Counter[str]) -> bool:
    """Tells whether most labels are whole numbers."""
    numbers = sum(count for label, count in given.items() if _number(label) is not None)
    return 2 * numbers > given.total()


def _number(label: str) -> int | None:
    text = whole(label)
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,9}", text) else None


def _listed(given: Counter[str]) -> str:
    """Lists the labels, numbers first."""
    labels = sorted(given, key=lambda label: (_number(label) is None, natural(label)))
    rest = f", … ({len(labels)} in all)" if len(labels) > _SHOWN else ""
    return f"the labels {', '.join(labels[:_SHOWN])}{rest}"


def _unnamed(given: Counter[str]) -> str:
    """Says how to name the classes that numbers stand for, with an example."""
    numbers = sorted({number for label in given if (number := _number(label)) is not None})
    first = int(numbers[0] == 1)
    count = max(numbers[-1] + 1 - first, len(numbers))
    names = _EXAMPLES.get(count) or [f"name{index}" for index in range(min(count, 3))]
    example = ",".join(names) + (",…" if len(names) < count else "")
    if first:
        example += "".join(f" --map {index + 1}={index}" for index in range(len(names)))
    return (
        f"nobody can tell which class {first} is. Name the classes in the order of their numbers, "
        f"such as --classes {example}"
    )


def _check_repeated(given: Counter[str], where: str) -> None:
    """Refuses labels that hardly repeat: a column of names or measurements."""
    if len(given) > max(_MANY, given.total() // 2):
        raise InputError(
            f"{where} holds {len(given)} different values in {given.total()} samples "
            f"({', '.join(sorted(given, key=natural)[:3])}, …); expected classes, which repeat. "
            "Choose another one"
        )


def _variants(given: Counter[str]) -> list[tuple[str, str]]:
    """Pairs each label with the more usual one that differs by case or spaces only."""
    usual: dict[str, str] = {}
    pairs = []
    for label in sorted(given, key=lambda label: (-given[label], label)):
        first = usual.setdefault(" ".join(label.split()).casefold(), label)
        if first != label:
            pairs.append((label, first))
    return pairs
