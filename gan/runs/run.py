"""A run is a folder: what was asked, the journal, samples, weights and controls of one training.

    <run>/run.json             settings, where and with what it was trained, and how it stands
    <run>/journal.jsonl        a line a logged step, and a line an event
    <run>/samples/000500.webp  what the same fixed inputs looked like at that step
    <run>/weights.safetensors  the averaged generators and the discriminators, half precision
    <run>/resume.pt            everything needed to go on; stays on the machine that trains, as does the next
    <run>/before.pt            the same from before the last change by hand
    <run>/controls.jsonl       what people asked of it while it ran

Whatever is written is written whole: a file is replaced in one step, a line is appended in one piece, and a torn
last line is left out when it is read. Only the training process writes; everyone else reads, and appends to
`controls.jsonl`.
"""

import json
import re
import shutil
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from gan import __version__
from gan.config import CONFIGS, Config
from gan.errors import UserError, reason
from gan.paths import SHIPPED_RUNS, runs_root
from gan.runs.files import append_line, encode_sample, read_lines, write_whole
from gan.words import Words

FIRST = "mnist"  # the shipped run that the app opens with
STATES = ("queued", "starting", "running", "paused", "finished", "stopped", "failed")
START_SECONDS = 60.0  # that a training may take until it first reports
ACTIVE = ("starting", "running", "paused")
LOOKS = 3  # at a lock that is held
RELEASE_SECONDS = 5.0  # that a training which has stopped may take to release its folder


class Run:
    """One training's folder. Opening it reads nothing but `run.json`."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.name = self.folder.name

    def __repr__(self) -> str:
        return f"Run({self.name})"

    @classmethod
    def create(cls, name: str, config: Config, root: Path | None = None, *, status: str = "running") -> "Run":
        """A new run's folder with its `run.json`; raises `UserError` if the name is unfit or taken."""
        if not re.fullmatch(r"[\w][\w.-]{0,63}", name):
            raise UserError("run.unfit_name", name=name)
        root = root or runs_root()
        run = cls(root / name)
        if name in {other.name for other in all_runs()}:
            raise UserError("run.name_taken", name=name)
        try:
            root.mkdir(parents=True, exist_ok=True)
            run.folder.mkdir()
        except FileExistsError:
            raise UserError("run.folder_taken", name=name) from None
        except OSError as error:
            raise UserError("run.no_room", root=root, why=reason(error)) from error
        now = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        run._write_info(
            {
                "name": name,
                "model": config.model,
                "config": config.as_dict(),
                "status": status,
                "why": "",
                "step": 0,
                "seconds": 0.0,
                "created": now,
                "version": __version__,
                "torch": version("torch"),
            }
        )
        return run

    @classmethod
    def open(cls, name: str | Path) -> "Run":
        """A run by name (in GAN_RUNS or among the shipped) or by path; raises `UserError` where there is none."""
        for folder in (runs_root() / name, SHIPPED_RUNS / name, Path(name)):
            if (folder / "run.json").is_file():
                return cls(folder)
        known = ", ".join(run.name for run in all_runs()) or Words("list.none_yet")
        raise UserError("run.unknown", name=name, known=known)

    @classmethod
    def expect(cls, name: str, seconds: float = 60.0) -> "Run":
        """The run that another process of the same training is about to create."""
        folder = runs_root() / name
        for _ in range(int(seconds * 20)):
            if (folder / "run.json").is_file():
                return cls(folder)
            time.sleep(0.05)
        raise UserError("run.not_appeared", name=name, folder=folder.parent, seconds=seconds)

    @property
    def info(self) -> dict[str, Any]:
        """`run.json`; raises `UserError` where it cannot be read."""
        try:
            return json.loads((self.folder / "run.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UserError("run.no_info", run=self.name, why=reason(error)) from error

    @property
    def config(self) -> Config:
        """The settings, as the dataclass of the run's model."""
        info = self.info
        if info.get("model") not in CONFIGS:
            raise UserError("run.unknown_model", run=self.name, model=info.get("model"))
        return CONFIGS[info["model"]].of_record(info["config"])

    @property
    def status(self) -> str:
        """One of `STATES`; "interrupted" where its process has died meanwhile."""
        status = self.info.get("status", "failed")
        if status not in ACTIVE or self.is_training():
            return status
        status = self.info.get("status", "failed")
        if status not in ACTIVE:  # it has ended between the two looks
            return status
        if status == "starting" and time.time() - (self.folder / "run.json").stat().st_mtime < START_SECONDS:
            return status
        return "interrupted"

    @property
    def missing(self) -> set[str]:
        """The networks of a CycleGAN ("a2b", "b2a", "a", "b") that an import did not bring."""
        return set(self.info.get("missing", ()))

    def set_info(self, **changes: Any) -> None:
        """Change some entries of `run.json`."""
        self._write_info(self.info | changes)

    def _write_info(self, info: dict[str, Any]) -> None:
        write_whole(self.folder / "run.json", (json.dumps(info, ensure_ascii=False, indent=2) + "\n").encode())

    # The journal

    def log(self, record: dict[str, Any]) -> None:
        """Append a line to the journal."""
        append_line(self.folder / "journal.jsonl", record)

    def add_event(self, event: str, **values: Any) -> None:
        """Append an event to the journal of a run at rest; raises `UserError` for one that is training."""
        try:
            with self.lock().acquire(timeout=0):
                self.log({"step": self.info["step"], "seconds": self.info["seconds"], "event": event} | values)
        except Timeout:
            raise UserError("run.is_training", run=self.name) from None

    def journal(self) -> list[dict[str, Any]]:
        """All lines of the journal, steps and events, in the order they were written."""
        return read_lines(self.folder / "journal.jsonl")

    def journal_until(self, step: int, lines: int | None = None) -> list[dict[str, Any]]:
        """The journal as it was at `step` when it had so many `lines` (all up to the step, where that is not known),
        and what was measured there since."""
        known = self.journal()
        lines = sum(record.get("step", 0) <= step for record in known) if lines is None else lines
        late = [r for r in known[lines:] if r.get("event") == "evaluation" and r.get("step", 0) <= step]
        return known[:lines] + late

    def rewrite(self, lines: list[dict[str, Any]]) -> None:
        """Let the journal have these lines."""
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        write_whole(self.folder / "journal.jsonl", text.encode())

    # Samples

    def samples(self) -> list[tuple[int, Path]]:
        """(step, picture file) in order of steps."""
        found = (self.folder / "samples").glob("*.webp")
        return sorted((int(p.stem), p) for p in found if p.stem.isdecimal())

    def save_sample(self, step: int, image: Any) -> None:
        """Keep a Pillow image as the sample of `step`."""
        write_whole(self.folder / "samples" / f"{step:06d}.webp", encode_sample(image))

    # Controls and the training process

    def control(self, do: str, **values: Any) -> None:
        """Ask something of the training: "pause", "go on", "stop", "set" with fields of `RuntimeSettings`, "scale" with
        factors for the rates, or, of one that is paused, "step" with `who` learns: "d", "g" or "both"."""
        append_line(self.folder / "controls.jsonl", {"do": do, **values, "time": time.time()})

    def controls(self) -> list[dict[str, Any]]:
        """All that was ever asked, in order."""
        return read_lines(self.folder / "controls.jsonl")

    def lock(self) -> FileLock:
        """The lock that the training process holds, and that the system frees when it dies, however it dies."""
        return FileLock(self.folder / ".lock")

    def is_training(self) -> bool:
        """Whether a process holds the lock now, and not only for the moment of another such look."""
        for _ in range(LOOKS):
            try:
                with self.lock().acquire(timeout=0):
                    return False
            except Timeout:
                time.sleep(0.001)
            except OSError:  # a folder that cannot be written to is not being trained in
                return False
        return True

    def delete(self) -> None:
        """Remove the folder; raises `UserError` for a shipped run and for one that is training.

        One that has just stopped is given the time to let go.
        """
        if self.is_shipped:
            raise UserError("run.stays", run=self.name)
        try:
            with self.lock().acquire(timeout=RELEASE_SECONDS):
                pass
        except Timeout:
            raise UserError("run.is_training", run=self.name) from None
        shutil.rmtree(self.folder)

    @property
    def is_shipped(self) -> bool:
        """Whether the run came with the program."""
        return self.folder.resolve().parent == SHIPPED_RUNS and bool(self.info.get("shipped"))


def by_name(root: Path | None = None) -> dict[str, Run]:
    """The runs of a folder by name, none of them read; without one, those of `runs_root()` and the shipped."""
    roots = [root] if root else list(dict.fromkeys([SHIPPED_RUNS, runs_root()]))
    paths = [path.parent for folder in roots if folder.is_dir() for path in sorted(folder.glob("*/run.json"))]
    return {path.name: Run(path) for path in paths}


def all_runs(root: Path | None = None) -> list[Run]:
    """All runs of a folder; without one, those of `runs_root()` and the shipped.

    Shipped ones come first, `FIRST` before all others; then by date.
    """
    dated = []
    for run in by_name(root).values():
        try:
            info = run.info
        except UserError:
            continue
        is_shipped = bool(info.get("shipped"))
        is_first = is_shipped and run.name == FIRST
        dated.append((not is_shipped, not is_first, info.get("created", ""), run.name, run))
    return [run for *_, run in sorted(dated, key=lambda entry: entry[:4])]
