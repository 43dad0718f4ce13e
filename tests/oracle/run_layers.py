"""Run cases of `oracle.layers`, all in this process.

    python -m oracle.run_layers CASES.json OUT.npz

OUT.npz holds an index in JSON, and each case's arrays under `ID|KIND:NAME`.
"""

import json
import sys
from pathlib import Path

import numpy as np

from oracle.layers import run_case
from slimgen.verify.shim import load_slim


def main() -> None:
    """Run the cases of the command line."""
    cases = json.loads(Path(sys.argv[1]).read_text())
    load_slim()
    index, arrays = [], {}
    for case in cases:
        outcome = run_case(case)
        index.append(
            {"id": outcome.id, "error": outcome.error, "variables": outcome.variables}
        )
        for key, array in outcome.arrays.items():
            arrays[f"{outcome.id}|{key}"] = array
    np.savez(sys.argv[2], index=np.array(json.dumps(index)), **arrays)


if __name__ == "__main__":
    main()
