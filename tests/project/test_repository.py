"""What a person finds who clones the repository, and what a Space reads of it."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
READMES = [ROOT / "README.md", *(ROOT / name / "README.md" for name in ("checkpoints", "demo", "gan", "gan/benchmark"))]
TOP = {"requirements.txt", "README.md", "gan", "demo", "checkpoints", "tests", "pyproject.toml", "LICENSE"}


def tracked() -> list[Path]:
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=60)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).exists()]


def test_the_top_level_holds_what_it_should_and_nothing_else():
    assert {path.relative_to(ROOT).parts[0] for path in tracked() if path.relative_to(ROOT).parts[0][0] != "."} == TOP


def test_the_repository_is_small_and_every_file_fits_a_space():
    sizes = [path.stat().st_size for path in tracked()]
    assert sum(sizes) < 80_000_000
    assert max(sizes) < 10_000_000


def test_nothing_of_a_training_in_progress_is_tracked():
    assert not [
        path for path in tracked() if path.name in ("resume.pt", "before.pt", ".lock", "train.log", "controls.jsonl")
    ]


def test_the_front_matter_is_that_of_a_space_with_the_pinned_gradio():
    front = dict(re.findall(r"^(\w+): (.+)$", README.split("---")[1], re.MULTILINE))
    (pin,) = re.findall(r"^gradio==(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert front["sdk"] == "gradio"
    assert front["sdk_version"] == pin
    assert (ROOT / front["app_file"]).is_file()
    assert front["python_version"] == '"3.12"'
    assert len(front["short_description"]) <= 60


def test_the_readme_has_both_commands():
    for name in ("start", "test"):
        (command,) = re.findall(rf"<!-- {name} command -->\n```sh\n(.+)\n```", README)
        assert command.startswith("pip install -r requirements.txt && python -m ")


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.parent.name)
def test_the_links_and_pictures_of_a_readme_lead_somewhere(readme):
    for target in re.findall(r"\]\(([^)]+)\)", readme.read_text(encoding="utf-8")):
        if target.startswith("https://"):
            continue
        name, _, part = target.partition("#")
        path = readme.parent / name
        assert path.is_file(), target
        titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE) if part else []
        assert not part or part in [title.lower().replace(" ", "-") for title in titles], target


def test_the_files_that_a_text_names_are_there():
    for text in tracked():
        if text.suffix == ".md":
            for name in re.findall(r"`((?:gan|demo|tests|checkpoints)/[\w./-]+)`", text.read_text(encoding="utf-8")):
                assert (ROOT / name).exists(), (text.name, name)


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.parent.name)
def test_the_tables_of_a_readme_are_whole(readme):
    """A row after an empty line, or with another number of cells, is shown as plain text."""
    text = re.sub(r"^```.*?^```$", "", readme.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        rows = table.splitlines()
        assert len(rows) > 2, rows
        assert re.fullmatch(r"\|[-:| ]+\|", rows[1]), rows[:2]
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1, rows[0]


def test_the_small_pytorch_of_the_readme_is_one_that_the_requirements_keep():
    (command,) = re.findall(
        r"^pip install (.+) --index-url https://download.pytorch.org/whl/cpu$", README, re.MULTILINE
    )
    named = dict(re.findall(r'"(\w+)<([\d.]+)"', command))
    needed = dict(re.findall(r"^(torch(?:vision)?)>=[\d.]+,<([\d.]+)$", (ROOT / "requirements.txt").read_text(), re.M))
    assert named == needed


def modules(package: str) -> list[Path]:
    """All Python files of a package, those in its folders too."""
    found = sorted((ROOT / package).rglob("*.py"))
    assert len(found) > 20
    return found


def test_the_readmes_map_names_every_module_and_no_other():
    told = README.split("## The map of the code")[1].split("\n## ")[0]
    there = [path.relative_to(ROOT) for package in ("gan", "demo") for path in modules(package)]
    for path in there:
        folder = f"{path.parts[1]}/" if len(path.parts) > 2 else ""  # a tab, whose files are told of as one
        assert path.name in told or (folder and f"`{folder}`" in told) or path.name.startswith("__"), path
    assert set(re.findall(r"`(?:\w+/)*(\w+\.py)`", told)) <= {path.name for path in there}


def test_the_core_never_imports_the_app_or_gradio():
    for path in modules("gan"):
        assert not re.search(r"^\s*(?:from|import) (?:gradio|demo)\b", path.read_text("utf-8"), re.MULTILINE), path.name


def test_the_commands_of_the_readme_exist():
    from gan.cli.arguments import parser
    from gan.cli.commands import COMMANDS

    texts = README, (ROOT / "gan" / "README.md").read_text(encoding="utf-8")
    commands = [line for text in texts for line in re.findall(r"^(?:\S+ .*)?-m gan (\w+ [^#\n]+)", text, re.MULTILINE)]
    assert {line.split()[0] for line in commands} >= COMMANDS.keys() - {"bench", "runs"}
    for line in commands:
        parser(COMMANDS).parse_args(line.split())
