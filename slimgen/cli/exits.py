"""The exit codes of all commands."""

DONE = 0  # warnings are allowed
FINDINGS = 1  # errors in a source, files that cannot be read or written, stale outputs
USAGE = 2  # the command line itself
BUG = 3  # ours
INTERRUPTED = 130  # by the keyboard, as a shell says it: 128 + SIGINT
