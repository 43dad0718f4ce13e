"""Images and outputs."""

import functools

import tensorflow as tf

from slimgen.templates.runtime.flags import (
    ANY_CHANNELS,
    BOXES,
    BY_NETWORK,
    COLORED,
    FREE_SIZE,
    GREY,
    SPLIT,
    WEIGHTED_ACCURACY,
    WEIGHTED_LOSS,
)
from slimgen.templates.runtime.stand_ins import (
    CHANNELS,
    HEIGHT,
    NETWORK,
    PREPROCESSING,
    SIDES,
    SIDES_HERE,
    WIDTH,
    spread,
    weighted_mean,
)

UPRIGHT = True  # False: images stay as they are stored, as in TF-Slim
RESIZE_SIDES = SIDES  # the shorter side: always, and at most in training
CHANNEL_MEANS = (123.68, 116.78, 103.94)  # red, green, blue
if SPLIT:
    PREPROCESSING = {}  # the function for each network that takes an image
IMAGENET_MEANS = (0.485, 0.456, 0.406)  # red, green, blue
IMAGENET_DEVIATIONS = (0.229, 0.224, 0.225)


if BY_NETWORK:

    def image_shape(network):
        """Return height, width and channels of a network's input; None where free."""
        (spec,) = network.inputs.values()
        return spec.shape.as_list()[1:]

    def decode_image(encoded, network=NETWORK):
        """Decode an image file to upright uint8 pixels with the network's channels."""
        return decode_upright(encoded, image_shape(network)[2])

elif ANY_CHANNELS:

    def decode_image(encoded):
        """Decode an image file to upright uint8 pixels [height, width, CHANNELS]."""
        return decode_upright(encoded, CHANNELS)


def decode_upright(
    encoded,
    channels=0,  # if ANY_CHANNELS
):
    """Decode JPEG, PNG, GIF or BMP, a JPEG turned upright as its EXIF data say."""
    if ANY_CHANNELS:
        if channels == 3:
            image = decode_colors(encoded)
        elif GREY and channels == 1:
            image = decode_grey(encoded)
        else:
            image = tf.io.decode_image(encoded, channels, expand_animations=False)
    elif COLORED:
        image = decode_colors(encoded)
    elif GREY:
        image = decode_grey(encoded)
    else:
        image = tf.io.decode_image(encoded, CHANNELS, expand_animations=False)
    if not UPRIGHT:
        return image
    turn = exif_orientation(encoded)
    image = tf.cond(turn > 4, lambda: tf.transpose(image, [1, 0, 2]), lambda: image)
    flips = tf.reduce_any(turn == [[3, 4, 7, 8], [2, 3, 6, 7]], axis=1)
    return tf.reverse(image, tf.boolean_mask([0, 1], flips))


def decode_grey(encoded):
    """Decode to one channel; files that TensorFlow cannot turn grey become colours first."""
    start = tf.strings.substr(encoded, 0, 2)
    is_grey = tf.cond(
        start == b"\xff\xd8",  # JPEG: all but the four colours of printers
        lambda: tf.io.extract_jpeg_shape(encoded)[2] != 4,
        lambda: start == b"\x89P",  # PNG
    )
    return tf.cond(
        is_grey,
        lambda: tf.io.decode_image(encoded, 1, expand_animations=False),
        lambda: tf.image.rgb_to_grayscale(decode_colors(encoded)),
    )


def decode_colors(encoded):
    """Decode to three channels, a BMP file of 8 bits a pixel by its palette."""
    head = tf.io.decode_raw(encoded, tf.uint8, fixed_length=2048)

    def by_palette():
        start = 14 + tf.cast(head[14], tf.int32)
        colors = tf.reshape(head[start : start + 1024], [256, 4])[:, 2::-1]
        pixels = tf.io.decode_image(encoded, 0, expand_animations=False)[:, :, 0]
        return tf.gather(colors, tf.cast(pixels, tf.int32))

    return tf.cond(
        tf.reduce_all(tf.gather(head, [0, 1, 28]) == [*b"BM\x08"]),
        by_palette,
        lambda: tf.io.decode_image(encoded, 3, expand_animations=False),
    )


def exif_orientation(encoded):
    """Return the orientation in a file's EXIF data, 1 without one: TIFF 6.0, tag 274."""
    tiff = tf.concat([tf.strings.split(encoded, b"Exif\0\0"), [b"", b""]], 0)[1]
    read = functools.partial(tf.io.decode_raw, tiff, tf.uint16, fixed_length=66304)
    little = tf.strings.substr(tiff, 0, 2) == b"II"
    numbers = tf.where(little, read(little_endian=True), read(little_endian=False))
    numbers = tf.cast(numbers, tf.int32)
    # The table's place has four bytes, of which two are 0.
    table = tf.reduce_max(numbers[2:4]) // 2
    rows = tf.reshape(numbers[table + 1 : table + 385], [64, 6])[: numbers[table]]
    found = tf.boolean_mask(rows[:, 4], (rows[:, 0] == 274) & (rows[:, 4] <= 8))
    return tf.reduce_max(tf.concat([[1], found], 0))


if BY_NETWORK:

    def preprocess(
        image,
        training=False,
        seed=None,
        network=NETWORK,
        boxes=None,  # if BOXES
    ):
        """Turn a uint8 image [height, width, channels] into an input of `network`.

        In training it is distorted at random, alike for the same `seed`: two integers.
        """
        if network not in PREPROCESSING:
            raise ValueError(f"{network.__name__} takes no image")
        height, width, _ = image_shape(network)
        prepare = functools.partial(PREPROCESSING[network], height=height, width=width)
        if BOXES and boxes is not None:
            return prepare(image, training, seed, boxes)
        return prepare(image, training, seed)


def preprocess_vgg(
    image,
    training=False,
    seed=None,
    sides=RESIZE_SIDES,  # if SPLIT
    *,  # if SIZED
    height,  # if SIZED
    width,  # if SIZED
):
    """Turn a uint8 image [height, width, 3] into an input of the network.

    The shorter side is resized to SIDE pixels and the centre is kept. In training, side,
    crop and flip are random; the same `seed`, two integers, gives the same image.
    """
    if training:
        if seed is None:
            seed = tf.random.uniform([2], maxval=tf.int32.max, dtype=tf.int32)
        seeds, (low, high) = tf.random.split(seed, 3), SIDES_HERE
        side = tf.random.stateless_uniform([], seeds[0], low, high + 1, tf.int32)
        image = resize_shorter_side(image, side)
        if FREE_SIZE:
            height, width = height or tf.shape(image)[0], width or tf.shape(image)[1]
        image = tf.image.stateless_random_crop(image, [HEIGHT, WIDTH, 3], seeds[1])
        image = tf.image.stateless_random_flip_left_right(image, seeds[2])
    else:
        image = resize_shorter_side(image, SIDES_HERE[0])
        if FREE_SIZE:
            height, width = height or tf.shape(image)[0], width or tf.shape(image)[1]
        top, left = tf.unstack((tf.shape(image)[:2] - [HEIGHT, WIDTH]) // 2)
        image = tf.image.crop_to_bounding_box(image, top, left, HEIGHT, WIDTH)
    return image - tf.constant(CHANNEL_MEANS)


def resize_shorter_side(image, side):
    """Resize an image so that its shorter side is `side` pixels."""
    shape = tf.cast(tf.shape(image)[:2], tf.float32)
    scale = tf.cast(side, tf.float32) / tf.reduce_min(shape)
    size = tf.cast(tf.round(shape * scale), tf.int32)
    # As TensorFlow 1: a pixel is its upper left corner, not its centre.
    return tf.raw_ops.ResizeBilinear(images=image[tf.newaxis], size=size)[0]


def resize_bilinear(image, size):
    """Resize as TensorFlow 1 does: a pixel is its upper left corner, not its centre."""
    return tf.raw_ops.ResizeBilinear(images=image[tf.newaxis], size=size)[0]


def preprocess_inception(
    image,
    training=False,
    seed=None,
    boxes=None,  # if BOXES
    *,  # if SIZED
    height,  # if SIZED
    width,  # if SIZED
):
    """Resize the middle 87.5% of a uint8 image, with values from -1 to 1.

    In training it is cropped, flipped and recoloured at random; the same `seed`, two
    integers, gives the same image.
    """
    if FREE_SIZE:
        height, width = height or tf.shape(image)[0], width or tf.shape(image)[1]
    image = tf.image.convert_image_dtype(image, tf.float32)
    if not training:
        image = tf.image.central_crop(image, 0.875)
        return (resize_bilinear(image, [HEIGHT, WIDTH]) - 0.5) * 2.0
    if seed is None:
        seed = tf.random.uniform([2], maxval=tf.int32.max, dtype=tf.int32)
    seeds = tf.random.split(seed, 4)
    image = random_part(image, seeds[0])  # if not BOXES
    image = random_part(image, seeds[0], boxes)  # if BOXES
    image = resize_at_random(image, HEIGHT, WIDTH, seeds[3])
    image = tf.image.stateless_random_flip_left_right(image, seeds[1])
    return (distort_color(image, seeds[2]) - 0.5) * 2.0


def preprocess_inception_fast(
    image,
    training=False,
    seed=None,
    boxes=None,  # if BOXES
    *,  # if SIZED
    height,  # if SIZED
    width,  # if SIZED
):
    """Resize the middle 87.5% of a uint8 image, with values from -1 to 1.

    In training it is cropped, flipped and recoloured at random; the same `seed`, two
    integers, gives the same image.
    """
    if FREE_SIZE:
        height, width = height or tf.shape(image)[0], width or tf.shape(image)[1]
    image = tf.image.convert_image_dtype(image, tf.float32)
    if not training:
        image = tf.image.central_crop(image, 0.875)
        return (resize_bilinear(image, [HEIGHT, WIDTH]) - 0.5) * 2.0
    if seed is None:
        seed = tf.random.uniform([2], maxval=tf.int32.max, dtype=tf.int32)
    seeds = tf.random.split(seed, 3)
    image = random_part(image, seeds[0])  # if not BOXES
    image = random_part(image, seeds[0], boxes)  # if BOXES
    image = resize_bilinear(image, [HEIGHT, WIDTH])
    image = tf.image.stateless_random_flip_left_right(image, seeds[1])
    return (distort_brightness(image, seeds[2]) - 0.5) * 2.0


if BOXES:

    def random_part(image, seed, boxes=None):
        """Cut out at least 5% of an image, 3:4 to 4:3, and 10% of a box if there is one.

        `boxes` are tops, lefts, bottoms and rights as shares of the image, [count, 4].
        """
        begin, size, _ = tf.image.stateless_sample_distorted_bounding_box(
            tf.shape(image),
            bounding_boxes=(tf.zeros([0, 4]) if boxes is None else boxes)[tf.newaxis],
            use_image_if_no_bounding_boxes=True,
            seed=seed,
            min_object_covered=0.1,
            aspect_ratio_range=(0.75, 1.33),
            area_range=(0.05, 1.0),
            max_attempts=100,
        )
        return tf.slice(image, begin, size)

else:

    def random_part(image, seed):
        """Cut out at least 5% of an image, 3:4 to 4:3, at random."""
        begin, size, _ = tf.image.stateless_sample_distorted_bounding_box(
            tf.shape(image),
            bounding_boxes=tf.constant([[[0.0, 0.0, 1.0, 1.0]]]),
            seed=seed,
            min_object_covered=0.1,
            aspect_ratio_range=(0.75, 1.33),
            area_range=(0.05, 1.0),
            max_attempts=100,
        )
        return tf.slice(image, begin, size)


def resize_at_random(image, height, width, seed):
    """Resize by one of four methods."""
    methods = (
        tf.compat.v1.image.resize_bilinear,
        tf.compat.v1.image.resize_nearest_neighbor,
        tf.compat.v1.image.resize_bicubic,
        tf.compat.v1.image.resize_area,
    )
    images, size = image[tf.newaxis], [height, width]
    branches = [functools.partial(method, images, size) for method in methods]
    return tf.switch_case(random_choice(branches, seed), branches)[0]


def distort_brightness(image, seed):
    """Change brightness and saturation at random."""
    seeds = tf.random.split(seed, 2)
    image = tf.image.stateless_random_brightness(image, 32 / 255, seeds[0])
    image = tf.image.stateless_random_saturation(image, 0.5, 1.5, seeds[1])
    return tf.clip_by_value(image, 0.0, 1.0)


def distort_color(image, seed):
    """Change brightness, saturation, hue and contrast, in one of four orders."""
    seeds = tf.random.split(seed, 5)
    partial = functools.partial
    change = tf.image.stateless_random_brightness
    brightness = partial(change, max_delta=32 / 255, seed=seeds[0])
    change = tf.image.stateless_random_saturation
    saturation = partial(change, lower=0.5, upper=1.5, seed=seeds[1])
    hue = partial(tf.image.stateless_random_hue, max_delta=0.2, seed=seeds[2])
    change = tf.image.stateless_random_contrast
    contrast = partial(change, lower=0.5, upper=1.5, seed=seeds[3])
    orders = (
        (brightness, saturation, hue, contrast),
        (saturation, brightness, contrast, hue),
        (contrast, hue, brightness, saturation),
        (hue, saturation, contrast, brightness),
    )
    branches = [partial(apply_all, order, image) for order in orders]
    image = tf.switch_case(random_choice(branches, seeds[4]), branches)
    return tf.clip_by_value(image, 0.0, 1.0)


def apply_all(functions, image):
    """Apply some functions to an image, one after the other."""
    for function in functions:
        image = function(image)
    return image


def random_choice(items, seed):
    """Draw the index of one of the items."""
    return tf.random.stateless_uniform([], seed, 0, len(items), tf.int32)


def preprocess_cifarnet(
    image,
    training=False,
    seed=None,
    *,  # if SIZED
    height,  # if SIZED
    width,  # if SIZED
):
    """Crop or pad a uint8 image to the size and standardise its values.

    In training, crop, flip, brightness and contrast are random; the same `seed`, two
    integers, gives the same image.
    """
    if FREE_SIZE:
        height, width = height or tf.shape(image)[0], width or tf.shape(image)[1]
    image = tf.cast(image, tf.float32)
    if training:
        if seed is None:
            seed = tf.random.uniform([2], maxval=tf.int32.max, dtype=tf.int32)
        seeds = tf.random.split(seed, 4)
        image = tf.pad(image, [[4, 4], [4, 4], [0, 0]])
        size = [HEIGHT, WIDTH, image.shape[-1]]
        image = tf.image.stateless_random_crop(image, size, seeds[0])
        image = tf.image.stateless_random_flip_left_right(image, seeds[1])
        image = tf.image.stateless_random_brightness(image, 63, seeds[2])
        image = tf.image.stateless_random_contrast(image, 0.2, 1.8, seeds[3])
    else:
        image = tf.image.resize_with_crop_or_pad(image, HEIGHT, WIDTH)
    return tf.image.per_image_standardization(image)


def preprocess_lenet(
    image,
    training=False,
    seed=None,
    *,  # if SIZED
    height,  # if SIZED
    width,  # if SIZED
):
    """Crop or pad a uint8 image to the size, with values from -1 to 1; in training too."""
    if FREE_SIZE:
        height, width = height or tf.shape(image)[0], width or tf.shape(image)[1]
    image = tf.image.resize_with_crop_or_pad(image, HEIGHT, WIDTH)
    return (tf.cast(image, tf.float32) - 128.0) / 128.0


def preprocess_none(
    image,
    training=False,
    seed=None,
    *,  # if SIZED
    height,  # if SIZED
    width,  # if SIZED
):
    """Resize a uint8 image, with values from 0 to 1; in training too."""
    if FREE_SIZE:
        height, width = height or tf.shape(image)[0], width or tf.shape(image)[1]
    image = tf.image.convert_image_dtype(image, tf.float32)
    return resize_bilinear(image, [HEIGHT, WIDTH])


def preprocess_torchvision(
    image,
    training=False,
    seed=None,
    *,  # if SIZED
    height,  # if SIZED
    width,  # if SIZED
):
    """Keep the middle of a uint8 image and standardise it; in training too."""
    if FREE_SIZE:
        height, width = height or tf.shape(image)[0], width or tf.shape(image)[1]
    image = middle(tf.image.convert_image_dtype(image, tf.float32), HEIGHT, WIDTH)
    return standardised(image)


def middle(image, height, width):
    """Resize the shorter side to 8/7 of the size (224: 256), and keep the middle."""
    size = tf.cast(tf.shape(image)[:2], tf.float32)
    side = tf.round(tf.cast(tf.minimum(height, width), tf.float32) * 8 / 7)
    size = tf.floor(size * side / tf.reduce_min(size))
    image = tf.image.resize(image, tf.cast(size, tf.int32), antialias=True)
    return tf.image.resize_with_crop_or_pad(image, height, width)


def standardised(image):
    """Subtract the means of ImageNet's channels and divide by their deviations."""
    return (image - tf.constant(IMAGENET_MEANS)) / tf.constant(IMAGENET_DEVIATIONS)


def postprocess(logits):
    """Return the classes, the most probable first, and their probabilities."""
    probabilities = tf.nn.softmax(tf.cast(logits, tf.float32))
    probabilities, classes = tf.math.top_k(probabilities, k=logits.shape[-1])
    return classes, probabilities


def loss(
    logits,
    labels,
    label_smoothing=0.0,
    weights=1.0,  # if WEIGHTED_LOSS
):
    """Return the mean softmax cross-entropy of logits [batch, classes]."""
    logits = tf.cast(logits, tf.float32)
    classes = logits.shape[-1]
    targets = tf.one_hot(labels, classes)
    targets = targets * (1.0 - label_smoothing) + label_smoothing / classes
    if WEIGHTED_LOSS:
        losses = tf.nn.softmax_cross_entropy_with_logits(targets, logits)
        return weighted_mean(losses, weights)
    if not WEIGHTED_LOSS:
        return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, logits))


def accuracy(
    logits,
    labels,
    weights=1.0,  # if WEIGHTED_ACCURACY
):
    """Return the share of logits [batch, classes] that are greatest at their label."""
    hits = tf.equal(tf.argmax(logits, axis=-1), tf.cast(labels, tf.int64))
    if WEIGHTED_ACCURACY:
        weights = spread(weights, hits)
        found = tf.reduce_sum(tf.cast(hits, tf.float32) * weights)
        return tf.math.divide_no_nan(found, tf.reduce_sum(weights))
    return tf.reduce_mean(tf.cast(hits, tf.float32))  # if not WEIGHTED_ACCURACY


def class_count(network):
    """Return the number of classes of a network with one output."""
    (spec,) = network.outputs.values()
    return spec.shape[-1]
