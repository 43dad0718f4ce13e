"""Every argument of TF-Slim's layers, as cases for `oracle.layers`.

Each also has a `line`, the same layer in the language, for a network without a root scope
and with one input of the case's shape. The layers without a `layers` function of TF-Slim
(`relu 0.2`, `resize`, ...) are no matter of the oracle's.
"""

from oracle.cases.convolutions import CONVOLUTIONS
from oracle.cases.describe import Case
from oracle.cases.norms import BATCH_NORMS, NORMS
from oracle.cases.others import DENSE, OTHERS, POOLS

CASES = [*CONVOLUTIONS, *DENSE, *POOLS, *BATCH_NORMS, *NORMS, *OTHERS]


def network_name(case: Case) -> str:
    """Return the name of the network that `source` makes of `case`."""
    return f"case_{case['id'].replace('-', '_')}"


def source(cases: list[Case]) -> str:
    """Return a file of the language with one network for each of `cases`."""
    return "\n".join(_network(case) for case in cases)


def _network(case: Case) -> str:
    size, dtype = case["inputs"][1:], case["dtype"]
    inputs = f"  input x {size}" + (f" dtype={dtype}" if dtype != "float32" else "")
    if "batch_weights=w" in case["line"]:
        inputs += "\n  input w []\n  from x"
    name = network_name(case)
    return f"network {name} as none {{\n{inputs}\n  {case['line']}\n}}\n"
