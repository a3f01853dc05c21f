"""What if: a run of its own that goes on from where another stood before the last thing that was done to it."""

import shutil
from pathlib import Path

from gan.errors import UserError
from gan.models import MODELS
from gan.run import Run, write_whole


def branch(run: Run, name: str, root: Path | None = None) -> Run:
    """A new run from before the last change by hand (a rate changed, a side frozen), or else the last checkpoint.

    It is "stopped" there, with its parent's journal and samples up to that step, and `run.json` names the parent under
    "parent": {"run", "step"}. Raises `UserError` where there is nothing to go back to, and for an unfit or taken name.
    """
    kept = next((file for file in ("before.pt", "resume.pt") if (run.folder / file).is_file()), None)
    state = run.load_resume(kept) if kept else None
    if state is None:
        raise UserError("branches.no_checkpoint", run=run.name)
    step, child = state["step"], Run.create(name, run.config, root)
    try:
        shutil.copyfile(run.folder / kept, child.folder / "resume.pt")
        for number, sample in run.samples():
            if number <= step:
                write_whole(child.folder / "samples" / sample.name, sample.read_bytes())
        child.rewrite(run.lived(step, state.get("lines")))
        for control in run.controls()[: state["controls_read"]]:
            child.control(**control)
        generators, discriminators = MODELS[run.config.model].networks(run.config)
        generators.load_state_dict(state["average"])
        discriminators.load_state_dict(state["duel"]["discriminators"])
        child.save_weights(generators, discriminators)
        parent = {"run": run.name, "step": step}
        child.set_info(status="stopped", step=step, seconds=round(state["seconds"], 1), parent=parent)
    except BaseException:
        shutil.rmtree(child.folder, ignore_errors=True)
        raise
    return child
