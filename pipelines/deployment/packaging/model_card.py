"""The model card of a package, filled from what the run recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipelines.deployment.packaging.format_agreement import TOLERANCE
from pipelines.deployment.packaging.operating_point import (
    CLASS_THRESHOLD,
    GATE,
    KIND,
    PIXEL_THRESHOLD,
)
from pipelines.report.score_names import interval, number

RESEARCH_ONLY = "Packaged for research only."
"""What card and metadata say where something is missing that answers should have."""

_FILES = {
    "ts": "TorchScript, with `metadata.json` and `inference.json` inside",
    "pt2": "`torch.export`",
    "onnx": "ONNX",
}


def model_card(
    report: Mapping[str, Any], package: Mapping[str, Any], metadata: Mapping[str, Any]
) -> str:
    """Writes the card in Markdown.

    Args:
        report: content of the run's report; see ``pipelines.report.content``.
        package: content of ``package.json``.
        metadata: content of the package's ``metadata.json``.
    """
    parts = (
        _head(report, package),
        _use(report),
        _answers(report, package),
        _scores(report, package),
        _data(report),
        _limits(report, package),
        _how_to_use(package),
        _files(package),
        _versions(package, metadata),
        _licences(report, metadata),
    )
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


def _head(report: Mapping[str, Any], package: Mapping[str, Any]) -> Iterator[str]:
    yield f"# {report['title']}\n"
    if package["research"]:
        yield f"> **{RESEARCH_ONLY}** {' '.join(package['research_reasons'])}\n"
    model = report["model"]
    yield f"{model['description']}\n" if model["description"] else ""
    yield f"{report['subtitle']}\n"


def _use(report: Mapping[str, Any]) -> Iterator[str]:
    use = report["intended_use"]
    yield f"## Intended use\n\n{use['text']}\n\n{use['not_for']}\n"


def _answers(report: Mapping[str, Any], package: Mapping[str, Any]) -> Iterator[str]:
    model = report["model"]
    yield "## The model\n"
    yield from _listed(
        {
            "Network": f"`{model['network']}`",
            "Parameters": model["parameters"],
            "Started from": model["weights"],
            "Input": model["input"],
            "Output": model["output"],
            "Classes": ", ".join(package["labels"]),
        }
    )
    point = package["operating_point"]
    chosen = point is not None and point[KIND] == PIXEL_THRESHOLD
    lines = [line for line in model["answers"] if not (chosen and line.startswith("A pixel "))]
    yield from (f"- {line}" for line in lines)
    yield "\n## Operating point\n"
    yield f"{_point(point)}\n"
    if point and point.get("scores"):
        whose = "of the runs, each at its own threshold" if len(point.get("runs", ())) > 1 else ""
        yield f"On the scored images {whose}".rstrip() + ":\n"
        yield from _table([{"name": name, **each} for name, each in point["scores"].items()])


def _point(point: Mapping[str, Any] | None) -> str:
    """An operating point in words."""
    if point is None:
        return "None was chosen."
    if point[KIND] == CLASS_THRESHOLD:
        return (
            f"An image is called {point['class']} from a probability of {point['threshold']:.4f} "
            f"on, chosen on {point['chosen_on']} to reach a {point['target']} of "
            f"{point['least']}. The column `called_{point['class']}` of `predictions.csv` says so; "
            "its column `predicted` is the most probable class."
        )
    if point[KIND] == PIXEL_THRESHOLD:
        return (
            f"A pixel belongs to the mask from a probability of {point['threshold']} on, which was "
            f"chosen on {point['chosen_on']} for the best {point['target']}. The scores below are "
            f"those of the run, whose masks were drawn at {point['scored_at']}."
        )
    if point[KIND] == GATE:
        gates = ", ".join(f"{run['gate']:.3f}" for run in point["runs"])
        return (
            f"An image whose probability of a lesion is below the gate of {gates} gets an empty "
            f"mask. The gate was chosen on {point['chosen_on']}."
        )
    return "The most probable class is answered."


def _scores(report: Mapping[str, Any], package: Mapping[str, Any]) -> Iterator[str]:
    scores, honesty = report["scores"], report["honesty"]
    yield f"## Scores\n\n**{honesty['title']}.** {honesty['text']} {honesty['protocol']}\n"
    yield from _table(scores["all"])
    for name, rows in scores["by_class"].items():
        yield f"Class {name}:\n"
        yield from _table(rows)
    yield f"{scores['policy']}\n" if scores["policy"] else ""
    if report["kind"] != "run":
        yield (
            "The scores are those of the single runs on the images that each has not seen. Of the "
            "mean of all runs, which this package answers by, there are none: each image has "
            "trained some of them.\n"
        )
    yield f"{_weights(package['scored_weights'])}\n"
    for each in scores["calibration"]:
        yield f"- {each['run']}: temperature {each['temperature']:.3f}, on {each['images']} images"
    yield ""


def _weights(again: Mapping[str, Any]) -> str:
    """Whether the weights are those that were scored, in words."""
    if not again["cases"]:
        return (
            "Whether these weights are those that were scored could not be checked. "
            f"{again['reason']}"
        )
    amount = (
        f"probabilities differ by at most {again['largest_difference']:.1g}"
        if again["unit"] == "probability"
        else f"at most {again['largest_difference']:.0f} pixels of a mask differ"
    )
    return f"These weights answered {again['cases']} of the scored images again: {amount}."


def _table(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    levels = {float(row["level"]) for row in rows if row.get("level")} or {0.95}
    shown = ", ".join(f"{level:.0%}" for level in sorted(levels))
    yield f"| score | value | {shown} interval | n | groups |\n|---|---|---|---|---|"
    for row in rows:
        count = f"{row.get('n', '')} {row.get('unit', '')}".strip()
        cells = (row["name"], number(row["value"]), interval(row), count, row.get("groups", ""))
        yield f"| {' | '.join(map(str, cells))} |"
    yield ""


def _data(report: Mapping[str, Any]) -> Iterator[str]:
    data = report["data"]
    yield "## Data\n"
    yield f"Scored: {data['scored']['images']} images in {data['scored']['groups']} groups.\n"
    if "name" in data:
        yield from _listed(
            {
                "Dataset": f"{data['name']}, {data['modality']}",
                "Images": f"{data['images']} in {data['groups']} groups",
                "Left out": data["left_out"]["number"],
                "Reference": data["reference"],
                "Licence": data["licence"],
            }
        )
        yield f"\n| class | {' | '.join(data['columns'])} |\n|---|{'---|' * len(data['columns'])}"
        for name, counts in data["classes"].items():
            yield f"| {name} | {' | '.join(str(counts[part]) for part in data['columns'])} |"
        yield ""
    else:
        yield f"{data['absence']}\n"
    yield f"Groups: {report['honesty']['grouping']}\n"
    audit = data["audit"]
    if audit:
        yield f"The audit of the data says: {audit['verdict']}\n"
        yield from (f"- {each['title']}" for each in audit["findings"])
        yield ""


def _limits(report: Mapping[str, Any], package: Mapping[str, Any]) -> Iterator[str]:
    yield "## Limits\n"
    yield from (f"- **{each['title']}.** {each['text']}" for each in report["limits"])
    if package["training_images"] is None:
        yield (
            "- **Unlike images are not told.** This package holds no description of the images "
            "that trained the model, so that no program can mark others as unlike them."
        )
    yield ""


def _how_to_use(package: Mapping[str, Any]) -> Iterator[str]:
    answers = "predictions.csv" if package["task"] == "classification" else "a mask for each"
    yield (
        "## How to use it\n\nUnpack the package, go into its folder, and let it answer a folder of "
        f"pictures ({answers}):\n\n```bash\npip install -r requirements.txt\n"
        "sha256sum --check --quiet SHA256SUMS\n"
        "python -m monai.bundle run --config_file configs/inference.json \\\n"
        "    --dataset_dir PICTURES --output_dir ANSWERS\n```\n\n"
        "From another folder, put the package's folder into `PYTHONPATH` and name the "
        "configuration by its path. The modules in `networks`, `pipelines` and `transforms` are "
        "those that it needs; nothing else of med2d has to be installed.\n"
    )


def _files(package: Mapping[str, Any]) -> Iterator[str]:
    yield "## Files\n\n| file | what |\n|---|---|\n| `models/model.pt` | weights |"
    for each in package["checks"]:
        yield f"| `{each['file']}` | {_FILES[each['key']]}; {each['how']} |"
    yield (
        "| `configs/package.json` | what this package was made of |\n"
        "| `SHA256SUMS` | SHA-256 of each file |\n"
    )
    for each in package["checks"]:
        batches = f", {each['in_batches']} of them again in batches" if each["in_batches"] else ""
        yield (
            f"- {each['format']} was compared with the network on {each['images']} pictures "
            f"({package['checked_on']}){batches}: probabilities differ by at most "
            f"{each['largest_difference']:.1g} (allowed {TOLERANCE:g}), and no answer differs away "
            "from the threshold."
        )
    yield ""


def _versions(package: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterator[str]:
    yield "## Versions\n"
    yield from _listed(
        {
            "Package": metadata["version"],
            "med2d": package["med2d"],
            "Libraries": ", ".join(f"{k} {v}" for k, v in package["requirements"].items()),
        }
    )
    yield "\nChanges:\n"
    yield from (f"- {name}: {text}" for name, text in metadata["changelog"].items())
    yield ""


def _licences(report: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"## Licences\n\n{metadata.get('copyright', '')}. Code and weights: see `LICENSE`. The "
        "data: see `docs/data_license.txt`.\n"
    )
    yield from (f"- {text}" for text in metadata.get("references", ()))


def _listed(facts: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"- {name}: {value}" for name, value in facts.items() if value not in (None, ""))
