"""Training."""

import contextlib
import json
import os
import re
import time

import tensorflow as tf

from slimgen.templates.runtime.flags import (
    AVERAGES,
    BATCH_NORM,
    EVALUATES,
    FOLDERS,
    FROZEN,
    HELD,
    ONLY,
    PRECISION,
    SKIP,
    SPLIT,
    SUMMARIES,
    UNTRAINED,
)
from slimgen.templates.runtime.restoring import restore_with
from slimgen.templates.runtime.training.evaluation import Evaluation
from slimgen.templates.runtime.training.folder import (
    Progress,
    Stopped,
    begin_another,
    begin_or_resume,
    checkpoints,
    clear_up,
    locked,
    run_classes,
    termination,
    write_state,
    write_whole,
)
from slimgen.templates.runtime.training.moving_averages import report_averages
from slimgen.templates.runtime.training.optimizers import Averages, learning_rate
from slimgen.templates.runtime.training.precision import LossScale
from slimgen.templates.runtime.training.records import Examples, batches, open_data
from slimgen.templates.runtime.training.settings import find_device
from slimgen.templates.runtime.training.skipping import whole_batches
from slimgen.templates.runtime.training.stand_ins import (
    DECAY,
    FROZEN_SCOPES,
    OPTIMIZER,
    TRAINED,
    TRAINED_SCOPES,
    Settings,
)
from slimgen.templates.runtime.training.steps import (
    first_not_finite,
    is_finite,
    training_step,
)
from slimgen.templates.runtime.training.summaries import Summaries
from slimgen.templates.runtime.weights import (
    RestoreError,
    UserError,
    explained,
    first_line,
    matching,
)


def train(
    program,  # if SPLIT
    settings=None,
):
    """Train up to `settings.steps`; a run that was stopped resumes from its folder."""
    settings = settings or Settings()  # if not SPLIT
    settings = settings or program.settings()  # if SPLIT
    with termination() as asked, locked(settings.directory):
        return train_until(
            asked,
            settings,
            program,  # if SPLIT
        )


def train_until(
    asked,
    settings,
    program,  # if SPLIT
):
    """Train until the last step, or until an exit code is `asked` for."""
    if FOLDERS:
        data = data_of_run(
            settings,
            program,  # if SPLIT
        )
    else:
        data = open_data(
            settings.data,
            program,  # if SPLIT
        )
    device = find_device(settings.device)
    settings, facts = begin_or_resume(
        settings,
        data,
        device,
        program,  # if SPLIT
    )
    tf.random.set_seed(87654321)  # TensorFlow's default: the caller's changes nothing
    if settings.deterministic:
        tf.config.experimental.enable_op_determinism()
    with tf.device(device):
        run = Run(settings, data.count)  # if not SPLIT
        run = Run(program, settings, data.count)  # if SPLIT
        run.resume()
    file = os.path.join(settings.directory, "run.json")
    write_whole(file, json.dumps(facts, indent=2) + "\n")
    done = int(run.step)
    print(f"{data.count} examples; step {done} of {settings.steps}; {device}")
    print(run.trained_text())
    one_step = training_step(run)  # if not SPLIT
    one_step = program.training_step(run)  # if SPLIT
    if SUMMARIES:
        summaries = Summaries(run)
    examples = Examples(data, settings, training=True)
    stream = batches(examples, done * settings.batch)  # if not SKIP
    stream = whole_batches(examples, int(run.position))  # if SKIP
    if EVALUATES:
        evaluation = Evaluation(run) if settings.validation else None
    steps = range(done + 1, settings.steps + 1)
    with Progress(run) as progress:
        for step in profiled(steps, run):
            batch = next(stream)
            with tf.device(device):
                progress.add(one_step(*batch))
            stop = bool(asked)  # read once: it may be set within a step
            save = stop or run.time_to_save(step)
            due = save or step == done + 1 or step % settings.log_steps == 0
            if SUMMARIES:
                every = settings.summary_steps
                look = every > 0 and step % every == 0
                due = due or look
            if due:
                with tf.device(device):
                    run.check(examples)
                reported = progress.report()  # if SUMMARIES
                progress.report()  # if not SUMMARIES
            if SUMMARIES and look:
                with tf.device(device):
                    summaries.write(step, *batch[:2], reported)
            if save:
                run.save()
            if EVALUATES and save and not stop and evaluation:
                evaluation.run(step, progress)
            if stop and step < settings.steps:
                latest = run.manager.latest_checkpoint
                raise Stopped(f"stopped at step {step}: {latest}", asked[0])
    print(f"{int(run.step)} steps done: {checkpoints(settings.directory)[0]}")
    if BATCH_NORM and not settings.initial:
        report_averages(DECAY, int(run.step))
    if SKIP:
        print(f"left out in all: {run.left_out()} examples that cannot be read")
    return run.model


if FOLDERS:

    def data_of_run(
        settings,
        program,  # if SPLIT
    ):
        """Open the data; they have the classes of the run that the folder holds."""
        folder = settings.directory
        classes = run_classes(folder) if checkpoints(folder) else None
        try:
            return open_data(
                settings.data,
                program,  # if SPLIT
                classes,
            )
        except UserError as error:
            if classes:
                raise UserError(f"{error}; {begin_another(folder)}") from error
            raise


class Run:
    """The state of a training run, for an epoch of so many examples."""

    def __init__(
        self,
        program,  # if SPLIT
        settings,
        examples,
    ):
        self.program = program  # if SPLIT
        self.settings, self.examples = settings, examples
        self.model = TRAINED(seed=settings.seed)
        if PRECISION:
            self.model.precision = tf.as_dtype(settings.precision)
            halves = settings.precision == "float16"
            self.scale = LossScale(settings) if halves else None
        if settings.initial:
            self.initialize()
        variables = self.model.named_variables
        if FROZEN and ONLY:
            still = variables.keys() - matching(self.model, TRAINED_SCOPES)
            still |= matching(self.model, FROZEN_SCOPES)
        elif FROZEN:
            still = matching(self.model, FROZEN_SCOPES)
        elif ONLY:
            still = variables.keys() - matching(self.model, TRAINED_SCOPES)
        if FROZEN or ONLY:
            trained = {n: v for n, v in variables.items() if n not in still}
            self.trained = {n: v for n, v in trained.items() if v.trainable}
        elif UNTRAINED:
            self.trained = {n: v for n, v in variables.items() if v.trainable}
        else:
            self.trained = variables
        if HELD:
            mean = "/moving_mean"
            self.model.held = {n.removesuffix(mean) for n in still if n.endswith(mean)}
        # A step changes these before it is known to be finite.
        self.unlearned = [v for v in self.model.variables if not v.trainable]
        self.unlearned.append(self.model.generator.state)
        self.optimizer = OPTIMIZER(self.trained, settings)  # if not SPLIT
        self.optimizer = program.optimizer(self.trained, settings)  # if SPLIT
        if AVERAGES:
            self.averages = Averages(variables)
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False, name="global_step")
        self.sound = tf.Variable(True, trainable=False, name="sound")
        if SKIP:
            self.position = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.checkpoint = tf.train.Checkpoint(
            model=self.model,
            optimizer=self.optimizer,
            step=self.step,
            averages=self.averages,  # if AVERAGES
            position=self.position,  # if SKIP
        )
        if PRECISION and self.scale is not None:
            self.checkpoint.scale = self.scale
        self.saved = time.monotonic()

    def trained_text(self):
        """Say how many variables and parameters are trained, and which are frozen."""
        sizes = [variable.shape.num_elements() for variable in self.trained.values()]
        text = f"{len(sizes)} variables with {sum(sizes):,} parameters are trained"
        if FROZEN or ONLY:
            learned = {
                n: v for n, v in self.model.named_variables.items() if v.trainable
            }
            frozen = [name for name in learned if name not in self.trained]
            shown = ", ".join(frozen[:5]) + ", …" * (len(frozen) > 5)
            text += f", {len(frozen)} are frozen: {shown}" if frozen else ""
        return text

    def initialize(self):
        """Load the initial weights, unless the folder has a run, which then resumes."""
        settings = self.settings
        if checkpoints(settings.directory):
            found = f"{settings.directory} holds a run to resume"
            print(f"{found}: {settings.initial} is not read")
            return
        restore_with(self.model, settings.initial, settings)

    def resume(self):
        """Load the newest checkpoint that is not damaged, if the folder has any."""
        settings, folder = self.settings, self.settings.directory
        for path in checkpoints(folder):
            try:
                with explained(f"{path} cannot be read"):
                    self.checkpoint.restore(path).assert_existing_objects_matched()
                break
            except RestoreError as error:
                reason = error.__cause__
                if isinstance(reason, (AssertionError, ValueError)):
                    found = f"{path} is of another network or optimizer"
                    found = f"{found}: {first_line(reason)}"
                    raise UserError(f"{found}; {begin_another(folder)}") from error
                print(f"{error}; the one before it is taken")
        else:
            if checkpoints(folder):
                raise UserError(f"no checkpoint in {folder} can be read")
        clear_up(folder, int(self.step))
        write_state(folder, int(self.step))
        self.manager = tf.train.CheckpointManager(
            self.checkpoint, folder, settings.keep, settings.keep_hours or None
        )

    if SKIP:

        def left_out(self):
            """Return how many examples could not be read so far."""
            return int(self.position) - int(self.step) * self.settings.batch

    def time_to_save(self, step):
        """Return whether a checkpoint is due after a step."""
        steps, minutes = self.settings.save_steps, self.settings.save_minutes
        by_step = steps > 0 and step % steps == 0
        by_time = minutes > 0 and time.monotonic() - self.saved >= 60 * minutes
        return by_step or by_time or step == self.settings.steps

    def undo(self, before):
        """Roll back the state that a step has changed on its way to the gradients."""
        for variable, value in zip(self.unlearned, before):
            variable.assign(value)

    def check(self, examples):
        """Stop if a step was not finite; it and those after it have changed nothing."""
        if self.sound:
            return
        done = int(self.step)
        if SKIP:
            inputs, labels, _ = next(whole_batches(examples, int(self.position)))
        else:
            inputs, labels = next(batches(examples, done * self.settings.batch))
        found = first_not_finite(self, inputs, labels)
        if SPLIT:
            rate = self.program.learning_rate(self.step, self.settings, self.examples)
            rate = float(rate)
        else:
            rate = float(learning_rate(self.step, self.settings, self.examples))
        found = f"{found} is not finite at step {done + 1} (learning rate {rate:g})"
        raise UserError(f"{found}; {self.last_checkpoint()}")

    def save(self):
        """Write a checkpoint, called by its step; only then older ones are removed."""
        learned = self.model.named_variables.values()
        for variable in (*learned, *self.optimizer.variables):
            if not is_finite(variable):
                found = f"{variable.name.removesuffix(':0')} is not finite"
                found = f"{found} after step {int(self.step)}"
                raise UserError(f"{found}; {self.last_checkpoint()}")
        folder = self.settings.directory
        try:
            with explained(f"{folder} cannot be written"):
                self.manager.save(checkpoint_number=self.step)
        except UserError as error:
            clear_up(folder, int(self.step))
            raise UserError(f"{error} ({self.last_checkpoint()})") from error
        self.saved = time.monotonic()

    def last_checkpoint(self):
        """Say which checkpoint is the newest that can be read."""
        for path in checkpoints(self.settings.directory):
            with contextlib.suppress(UserError), explained(path):
                reader = tf.train.load_checkpoint(path)
                for name in reader.get_variable_to_shape_map():
                    reader.get_tensor(name)
                return f"the last checkpoint: {path} is whole"
        return "the last checkpoint: none is there that can be read"


def profiled(steps, run):
    """Yield the steps, and profile those of `settings.profile` for TensorBoard."""
    profile, first, last = run.settings.profile, 0, 0
    if profile:
        bounds = re.fullmatch(r"(\d+)\.\.(\d+)", profile)
        first, last = map(int, bounds.groups()) if bounds else (0, 0)
        if not steps.start <= first <= last < steps.stop:
            within = f"{steps.start}..{steps.stop - 1}"
            raise UserError(f"--profile is {profile}, and must lie in {within}")
    folder = os.path.join(run.settings.directory, "profile")
    with contextlib.ExitStack() as stack:
        for step in steps:
            if step == first:
                stack.enter_context(tf.profiler.experimental.Profile(folder))
            with tf.profiler.experimental.Trace("step", step_num=step, _r=1):
                yield step
            if step == last:
                int(run.step)  # waits for a GPU
                with explained(f"{folder} cannot be written"):
                    stack.close()
