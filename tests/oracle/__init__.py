"""TF-Slim itself, run in processes of its own, for the parity tests to compare with.

`reference` is what tests import; it never imports TensorFlow. `run_layers`, `compare_layers`
and `count` are the programs that it starts. Whole networks are compared as `slimgen verify`
does it; `networks` has those that the package has not.
"""
