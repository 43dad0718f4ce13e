"""Summaries."""

import os

import numpy as np
import tensorflow as tf

from slimgen.templates.runtime.training.steps import accumulated, loss_and_gradients
from slimgen.templates.runtime.weights import explained


class Summaries:
    """Files for TensorBoard: numbers, weights, gradients and images of some steps."""

    def __init__(self, run):
        self.run = run
        self.folder = os.path.join(run.settings.directory, "summaries")
        self.look = looking_function(run)
        self.writer = None

    def write(self, step, inputs, labels, reported):
        """Write the numbers of a step, and the values that its batch gives after it."""
        zeros, gradients = self.look(inputs, labels)
        most = self.run.settings.summary_images
        with explained(f"{self.folder} cannot be written"):
            if self.writer is None:
                self.writer = tf.summary.create_file_writer(self.folder)
                graph = self.look.get_concrete_function(inputs, labels).graph
                with self.writer.as_default(step):
                    tf.summary.graph(graph)
            with self.writer.as_default(step):
                for name, value in reported.items():
                    write_scalar(name, value)
                for name, share in zeros.items():
                    write_scalar(f"sparsity/{name}", share)
                for name, variable in self.run.model.named_variables.items():
                    write_histogram(name, variable)
                for name, gradient in gradients.items():
                    write_histogram(f"gradients/{name}", gradient)
                for name, tensor in inputs.items():
                    if tensor.shape.rank == 4 and most:
                        write_images(f"images/{name}", tensor[:most])
            self.writer.flush()


def looking_function(run):
    """Return the function that computes summaries of a batch and changes nothing.

    It returns the share of zeros in each end point, and the gradients.
    """
    root = f"{run.model.scope}/" if run.model.scope else ""

    @tf.function(autograph=False, jit_compile=run.settings.jit == "on")
    def look(inputs, labels):
        before = [tf.identity(variable) for variable in run.unlearned]
        _, end_points = run.model(inputs, training=True)
        run.undo(before)
        _, gradients = loss_and_gradients(run, inputs, labels)  # if not ACCUMULATE
        _, gradients = accumulated(run, inputs, labels)  # if ACCUMULATE
        run.undo(before)
        zeros = {
            name: tf.reduce_mean(tf.cast(tf.equal(tensor, 0), tf.float32))
            for name, tensor in end_points.items()
            if name.startswith(root)  # each has two names
        }
        return zeros, gradients

    return look


def write_scalar(name, value):
    """Write a number."""
    write_summary("scalars", name, tf.cast(value, tf.float32))


def write_histogram(name, tensor):
    """Write a histogram of the finite values of a tensor, in rows of low, high, count."""
    values = tf.cast(tensor, tf.float32).numpy()
    counts, edges = np.histogram(values[np.isfinite(values)], 30)
    rows = np.stack([edges[:-1], edges[1:], counts], 1)
    write_summary("histograms", name, tf.constant(rows, tf.float64))


def write_images(name, images):
    """Write images whose least value is black, and whose greatest is white."""
    if images.shape[-1] not in (1, 3, 4):
        images = images[..., :1]
    images = tf.cast(images, tf.float32)
    least, most = tf.reduce_min(images), tf.reduce_max(images)
    shades = 255 * tf.math.divide_no_nan(images - least, most - least)
    height, width = images.shape[1:3]
    pngs = [tf.io.encode_png(image) for image in tf.cast(shades, tf.uint8)]
    write_summary("images", name, tf.stack([str(width), str(height), *pngs]))


def write_summary(plugin, name, tensor):
    """Write a tensor for a plugin of TensorBoard, which has names of its own for kinds."""
    kinds = {"scalars": 1, "histograms": 2, "images": 3}  # DATA_CLASS_…
    metadata = tf.compat.v1.SummaryMetadata(data_class=kinds[plugin])
    metadata.plugin_data.plugin_name = plugin
    tf.summary.write(name, tensor, metadata=metadata)
