"""`python -m slimgen`."""

from slimgen.cli import main

main()
