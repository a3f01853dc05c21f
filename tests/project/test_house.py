"""The plan of the code: what may import what, and how long anything may be."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path for package in ("gan", "demo") for path in (ROOT / package).rglob("*.py"))
TREES = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in FILES}


def module(name: str) -> str:
    """A file's path as the module that it is."""
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


MODULES = {module(name): name for name in TREES}


def imported(name: str, *, at_once: bool) -> set[str]:
    """The modules of this project that a file imports: `at_once`, when it is imported itself, or at any time."""
    nodes = TREES[name].body if at_once else ast.walk(TREES[name])
    found = set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            inside = {f"{node.module}.{each.name}" for each in node.names}
            found |= {each if each in MODULES else node.module for each in inside}
        elif isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif not at_once and isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "lazy":
            found.add(ast.literal_eval(node.args[0]))
    return {each for each in found if each in MODULES} - {module(name)}


def room(name: str) -> str:
    """The folder that a module is in, as "gan.core": those of a package's top are rooms of their own."""
    parts = name.split(".")
    depth = 3 if parts[:2] == ["demo", "tabs"] else 2
    return ".".join(parts[:depth])


def test_no_import_goes_round_in_a_circle():
    arrows = {module(name): imported(name, at_once=True) for name in TREES}
    done: set[str] = set()

    def visit(one: str, path: tuple[str, ...]) -> None:
        assert one not in path, " -> ".join((*path[path.index(one) :], one))
        if one not in done:
            for other in arrows[one]:
                visit(other, (*path, one))
            done.add(one)

    for one in arrows:
        visit(one, ())


# From the ground up: a room imports only from those before it, whenever it does.
FLOORS = (
    "words errors paths lazy config console threads",
    "runs",
    "data images device layers strided_convolution optim regularization",
    "core",
    "metrics",
    "export",
    "inference",
    "analysis toy plots benchmark",
    "cli",
)


def test_the_core_stands_on_its_floors():
    level = {f"gan.{name}": at for at, names in enumerate(FLOORS) for name in names.split()}
    wrong = [
        (name, other)
        for name in TREES
        if name.startswith("gan/") and module(name) not in ("gan", "gan.__main__")
        for other in imported(name, at_once=False)
        if other != "gan" and level[room(other)] > level[room(module(name))]
    ]
    assert not wrong


def test_no_tab_imports_another():
    for name in TREES:
        here = room(module(name))
        if here.startswith("demo.tabs."):
            others = {room(each) for each in imported(name, at_once=False)}
            assert not [each for each in others if each.startswith("demo.tabs.") and each != here], name


def test_the_lecture_is_short():
    core = [path for path in FILES if path.parent == ROOT / "gan" / "core" and path.stat().st_size]
    assert len(core) <= 10
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in core) <= 1_520


# What may be longer, and how long. A page from top to bottom, its controls in their order, reads better in one piece.
LONG_FILES = {
    "gan/data/synthetic_herd.py": 343,  # one idea: how the animals are drawn
}
LONG_CLASSES = {
    "gan/core/trainer.py:Trainer": 200,  # the loop, and what it keeps
    "gan/runs/run.py:Run": 190,
}
LONG_FUNCTIONS = {
    "demo/tabs/questions/q01_compute.py:upsample": 70,
    "demo/tabs/questions/q20_equilibrium.py:build": 77,
    "demo/tabs/train/layout.py:starting_panel": 87,
    "demo/ui/handlers.py:catch_errors": 62,
    "gan/cli/arguments.py:parser": 101,
}


def lengths(kind: type | tuple[type, ...]) -> dict[str, int]:
    found = {}
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, kind):
                found[f"{name}:{node.name}"] = node.end_lineno - node.lineno + 1
    return found


@pytest.mark.parametrize(
    ("found", "most", "allowed"),
    [
        ({name: len((ROOT / name).read_text(encoding="utf-8").splitlines()) for name in TREES}, 300, LONG_FILES),
        (lengths(ast.ClassDef), 150, LONG_CLASSES),
        (lengths((ast.FunctionDef, ast.AsyncFunctionDef)), 60, LONG_FUNCTIONS),
    ],
    ids=["files", "classes", "functions"],
)
def test_nothing_is_longer_than_one_can_read_at_once(found, most, allowed):
    assert {name: length for name, length in found.items() if length > most and length > allowed.get(name, 0)} == {}
    assert not [name for name in allowed if found.get(name, 0) <= most], "these need no exception any more"
