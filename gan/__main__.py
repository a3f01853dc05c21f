"""The command line: `python -m gan --help`.

Every command prints errors as one sentence and exits with 2. Ctrl-C during a training saves the run.
"""

import os
import sys

from gan.cli.arguments import parser
from gan.cli.commands import COMMANDS, bench, train
from gan.console import complain, forgive
from gan.errors import UserError
from gan.threads import leave_a_core
from gan.words import Words


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit code."""
    forgive()
    options = parser(COMMANDS).parse_args(arguments)
    if options.command not in (train, bench):  # those measure
        leave_a_core()
    try:
        return options.command(options) or 0
    except UserError as error:
        complain(Words("console.error", sentence=error))
        return 2
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader, `head` say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
