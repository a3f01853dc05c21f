"""A training that trains nothing, for tests of the queue: `python tests/stub_training.py train --resume RUN`.

It has the command line, lock, states, events and files of `python -m gan train --resume RUN`, and obeys the same
controls, but starts in a moment, since it needs no torch; a round takes it 10 ms. `test_jobs.py` holds the two against
each other.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

SCALARS = ("loss_g", "loss_d", "d_real", "d_fake", "grad_g", "grad_d")
EMPTY = b"\x02\0\0\0\0\0\0\0{}"  # a safetensors file without tensors


class Stop(Exception):
    """Someone asked the training to stop."""


class Stub:
    """The state of one training, from where its folder stands."""

    def __init__(self, folder: Path) -> None:
        info = json.loads((folder / "run.json").read_text())
        self.folder, self.config = folder, info["config"]
        self.before = info["controls_before"]  # what was asked from then on is asked of this training
        self.step, self.seconds, self.controls_read, self.lines = 0, 0.0, 0, []
        if (folder / "resume.pt").exists():
            self.restore(info)

    def restore(self, info: dict[str, Any]) -> None:
        """Go on from `resume.pt`; where a real training left it, from what `run.json` says."""
        try:
            kept = json.loads((self.folder / "resume.pt").read_bytes())
        except ValueError:
            kept = {"step": info["step"], "seconds": info["seconds"], "controls_read": 0, "lines": None}
        self.step, self.seconds, self.controls_read = kept["step"], kept["seconds"], kept["controls_read"]
        self.lines = (self.folder / "journal.jsonl").read_text().splitlines()[: kept["lines"]]
        self.write("journal.jsonl", "".join(line + "\n" for line in self.lines).encode())

    def write(self, name: str, content: bytes) -> None:
        """Write a file whole."""
        (self.folder / f".{name}.tmp").write_bytes(content)
        os.replace(self.folder / f".{name}.tmp", self.folder / name)

    def save(self) -> None:
        """Write what is needed to go on and what there is to show."""
        kept = {"step": self.step, "seconds": self.seconds, "controls_read": self.controls_read}
        self.write("resume.pt", json.dumps(kept | {"lines": len(self.lines)}).encode())
        self.write("weights.safetensors", EMPTY)

    def stand(self, status: str) -> None:
        """Say in `run.json` how the run stands."""
        info = json.loads((self.folder / "run.json").read_text())
        info |= {
            "status": status,
            "why": "",
            "step": self.step,
            "seconds": round(self.seconds, 1),
            "device": "cpu",
            "threads": 1,
        }
        info |= {"processes": 1, "pictures": [1], "note": [], "updated": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
        self.write("run.json", json.dumps(info).encode())

    def log(self, **values: Any) -> None:
        """Append a line to the journal."""
        self.lines.append(json.dumps({"step": self.step, "seconds": round(self.seconds, 2), **values}))
        with open(self.folder / "journal.jsonl", "a") as journal:
            journal.write(self.lines[-1] + "\n")

    def new_controls(self) -> list[dict[str, Any]]:
        """The next thing that was asked, if any."""
        path = self.folder / "controls.jsonl"
        asked = path.read_text().splitlines()[self.controls_read :][:1] if path.exists() else []
        self.controls_read += len(asked)
        return [json.loads(line) for line in asked]

    def change(self, control: dict[str, Any]) -> None:
        """Note new settings, and keep what stood before."""
        self.save()
        self.write("before.pt", (self.folder / "resume.pt").read_bytes())
        self.log(event="control", **{name: value for name, value in control.items() if name not in ("do", "time")})

    def obey(self) -> None:
        """Follow what was asked, one by one."""
        while asked := self.new_controls():
            do = asked[0]["do"]
            if do == "set":
                self.change(asked[0])
            elif do == "stop":
                raise Stop
            elif do == "pause":
                self.pause()

    def pause(self) -> None:
        """Save, then wait until asked to go on or to stop."""
        self.log(event="pause")
        self.save()
        self.stand("paused")
        while True:
            for control in self.new_controls():
                if control["do"] == "stop":
                    raise Stop
                if control["do"] == "go on":
                    self.stand("running")
                    return self.log(event="go on")
                if control["do"] == "step":
                    self.step += 1
                    self.log(event="round", who=control["who"], **dict.fromkeys(SCALARS, 0.5))
                    self.stand("paused")
                if control["do"] == "set":
                    self.change(control)
            time.sleep(0.01)

    def train(self) -> None:
        """Let rounds pass until the run's minutes are over or someone asks to stop."""
        self.stand("running")
        if self.step:
            self.log(event="resume")
        while self.controls_read < self.before and (asked := self.new_controls()):  # of these only settings count
            if asked[0]["do"] == "set":
                self.change(asked[0])
        try:
            self.obey()
            while self.seconds < 60 * self.config["minutes"]:
                time.sleep(0.01)
                self.step, self.seconds = self.step + 1, self.seconds + 0.01
                images = self.step * self.config["batch"]
                rates = {"rate_g": self.config["rate_g"], "rate_d": self.config["rate_d"], "speed": 800.0}
                self.log(images=images, **dict.fromkeys(SCALARS, 0.5), **rates)
                self.obey()
            self.save()
            self.stand("finished")
        except Stop:
            self.log(event="stop")
            self.save()
            self.stand("stopped")


def main(command: str, flag: str, name: str) -> int:
    """Go on with a run of the folder GAN_RUNS; returns the exit code."""
    folder = Path(os.environ["GAN_RUNS"]) / name
    if (command, flag) != ("train", "--resume") or not (folder / "run.json").exists():
        print(f"error: There is no run named '{name}'.")
        return 2
    try:
        with FileLock(folder / ".lock").acquire(timeout=5):
            Stub(folder).train()
    except Timeout:
        print(f"error: The run '{name}' is being trained by another process already.")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
