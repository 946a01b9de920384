"""A handler that something else refers to, as an inline entry of a configuration's list."""

from __future__ import annotations

from typing import Any

from ignite.engine import Engine


class SharedHandler:
    """Attaches a handler that is defined elsewhere in the configuration.

    MONAI Label, MonaiAlgo and MONAI's tracking edit ``train::handlers`` and expect inline
    dictionaries there, not references such as ``@scorer``.

    Args:
        handler: any object with ``attach(engine)``; None where there is nothing to attach.
    """

    def __init__(self, handler: Any) -> None:
        self.handler = handler

    def attach(self, engine: Engine) -> None:
        """Attach the handler to ``engine``."""
        if self.handler is not None:
            self.handler.attach(engine)
