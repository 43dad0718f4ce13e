"""Tree and layers to graph: names, arguments, shapes; the last stage that can blame the user."""

from slimgen.elaborate.networks import elaborate

__all__ = ["elaborate"]
