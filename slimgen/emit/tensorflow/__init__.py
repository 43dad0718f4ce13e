"""The back end for TensorFlow: how values, functions and layers are written in Python.

A layer is written in one of two ways: as an expression (`expressions.py`) or as a call of
a function of the emitted file (`definitions.py`). A test finds a layer with neither.
"""
