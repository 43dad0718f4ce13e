"""Count what TF-Slim's networks consist of: `python -m oracle.count SPECS`.

SPECS is a JSON list of [network, shape of the images, arguments]; a list of `Counts` as JSON
comes out, in training mode and without a value in any variable. A network is a function of
`oracle.networks`, or else of the package.
"""

import json
import sys
from dataclasses import asdict, dataclass
from typing import Any

from slimgen.verify.against import Against
from slimgen.verify.request import ComparisonRequest
from slimgen.verify.shim import load_slim
from slimgen.verify.slim_side import network_of


@dataclass(frozen=True)
class Counts:
    """Sizes of a network: elements, then numbers of variables, terms and updates."""

    trainable: int
    model: int
    variables: int
    regularizers: int
    updates: int


def main() -> None:
    """Count every network of the command line."""
    specs = json.loads(sys.argv[1])
    load_slim()
    counts = [asdict(count(*spec)) for spec in specs]
    print(json.dumps(counts))


def count(name: str, shape: list[int], arguments: dict[str, Any]) -> Counts:
    """Build a network in a graph of its own and count its collections."""
    import tensorflow.compat.v1 as tf
    import tf_slim as slim

    from oracle import networks

    module = "oracle.networks" if hasattr(networks, name) else None
    against = Against("tf_slim", name, module, arguments)
    with tf.Graph().as_default():
        network = network_of(ComparisonRequest(against, "", tuple(shape)))
        network(tf.placeholder(tf.float32, shape), True)
        model = slim.get_model_variables()
        return Counts(
            trainable=elements(tf.trainable_variables()),
            model=elements(model),
            variables=len(model),
            regularizers=len(tf.losses.get_regularization_losses()),
            updates=len(tf.get_collection(tf.GraphKeys.UPDATE_OPS)),
        )


def elements(variables: list[Any]) -> int:
    """Return how many numbers `variables` hold."""
    return sum(int(variable.shape.num_elements()) for variable in variables)


if __name__ == "__main__":
    main()
