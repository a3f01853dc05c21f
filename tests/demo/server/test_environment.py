"""The kind of place, from the environment alone."""

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from demo.server.environment import ROOT, decide
from gan.errors import UserError


@pytest.fixture
def spaces(monkeypatch):
    """A stand-in for the package that ZeroGPU brings along."""
    module = ModuleType("spaces")
    module.GPU = lambda function=None, duration=60: ("lent", function, duration)
    monkeypatch.setitem(sys.modules, "spaces", module)
    return module


def test_a_laptop_trains_without_limit_and_keeps_its_runs_in_the_repository():
    place = decide({})
    assert (place.kind, place.training, place.runs) == ("local", "on", ROOT / "checkpoints")


def test_a_space_trains_with_limits_unless_told_otherwise():
    assert (decide({"SPACE_ID": "a/b"}).kind, decide({"SPACE_ID": "a/b"}).training) == ("space", "limited")
    assert decide({"SPACE_ID": "a/b", "GAN_TRAINING": "off"}).training == "off"


def test_zerogpu_lends_its_gpu_through_the_decorator(spaces):
    place = decide({"SPACE_ID": "a/b", "SPACES_ZERO_GPU": "true"})
    assert (place.kind, place.training) == ("zerogpu", "limited")
    assert place.gpu is spaces.GPU


def test_elsewhere_the_decorator_changes_nothing(monkeypatch):
    monkeypatch.setitem(sys.modules, "spaces", None)  # importing it would raise
    gpu = decide({"SPACES_ZERO_GPU": "0"}).gpu
    assert gpu(len) is len
    assert gpu(duration=15)(len) is len


def test_the_folder_of_runs_can_be_elsewhere(tmp_path, monkeypatch):
    assert decide({"GAN_RUNS": str(tmp_path)}).runs == tmp_path.resolve()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert decide({"GAN_RUNS": "~/runs"}).runs == (tmp_path / "runs").resolve()


def test_an_unknown_training_is_refused():
    with pytest.raises(UserError, match="sometimes"):
        decide({"GAN_TRAINING": "sometimes"})


@pytest.mark.slow
def test_zerogpu_comes_before_gradio_and_torch(tmp_path):
    (tmp_path / "spaces.py").write_text(
        "import sys\nassert not {'gradio', 'torch'} & set(sys.modules), 'too late'\nGPU = print\nprint('first')\n"
    )
    environment = os.environ | {"SPACES_ZERO_GPU": "1", "PYTHONPATH": str(tmp_path)}
    # as a Space does it: the file as a script, from the root; the place is all that is looked at here
    script = "import runpy; runpy.run_path('demo/app.py', run_name='space')"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(ROOT), env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("first")


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no folder that even root cannot write to")
def test_where_runs_cannot_be_kept_training_is_off_and_the_reason_known(tmp_path):
    from demo.jobs import permissions

    place = decide({"GAN_RUNS": "/proc/self/runs"})
    assert (place.training, bool(place.unwritable)) == ("off", True)
    with pytest.raises(permissions.Refused, match="GAN_RUNS"):
        permissions._may(place, "")
    assert not decide({"GAN_RUNS": str(tmp_path / "runs")}).unwritable
    assert not (tmp_path / "runs").exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may become someone else")
def test_a_checkout_that_this_user_cannot_write_to_is_looked_at_by_writing(tmp_path):
    tmp_path.chmod(0o755)
    tmp_path.parent.chmod(0o755)
    os.seteuid(65534)
    try:
        place = decide({"GAN_RUNS": str(tmp_path)})
    finally:
        os.seteuid(0)
    assert place.training == "off"


def test_where_others_reach_the_page_a_key_is_made_unless_one_is_named_or_none_is_wanted(tmp_path):
    from dataclasses import replace

    place = decide({"GAN_RUNS": str(tmp_path)})
    made = place.among_others({})
    assert made.is_key_made
    assert len(made.key) == 8
    assert made.key != place.among_others({}).key
    assert made.key not in repr(made)
    for environ in ({"GAN_KEY": "geheim"}, {"GAN_KEY": ""}):
        assert place.among_others(environ) == place
    assert replace(place, training="off").among_others({}).key == ""
    space = decide({"GAN_RUNS": str(tmp_path), "SPACE_ID": "a/b"})
    assert space.among_others({}) == space
