"""The frames of a study, read one at a time, so that a clip takes the room of a still."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipelines.datasets.sources.dicom_frame import DicomFrame
from pipelines.deployment.app.answered_frame import ReadFrame
from pipelines.deployment.app.study_image import StudyImage
from transforms.picture import PictureError


def read_frames(images: Sequence[StudyImage]) -> Iterator[ReadFrame]:
    """Yields every frame of the images as a viewer shows it, in their order.

    A frame that cannot be decoded comes without a picture and says why; the others follow.

    Args:
        images: study by study.
    """
    for place, image in enumerate(images):
        is_last = place + 1 == len(images) or images[place + 1].study != image.study
        for frame in range(image.frames):
            ends = is_last and frame + 1 == image.frames
            yield _read(image, frame, ends)


def _read(image: StudyImage, frame: int, ends_study: bool) -> ReadFrame:
    name = f'file "{image.name}"' + (f", frame {frame + 1}" if image.is_clip else "")
    try:
        picture = DicomFrame(image.path, frame).read(name)
    except PictureError as error:
        return ReadFrame(image, frame + 1, None, str(error), ends_study)
    return ReadFrame(
        image, frame + 1, picture.pixels, ends_study=ends_study, spacing=picture.spacing
    )
