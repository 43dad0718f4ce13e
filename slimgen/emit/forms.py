"""Forms of a built file: one file, one beside `slim_runtime.py`, or one to edit by hand."""

ONE_FILE = "one file"  # the network with all that it needs
SPLIT = "split"  # the network alone; the rest is in `slim_runtime.py` beside it
EJECTED = "ejected"  # one file without digests, which belongs to the user
FORMS = (ONE_FILE, SPLIT, EJECTED)

SHARED_MODULE = "slim_runtime"

CHECKPOINTS = (  # the modules that read those of TensorFlow
    "runtime/checkpoints.py",
    "runtime/read_index.py",
    "runtime/read_graph.py",
    "runtime/other_files.py",
)
