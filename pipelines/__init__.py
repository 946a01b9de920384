"""med2d: from a folder of 2-D medical images to a model that can be trusted and deployed."""

__version__ = "0.1.0"
