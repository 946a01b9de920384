"""A network in the formats that other programs load: TorchScript, ``torch.export``, ONNX."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from pipelines.deployment.quiet_exports import quiet_exports
from pipelines.errors import InputError, first_line

Network = Callable[[torch.Tensor], torch.Tensor]
_INPUT, _OUTPUT, _BATCH = "image", "pred", "batch"
_ONNX = ("onnx", "onnxscript", "onnxruntime")


class Format(NamedTuple):
    """A format.

    Attributes:
        key: what people type.
        name: what messages call it.
        file: its file's name below ``models/``.
        write: takes the network, a batch of at least two images, the file's path and texts to
            embed by name, and writes; gives a remark.
        load: gives what answers, from the file.
    """

    key: str
    name: str
    file: str
    write: Callable[[nn.Module, torch.Tensor, Path, Mapping[str, str]], str]
    load: Callable[[Path], Network]


def write_format(
    kind: Format, network: nn.Module, example: torch.Tensor, folder: Path, texts: Mapping[str, str]
) -> str:
    """Writes a network, in evaluation mode, in one format.

    Args:
        kind: the format.
        network: takes (batch, channels, height, width); batches of any number must be answered.
        example: a batch of at least two images.
        folder: where the file goes.
        texts: embedded into the file, by name, such as ``metadata.json``.

    Returns:
        How it was done.

    Raises:
        InputError: the network cannot be written so, or a library is missing.
        OSError: the file cannot be written.
    """
    check_installed(kind)
    try:
        with torch.no_grad(), quiet_exports():
            return kind.write(network, example, folder / kind.file, texts)
    except OSError:  # a full disk is no fault of the network
        raise
    except Exception as error:  # whatever an exporter raises over a network that it cannot take
        raise InputError(
            f"the network cannot be written as {kind.name} ({first_line(error)}); leave it out by "
            f"--formats, or train a recipe with another network"
        ) from error


def check_installed(kind: Format) -> None:
    """Refuses a format whose libraries are missing.

    Raises:
        InputError: they are.
    """
    missing = [name for name in _ONNX if kind.key == "onnx" and find_spec(name) is None]
    if missing:
        raise InputError(
            f"{kind.name} needs {', '.join(missing)}; install them by pip install 'med2d[package]'"
        )


def _write_torchscript(
    network: nn.Module, example: torch.Tensor, path: Path, texts: Mapping[str, str]
) -> str:
    """Scripts, or where that cannot be, traces: traced code has the path of one image only."""
    how = "scripted"
    try:
        script = torch.jit.script(network)
    except Exception as error:  # of many kinds; the reason is told with the file
        script = torch.jit.trace(network, example, check_trace=False)
        how = f"traced, as scripting failed: {first_line(error)}"
    content = io.BytesIO()  # PyTorch's own writing to a full disk ends the process
    torch.jit.save(script, content, {name: text.encode() for name, text in texts.items()})
    path.write_bytes(content.getvalue())
    return how


def _load_torchscript(path: Path) -> Network:
    return torch.jit.load(str(path), map_location="cpu").eval()


def _exported(network: nn.Module, example: torch.Tensor) -> torch.export.ExportedProgram:
    shapes = ({0: torch.export.Dim(_BATCH)},)
    return torch.export.export(network, (example,), dynamic_shapes=shapes)


def _write_program(
    network: nn.Module, example: torch.Tensor, path: Path, texts: Mapping[str, str]
) -> str:
    content = io.BytesIO()
    torch.export.save(_exported(network, example), content, extra_files=dict(texts))
    path.write_bytes(content.getvalue())
    return "any number of images at once"


def _load_program(path: Path) -> Network:
    return torch.export.load(path).module()


def _write_onnx(
    network: nn.Module, example: torch.Tensor, path: Path, texts: Mapping[str, str]
) -> str:
    import onnx

    torch.onnx.export(
        network,
        (example,),
        path,
        dynamo=True,
        external_data=False,
        dynamic_shapes=({0: torch.export.Dim(_BATCH)},),
        input_names=[_INPUT],
        output_names=[_OUTPUT],
    )
    model = onnx.load(path)
    onnx.helper.set_model_props(model, dict(texts))
    onnx.save(model, path)
    return f"any number of images at once, input {_INPUT}, output {_OUTPUT}"


def _load_onnx(path: Path) -> Network:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(
        path, sess_options=options, providers=["CPUExecutionProvider"]
    )

    def answer(images: torch.Tensor) -> torch.Tensor:
        given = {session.get_inputs()[0].name: images.contiguous().numpy()}
        return torch.from_numpy(session.run(None, given)[0])

    return answer


FORMATS: Mapping[str, Format] = {
    kind.key: kind
    for kind in (
        Format("ts", "TorchScript", "model.ts", _write_torchscript, _load_torchscript),
        Format("pt2", "torch.export", "model.pt2", _write_program, _load_program),
        Format("onnx", "ONNX", "model.onnx", _write_onnx, _load_onnx),
    )
}
"""The formats by what people type."""
