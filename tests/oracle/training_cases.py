"""Trainings that TF-Slim and a built file do in the same way; data, no TensorFlow here.

A case is a small network, an optimizer and what else a `train` job says, in both languages:
the lines of the job, and what `oracle.run_training` makes of the same numbers.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

STEPS = 30
BATCH = 4
EXAMPLES = 12  # three steps an epoch
CLASSES = 5
SIZE = (8, 8, 2)


@dataclass(frozen=True)
class Case:
    """One training.

    Attributes:
        network: `lenet` or `resnet`, with batch norm.
        smooth: softplus and average pooling, so that both programs run freely; else relu
            and max pooling, and each step starts from TF-Slim's values.
        optimizer: Its class in `tf.train` and keywords.
        rate: `fixed`, `exponential` or `polynomial`.
        lines: The lines of the job, the optimizer among them.
        clip, multipliers, average, trained, regularization, losses: TF-Slim's side.
    """

    id: str
    network: str
    smooth: bool
    optimizer: str
    keywords: dict[str, Any]
    rate: str
    lines: tuple[str, ...]
    clip: tuple[str, float] | None = None
    multipliers: dict[str, float] = field(default_factory=dict)
    average: float | None = None
    trained: tuple[str, ...] = ()
    regularization: bool = True
    losses: tuple[tuple[str, float], ...] = (("softmax_cross_entropy", 1.0),)

    def source(self) -> str:
        """The network and its job in the language."""
        activation, pool = (
            ("softplus", "avg_pool") if self.smooth else ("relu", "max_pool")
        )
        network = NETWORKS[self.network].format(activation=activation, pool=pool)
        job = (
            'data records "none"', f"batch {BATCH}", f"steps {STEPS}",
            RATES[self.rate].format(rate=FIRST_RATES[self.optimizer]), *self.lines,
        )  # fmt: skip
        lines = "\n  ".join(job)
        return f"{network}\ntrain {self.network} {{\n  {lines}\n}}\n"

    def as_json(self) -> dict[str, Any]:
        """The request to the oracle's program."""
        return asdict(self) | {"first_rate": FIRST_RATES[self.optimizer]}


NETWORKS = {
    "lenet": """network lenet(classes = 5) {{
  input images 8x8x2
  scope conv, fc < activation={activation} regularizer=l2(0.01) >
  conv 4 5x5 as conv1
  {pool} 2x2 as pool1
  conv 8 5x5 as conv2
  {pool} 2x2 as pool2
  flatten
  fc 16 as fc3
  fc classes activation=none as fc4
}}""",
    "resnet": """network resnet(classes = 5) {{
  input images 8x8x2
  scope conv < activation={activation} regularizer=l2(0.01) normalizer=batch_norm(decay=0.9) >
  conv 4 3x3 as conv1
  {pool} 2x2 as pool1
  in unit_1 {{
    add activation={activation} {{
      branch {{ conv 6 1x1 2 activation=none as shortcut }}
      branch {{
        conv 4 3x3 2 as conv1
        conv 6 3x3 activation=none as conv2
      }}
    }}
  }}
  global_avg_pool keepdims=false
  fc classes activation=none as logits
}}""",
}
RATES = {
    "fixed": "learning_rate fixed {rate}",
    "exponential": "learning_rate exponential {rate} every 2 epochs decay=0.8",
    "polynomial": "learning_rate polynomial {rate} over 8 epochs end=0.0001",
}
# Such that a weight moves by a hundredth in a step or so.
FIRST_RATES = {
    "GradientDescent": 0.05, "Momentum": 0.02, "RMSProp": 0.005, "Adam": 0.005,
    "Adagrad": 0.05, "Adadelta": 0.5, "Ftrl": 0.05,
}  # fmt: skip
# The class's defaults, and what the train script gives it.
OPTIMIZERS: tuple[tuple[str, str, dict[str, Any], str], ...] = (
    ("sgd", "GradientDescent", {}, "fixed"),
    ("momentum", "Momentum", {"momentum": 0.9}, "exponential"),
    ("rmsprop", "RMSProp", {}, "polynomial"),
    (
        "rmsprop decay=0.9 momentum=0.9 epsilon=1.0", "RMSProp",
        {"decay": 0.9, "momentum": 0.9, "epsilon": 1.0}, "exponential",
    ),
    ("adam", "Adam", {}, "fixed"),
    ("adam epsilon=1.0", "Adam", {"epsilon": 1.0}, "exponential"),
    ("adagrad", "Adagrad", {}, "polynomial"),
    ("adadelta", "Adadelta", {}, "fixed"),
    ("adadelta epsilon=1.0", "Adadelta", {"epsilon": 1.0}, "exponential"),
    ("ftrl", "Ftrl", {}, "polynomial"),
)  # fmt: skip
MOMENTUM = {"optimizer": "Momentum", "keywords": {"momentum": 0.9}}
LOSSES = (
    ("softmax_cross_entropy", 0.5), ("sparse_softmax_cross_entropy", 0.2),
    ("sigmoid_cross_entropy", 0.3), ("mean_squared_error", 0.1),
    ("absolute_difference", 0.2), ("cosine_distance", 0.1),
    ("mean_pairwise_squared_error", 0.05), ("hinge_loss", 0.3),
)  # fmt: skip
# Lines of the job about gradients, and TF-Slim's form of them.
OTHERS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "clip-norm": (("clip norm=0.1",), {"clip": ("norm", 0.1)}),
    "clip-value": (("clip value=0.02",), {"clip": ("value", 0.02)}),
    "clip-global": (("clip global_norm=0.2",), {"clip": ("global_norm", 0.2)}),
    "multipliers": (
        ("multiply_gradients conv1 3.0", 'multiply_gradients "*/biases" 0.5',
         "clip norm=0.2"),
        {"multipliers": {"/conv1/": 3.0, "/biases": 0.5}, "clip": ("norm", 0.2)},
    ),
    "average": (("average 0.8",), {"average": 0.8}),
    "frozen": (("freeze conv1",), {"trained": ("unit_1", "logits")}),
    "trained": (("train unit_1, logits",), {"trained": ("unit_1", "logits")}),
    "losses": (
        tuple(f"loss {name} weight={weight}" for name, weight in LOSSES),
        {"losses": LOSSES},
    ),
    "unregularized": (("loss regularization weight=0",), {"regularization": False}),
}  # fmt: skip


def cases() -> Iterator[Case]:
    """Yield every case."""
    for smooth in (True, False):
        way = "free" if smooth else "stepwise"
        for network in NETWORKS:
            for line, name, keywords, rate in OPTIMIZERS:
                yield Case(
                    f"{way}-{network}-{line.replace(' ', '-')}", network, smooth, name,
                    keywords, rate, (f"optimizer {line}",),
                )  # fmt: skip
        for word, (lines, options) in OTHERS.items():
            yield Case(
                id=f"{way}-{word}", network="resnet", smooth=smooth, rate="fixed",
                lines=lines, **MOMENTUM, **options,
            )  # fmt: skip


CASES = {case.id: case for case in cases()}
