"""Augmentation."""

import math

import tensorflow as tf

from slimgen.templates.runtime.flags import (
    AUGMENT_CIFARNET,
    AUGMENT_IMAGES,
    AUGMENT_INCEPTION,
    AUGMENT_LENET,
    AUGMENT_TORCHVISION,
    AUGMENT_VGG,
    BRIGHTNESS,
    BY_NETWORK,
    COLORS,
    CONTRAST,
    CUTMIX,
    ERASING,
    FLIP,
    HUE,
    MIXUP,
    RANDOM_CROP,
    RANDOM_RESIZED_CROP,
    SATURATION,
)
from slimgen.templates.runtime.images import (
    CHANNEL_MEANS,
    RESIZE_SIDES,
    image_shape,
    middle,
    preprocess,
    resize_bilinear,
    resize_shorter_side,
    standardised,
)
from slimgen.templates.runtime.stand_ins import HEIGHT, WIDTH
from slimgen.templates.runtime.training.stand_ins import AUGMENTED, INPUT


def augmented(
    image,
    settings,
    seed,
    boxes=None,  # if BOXES
):
    """Return an input of the network, distorted: alike for the same `seed`."""
    if AUGMENT_IMAGES:
        if BY_NETWORK:
            height, width, _ = image_shape(AUGMENTED)
        seeds = tf.random.split(seed, 4)
        image = tf.image.convert_image_dtype(image, tf.float32)
        if RANDOM_RESIZED_CROP:
            scale = settings.least_crop_scale, settings.greatest_crop_scale
            ratio = settings.least_crop_ratio, settings.greatest_crop_ratio
            window = random_window(tf.shape(image), scale, ratio, seeds[0])
            image = tf.image.crop_to_bounding_box(image, *window)
            image = tf.image.resize(image, [HEIGHT, WIDTH])
        elif RANDOM_CROP:
            margin = settings.crop_padding
            image = tf.pad(image, [[margin, margin], [margin, margin], [0, 0]])
            size = [HEIGHT, WIDTH, image.shape[-1]]
            image = tf.image.stateless_random_crop(image, size, seeds[0])
        elif AUGMENT_VGG:
            image = resize_shorter_side(image, RESIZE_SIDES[0])
            image = tf.image.resize_with_crop_or_pad(image, HEIGHT, WIDTH)
        elif AUGMENT_INCEPTION:
            image = tf.image.central_crop(image, 0.875)
            image = resize_bilinear(image, [HEIGHT, WIDTH])
        elif AUGMENT_TORCHVISION:
            image = middle(image, HEIGHT, WIDTH)
        elif AUGMENT_LENET or AUGMENT_CIFARNET:
            image = tf.image.resize_with_crop_or_pad(image, HEIGHT, WIDTH)
        else:
            image = resize_bilinear(image, [HEIGHT, WIDTH])
        if FLIP:
            flipped = tf.random.stateless_uniform([], seeds[1]) < settings.flip
            image = tf.where(flipped, tf.reverse(image, [1]), image)
        if COLORS:
            image = with_other_colors(image, settings, seeds[2])
        if AUGMENT_VGG:
            image = 255.0 * image - tf.constant(CHANNEL_MEANS)
        elif AUGMENT_INCEPTION:
            image = (image - 0.5) * 2.0
        elif AUGMENT_TORCHVISION:
            image = standardised(image)
        elif AUGMENT_CIFARNET:
            image = tf.image.per_image_standardization(255.0 * image)
        elif AUGMENT_LENET:
            image = (255.0 * image - 128.0) / 128.0
        if ERASING:
            image = partly_erased(image, settings, seeds[3])
    else:
        seeds = tf.random.split(seed, 2)
        image = preprocess(
            image,
            True,
            seeds[0],
            boxes=boxes,  # if BOXES
        )
        image = partly_erased(image, settings, seeds[1])
    return image


def random_window(shape, scale, ratio, seed):
    """Draw top, left, height and width of a part of an image.

    Its share of the area lies in `scale`, width by height in `ratio`. The first of ten draws
    that fits is taken; else the greatest part in the middle that has such a `ratio`.
    """
    seeds = tf.random.split(seed, 3)
    size = tf.cast(shape[:2], tf.float32)
    areas = tf.reduce_prod(size) * tf.random.stateless_uniform([10], seeds[0], *scale)
    low, high = (math.log(bound) for bound in ratio)
    ratios = tf.exp(tf.random.stateless_uniform([10], seeds[1], low, high))
    sides = tf.stack([tf.sqrt(areas / ratios), tf.sqrt(areas * ratios)], 1)
    sides = tf.round(sides)
    fits = tf.reduce_all((sides >= 1) & (sides <= size), 1)
    widest, highest = size[0] * ratio[1], size[1] / ratio[0]
    largest = tf.round(tf.minimum(size, [highest, widest]))
    places = tf.random.stateless_uniform([2], seeds[2])
    one_fits, first = tf.reduce_any(fits), tf.argmax(tf.cast(fits, tf.int32))
    side = tf.where(one_fits, sides[first], largest)
    place = tf.where(one_fits, tf.floor(places * (size - side + 1)), (size - side) // 2)
    return tf.unstack(tf.cast(tf.concat([place, side], 0), tf.int32))


def with_other_colors(image, settings, seed):
    """Change the colours at random, as torchvision's ColorJitter, in one fixed order."""
    seeds = tf.unstack(tf.random.split(seed, 4))
    if BRIGHTNESS:
        factor = random_factor(settings.brightness, seeds.pop(0))
        image = blended(image, 0.0, factor)
    if CONTRAST:
        factor = random_factor(settings.contrast, seeds.pop(0))
        grey = image  # if AUGMENT_GREY
        grey = tf.image.rgb_to_grayscale(image)  # if not AUGMENT_GREY
        image = blended(image, tf.reduce_mean(grey), factor)
    if SATURATION:
        factor = random_factor(settings.saturation, seeds.pop(0))
        image = blended(image, tf.image.rgb_to_grayscale(image), factor)
    if HUE:
        most = settings.hue
        turn = tf.random.stateless_uniform([], seeds.pop(), -most, most)
        image = tf.image.adjust_hue(image, turn)
    return image


def random_factor(change, seed):
    """Draw a factor around 1."""
    return tf.random.stateless_uniform([], seed, max(0.0, 1.0 - change), 1.0 + change)


def blended(image, other, share):
    """Return a blend of two images, or one beyond the first if the share is above 1."""
    return tf.clip_by_value(share * image + (1.0 - share) * other, 0.0, 1.0)


def partly_erased(image, settings, seed):
    """Set a part of some images to zero."""
    seeds = tf.random.split(seed, 2)
    scale = settings.least_erasing_scale, settings.greatest_erasing_scale
    ratio = settings.least_erasing_ratio, settings.greatest_erasing_ratio
    part = random_window(tf.shape(image), scale, ratio, seeds[0])
    erased = tf.random.stateless_uniform([], seeds[1]) < settings.erasing
    return tf.where(erased & inside(part, tf.shape(image)), 0.0, image)


def mixed(inputs, labels, settings, seed):
    """Mix each image of a batch with the one before it; its label becomes `other`.

    `share` is the part of the image, and of the loss, that belongs to its own label.
    """
    images = inputs[INPUT]
    others = tf.roll(images, 1, 0)
    if MIXUP and CUTMIX:
        seeds = tf.random.split(seed, 2)
        images, share = tf.cond(
            tf.random.stateless_uniform([], seeds[0]) < 0.5,
            lambda: mixup(images, others, settings.mixup, seeds[1]),
            lambda: cutmix(images, others, settings.cutmix, seeds[1]),
        )
    elif MIXUP:
        images, share = mixup(images, others, settings.mixup, seed)
    else:
        images, share = cutmix(images, others, settings.cutmix, seed)
    label = labels["label"]
    shares = tf.repeat(share, len(images))
    labels = {**labels, "other": tf.roll(label, 1, 0), "share": shares}
    return {INPUT: images}, labels


def by_share(own_loss, other_loss, labels):
    """Return the loss of a mixed batch: of both labels, each by its share."""
    share = labels["share"][0]
    return share * own_loss + (1.0 - share) * other_loss


def mixup(images, others, alpha, seed):
    """Blend images, and return the share of the first."""
    share = random_beta(alpha, seed)
    return share * images + (1.0 - share) * others, share


def cutmix(images, others, alpha, seed):
    """Put a part of others into images, and return the share that stays."""
    seeds = tf.random.split(seed, 2)
    height, width = images.shape[1:3]
    side = tf.sqrt(1.0 - random_beta(alpha, seeds[0]))
    size = tf.constant([height, width], tf.float32)
    centre = tf.floor(tf.random.stateless_uniform([2], seeds[1]) * size)
    half = tf.floor(side * size / 2.0)
    begin = tf.maximum(centre - half, 0.0)
    end = tf.minimum(centre + half, size)
    share = 1.0 - tf.reduce_prod(end - begin) / (height * width)
    part = tf.unstack(tf.cast(tf.concat([begin, end - begin], 0), tf.int32))
    return tf.where(inside(part, [height, width]), others, images), share


def random_beta(alpha, seed):
    """Draw a number from 0 to 1, from the distribution Beta(alpha, alpha)."""
    first, second = tf.unstack(tf.random.stateless_gamma([2], seed, alpha))
    return tf.math.divide_no_nan(first, first + second)


def inside(part, shape):
    """Return which pixels of an image lie in a part, as [height, width, 1]."""
    top, left, height, width = part
    row = tf.range(shape[0])[:, tf.newaxis, tf.newaxis]
    column = tf.range(shape[1])[tf.newaxis, :, tf.newaxis]
    rows = (row >= top) & (row < top + height)
    return rows & (column >= left) & (column < left + width)
