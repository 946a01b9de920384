"""The model card as the page shows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pipelines.bundles import bundle_root
from pipelines.demo.model import Model

README = "docs/README.md"

_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\]\((?!https?:)[^)]*\)")


def card(model: Model) -> str:
    """Gives the model card in Markdown.

    A package and the like have one of their own. A run has none: what it was trained on is told,
    then follows the card of its bundle. Pictures and links to other files are left out, since they
    lead nowhere in the page.
    """
    own = model.answerer.folder / README
    if own.is_file():
        return _without_links(own.read_text(encoding="utf-8"))
    parts = [_told(model)]
    if model.bundle:
        text = (bundle_root(model.bundle) / README).read_text(encoding="utf-8")
        parts += ["*The card of the bundle, which is not of this model alone:*", text]
    return _without_links("\n\n".join(parts))


def facts(model: Model) -> dict[str, str]:
    """Lists what a reader must know of a model first, name to text; what is unknown is left out."""
    answerer, metadata = model.answerer, model.answerer.metadata
    labels = answerer.labels[1:] if answerer.task == "segmentation" else answerer.labels
    trained, point = model.training_images, model.operating_point
    known: Mapping[str, Any] = {
        "answers": f"{answerer.task}: {', '.join(labels)}",
        "for": metadata.get("image_classes", ""),
        "probabilities": model.calibration,
        "operating point": f"{point.label} from {point.threshold:.3f}" if point else "",
        "version": metadata.get("version", ""),
        "compared with": f"{trained['images']} training images" if trained else "",
    }
    return {name: str(text) for name, text in known.items() if text}


def _told(model: Model) -> str:
    metadata = model.answerer.metadata
    lines = [f"# {model.title}", str(metadata.get("description", ""))]
    lines += [f"**Intended use:** {metadata.get('intended_use', 'not stated')}"]
    lines += [f"**Data:** {metadata['data_source']}"] if metadata.get("data_source") else []
    return "\n\n".join(line for line in lines if line)


def _without_links(text: str) -> str:
    return _LINK.sub(r"\1", _IMAGE.sub("", text))
