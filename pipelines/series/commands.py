"""Commands of trainings and of series of them, for programs and for people."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_SPECIAL = set('"$`\\!')


def bundle_command(files: Sequence[Path], options: Mapping[str, Any]) -> list[str]:
    """Gives the command that runs configuration files with options.

    Examples:
        >>> bundle_command([Path("a.json"), Path("b.json")], {"fold": 1})[4:]
        ['--config_file', "['a.json', 'b.json']", '--fold', '1']
    """
    chosen = str(files[0]) if len(files) == 1 else str([str(file) for file in files])
    given = {"config_file": chosen, **options}
    return [
        *("python", "-m", "monai.bundle", "run"),
        *(part for key, value in given.items() for part in (f"--{key}", str(value))),
    ]


def shown(words: Sequence[str]) -> str:
    """Gives a command as a person would type it: words with quotes inside stand in double ones.

    Examples:
        >>> shown(["med2d", "--loss", "{'a': 1}", "my file"])
        'med2d --loss "{\'a\': 1}" \'my file\''
    """
    return " ".join(
        f'"{word}"' if "'" in word and not _SPECIAL & set(word) else shlex.quote(word)
        for word in words
    )
