"""Count what TF-Slim's networks consist of: `python -m oracle.count SPECS`.

SPECS is a JSON list of [network, options]; a list of `Counts` as JSON comes out, in training
mode and without a value in any variable.
"""

import json
import sys
from dataclasses import asdict, dataclass
from typing import Any

from oracle.networks import Options, build
from oracle.shim import load_slim


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
    counts = [asdict(count(name, Options(**options))) for name, options in specs]
    print(json.dumps(counts))


def count(network: str, options: Options) -> Counts:
    """Build `network` in a graph of its own and count its collections."""
    import tensorflow.compat.v1 as tf
    import tf_slim as slim

    shape = [options.batch, options.height, options.width, options.channels]
    with tf.Graph().as_default():
        build(network, tf.placeholder(tf.float32, shape), options, True)
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
