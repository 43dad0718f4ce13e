"""Write scikit-learn's handwritten digits as pictures into TFRecord files.

The 1,797 digits (E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI
repository) are split 75 to 25, each digit alike, and stored under TF-Slim's keys. They
are 8x8; LeNet takes 28x28, and its preprocessing puts a margin around what is smaller, not
more: so each is enlarged three times, to 24x24.
"""

import argparse
import os
from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

SIDE = 24
SHARDS = 2


def example(image: np.ndarray, label: int) -> bytes:
    """Return the record of one picture, as TF-Slim's converters write it."""
    encoded = tf.io.encode_png(image[:, :, np.newaxis]).numpy()

    def bytes_feature(value: bytes) -> tf.train.Feature:
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))

    def int_feature(value: int) -> tf.train.Feature:
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))

    features = {
        "image/encoded": bytes_feature(encoded),
        "image/format": bytes_feature(b"png"),
        "image/class/label": int_feature(label),
        "image/height": int_feature(image.shape[0]),
        "image/width": int_feature(image.shape[1]),
    }
    features_of = tf.train.Features(feature=features)
    serialized: bytes = tf.train.Example(features=features_of).SerializeToString()
    return serialized


def write(path: str, images: np.ndarray, labels: Sequence[int]) -> None:
    """Write one file of records."""
    with tf.io.TFRecordWriter(path) as writer:
        for image, label in zip(images, labels, strict=True):
            writer.write(example(image, int(label)))


def split() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the images to train with and those held out, then the labels of both."""
    digits = load_digits()
    grey = digits.images[..., np.newaxis] * (255 / 16)  # 16 is black in the source
    images = tf.image.resize(grey, [SIDE, SIDE])[..., 0].numpy().round().astype("uint8")
    kept, held_out, labels, held_out_labels = train_test_split(
        images, digits.target, test_size=0.25, stratify=digits.target, random_state=0
    )
    return kept, held_out, labels, held_out_labels


def main() -> None:
    """Write the training and the test records."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", help="where the records go")
    folder = parser.parse_args().folder
    os.makedirs(folder, exist_ok=True)

    kept, held_out, labels, held_out_labels = split()
    for shard in range(SHARDS):
        name = f"train-{shard:05d}-of-{SHARDS:05d}.tfrecord"
        write(os.path.join(folder, name), kept[shard::SHARDS], labels[shard::SHARDS])
    path = os.path.join(folder, "test-00000-of-00001.tfrecord")
    write(path, held_out, held_out_labels)
    print(f"{len(kept)} digits to train with, {len(held_out)} held out: {folder}")


if __name__ == "__main__":
    main()
