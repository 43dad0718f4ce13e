"""Flags that the modules here test and the emitter folds: see slimgen/emit/library.py.

The values are those of the general form.
"""

SEVERAL_NETWORKS = True  # the file has several networks; `--network` picks one
