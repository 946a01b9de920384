"""Every command and every link of the documentation is what it says."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
from monai.bundle import ConfigParser, scripts

from pipelines.cli import convert, export, main, split
from pipelines.datasets.exports import EXPORTS
from pipelines.datasets.layouts import LAYOUTS, Layout
from pipelines.datasets.layouts.array_names import WORDS
from pipelines.datasets.phantoms import PHANTOMS
from pipelines.datasets.phantoms.busi import make_busi
from pipelines.errors import InputError
from pipelines.training.embedding_baseline import CANDIDATES
from pipelines.training.history import FILE as HISTORY
from pipelines.training.machine_fit import FILE as MACHINE
from pipelines.training.run_folder import CHECKPOINT, CONFIG, MODEL
from pipelines.training.scoring import CASES, SCORES
from pipelines.training.workflow import check_id

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PAGES = [
    README,
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "bundles").glob("*/docs/README.md")),
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
]
BLOCK = re.compile(r"^```(?:bash|sh|shell|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANY_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
WAY = re.compile(r"<!-- way -->\n```bash\n(.*?)\n```", re.DOTALL)
INLINE_CODE = re.compile(r"`([^`\n]+)`")
ENTRIES = (
    *("bundles", "docs", "pipelines", "transforms", "benchmarks", "tests", "scripts", "docker"),
    *(".ci", ".github"),
)
"""Pictures of results; they are drawn by a run and added when there is one to show."""
KNOWN_PROGRAMS = {
    "med2d", "make", "python", "python3", "torchrun", "mlflow", "source", "export", "pre-commit",
    ".venv/bin/pip", "docker", "sbatch",
}  # fmt: skip


class Command(NamedTuple):
    """A simple command of a page."""

    page: Path
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}: {' '.join(self.words)}"


def _commands() -> Iterator[Command]:
    for page in PAGES:
        for block in BLOCK.findall(page.read_text(encoding="utf-8")):
            for line in block.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True)
                yield from (Command(page, part) for part in _simple(words))


def _simple(words: list[str]) -> Iterator[tuple[str, ...]]:
    """Splits a line at ``&&``."""
    part: list[str] = []
    for word in [*words, "&&"]:
        if word != "&&":
            part.append(word)
        elif part:
            yield tuple(part)
            part = []


COMMANDS = list(_commands())


def _having(*start: str) -> list[Command]:
    return [each for each in COMMANDS if each.words[: len(start)] == start]


def _bundle_commands() -> list[Command]:
    return [each for each in COMMANDS if "monai.bundle" in each.words]


def test_the_pages_hold_commands_of_every_kind() -> None:
    assert _having("make", "demo") and _having("make", "test")
    assert _having("med2d", "convert") and _having("torchrun") and _bundle_commands()
    assert len(WAY.findall(README.read_text(encoding="utf-8"))) == 5


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_every_program_is_one_whose_commands_are_checked(command: Command) -> None:
    assert command.words[0] in KNOWN_PROGRAMS


@pytest.mark.parametrize("command", _having("med2d"), ids=str)
def test_med2d_understands_the_command(command: Command) -> None:
    node: click.Command = main
    words = list(command.words[1:])
    context = click.Context(node)
    while isinstance(node, click.Group):
        _, found, words = node.resolve_command(context, words)
        assert found is not None
        node, context = found, click.Context(found, parent=context)
    node.make_context("med2d", words)


@cache
def _targets() -> set[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE))


@cache
def _variables() -> set[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([A-Z_]+)\s*\??=", text, re.MULTILINE))


@pytest.mark.parametrize("command", _having("make"), ids=str)
def test_make_has_the_target(command: Command) -> None:
    _check_make(command.words[1:])


def _check_make(words: tuple[str, ...]) -> None:
    for word in words:
        name, equals, _ = word.partition("=")
        assert name in (_variables() if equals else _targets())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_make_has_the_targets_that_the_text_names(page: Path) -> None:
    text = ANY_BLOCK.sub("", page.read_text(encoding="utf-8"))
    for code in INLINE_CODE.findall(text):
        if code.startswith("make "):
            _check_make(tuple(shlex.split(code)[1:]))


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_the_files_that_a_command_names_exist(command: Command) -> None:
    for path in _paths(" ".join(command.words)):
        assert (ROOT / path).exists()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_files_that_the_text_names_exist(page: Path) -> None:
    text = ANY_BLOCK.sub("", page.read_text(encoding="utf-8"))
    for code in INLINE_CODE.findall(text):
        for path in _paths(code):
            assert (ROOT / path).exists()


def _paths(text: str) -> list[str]:
    """Paths of the checkout in a text: those that begin with a folder of its root."""
    words = re.split(r"[\s'\"\[\],=]+", text)
    files = [word for word in words if word in ("constraints.txt", "setup.cfg")]
    return files + [word for word in words if "/" in word and word.split("/")[0] in ENTRIES]


def _options(words: tuple[str, ...]) -> dict[str, str]:
    """The ``--name value`` pairs after the verb of ``monai.bundle``."""
    given = words[words.index("monai.bundle") + 2 :]
    names, values = given[::2], given[1::2]
    assert len(names) == len(values) and all(name.startswith("--") for name in names)
    return {name[2:]: value for name, value in zip(names, values, strict=True)}


def _shipped(path: str) -> Path:
    """The shipped file of which a run's folder holds a copy, or the file itself."""
    inside = re.fullmatch(
        r"runs/([^/]+)/[^/]+(?:/fold\d+-seed\d+|/ensemble)?/(configs/[^/]+)", path
    )
    return ROOT / "bundles" / inside[1] / inside[2] if inside else ROOT / path


def _configuration(text: str) -> dict[str, Any]:
    names = re.findall(r"[^'\"\[\],\s]+", text)
    parser = ConfigParser()
    parser.read_config([str(_shipped(name)) for name in names])
    return parser.get()


@pytest.mark.parametrize("command", _bundle_commands(), ids=str)
def test_the_names_of_a_bundle_command_stand_in_its_configuration(command: Command) -> None:
    verb, options = command.words[command.words.index("monai.bundle") + 1], _options(command.words)
    if verb == "run":
        config = _configuration(options.pop("config_file"))
        for name in options:
            check_id(config, name)
    else:
        accepted = scripts.__dict__[verb].__code__.co_varnames
        assert set(options) <= set(accepted)
        if "net_id" in options:
            assert options["net_id"] in _configuration(options["config_file"])


@pytest.mark.parametrize("bundle", sorted((ROOT / "bundles").glob("*/")), ids=lambda b: b.name)
def test_the_readme_names_every_variant(bundle: Path) -> None:
    text = README.read_text(encoding="utf-8")
    (row,) = re.findall(rf"^\| \[`{bundle.name}`\].*$", text, re.MULTILINE)
    default, *named = INLINE_CODE.findall(row.split("|")[3])
    variants = sorted(path.stem for path in (bundle / "configs" / "variants").glob("*.json"))
    assert default not in variants
    assert named == variants


def test_the_readme_names_what_a_run_leaves() -> None:
    section = (ROOT / "README.md").read_text(encoding="utf-8").split("## What a run leaves\n")[1]
    named = set(INLINE_CODE.findall(section.partition("\n## ")[0]))
    left = {MODEL, CHECKPOINT, CONFIG, MACHINE, CANDIDATES, CASES, SCORES, HISTORY}
    assert left <= named, left - named


def test_a_misspelt_name_would_be_found() -> None:
    with pytest.raises(InputError, match="did you mean dataset_dir"):
        check_id(
            _configuration("bundles/breast_us_segmentation/configs/train.json"), "dataset_dirr"
        )


DATA, LAYOUT_PAGE, EXPORT_PAGE = (ROOT / "docs" / f"{n}.md" for n in ("data", "layouts", "export"))
PUBLISH = ROOT / "docs" / "publish.md"


def _section(page: Path, heading: str) -> str:
    return page.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]


def _rows(text: str) -> list[list[str]]:
    """The cells of the table rows whose first cell begins with a name in backquotes."""
    lines = re.findall(r"^\| \[?`.*\|$", text, re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split(" |")] for line in lines]


def _first_names(text: str) -> list[str]:
    return [INLINE_CODE.findall(row[0])[0] for row in _rows(text)]


def test_the_pages_name_every_layout() -> None:
    assert _first_names(_section(README, "Data that can be read")) == list(LAYOUTS)
    assert re.findall(r"^## `(.*)`$", LAYOUT_PAGE.read_text(), re.MULTILINE) == list(LAYOUTS)
    rows = _rows(_section(DATA, "The raw layouts"))
    tasks = {INLINE_CODE.findall(name)[0]: set(task.split(", ")) for name, _, task in rows}
    assert tasks == {layout.name: set(layout.bundles) for layout in LAYOUTS.values()}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_the_section_of_a_layout_names_its_options_and_no_others(layout: Layout) -> None:
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", _section(LAYOUT_PAGE, f"`{layout.name}`")))
    assert {option.flag for option in layout.options} <= named
    flags = {flag for param in convert.commands[layout.name].params for flag in param.opts}
    assert named <= flags


def test_the_words_in_the_names_of_arrays_are_listed() -> None:
    text = _section(LAYOUT_PAGE, "`npy-arrays`")
    lines = text[text.index("| the array holds |") :].splitlines()[2:6]
    found = [" ".join(INLINE_CODE.findall(line.split(" | ")[1])) for line in lines]
    assert found == [words for words, _ in WORDS.values()]


def test_the_options_of_convert_are_listed() -> None:
    rows = _rows(_section(DATA, "Convert"))
    named = {flag for row in rows for flag in re.findall(r"--[a-z][a-z-]+", row[0])}
    params = convert.commands["auto"].params
    flags = {flag for each in params for flag in (*each.opts, *each.secondary_opts)}
    assert named == {flag for flag in flags if flag.startswith("--")}


def test_the_options_of_split_are_listed() -> None:
    page = (ROOT / "docs" / "splits.md").read_text(encoding="utf-8")
    rows = _rows(page[page.index("| option |") : page.index("## Groups stay together")])
    named = {flag for row in rows for flag in re.findall(r"--[a-z][a-z-]+", row[0])}
    assert named == {flag for each in split.params for flag in each.opts if flag.startswith("--")}


def test_made_data_stand_in_the_table_as_they_are() -> None:
    rows = _rows(_section(DATA, "Made data"))
    table = [(row[0].strip("| `"), row[2].strip("`"), int(row[3])) for row in rows]
    assert table == [(each.name, each.convert, each.count) for each in PHANTOMS.values()]
    text = _section(README, "Data that can be read")
    assert all(f"`{name}`" in text for name in PHANTOMS)


def test_the_next_commands_of_made_data_are_those_of_their_layout() -> None:
    for made in PHANTOMS.values():
        command = convert.commands[made.convert]
        command.make_context("med2d", ["raw", "out", *shlex.split(made.options)])


def test_exports_stand_in_the_table_as_they_are() -> None:
    text = EXPORT_PAGE.read_text(encoding="utf-8")
    table = text[text.index("| `--to` |") : text.index("OUT appears")]
    rows = [row for row in _rows(table) if "--to" not in row[0]]
    tasks = {row[0].strip("| `"): row[1] for row in rows}
    expected = {e.name: "both" if len(e.tasks) > 1 else e.tasks[0] for e in EXPORTS.values()}
    assert tasks == expected
    flags = {flag for param in export.params for flag in param.opts if flag.startswith("--")}
    assert flags - {"--workers"} <= set(re.findall(r"--[a-z]+", text))


def test_the_python_of_the_export_page_runs(
    busi_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.datasets.export import export as run

    (code,) = re.findall(r"```python\n(.*?)```", EXPORT_PAGE.read_text(), re.DOTALL)
    (tmp_path / "exports").mkdir()
    run(busi_dataset, tmp_path / "exports" / "npz", "npz", size=32, workers=1)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(code, names)
    table = _rows(_section(EXPORT_PAGE, "NumPy"))
    assert {row[0].strip("| `") for row in table} == set(names["data"])
    assert names["training"].sum() == 18


def _table(page: Path, heading: str) -> dict[str, str]:
    """The first two columns of the table below a heading: name without backquotes to text."""
    section = page.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \|", section, re.MULTILINE)
    return {name: text.strip() for name, text in rows}


@pytest.mark.parametrize(("page", "file"), [("train", "train"), ("predict", "inference")])
def test_what_can_be_changed_stands_in_the_configuration_with_its_default(
    page: str, file: str
) -> None:
    path = ROOT / "bundles" / "breast_us_segmentation" / "configs" / f"{file}.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    table = _table(ROOT / "docs" / f"{page}.md", "What you can change")
    assert len(table) >= 7
    for name, text in table.items():
        default = config[name]
        if default is None:
            assert text == "none", name
        elif not isinstance(default, str) or not default.startswith("$"):
            assert json.dumps(default).strip('"') in text, name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(page: Path) -> None:
    text = ANY_BLOCK.sub("", page.read_text(encoding="utf-8"))
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, heading = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page}: {link}"
        if heading:
            assert heading in _anchors(target), f"{page}: {link}"


def _anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_blocks_of_a_page_are_closed_and_its_commands_are_in_them(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.count("\n```") % 2 == 0
    assert "python -m monai.bundle" not in ANY_BLOCK.sub("", text)


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Path]:
    """A working folder like a checkout's root, with the folders that the README's way names."""
    (tmp_path / "bundles").symlink_to(ROOT / "bundles", target_is_directory=True)
    raw = tmp_path / "Dataset_BUSI_with_GT"
    make_busi(raw, 40, 0, 96)
    (tmp_path / "pictures").mkdir()
    for path in raw.glob("*/* (1).png"):
        shutil.copy(path, tmp_path / "pictures")
    yield tmp_path


@pytest.mark.slow
def test_the_five_commands_of_the_readme(newcomer: Path) -> None:
    install, convert, train, look, predict = WAY.findall(README.read_text(encoding="utf-8"))
    assert install == "make install && source .venv/bin/activate"  # it has made this environment
    _run(convert, newcomer)
    _run(f"{train} --epochs 1", newcomer)
    run = newcomer / "runs" / "breast_us_segmentation" / "unet"
    left = README.read_text(encoding="utf-8").split("## What a run leaves")[1].split("\n## ")[0]
    for name in re.findall(r"^\| `([\w./]+)`", left, re.MULTILINE):
        assert (run / name).exists(), name
    _check_server(look, newcomer)
    _run(predict, newcomer)
    expected = {f"{path.stem}_mask.png" for path in (newcomer / "pictures").iterdir()}
    assert {path.name for path in (newcomer / "predictions").iterdir()} == expected


@pytest.mark.slow
def test_the_way_to_a_number_that_can_be_published(tmp_path: Path) -> None:
    """Every command of the page, as it stands, in its order; it leaves what the page names."""
    (tmp_path / "bundles").symlink_to(ROOT / "bundles", target_is_directory=True)
    commands = [each for each in COMMANDS if each.page == PUBLISH]
    assert len(commands) == 14
    for command in commands:
        _run(shlex.join(command.words), tmp_path)
    codes = INLINE_CODE.findall(ANY_BLOCK.sub("", PUBLISH.read_text(encoding="utf-8")))
    named = {code for code in codes if re.match(r"(runs|datasets)/|(split|report)\.\w+$", code)}
    assert len(named) >= 12
    for name in named:
        assert (tmp_path / name).exists(), name


def _arguments(command: str) -> list[str]:
    """The words of a command, its program taken from this environment."""
    program, *rest = shlex.split(command)
    own = {
        "python": [],
        "mlflow": ["-m", "mlflow"],
        "med2d": ["-c", "from pipelines.cli import main; main()"],
    }
    return [sys.executable, *own[program], *rest]


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    return {**kept, "PYTHONPATH": str(ROOT)}


def _run(command: str, folder: Path) -> None:
    done = subprocess.run(
        _arguments(command), cwd=folder, env=_environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"


def _check_server(command: str, folder: Path) -> None:
    """Starts the server of a command on a free port, waits until it answers, and stops it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [*_arguments(command), "--port", str(port)]
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            words, cwd=folder, env=_environment(), stdout=log, stderr=log, start_new_session=True
        )
    try:
        assert _answers(f"http://127.0.0.1:{port}/health", server, seconds=120), (
            folder / "server.log"
        ).read_text()
    finally:
        _stop(server)


def _answers(address: str, server: subprocess.Popen[bytes], seconds: float) -> bool:
    end = time.monotonic() + seconds
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < end and server.poll() is None:
        try:
            return opener.open(address, timeout=5).status == 200
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.5)
    return False


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Ends the server with its workers: all stand in a session of their own."""
    os.killpg(server.pid, signal.SIGTERM)
    try:
        server.wait(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
