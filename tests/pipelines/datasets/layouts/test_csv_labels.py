from __future__ import annotations

import os
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from pipelines.datasets.convert import Options, convert
from pipelines.datasets.layouts.csv_labels import scan, sign
from pipelines.datasets.layouts.pseudonym import PATIENTS, pseudonym
from pipelines.datasets.layouts.sample import DUPLICATES, Request, Scan
from pipelines.errors import InputError

FETAL = "Image_name;Patient_num;Plane;Brain_plane;Operator;US_Machine;Train \r\n"
REAL = Path(os.environ.get("MED2D_DATA", Path(__file__).parents[5] / "shared" / "data"))
REAL_FETAL = REAL / "FETAL_PLANES_DB"
MISSING = (  # rows of the real table whose image is not there
    "Patient01612_Plane1_19_of_21",
    "Patient01616_Plane6_1_of_1",
    "Patient01655_Plane3_1_of_3",
    "Patient01697_Plane3_1_of_2",
    "Patient01715_Plane3_2_of_3",
    "Patient01715_Plane6_1_of_1",
)


def lay(root: Path, table: str, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root / "labels.csv").write_bytes(table.encode())
    return root


def read(raw: Path, *classes: str, **options: Any) -> Scan:
    return scan(raw, Request("classification", classes, options=options))


def lines(found: Scan) -> list[str]:
    return [problem.line for problem in found.problems]


def test_a_plain_table(tmp_path: Path) -> None:
    raw = lay(
        tmp_path / "My set",
        "image,class\nx (10),b\nx (2).png,a\nx (1),b\nläsion,a\n",
        "pics/x (10).png", "pics/x (2).png", "pics/x (1).jpg", "pics/läsion.tif",
    )  # fmt: skip
    found = read(raw)
    assert [(each.source, each.category) for each in found.samples] == [
        ("pics/läsion.tif", "a"),
        ("pics/x (2).png", "a"),
        ("pics/x (1).jpg", "b"),
        ("pics/x (10).png", "b"),
    ]
    assert (found.facts.name, found.facts.labels) == ("my-set", ("a", "b"))
    assert (found.facts.modality, found.facts.grouping) == ("OT", DUPLICATES)
    assert found.problems == []
    assert found.warnings == [
        'columns were chosen by what they are called and hold: --image-column "image", '
        '--label-column "class"'
    ]


def test_columns_that_may_be_of_patients_are_named(tmp_path: Path) -> None:
    text = "image,class,who,age\na,x,1,7\nb,y,1,7\nc,y,2,7\n"
    lay(tmp_path, text, "a.png", "b.png", "c.png")
    line = (
        "no patient column was taken; unused columns: who, age. If one tells patients apart, say "
        "--group-column NAME, else --group-column none"
    )
    assert line in read(tmp_path).warnings
    assert line not in read(tmp_path, group_column="none").warnings
    assert len({each.group for each in read(tmp_path, group_column="who").samples}) == 2


def test_the_fetal_planes_preset(tmp_path: Path) -> None:
    raw = lay(
        tmp_path,
        FETAL
        + "p1;1600;Fetal brain;Trans-thalamic;Op. 1;Aloka;1\r\n"
        + "p2;1601;Other;Not A Brain;Op. 2;Voluson E6;0\r\n",
        "Images/p1.png", "Images/p2.png", "Images/p1.jpg",
    )  # fmt: skip
    found = read(raw, preset="fetal-planes")
    first, second = found.samples
    assert (first.category, first.group, first.part) == ("Fetal brain", pseudonym("1600"), "train")
    assert dict(first.columns) == {"Brain_plane": "Trans-thalamic", "US_Machine": "Aloka"}
    assert (second.source, second.part) == ("Images/p2.png", "test")
    facts = found.facts
    assert (facts.name, facts.modality, facts.licence) == ("fetal-planes", "US", "CC BY 4.0")
    assert facts.labels[0] == "Fetal abdomen" and len(facts.labels) == 6
    assert "3904280" in facts.reference and "10.1038/s41598-020-67076-5" in facts.reference
    assert facts.grouping == PATIENTS
    assert found.warnings[0] == '1 image has no row in labels.csv: "Images/p1.jpg"'


def test_options_come_before_the_preset(tmp_path: Path) -> None:
    raw = lay(
        tmp_path,
        FETAL + "a;1;Other;x;1;m;1\nb;2;Other;y;1;m;0\n",
        "a.png", "b.png",
    )  # fmt: skip
    found = read(
        raw, "x", "y", preset="fetal-planes", label_column="Brain_plane", keep_group_names=True,
        keep_columns="Plane", modality="OT",
    )  # fmt: skip
    assert found.facts.labels == ("x", "y") and found.facts.modality == "OT"
    assert dict(found.samples[0].columns) == {"Plane": "Other", "Patient_num": "1"}
    assert found.samples[0].group == "1"
    with pytest.raises(InputError, match=r'there is no preset "x"; expected one of fetal-planes'):
        read(raw, preset="x")


def test_a_preset_wants_its_columns(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'--image-column: .* has no column "Image_name"; it has'):
        read(lay(tmp_path, "image,class\na,b\n", "a.png"), preset="fetal-planes")


def test_numbers_need_names(tmp_path: Path) -> None:
    raw = lay(tmp_path, "image,label\na,0\nb,1\nc,x\nd,7\n", *(f"{stem}.png" for stem in "abcd"))
    with pytest.raises(InputError) as caught:
        read(raw)
    assert str(caught.value) == (
        f'column "label" of {raw / "labels.csv"} holds the labels 0, 1, 7, x; nobody can tell '
        "which class 0 is. Name the classes in the order of their numbers, such as --classes "
        "name0,name1,name2,…"
    )
    found = read(raw, "normal", "malignant")
    assert [each.category for each in found.samples] == ["normal", "malignant"]
    assert lines(found) == [
        'labels.csv, line 4 ("c"), has the label "x", which is no number; expected 0 normal, '
        "1 malignant",
        'labels.csv, line 5 ("d"), has the label 7; expected an index of --classes: 0 normal, '
        "1 malignant",
    ]


def test_images_and_suffix_choose(tmp_path: Path) -> None:
    raw = lay(
        tmp_path, "image,class\na,x\nb,y\n", "big/a.png", "big/b.png", "big/a.jpg", "small/a.png",
        "small/b.png",
    )  # fmt: skip
    assert len(read(raw, image_column="image").problems) == 2
    found = read(raw, images="big", suffix="png")
    assert [each.source for each in found.samples] == ["big/a.png", "big/b.png"]
    with pytest.raises(InputError, match=r"--suffix .csv is no picture's"):
        read(raw, suffix="csv")
    (raw / "none").mkdir()
    with pytest.raises(InputError, match="none holds no picture; expected the images"):
        read(raw, images="none")


def test_paths_that_lead_out_and_links_are_refused(tmp_path: Path) -> None:
    raw = lay(
        tmp_path / "raw",
        'image,class\na.png,x\nb.png,y\n../out.png,x\n/etc/passwd,x\n"in\\a.png",x\nlink.png,y\n',
        "a.png", "b.png", "in/c.png",
    )  # fmt: skip
    (tmp_path / "out.png").touch()
    (raw / "link.png").symlink_to(tmp_path / "out.png")
    (raw / "in" / "loop").symlink_to(raw)
    found = read(raw)
    assert [each.source for each in found.samples] == ["a.png", "b.png"]
    assert [problem.source for problem in found.problems] == [
        "link.png", "labels.csv#4", "labels.csv#5", "labels.csv#6", "labels.csv#7",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("", "is empty; expected a header line"),
        ("image,class\n", r'has no rows below its header \("image", "class"\)'),
        ("a.png,x\nb.png,y\n", 'has no header: its first line holds "a.png"'),
        ("image,class\na,x\nb,x\n", r"holds images of one class only \(x\)"),
        ("image,b,c\na,x,y\nb,y,z\n", 'choose it with --label-column from "image", "b", "c"'),
    ],
)
def test_tables_that_do_not_do(tmp_path: Path, table: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(lay(tmp_path, table, "a.png", "b.png"))


def test_other_layouts_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read(tmp_path / "none")
    with pytest.raises(InputError, match=r"is empty; expected RAW/<table>\.csv"):
        read(tmp_path)
    with pytest.raises(InputError, match="holds no picture; expected the images that the table"):
        read(lay(tmp_path, "image,class\na,b\n"))


@pytest.mark.parametrize(
    ("table", "evidence"),
    [
        ("image;class\nx;a\n", "labels.csv"),
        ('"image","class"\n"pics/x.png","a"\n', "labels.csv"),
        ("image,class\r1,a\rx.jpg,b\r", "labels.csv"),
        ("image,class\ny,a\n", None),
        ("", None),
    ],
)
def test_the_sign(tmp_path: Path, table: str, evidence: str | None) -> None:
    lay(tmp_path, table, "pics/x.png")
    files = [PurePosixPath("labels.csv"), PurePosixPath("pics/x.png")]
    assert sign(tmp_path, files) == evidence
    assert sign(tmp_path, files[:1]) is None
    assert sign(tmp_path, [PurePosixPath("gone.csv"), files[1]]) is None


def test_patients_stay_together_and_the_order_of_classes_is_kept(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    rows = ["name\tpatient\tkind"]
    (tmp_path / "raw" / "images").mkdir(parents=True)
    for index in range(24):
        rows.append(f"scan {index}\tDoe {index // 2}\t{('b', 'a')[index // 2 % 2]}")
        noise = generator.integers(0, 255, (32, 48), dtype=np.uint8)
        Image.fromarray(noise).save(tmp_path / "raw" / "images" / f"scan {index}.png")
    (tmp_path / "raw" / "labels.tsv").write_text("\n".join(rows), encoding="utf-16")
    options = Options(classes=("b", "a"), folds=3, workers=1, layout={"label_column": "kind"})
    dataset = convert(tmp_path / "raw", tmp_path / "out", "csv-labels", options).dataset
    assert dataset.labels == {"0": "b", "1": "a"} and len(dataset.items) == 24
    by_source = {item["source"]: item for item in dataset.items}
    for index in range(0, 24, 2):
        first, second = (by_source[f"images/scan {index + more}.png"] for more in (0, 1))
        assert first["group"] == second["group"] and first["fold"] == second["fold"]
    assert len({item["group"] for item in dataset.items}) == 12
    assert "Doe" not in (tmp_path / "out" / "dataset.json").read_text()


TEXTS = st.text(st.sampled_from('ab.png;,\t\n"/\\ 01é'), max_size=60)


@settings(max_examples=150, deadline=None)
@example(b"image,class\na.png,x\na,y\nb,x\n")
@given(st.one_of(TEXTS.map(lambda text: f"image,class\n{text}".encode()), st.binary(max_size=60)))
def test_any_table_ends_in_a_scan_or_an_input_error(table: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        raw = lay(Path(folder), "", "a.png", "b (1).png", "é/a.jpg")
        (raw / "labels.csv").write_bytes(table)
        sign(raw, [PurePosixPath("labels.csv"), PurePosixPath("a.png")])
        try:
            found = read(raw)
        except InputError as error:
            assert "\n" not in str(error)
        else:
            assert {each.source for each in found.samples} <= {"a.png", "b (1).png", "é/a.jpg"}
            assert {each.category for each in found.samples} <= set(found.facts.labels)
            assert not any("\n" in line for line in [*lines(found), *found.warnings])


@pytest.mark.realdata
@pytest.mark.skipif(not REAL_FETAL.is_dir(), reason="no real images here")
def test_the_real_fetal_planes(tmp_path: Path) -> None:
    options = Options(folds=3, workers=1, layout={"preset": "fetal-planes"})
    with pytest.raises(InputError, match=r"6 problems in .*; nothing was written") as caught:
        convert(REAL_FETAL, tmp_path / "out", "csv-labels", options)
    assert all(f'"{name}", which is missing' in str(caught.value) for name in MISSING)
    assert not (tmp_path / "out").exists()
    found = read(REAL_FETAL, preset="fetal-planes")
    assert len(found.samples) == 34 and len(found.problems) == 6
    assert {each.part for each in found.samples} == {"test"}
    assert len({each.group for each in found.samples}) == 31
    for sample in found.samples:
        pixels = sample.image.read(sample.source).pixels
        assert min(pixels.shape[:2]) > 50 and sample.columns["US_Machine"]


@pytest.mark.realdata
@pytest.mark.skipif(not REAL_FETAL.is_dir(), reason="no real images here")
def test_the_real_images_are_converted_without_the_missing_ones(tmp_path: Path) -> None:
    # Two images show an abdomen, too few for three folds: here they count as others.
    text = (REAL_FETAL / "FETAL_PLANES_DB_data.csv").read_text()
    (tmp_path / "t.csv").write_text(text.replace("Fetal abdomen", "Other"))
    layout = {"preset": "fetal-planes", "csv": str(tmp_path / "t.csv")}
    options = Options(folds=3, workers=1, skip_bad=True, layout=layout)
    made = convert(REAL_FETAL, tmp_path / "out", "csv-labels", options)
    assert len(made.dataset.items) == 34 and len(made.left_out) == 6
    assert set(made.dataset.labels.values()) == {
        "Fetal brain", "Fetal femur", "Fetal thorax", "Maternal cervix", "Other",
    }  # fmt: skip
    assert {item["part"] for item in made.dataset.items} == {"test"}
