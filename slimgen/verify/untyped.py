"""Names for objects of TensorFlow, Keras and TF-Slim, which come without types."""

from collections.abc import Callable
from typing import Any

Tensor = Any
Model = Any
Layer = Any
Module = Any
Session = Any
Json = Any
Report = dict[str, Json]
Function = Callable[..., Any]
