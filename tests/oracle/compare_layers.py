"""Run the networks of one layer beside TF-Slim's layers and say how far apart they are.

    python -m oracle.compare_layers MODEL.py FOLDER

MODEL.py has a network for each case of `oracle.cases`, FOLDER is `run_layers`'. Each
network gets the values that TF-Slim's variables had; JSON of what `Outcome` holds comes out.
"""

import json
import sys
import types
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from oracle.cases import CASES, Case, network_name
from oracle.cases.norms import WEIGHTS
from oracle.reference import LayerReference, read_layers
from slimgen.verify.built_side import load
from slimgen.verify.deviations import deviation, deviations


@dataclass(frozen=True)
class Outcome:
    """One case: its variables, and deviations as `slimgen.verify` measures them.

    `initial` compares the variables as they are created, where TF-Slim's are all equal: what
    is drawn at random cannot be compared. `ratios` are the different values of output /
    input, with how often each occurs, where these are few: what dropout makes of its input.
    """

    variables: list[list[Any]]
    initial: dict[str, float | None]
    output: float | None
    input_gradient: float | None
    gradients: dict[str, float | None]
    regularization: dict[str, float | None]
    after: dict[str, float | None]
    ratios: dict[float, float]


def main() -> None:
    """Compare every case of the command line."""
    sys.modules["adjustments"] = adjustments()
    module = load(Path(sys.argv[1]))
    references = read_layers(Path(sys.argv[2]))
    outcomes = {}
    for case in CASES:
        try:
            network = getattr(module, class_name(network_name(case)))
            outcomes[case["id"]] = asdict(
                measure(case, network(), references[case["id"]])
            )
        except Exception as error:
            outcomes[case["id"]] = f"{type(error).__name__}: {str(error)[:400]}"
    print(json.dumps(outcomes))


def class_name(network: str) -> str:
    """Return the emitted class of `network`: resnet_v1_50 is ResnetV150."""
    return "".join(part.capitalize() for part in network.split("_"))


def adjustments() -> types.ModuleType:
    """Return the module whose `fixed` a case names as its `adjustment`."""
    module = types.ModuleType("adjustments")
    module.fixed = lambda shape: (1.5, 0.25)
    return module


def measure(case: Case, model: Any, reference: LayerReference) -> Outcome:
    """Give `model` TF-Slim's values, run it as TF-Slim did and compare."""
    import tensorflow as tf

    variables = model.named_variables
    described = [[n, list(v.shape), v.trainable] for n, v in variables.items()]
    even = {n: v for n, v in reference.initial.items() if v.size and v.min() == v.max()}
    initial = {n: deviation(variables[n], even[n]) for n in even if n in variables}
    for name, value in reference.values.items():
        variables[name].assign(value)

    trainable = {name: v for name, v in variables.items() if v.trainable}

    @tf.function(autograph=False)
    def run(inputs: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            output, _ = model(inputs, training=True)
            if reference.cotangent is None:
                return output, None, {}, model.regularization_losses
            summed = tf.reduce_sum(output * reference.cotangent)
        of_input, gradients = tape.gradient(summed, (inputs["x"], trainable))
        return output, of_input, gradients, model.regularization_losses

    inputs = {"x": tf.constant(reference.input)}
    if "w" in model.inputs:
        inputs["w"] = tf.constant(WEIGHTS)
    for _ in range(case["steps"]):
        output, of_input, gradients, terms = run(inputs)
    gradients = {name: g for name, g in gradients.items() if g is not None}
    return Outcome(
        variables=described,
        initial=initial,
        output=deviation(output, reference.output),
        input_gradient=gradient_deviation(of_input, reference.input_gradient),
        gradients=deviations(gradients, reference.gradients),
        regularization=deviations(terms, reference.regularization),
        after=deviations(variables, reference.after),
        ratios=few_ratios(output, reference.input),
    )


def few_ratios(output: Any, inputs: np.ndarray) -> dict[float, float]:
    """Return how often each ratio of `output` to `inputs` occurs, nothing if they are many."""
    if output.shape != inputs.shape:
        return {}
    divisors = np.where(inputs == 0, 1, inputs).astype(np.float64)
    ratios = np.round(output.numpy() / divisors, 4) + 0.0  # -0.0 is 0.0
    values, counts = np.unique(ratios, return_counts=True)
    if len(values) > 4:
        return {}
    return dict(zip(values.tolist(), (counts / ratios.size).tolist(), strict=True))


def gradient_deviation(found: Any, expected: Any) -> float | None:
    """Return the deviation of a gradient; that both have none is 0."""
    if found is None or expected is None:
        return 0.0 if found is expected is None else None
    return deviation(found, expected)


if __name__ == "__main__":
    main()
