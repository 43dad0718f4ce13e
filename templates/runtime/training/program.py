"""… the contract with a network's file."""

import dataclasses
from collections.abc import Callable

import tensorflow as tf

from slimgen.templates.runtime.flags import SPLIT

if SPLIT:

    @dataclasses.dataclass(frozen=True)
    class Program:
        """The choices of a network's file with a `train` job."""

        network: type[tf.Module]
        settings: type
        configuration: dict[str, str]  # the facts of the job that a run keeps
        decay: float  # of all averages of batch norm; 0: none, or several
        label_ranges: dict[str, range]  # the classes of each label that has any
        evaluation_data: str | None  # the data of the `evaluate` job, if there is one
        read_record: Callable  # record -> inputs, labels
        optimizer: type[tf.Module]
        learning_rate: Callable  # step, settings, examples -> rate
        loss_and_gradients: Callable  # run, inputs, labels -> loss, gradients
        training_step: Callable  # run -> the function of one step
        train: Callable  # program, settings -> model
        evaluate: Callable  # program, model, settings -> measures, examples

        @property
        def input(self):
            """Return the name of the network's only input."""
            (name,) = self.network.inputs
            return name
