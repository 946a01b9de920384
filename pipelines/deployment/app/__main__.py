"""``python -m pipelines.deployment.app -i STUDY -o RESULTS -m PACKAGE``: the MONAI Deploy app."""

from __future__ import annotations

import argparse
import logging
import os
import resource
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from pipelines.deployment.app.printable import printable
from pipelines.errors import InputError, no_room

_STACK = 32 * 2**20  # bytes that Holoscan asks for
_PLACES = {  # as the MONAI Deploy App SDK names them
    "input": ("-i", "HOLOSCAN_INPUT_PATH", "input", "folder with the DICOM files of a study"),
    "output": ("-o", "HOLOSCAN_OUTPUT_PATH", "output", "new or empty folder for the results"),
    "model": ("-m", "HOLOSCAN_MODEL_PATH", "models", "package, or folder of a run"),
}


class _Arguments(argparse.ArgumentParser):
    """Says in one line what is wrong."""

    def error(self, message: str) -> None:  # type: ignore[override]
        """Ends with the line."""
        raise InputError(f"{message} (see --help)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the application.

    Args:
        arguments: of the command line.

    Returns:
        0 where something was answered and written; 1 where a result of it could not be written; 2
        after a line that says what a person can mend.
    """
    logging.basicConfig(level=logging.ERROR)
    try:
        line, is_complete = _run(_given(arguments))
    except InputError as error:
        return _refused(error)
    except OSError as error:
        full = no_room(error)
        if full is None:
            raise
        return _refused(full)
    print(printable(line))
    return 0 if is_complete else 1


def _given(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = _Arguments(
        prog="python -m pipelines.deployment.app",
        description="Answer the DICOM files of a study; results are DICOM and summary.json.",
    )
    for name, (short, variable, default, words) in _PLACES.items():
        place = os.environ.get(variable) or default
        parser.add_argument(
            short, f"--{name}", type=Path, default=Path(place), help=f"{words} (default: {place})"
        )
    parser.add_argument("--device", help="cpu or cuda (default: a GPU where there is one)")
    return parser.parse_args(arguments)


def _run(given: argparse.Namespace) -> tuple[str, bool]:
    """Prepares what can go wrong before the SDK starts, which takes seconds.

    Returns:
        What was done, in a line, and whether all results are written.
    """
    _enlarge_stack()
    from pipelines.deployment.app.study_job import prepare

    job = prepare(given.input, given.output, given.model, given.device)
    if job.study.images:
        _make_ready()
        try:
            from pipelines.deployment.app.application import StudyApplication
        except ModuleNotFoundError as error:
            raise InputError(
                f"{error.name} is not installed; the application runs in an environment of its "
                "own: make it by make deploy-install"
            ) from error
        StudyApplication(job).run()
    return job.finish(), job.is_complete


def _enlarge_stack() -> None:
    """Gives Holoscan the stack that it asks for; beside the SDK, ``import monai`` loads it."""
    warnings.filterwarnings("ignore", message="Current stack size", category=RuntimeWarning)
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    enough = soft == resource.RLIM_INFINITY or soft >= _STACK
    if not enough and (hard == resource.RLIM_INFINITY or hard >= _STACK):
        resource.setrlimit(resource.RLIMIT_STACK, (_STACK, hard))


def _make_ready() -> None:
    """Gives Holoscan CUDA's library, and less to say."""
    from pipelines.deployment.app.cuda_runtime import load_cuda_runtime

    os.environ.setdefault("HOLOSCAN_LOG_LEVEL", "ERROR")
    load_cuda_runtime()


def _refused(error: InputError) -> int:
    print(f"Error: {printable(str(error))}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
