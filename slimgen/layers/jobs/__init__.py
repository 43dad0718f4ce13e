"""The lines of jobs and what belongs to a network's weights, declared as layers are.

They have the same parameters, checks and documentation, but make no tensors.
"""

from slimgen.layers.declaration import Layer
from slimgen.layers.jobs.augment import Augment
from slimgen.layers.jobs.data import Batch, Data, Item
from slimgen.layers.jobs.evaluate import Every
from slimgen.layers.jobs.gradients import (
    Accumulate,
    Average,
    Clip,
    Freeze,
    MultiplyGradients,
    TrainOnly,
)
from slimgen.layers.jobs.images import Labels, Preprocess
from slimgen.layers.jobs.initial import Exclude, Include, RenameInitial
from slimgen.layers.jobs.learning_rate import LearningRate, Warmup
from slimgen.layers.jobs.loss import Loss
from slimgen.layers.jobs.optimizer import Optimizer
from slimgen.layers.jobs.run import (
    Checkpoint,
    Deterministic,
    Directory,
    Log,
    Precision,
    Seed,
    Steps,
    Summaries,
)
from slimgen.layers.weight_lines import Weights

NETWORK_LINES: dict[str, type[Layer]] = {
    line.word: line for line in (Preprocess, Labels, Weights)
}

DATA_LINES: dict[str, type[Layer]] = {Item.word: Item}
"""What stands between the braces of `data`, under names of the user's own."""

# In the order of the documentation.
TRAIN_LINES: dict[str, type[Layer]] = {
    line.word: line
    for line in (
        Include, Exclude, RenameInitial, Preprocess, Augment, Data, Batch, Steps, Loss, Optimizer, LearningRate, Warmup, TrainOnly, Freeze, MultiplyGradients,
        Clip, Accumulate, Average, Checkpoint, Log, Summaries, Seed, Deterministic, Precision, Directory,
    )
}  # fmt: skip

EVALUATE_LINES: dict[str, type[Layer]] = {line.word: line for line in (Data, Every)}
"""The lines of `evaluate`; how data is read is the `train` job's."""
