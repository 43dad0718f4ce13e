"""… files of records."""

import contextlib
import glob
import hashlib
import os
import re
import shutil

import numpy as np
import tensorflow as tf

from slimgen.templates.runtime.weights import UserError, explained

EMPTY_RECORD = bytes(8) + b"\x29\x03\x98\x07\xd8\xea\x82\xa2"  # length and checksums
COMPRESSED = {b"\x1f\x8b": "GZIP", b"x\x01": "ZLIB", b"x\x9c": "ZLIB", b"x\xda": "ZLIB"}


def record_files(path):
    """Return the record files in a folder, or those that a pattern names."""
    folder, name = os.path.split(path)
    if os.path.isdir(path):
        names = [n for n in sorted(os.listdir(path)) if re.search(r"\.tfrec|-of-", n)]
        files = [os.path.join(path, name) for name in names]
        part = r"[-_.]?\d*(-of-\d+)?(\.tfrec.*)?$"  # of a number
        stems = sorted({re.sub(part, "", file) for file in files})
        if len(stems) > 1:
            choices = " or ".join(f"{stem}*" for stem in stems[:5])
            raise UserError(f"{path} holds several sets of records: write {choices}")
    elif os.path.isfile(path):
        files = [path]
    else:
        # The name of a folder that is there is no pattern, whatever it holds.
        folder = glob.escape(folder) if os.path.isdir(folder) else folder
        files = sorted(glob.glob(os.path.join(folder, name)))
    if not files:
        raise UserError(f"no record file is called {path}")
    return files


def digest_of(files, ends=False):
    """Return number, size and a digest of files: of names, sizes and, if asked, `ends`."""
    digest, total = hashlib.sha256(), 0
    root = os.path.commonpath([os.path.dirname(f) for f in (min(files), max(files))])
    for file in files:
        total += (size := os.path.getsize(file))
        digest.update(f"{file.removeprefix(root)} {size}\n".encode())
        if ends:  # the last record's checksum, where all records have one size
            with open(file, "rb") as stream:
                stream.seek(max(0, size - 16))
                digest.update(stream.read())
    return f"{len(files)} with {total} bytes, digest {digest.hexdigest()[:8]}"


def names_beside(file):
    """Return the classes that `labels.txt` beside a record file numbers, or None."""
    path = os.path.join(os.path.dirname(file), "labels.txt")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8", errors="replace") as stream:
        rows = [line.strip().partition(":") for line in stream if line.strip()]
    complete = [row[0] for row in rows] == [*map(str, range(len(rows)))]
    return [row[2] for row in rows] if complete else None


def compression(path):
    """Return how a file of records is compressed, by its bytes: GZIP, ZLIB or "" for not."""
    with open(path, "rb") as file:
        start = file.read(2)
    if start not in COMPRESSED or count_by_lengths(path) is not None:
        return ""
    return COMPRESSED[start]


def count_records(path):
    """Count the records of a file by their lengths, or by reading a compressed one."""
    if kind := compression(path):
        with explained(f"{path} is no {kind} file of records, or is damaged"):
            records = tf.data.TFRecordDataset(path, kind)
            return int(records.reduce(np.int64(0), lambda count, _: count + 1))
    count = count_by_lengths(path)
    if count is None:
        raise UserError(f"{path} is no TFRecord file, or is cut off")
    return count


def count_by_lengths(path):
    """Count the records of a file that is not compressed; None if they do not add up."""
    count = position = 0
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        while position + 16 <= size:
            file.seek(position)
            # Length (8 bytes), its checksum (4), the record, its checksum (4).
            position += 16 + int.from_bytes(file.read(8), "little")
            count += 1
    return count if position == size else None


def records_in(file, kind):
    """Return the items of a TFRecord file."""
    records = tf.data.TFRecordDataset(file, kind).enumerate()
    return records.map(lambda index, record: (file, index, record))


def damaged_record(file):
    """Return the index of the first record whose bytes are damaged, or None."""
    index = end = 0
    kind = compression(file)
    try:
        for record in tf.data.TFRecordDataset(file, kind).as_numpy_iterator():
            index, end = index + 1, end + 16 + len(record)
    except tf.errors.OpError:
        return index
    return None if kind or end == os.path.getsize(file) else index


def is_cut_off(file):
    """Return whether the lengths of the records do not add up to that of the file."""
    try:
        count_records(file)
    except UserError:
        return True
    return False


def write_mended(file, copy):
    """Write a copy of a file of records in which damaged records are empty."""
    kind = compression(file)
    if kind:
        with tf.io.TFRecordWriter(copy) as writer:
            with contextlib.suppress(
                tf.errors.OpError
            ):  # behind the damage all is lost
                for record in tf.data.TFRecordDataset(file, kind).as_numpy_iterator():
                    writer.write(record)
            writer.write(b"")
        return
    shutil.copyfile(file, copy)
    index = damaged_record(copy)
    while index is not None:
        with open(copy, "rb") as stream:
            content = stream.read()
        begin, end = record_span(content, index)
        if begin == 0 and end > len(content):
            raise UserError(f"{file} is no TFRecord file")
        with open(copy, "wb") as stream:
            stream.write(content[:begin] + EMPTY_RECORD + content[end:])
        index = damaged_record(copy)


def record_span(content, index):
    """Return where a record begins and ends in the content of its file."""
    begin = end = 0
    for _ in range(index + 1):
        begin = end
        end += 16 + int.from_bytes(content[begin : begin + 8], "little")
    return begin, end
