"""The Hub takes what README.md says to send there: this project as a Space, and the folders that `export` writes."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hub import bare_repository, git, hub
from tests.small_runs import small_run

pytestmark = pytest.mark.skipif(not shutil.which("bash") or not shutil.which("git"), reason="needs git and a shell")
ROOT = Path(__file__).resolve().parents[3]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def command(name: str) -> str:
    """A command of README.md by its mark."""
    (found,) = re.findall(rf"<!-- {name} command -->\n```sh\n(.+?)\n```", README, re.DOTALL)
    return found


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """What a person has who cloned the project, with a training and a virtual environment of her own in it."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    folder = tmp_path_factory.mktemp("hub") / "project"
    git("clone", "-q", "--no-hardlinks", ROOT, folder, cwd=folder.parent)
    for path in ("checkpoints/mine/pictures/me.jpg", "checkpoints/mine/run.json", ".venv/lib/torch.py"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"private")
    return folder


def run(line: str, cwd: Path, address: str) -> subprocess.CompletedProcess:
    """Run a command as it stands in README.md, against another Hub."""
    settings = {
        "HF_ENDPOINT": address,
        "HF_TOKEN": "hf_" + "x" * 34,
        "HF_HOME": str(cwd.parent / "hf"),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_XET": "1",  # plain LFS: Xet, which is faster, needs the Hub's own storage
        "NO_PROXY": "127.0.0.1",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    return subprocess.run(
        ["bash", "-c", line], cwd=cwd, env=os.environ | settings, capture_output=True, text=True, timeout=300
    )


@pytest.mark.slow
def test_the_hub_refuses_a_push_of_this_repository(clone, tmp_path):
    """It takes one without binaries: it is these that the hook refuses."""
    bare = bare_repository(tmp_path / "bare")
    newest = git("commit-tree", "-m", "without its history, which takes long", "HEAD^{tree}", cwd=clone).strip()
    with pytest.raises(subprocess.CalledProcessError) as refused:
        git("push", bare, f"{newest}:refs/heads/main", cwd=clone)
    assert "contains binary files" in refused.value.stderr
    text = tmp_path / "text"
    git("init", "-q", "-b", "main", text, cwd=tmp_path)
    (text / "README.md").write_text("창과 방패\n", encoding="utf-8")
    git("add", ".", cwd=text)
    git("commit", "-q", "-m", "words", cwd=text)
    git("push", "-q", bare, "HEAD:main", cwd=text)


@pytest.mark.slow
def test_the_command_of_the_readme_makes_a_space_of_exactly_what_is_committed(clone, tmp_path):
    with hub(tmp_path) as there:
        done = run(command("space"), clone, there.address)
        assert done.returncode == 0, done.stdout + done.stderr
        name = "spaces/YOU/spear-and-shield"
        committed = set(git("ls-files", cwd=clone).splitlines())
        assert set(git("ls-tree", "-r", "--name-only", "main", cwd=there.repository(name)).splitlines()) == committed
        for path in ("requirements.txt", "demo/app.py", "checkpoints/mnist/weights.safetensors", "README.md"):
            assert there.content(name, path) == (clone / path).read_bytes(), path
        assert len(there.stored) > 100


def test_the_command_of_the_readme_puts_an_exported_run_on_the_hub(tmp_path, runs):
    from gan.export.hub import export_folder

    folder = tmp_path / "work" / "folder-for-the-hub"
    export_folder(small_run(runs, "alpha"), folder, licence="mit", onnx=False)
    (folder / "g.onnx").write_bytes(b"\x08\x0a\x12\x07pytorch\x1a\x052.13.0" + bytes(range(256)))
    with hub(tmp_path / "hub") as there:
        done = run(command("model"), folder.parent, there.address)
        assert done.returncode == 0, done.stdout + done.stderr
        for path in folder.iterdir():
            assert there.content("YOU/horse2zebra", path.name) == path.read_bytes()
        assert len(there.stored) >= 2
