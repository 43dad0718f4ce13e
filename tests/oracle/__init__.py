"""TF-Slim itself, run in processes of its own, for the parity tests to compare with.

`reference` is what tests import; it never imports TensorFlow. `run`, `run_layers` and
`count` are the programs that it starts, in graph mode and under `shim`.
"""
