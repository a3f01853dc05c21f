"""What takes seconds to import is imported when it is used, once, whoever comes first."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gan.lazy import lazy

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("module", ["demo.app", "gan.cli.commands", "gan.cli.training"])
def test_torch_is_not_there_before_it_is_needed(module):
    code = f"import sys, {module}; print({{'torch', 'matplotlib', 'onnxruntime'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_threads_that_come_at_once_see_the_whole_module(tmp_path, monkeypatch):
    """A module that takes its time: half of it is there while it is imported."""
    (tmp_path / "slow_module.py").write_text("import time\nfirst = 1\ntime.sleep(0.3)\nlast = 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    slow, found, start = lazy("slow_module"), [], threading.Barrier(8)

    def use():
        start.wait()
        found.append((slow.first, slow.last))

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [(1, 2)] * 8
    assert sys.modules.pop("slow_module").last == 2


def test_what_a_module_lacks_is_an_attribute_error():
    assert repr(lazy("json")) == "lazy('json')"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = lazy("json").nothing
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        _ = lazy("no_such_module").anything
