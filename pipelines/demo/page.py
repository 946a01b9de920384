"""The page: what is shown and what happens on it."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import gradio as gr

from pipelines.demo.batch import File, answered
from pipelines.demo.card import card, facts
from pipelines.demo.examples import Example
from pipelines.demo.kept import OLD, forget, in_use, is_upload
from pipelines.demo.model import Model
from pipelines.demo.reply import Reply, replied
from pipelines.demo.results import results
from pipelines.demo.upload import FRAMES, MIDDLE
from pipelines.demo.view import plain, view

_FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial")
_MONOSPACED = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace")

_RESEARCH = (
    '<p class="research" role="note"><b>Research use only.</b> <span>Not a medical device. Not for '
    "diagnosis, and no patient may be treated by it.</span></p>"
)
_CLICKED = """
element.addEventListener('click', event => {
  const place = [...element.querySelectorAll('img')].indexOf(event.target);
  document.querySelectorAll('.example-buttons button')[place]?.click();
})
"""  # a click on a picture is one on the button below it
_SHOWN = """() => {
  if (innerWidth < 700) document.querySelector('#answers').scrollIntoView({behavior: 'smooth'});
}"""  # on a telephone the answers stand below everything else
_EMPTY = (
    '<div class="med2d"><div class="empty"><b>No image yet</b>Drop one or several images, '
    "or try a made one.</div></div>"
)


def page(model: Model, made: Sequence[Example], megabytes: float, place: Path) -> gr.Blocks:
    """Makes the page.

    Args:
        model: what answers.
        made: images to try it with; may be none.
        megabytes: most that a file, and a picture of it unpacked, may have.
        place: the folder of the uploads; no other file is answered.
    """
    with gr.Blocks(title=f"{model.title} · med2d", analytics_enabled=False) as blocks:
        gr.HTML(_head(model))
        with gr.Row():
            with gr.Column(scale=4, min_width=300):
                given = gr.File(
                    label=f"PNG, JPEG or DICOM, up to {megabytes:g} MB each",
                    file_count="multiple",
                    height=150,
                    elem_id="given",
                )
                frames = gr.Radio(FRAMES, value=MIDDLE, label="Which frame of a film")
                buttons = _examples(made)
                gr.HTML(_facts(model))
            with gr.Column(scale=8, min_width=320):
                shown = gr.HTML(_EMPTY, elem_id="answers")
        with gr.Accordion("Model card", open=False):
            gr.Markdown(card(model), latex_delimiters=[], elem_id="card")
        quiet: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 1}
        given.upload(
            partial(_answer_files, model, megabytes, place),
            [given, frames],
            [given, shown],
            preprocess=False,  # it would leave an empty file for each
            concurrency_id="answer",
            show_progress_on=shown,
            **quiet,
        ).then(None, js=_SHOWN, **quiet)
        for button, example in zip(buttons, made, strict=True):
            button.click(
                partial(_answer_example, model, example),
                None,
                shown,
                concurrency_id="answer",
                **quiet,
            ).then(None, js=_SHOWN, **quiet)
    return blocks


def look() -> dict[str, Any]:
    """Gives theme and style: fonts of the reader's own machine, none from elsewhere."""
    theme = gr.themes.Base(
        primary_hue="sky", neutral_hue="slate", font=_FONTS, font_mono=_MONOSPACED
    )
    css = files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    return {"theme": theme, "css": css}


def _answer_files(
    model: Model,
    megabytes: float,
    place: Path,
    given: Sequence[Mapping[str, Any]] | None,
    frames: str,
    progress: gr.Progress = gr.Progress(),  # noqa: B008
) -> tuple[None, str]:
    """Answers what was given, and forgets it, whatever happens."""
    named = [Path(each["path"]) for each in given or ()]
    own = [is_upload(path, place) for path in named]
    uploads = [File(path, path.name) for path, is_own in zip(named, own, strict=True) if is_own]
    gone = [path.name for path, is_own in zip(named, own, strict=True) if not is_own]
    try:
        if frames not in FRAMES:
            raise gr.Error(f"the frames must be one of: {', '.join(FRAMES)}", print_exception=False)
        with in_use(upload.path for upload in uploads):
            replies = answered(
                model,
                uploads,
                frames,
                megabytes,
                lambda done, of: progress((done, of), unit="images"),
            )
    finally:
        forget([upload.path for upload in uploads], place)
    return None, results(model, [*replies, *(Reply(name, problem=_gone(name)) for name in gone)])


def _gone(name: str) -> str:
    return (
        f"{name} is not, or no longer, an upload of this page: what waits for more than "
        f"{OLD // 60} minutes is deleted. Drop it again"
    )


def _answer_example(model: Model, example: Example) -> str:
    return results(model, [replied(model, example.pixels, example.name)])


def _examples(made: Sequence[Example]) -> list[gr.Button]:
    if not made:
        return []
    pictures = "".join(
        f'<img src="{view(plain(each.pixels), "", "").uri}" alt="{each.name}">' for each in made
    )
    told = "Or try an image made by a computer (a phantom, no patient):"
    gr.HTML(
        f'<div class="med2d"><p class="small told">{told}</p>'
        f'<div class="examples">{pictures}</div></div>',
        js_on_load=_CLICKED,
    )
    with gr.Row(elem_classes="example-buttons"):
        return [gr.Button(each.name.capitalize(), size="sm") for each in made]


def _head(model: Model) -> str:
    told = str(model.answerer.metadata.get("description", ""))
    return (
        f'<div class="med2d"><p class="kicker">med2d demo</p><h1>{html.escape(model.title)}</h1>'
        f'<p class="lead">{html.escape(told)}</p>{_RESEARCH}</div>'
    )


def _facts(model: Model) -> str:
    rows = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(text)}</dd>"
        for name, text in facts(model).items()
    )
    warning = (
        ""
        if model.training_images
        else '<p class="small">There is no warning of images unlike the training images: '
        f"{html.escape(model.no_warning)}.</p>"
    )
    kept = '<p class="small">Uploads are deleted as soon as they are answered.</p>'
    return f'<div class="med2d"><dl>{rows}</dl>{warning}{kept}</div>'
