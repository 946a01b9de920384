from pipelines.datasets.record import Record


def test_what_is_not_there_makes_no_entry() -> None:
    assert Record(image_hash="a", width=5, height=4).entries == {
        "sha256": "a", "width": 5, "height": 4,
    }  # fmt: skip
    full = Record("k", (), "a", "b", 5, 4, "colour", (0.5, 0.25), True)
    assert list(full.entries) == ["sha256", "label_sha256", "width", "height", "flags", "spacing"]
    assert full.entries["spacing"] == [0.5, 0.25]
