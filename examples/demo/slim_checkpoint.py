"""Write a TF-Slim checkpoint of VGG-16 with random weights, to try `predict` with.

It has the names, shapes and format that TF-Slim's training leaves: variables of a TensorFlow
1 graph, written by its Saver, with the step of the training beside them. The weights mean
nothing; where you have trained ones, take those.
"""

import argparse
import math
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

BLOCKS = [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)]
CLASSES = 1000
PIXELS = 60  # how far the values of a picture lie from their mean, about


def kernels() -> Iterator[tuple[str, list[int]]]:
    """Yield the scope and the kernel of each layer of slim.nets.vgg.vgg_16."""
    channels = 3
    for block, (count, depth) in enumerate(BLOCKS, 1):
        for layer in range(1, count + 1):
            yield f"conv{block}/conv{block}_{layer}", [3, 3, channels, depth]
            channels = depth
    yield "fc6", [7, 7, channels, 4096]
    yield "fc7", [1, 1, 4096, 4096]
    yield "fc8", [1, 1, 4096, CLASSES]


def main() -> None:
    """Write the checkpoint."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("path", help="prefix of the checkpoint's files")
    path = parser.parse_args().path

    v1 = tf.compat.v1
    random = np.random.default_rng(0)
    with tf.Graph().as_default(), v1.Session() as session:
        v1.train.create_global_step()
        for scope, shape in kernels():
            with v1.variable_scope(f"vgg_16/{scope}"):
                values = random.standard_normal(shape, np.float32)
                values *= math.sqrt(2 / math.prod(shape[:-1]))
                values /= PIXELS if shape[2] == 3 else 1
                for name, value in (
                    ("weights", values),
                    ("biases", np.zeros(shape[-1:])),
                ):
                    variable = v1.get_variable(name, value.shape, use_resource=False)
                    # Fed, for a constant may not have as many bytes as fc6 has.
                    fed = variable.initializer.inputs[1]
                    session.run(variable.initializer, {fed: value})
        session.run(v1.train.get_global_step().initializer)
        v1.train.Saver().save(session, path, write_meta_graph=False)
    print(f"{path}: VGG-16 under TF-Slim's names, with RANDOM weights")


if __name__ == "__main__":
    main()
