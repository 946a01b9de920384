from transforms.bare_item import CompleteItem


def test_two_paths_become_an_item() -> None:
    assert CompleteItem()({"image": "in/a.png", "label": "masks/a.png"}) == {
        "image": "in/a.png",
        "label": "masks/a.png",
        "truth": "masks/a.png",
        "id": "a.png",
        "group": "a.png",
        "class": "",
    }


def test_what_is_there_stays() -> None:
    item = {"image": "a.png", "label": 1, "truth": 2, "id": "x", "group": "g", "class": "benign"}
    assert CompleteItem()(item) == item
