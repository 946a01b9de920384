from networks.errors import NetworkError


def test_a_wrong_choice_is_a_wrong_value() -> None:
    assert issubclass(NetworkError, ValueError)
