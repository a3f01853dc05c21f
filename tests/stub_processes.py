"""What an app starts in the place of a training, for tests of the queue; another process may have it without torch."""

import subprocess
import sys
import time
from pathlib import Path

from demo.jobs import worker as launch

ROOT = Path(__file__).resolve().parents[1]


class Stubs:
    """`subprocess`, with the stub in the place of a training's command line."""

    DEVNULL, STDOUT = subprocess.DEVNULL, subprocess.STDOUT

    @staticmethod
    def Popen(command, **how):
        assert command[:3] == [sys.executable, "-m", "gan"]
        return subprocess.Popen([sys.executable, str(ROOT / "tests" / "stub_training.py"), *command[3:]], **how)


def slowly(*asked):
    """Launch a training when the other app has looked into the queue, too."""
    time.sleep(0.5)
    return launch.launch(*asked)
