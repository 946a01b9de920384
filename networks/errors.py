"""What a person can mend in the choice of a network."""


class NetworkError(ValueError):
    """A network or its weights cannot be had as asked; the message says what to change."""
