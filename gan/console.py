"""What is printed: always something, whatever the console can show."""

import sys


def forgive() -> None:
    """Print what a console's encoding lacks (a Korean name on an English Windows) as \\ucb9f, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # there may be none at all, and a notebook's is of another kind
            stream.reconfigure(errors="backslashreplace")
