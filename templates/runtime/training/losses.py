"""Losses."""

import numpy as np
import tensorflow as tf

from slimgen.templates.runtime.flags import (
    WEIGHTED_ABSOLUTE_DIFFERENCE,
    WEIGHTED_COSINE_DISTANCE,
    WEIGHTED_HINGE_LOSS,
    WEIGHTED_LOG_LOSS,
    WEIGHTED_MEAN_PAIRWISE_SQUARED_ERROR,
    WEIGHTED_MEAN_SQUARED_ERROR,
    WEIGHTED_SIGMOID_CROSS_ENTROPY,
    WEIGHTED_SPARSE_SOFTMAX_CROSS_ENTROPY,
)


def sparse_softmax_cross_entropy(
    logits,
    labels,
    weights=1.0,  # if WEIGHTED_SPARSE_SOFTMAX_CROSS_ENTROPY
):
    """Return the mean cross-entropy of classes."""
    logits = tf.cast(logits, tf.float32)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    if WEIGHTED_SPARSE_SOFTMAX_CROSS_ENTROPY:
        return weighted_mean(losses, weights)
    return tf.reduce_mean(losses)  # if not WEIGHTED_SPARSE_SOFTMAX_CROSS_ENTROPY


def sigmoid_cross_entropy(
    logits,
    labels,
    label_smoothing,
    weights=1.0,  # if WEIGHTED_SIGMOID_CROSS_ENTROPY
):
    """Return the mean cross-entropy of yes and no, for each number of its own."""
    logits = tf.cast(logits, tf.float32)
    labels = labels * (1.0 - label_smoothing) + 0.5 * label_smoothing
    losses = tf.nn.sigmoid_cross_entropy_with_logits(labels, logits)
    if WEIGHTED_SIGMOID_CROSS_ENTROPY:
        return weighted_mean(losses, weights)
    return tf.reduce_mean(losses)  # if not WEIGHTED_SIGMOID_CROSS_ENTROPY


def log_loss(
    predictions,
    labels,
    epsilon,
    weights=1.0,  # if WEIGHTED_LOG_LOSS
):
    """Return the mean negative logarithm of the probability of the label, 0 or 1."""
    predictions = tf.cast(predictions, tf.float32)
    yes = labels * tf.math.log(predictions + epsilon)
    no = (1.0 - labels) * tf.math.log(1.0 - predictions + epsilon)
    losses = -yes - no
    if WEIGHTED_LOG_LOSS:
        return weighted_mean(losses, weights)
    return tf.reduce_mean(losses)  # if not WEIGHTED_LOG_LOSS


def mean_squared_error(
    predictions,
    labels,
    weights=1.0,  # if WEIGHTED_MEAN_SQUARED_ERROR
):
    """Return the mean of the squared differences."""
    losses = tf.square(tf.cast(predictions, tf.float32) - labels)
    if WEIGHTED_MEAN_SQUARED_ERROR:
        return weighted_mean(losses, weights)
    return tf.reduce_mean(losses)  # if not WEIGHTED_MEAN_SQUARED_ERROR


def absolute_difference(
    predictions,
    labels,
    weights=1.0,  # if WEIGHTED_ABSOLUTE_DIFFERENCE
):
    """Return the mean of the absolute differences."""
    losses = tf.abs(tf.cast(predictions, tf.float32) - labels)
    if WEIGHTED_ABSOLUTE_DIFFERENCE:
        return weighted_mean(losses, weights)
    return tf.reduce_mean(losses)  # if not WEIGHTED_ABSOLUTE_DIFFERENCE


def cosine_distance(
    predictions,
    labels,
    axis,
    weights=1.0,  # if WEIGHTED_COSINE_DISTANCE
):
    """Return the mean of 1 - Σ p y along an axis, where both have length 1."""
    products = tf.cast(predictions, tf.float32) * labels
    losses = 1.0 - tf.reduce_sum(products, axis)
    if WEIGHTED_COSINE_DISTANCE:
        return weighted_mean(losses, weights)
    return tf.reduce_mean(losses)  # if not WEIGHTED_COSINE_DISTANCE


def hinge_loss(
    logits,
    labels,
    weights=1.0,  # if WEIGHTED_HINGE_LOSS
):
    """Return the mean of max(0, 1 - s logit), where s is -1 for label 0 and 1 for label 1."""
    signs = 2.0 * labels - 1.0
    losses = tf.nn.relu(1.0 - signs * tf.cast(logits, tf.float32))
    if WEIGHTED_HINGE_LOSS:
        return weighted_mean(losses, weights)
    return tf.reduce_mean(losses)  # if not WEIGHTED_HINGE_LOSS


def mean_pairwise_squared_error(
    predictions,
    labels,
    weights=1.0,  # if WEIGHTED_MEAN_PAIRWISE_SQUARED_ERROR
):
    """Return TF-Slim's sum over the examples of the mean over pairs of their numbers."""
    differences = tf.cast(predictions, tf.float32) - labels
    axes = list(range(1, differences.shape.rank))
    squares = tf.reduce_mean(tf.square(differences), axes)
    losses = squares - tf.square(tf.reduce_mean(differences, axes))
    if WEIGHTED_MEAN_PAIRWISE_SQUARED_ERROR:
        losses *= tf.cast(weights, tf.float32)
    return 2.0 * tf.reduce_sum(losses)


def contrastive_loss(embeddings, positives, labels, margin):
    """Return the mean over pairs: of d² for those alike (1), of (margin - d)² for others."""
    embeddings, positives = (tf.cast(x, tf.float32) for x in (embeddings, positives))
    squares = tf.reduce_sum(tf.math.squared_difference(embeddings, positives), 1)
    # The root of 0 has no gradient.
    distances = tf.where(squares > 0, tf.sqrt(tf.where(squares > 0, squares, 1.0)), 0.0)
    alike = tf.cast(labels, tf.float32)
    apart = tf.square(tf.nn.relu(margin - distances))
    return tf.reduce_mean(alike * squares + (1.0 - alike) * apart)


def npairs_loss(embeddings, positives, labels, reg_lambda):
    """Return the mean cross-entropy of a row's class among the classes of the positives."""
    embeddings, positives = (tf.cast(x, tf.float32) for x in (embeddings, positives))
    alike = tf.cast(tf.equal(labels[:, tf.newaxis], labels), tf.float32)
    targets = alike / tf.reduce_sum(alike, 1, keepdims=True)
    logits = tf.matmul(embeddings, positives, transpose_b=True)
    losses = tf.nn.softmax_cross_entropy_with_logits(targets, logits)
    lengths = [tf.reduce_sum(tf.square(x), 1) for x in (embeddings, positives)]
    return tf.reduce_mean(losses) + 0.25 * reg_lambda * tf.reduce_mean(sum(lengths))


def triplet_semihard_loss(embeddings, labels, margin):
    """Return the mean over pairs alike of max(0, margin + distance - distance to another).

    The other row is the nearest that is further than the pair, else the farthest.
    """
    distances = squared_distances(tf.cast(embeddings, tf.float32))
    alike = tf.equal(labels[:, tf.newaxis], labels)
    apart = distances[:, tf.newaxis]  # [anchor, 1, other], beside [anchor, pair, 1]
    further = ~alike[:, tf.newaxis] & (apart > distances[..., tf.newaxis])
    nearest = tf.reduce_min(tf.where(further, apart, np.inf), -1)
    farthest = tf.reduce_max(tf.where(alike, 0.0, distances), -1, keepdims=True)
    others = tf.where(tf.reduce_any(further, -1), nearest, farthest)
    pairs = tf.linalg.set_diag(alike, tf.zeros_like(labels, tf.bool))
    losses = tf.where(pairs, tf.nn.relu(margin + distances - others), 0.0)
    count = tf.math.count_nonzero(pairs, dtype=tf.float32)
    return tf.math.divide_no_nan(tf.reduce_sum(losses), count)


def lifted_struct_loss(embeddings, labels, margin):
    """Return half the mean over pairs alike of their squared loss against all others."""
    squares = squared_distances(tf.cast(embeddings, tf.float32))
    # The root of 0 has no gradient.
    distances = tf.where(squares > 0, tf.sqrt(tf.where(squares > 0, squares, 1.0)), 0.0)
    alike = tf.equal(labels[:, tf.newaxis], labels)
    others = tf.where(alike, tf.float32.min, margin - distances)
    rows = tf.reduce_logsumexp(others, -1)
    both = tf.stack(tf.meshgrid(rows, rows))
    pairs = tf.linalg.set_diag(alike, tf.zeros_like(labels, tf.bool))
    losses = tf.nn.relu(tf.reduce_logsumexp(both, 0) + distances)
    losses = tf.where(pairs, tf.square(losses), 0.0)
    count = tf.math.count_nonzero(pairs, dtype=tf.float32)
    return 0.5 * tf.math.divide_no_nan(tf.reduce_sum(losses), count)


def squared_distances(rows):
    """Return the squared distance of each row from each, 0 from itself."""
    squares = tf.reduce_sum(tf.square(rows), 1)
    products = tf.matmul(rows, rows, transpose_b=True)
    distances = squares[:, tf.newaxis] + squares - 2.0 * products
    return tf.linalg.set_diag(tf.nn.relu(distances), tf.zeros_like(squares))


def weighted_mean(losses, weights):
    """Return the sum of weighted losses over the number of weights that are not 0."""
    weights = spread(weights, losses)
    count = tf.math.count_nonzero(weights, dtype=tf.float32)
    return tf.math.divide_no_nan(tf.reduce_sum(losses * weights), count)


def spread(weights, values):
    """Return weights of examples, or of their first axes, for each of the values."""
    weights = tf.cast(weights, tf.float32)
    missing = values.shape.rank - weights.shape.rank
    weights = weights[(..., *[tf.newaxis] * missing)]
    return tf.broadcast_to(weights, tf.shape(values))
