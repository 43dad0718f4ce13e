"""Code of the emitted file that a `train` job needs, as ordinary Python modules."""
