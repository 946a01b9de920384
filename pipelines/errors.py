"""The errors that a person can mend: their text is shown as it stands, without a traceback."""


class InputError(ValueError):
    """Something that the user gave cannot be used.

    The message says what was wrong, where (file, key), what was expected and what to do. The
    command line prints it as one line and exits with code 2; a bundle run prints it and stops.
    """


def first_line(error: BaseException) -> str:
    """The first line of an error's message, for a message of ours; its kind where it has none."""
    lines = str(error).splitlines()
    return lines[0][:200] if lines else type(error).__name__
