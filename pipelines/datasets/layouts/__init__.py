"""The raw layouts that ``med2d convert`` reads: a table, so that naming them imports no reader.

To add one: write a module beside this file with ``scan(raw, request) -> sample.Scan`` and
``sign(root, files) -> str | None``, and add a line here. Where the data say what they are for, the
module also has ``told_task(raw, options) -> str | None``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Option:
    """An option of one layout. Its value reaches the reader as text (as a bool where a flag).

    Attributes:
        flag: what people type, such as ``--image-column``.
        help: one line for the help text.
        default: what help shows where the option is not given; the reader then sees None.
        choices: the only values, where there are such.
        repeatable: whether it may be given several times; the reader then sees a tuple.
        is_flag: whether it takes no value.
    """

    flag: str
    help: str
    default: str | None = None
    choices: tuple[str, ...] = ()
    repeatable: bool = False
    is_flag: bool = False

    @property
    def name(self) -> str:
        """The key in ``Request.options``, such as ``image_column``."""
        return self.flag.removeprefix("--").replace("-", "_")


@dataclass(frozen=True)
class Layout:
    """One line of the table.

    Attributes:
        name: what people type.
        module: the reader, a module to import.
        description: one line for the help text.
        bundles: the tasks that it can be converted for, each with the bundle that trains on it
            (empty where none does); the first is the default, unless the data say theirs.
        expected: the layout in a few words, for messages.
        tree: an example.
        options: its own options.
        before: more general layouts whose signs a folder of this one shows, too; this one goes
            before them.
        tells_task: whether the data say their task, so that none is the default; see above.
    """

    name: str
    module: str
    description: str
    bundles: dict[str, str]
    expected: str
    tree: str
    options: tuple[Option, ...] = ()
    before: tuple[str, ...] = ()
    tells_task: bool = False


_GROUP_PATTERN = Option(
    "--group-pattern",
    "regular expression whose one group, in the path, is the patient (or slide), such as "
    r"'(patient\d+)'",
)

_MASK_OPTIONS = (
    Option("--colour", "colour of one of --classes in the masks: NAME=R,G,B", repeatable=True),
    Option("--threshold", "grey value from which on a mask of two classes is set, such as 128"),
)

_TABLE = (
    Layout(
        name="busi",
        module="pipelines.datasets.layouts.busi",
        description="BUSI breast ultrasound: class folders, masks beside their images",
        bundles={
            "segmentation": "breast_us_segmentation",
            "classification": "breast_us_classification",
        },
        expected="RAW/<class>/x.png with x_mask.png beside it",
        tree=(
            "RAW/benign/benign (1).png\n"
            "RAW/benign/benign (1)_mask.png\n"
            "RAW/benign/benign (1)_mask_1.png   (a second mask is merged)\n"
            "RAW/normal/normal (1).png\n"
            "RAW/normal/normal (1)_mask.png     (empty)\n"
            "or, with folders inside the classes:\n"
            "RAW/benign/images/b1.png\n"
            "RAW/benign/masks/b1_mask.png       (or mask/, or the image's own name)"
        ),
        before=("image-mask-folders", "class-folders"),
    ),
    Layout(
        name="npy-arrays",
        module="pipelines.datasets.layouts.npy_arrays",
        description="NumPy arrays: images with targets or masks, or an array per class",
        bundles={
            "classification": "breast_us_classification",
            "segmentation": "breast_us_segmentation",
        },
        expected="RAW/Input.npy (N, height, width[, 3]) with RAW/target.npy or RAW/masks.npy",
        tree=(
            "RAW/Input.npy                      (N, 128, 128[, 3]) or (N, 3, 128, 128)\n"
            "RAW/target.npy                     (N,) indices or names, or (N, classes) one-hot\n"
            "RAW/masks.npy                      (N, 128, 128), for a segmentation\n"
            "RAW/patients.npy                   (N,) if known\n"
            "or, an array per class:\n"
            "RAW/benign_images.npy              (or benign.npy)\n"
            "RAW/benign_masks.npy               (for a segmentation)\n"
            "or the same arrays in .npz files; train_, val_ and test_ before a name split the data"
        ),
        options=(
            Option("--images-file", "array of the images", "the name says it: Input, images, x"),
            Option("--targets-file", "array of the classes", "the name says it: target, labels, y"),
            Option("--masks-file", "array of the masks", "the name says it: masks, maps, y"),
            Option("--groups-file", "array of the patients", "the name says it: patients"),
            Option("--modality", "DICOM code of the modality, such as US", default="OT"),
            Option("--channels-first", "axes are (N, channels, height, width)", is_flag=True),
            Option("--channels-last", "axes are (N, height, width, channels)", is_flag=True),
        ),
    ),
    Layout(
        name="class-folders",
        module="pipelines.datasets.layouts.class_folders",
        description="pictures in one folder per class, perhaps split in train, val and test",
        bundles={"classification": "bone_xray_classification"},
        expected="RAW/<class>/*.png, or RAW/{train,val,test}/<class>/*.png",
        tree=(
            "RAW/fractured/wrist/a.jpg          (folders below the class become a column)\n"
            "RAW/healthy/b.png                  (.jpg, .tif, .bmp, ...)\n"
            "or, split already:\n"
            "RAW/train/healthy/b.png\n"
            "RAW/val/healthy/c.png              (or valid, validation; any case)\n"
            "RAW/test/healthy/d.png"
        ),
        options=(
            Option("--levels", "names of the nested folders, outermost first: class,region"),
            Option("--class-level", "which level is the class: its name, or its number", "1"),
            Option(
                "--class-pattern",
                "in place of a level: regular expression whose one group, in the path, is the "
                "class, such as '_(positive|negative)'",
            ),
            _GROUP_PATTERN,
            Option("--modality", "DICOM code of the modality, such as DX", default="OT"),
        ),
    ),
    Layout(
        name="csv-labels",
        module="pipelines.datasets.layouts.csv_labels",
        description="pictures and a CSV table that names the class of each",
        bundles={"classification": "fetal_plane_classification"},
        expected="RAW/<table>.csv with a column of image names and one of classes, and the images",
        tree=(
            "RAW/labels.csv                     (image,class,patient: other names by option)\n"
            "RAW/images/a.png"
        ),
        options=(
            Option("--csv", "the table, .csv or .tsv", "the only one in RAW"),
            Option("--images", "folder of the images, below RAW", "wherever the names are found"),
            Option("--image-column", "column of the image names", "the one that names images"),
            Option("--label-column", "column of the classes", "by its name: class, label, ..."),
            Option(
                "--group-column",
                "column of the patients, or none where there is none",
                "by its name: patient, pid, ...",
            ),
            Option("--split-column", "column of the parts", "by its name: split, train, ..."),
            Option("--keep-columns", "further columns to keep, such as plane,device"),
            Option("--suffix", "what the table leaves off the image names, such as .png"),
            Option(
                "--keep-group-names",
                "keep the patients' names as they stand, not hashed",
                is_flag=True,
            ),
            Option("--preset", "a public set, as published", choices=("fetal-planes",)),
            Option("--modality", "DICOM code of the modality, such as US", default="OT"),
        ),
    ),
    Layout(
        name="image-mask-folders",
        module="pipelines.datasets.layouts.image_mask_folders",
        description="a folder of images and one of masks with the same names, or both mixed",
        bundles={"segmentation": "tissue_segmentation"},
        expected="RAW/images/x.png with RAW/masks/x.png, or RAW/x.png with RAW/x_mask.png",
        tree=(
            "RAW/images/a.png                   (or train/images/a.png, images/<class>/a.png)\n"
            "RAW/masks/a.png                    (palette, grey, or one colour per class)\n"
            "or, mixed in one folder:\n"
            "RAW/a.jpg\n"
            "RAW/a_mask.png                     (or _label, _seg, ...; or a.png)\n"
            "or, with one file for each class:\n"
            "RAW/masks/a_tumour.png             (or masks/tumour/a.png)"
        ),
        options=(
            Option("--images-dir", "folder of the images: its name, or its path below RAW"),
            Option("--masks-dir", "folder of the masks: its name, or its path below RAW"),
            Option("--mask-suffix", "end of a mask's name (_seg), or its extension (.png)"),
            *_MASK_OPTIONS,
            Option(
                "--later-wins",
                "where the files of two classes overlap, the class later in --classes wins",
                is_flag=True,
            ),
            Option(
                "--folders",
                "what other folders around the images are",
                default="class",
                choices=("class", "group", "ignore"),
            ),
            _GROUP_PATTERN,
            Option("--modality", "DICOM code of the modality, such as SM", default="OT"),
        ),
    ),
    Layout(
        name="dicom",
        module="pipelines.datasets.layouts.dicom",
        description="DICOM files: ultrasound, radiographs, mammograms; one or many frames",
        bundles={"classification": "", "segmentation": ""},
        expected="RAW/<class>/*.dcm",
        tree=(
            "RAW/fractured/a.dcm\n"
            "RAW/healthy/b.dcm                  (every frame is an image)\n"
            "or, to segment:\n"
            "RAW/a.dcm\n"
            "RAW/a.png                          (its mask)"
        ),
        options=(
            Option("--csv", "table that names the class of each file", "folders are the classes"),
            Option("--image-column", "column of the table that names the files"),
            Option("--label-column", "column of the table that names the classes"),
            Option(
                "--class-tag",
                "header element that names the class, such as BodyPartExamined or 0018,0015",
            ),
            Option("--group-by", "what must not be split", "patient", ("patient", "study")),
            Option("--salt", "secret text that goes into the hash of every patient id"),
            Option("--keep-ids", "keep patient ids and file names as they are", is_flag=True),
            Option(
                "--any-modality",
                "read other modalities than US, CR, DX, MG and secondary captures",
                is_flag=True,
            ),
            Option("--frames", "frames of a file: first, middle, all or every:N", "all"),
            Option("--window-index", "window of the header, counted from 0, or none", "0"),
            Option("--bits", "depth of grey that is stored in more than 8 bits", "8", ("8", "16")),
            *_MASK_OPTIONS,
        ),
    ),
    Layout(
        name="nifti",
        module="pipelines.datasets.layouts.nifti",
        description="NIfTI images, or volumes that are cut into slices",
        bundles={"segmentation": "", "classification": ""},
        expected="RAW/imagesTr/x.nii.gz with RAW/labelsTr/x.nii.gz, or RAW/<class>/x.nii.gz",
        tree=(
            "RAW/imagesTr/a.nii.gz              (or images/)\n"
            "RAW/labelsTr/a.nii.gz              (or labels/, or a_seg.nii.gz beside the image)\n"
            "or, to classify:\n"
            "RAW/benign/b.nii.gz                (a volume becomes slices)"
        ),
        options=(
            Option(
                "--axis",
                "axis that volumes are cut along: 0 (sagittal), 1 (coronal), 2 (axial), or the "
                "last one of the file",
                "last",
                ("0", "1", "2", "last"),
            ),
            Option("--every", "keep every N-th slice of a volume", "1"),
            Option(
                "--skip-empty-slices",
                "leave out slices whose mask is empty (reads the masks first)",
                is_flag=True,
            ),
            Option(
                "--window",
                "LOW,HIGH: the intensities that become black and white",
                "whole numbers of 16 bits stay, others: percentiles 0.5 and 99.5 of the volume",
            ),
            Option("--group-by", "what must not be split", "volume", ("volume", "folder")),
            *_MASK_OPTIONS[1:],
            Option("--modality", "DICOM modality code", "OT"),
        ),
    ),
    Layout(
        name="datalist",
        module="pipelines.datasets.layouts.datalist",
        description="a Decathlon or Auto3DSeg datalist (JSON), or a dataset folder made before",
        bundles={"segmentation": "", "classification": ""},
        expected="RAW/<datalist>.json with a training list, and the files that it names",
        tree=(
            'RAW/datalist.json                  {"labels": {"0": "background", "1": "tumour"},\n'
            '                                    "training": [{"image": "imagesTr/a.png",\n'
            '                                                  "label": "labelsTr/a.png"}, ...]}\n'
            "RAW/imagesTr/a.png                 (or 2-D NIfTI)\n"
            "RAW/labelsTr/a.png                 (of a classification, label is a class)"
        ),
        options=(
            Option("--json-file", "the datalist, below RAW", default="the only one in RAW"),
            *_MASK_OPTIONS,
            Option("--modality", "DICOM code of the modality", default="as the datalist says"),
        ),
        before=("nifti", "image-mask-folders", "class-folders"),
        tells_task=True,
    ),
)

LAYOUTS: dict[str, Layout] = {layout.name: layout for layout in _TABLE}
"""The layouts by name."""
