"""The errors that a person can mend: their text is shown as it stands, without a traceback."""

import errno

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EFBIG)


class InputError(ValueError):
    """Something that the user gave cannot be used.

    The message says what was wrong, where (file, key), what was expected and what to do. The
    command line prints it as one line and exits with code 2; a bundle run prints it and stops.
    """


def no_room(error: BaseException) -> InputError | None:
    """What to say where a disk is full or a place may not be written; None for other errors."""
    if not isinstance(error, OSError) or error.errno not in _NO_ROOM:
        return None
    place = error.filename or "the output folder"
    what = "read or written" if error.errno == errno.EACCES else "written"
    return InputError(
        f"{place} cannot be {what} ({error.strerror}); free space or choose another folder"
    )


def first_line(error: BaseException) -> str:
    """The first line of an error's message, for a message of ours; its kind where it has none."""
    lines = str(error).splitlines()
    return lines[0][:200] if lines else type(error).__name__
