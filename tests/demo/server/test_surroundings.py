"""What the machine round the app may spoil: proxies, a shared temporary folder, folders that cannot be written to."""

import ast
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from packaging.requirements import Requirement

from demo.server import surroundings
from demo.server.environment import ROOT
from gan.errors import UserError

PROXIES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY")
posix = pytest.mark.skipif(sys.platform == "win32", reason="the temporary folder is each user's own there")


@pytest.fixture
def bare(monkeypatch):
    """An environment without proxies and folders; what the code sets in it is gone afterwards."""
    for name in (*PROXIES, "GRADIO_TEMP_DIR", "MPLCONFIGDIR"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return monkeypatch


def proxy_of(url: str) -> str | None:
    """The proxy that httpx asks for an address, None for none."""
    with httpx.Client(verify=False) as client:
        transport = client._transport_for_url(httpx.URL(url))
        return None if transport is client._transport else str(transport._pool._proxy_url.host, "ascii")


HERE = ("http://localhost:7860/", "http://127.0.0.1:7860/", "https://127.0.0.1:7860/", "http://[::1]:7860/")


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
def test_no_proxy_stands_before_this_machine(bare, name):
    bare.setenv(name, "http://127.0.0.1:9")
    surroundings.spare(*surroundings.HERE)
    assert [proxy_of(url) for url in HERE] == [None] * 4
    assert proxy_of("https://example.org/" if "https" in name.lower() else "http://example.org/") == "127.0.0.1"


def test_what_a_person_excepts_from_the_proxy_stays_excepted(bare):
    bare.setenv("http_proxy", "proxy.school:3128")
    bare.setenv("no_proxy", "intranet.school, 10.0.0.7")
    surroundings.spare(*surroundings.HERE)
    surroundings.spare("192.168.7.7")
    for url in (*HERE, "http://intranet.school/", "http://10.0.0.7/", "http://192.168.7.7:7860/"):
        assert proxy_of(url) is None, url
    assert proxy_of("http://example.org/") == "proxy.school"
    assert os.environ["NO_PROXY"] == "intranet.school,10.0.0.7,localhost,127.0.0.1,::1,192.168.7.7"


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "socks://127.0.0.1:7891/", "http://host:port", "ftp://x:1"])
def test_a_proxy_that_cannot_be_spoken_to_is_dropped_and_the_others_stay(bare, proxy):
    bare.setitem(sys.modules, "socksio", None)
    bare.setenv("ALL_PROXY", proxy)
    bare.setenv("http_proxy", "http://proxy.school:3128")
    surroundings.spare(*surroundings.HERE)
    assert "ALL_PROXY" not in os.environ
    assert proxy_of("http://example.org/") == "proxy.school"
    assert proxy_of(HERE[0]) is None


@pytest.mark.parametrize("others", ["[::1]", "fe80::/10,[fe80::1]:80"])
def test_exceptions_that_httpx_does_not_understand_do_not_stop_it(bare, others):
    bare.setenv("HTTP_PROXY", "http://proxy.school:3128")
    bare.setenv("NO_PROXY", others)
    surroundings.spare(*surroundings.HERE)
    assert [proxy_of(url) for url in HERE] == [None] * 4


def test_the_proxy_of_the_systems_settings_is_not_forgotten(bare):
    # as macOS and Windows have it; there urllib looks only where the environment names nothing
    found = {"http": "http://proxy.school:3128"}
    bare.setattr(surroundings, "getproxies", lambda: found | ({"no": v} if (v := os.environ.get("no_proxy")) else {}))
    surroundings.spare(*surroundings.HERE)
    assert proxy_of("http://example.org/") == "proxy.school"
    assert proxy_of(HERE[1]) is None


def test_without_a_proxy_nothing_is_changed(bare):
    bare.setattr(surroundings, "getproxies", dict)
    before = dict(os.environ)
    surroundings.spare(*surroundings.HERE)
    assert dict(os.environ) == before


@posix
def test_uploads_go_to_a_folder_of_this_users_own(bare, tmp_path):
    bare.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "gradio").touch()  # another user's, say
    folder = surroundings.upload_folder()
    assert folder == tmp_path / f"spear-and-shield-{os.getuid()}"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o777)
    assert surroundings.upload_folder() == folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@posix
@pytest.mark.parametrize("trap", ["a link", "a file", "a stranger's folder"])
def test_what_someone_else_put_in_the_place_of_that_folder_is_not_used(bare, tmp_path, trap):
    bare.setattr("tempfile.tempdir", str(tmp_path))
    theirs, elsewhere = tmp_path / f"spear-and-shield-{os.getuid()}", tmp_path / "elsewhere"
    elsewhere.mkdir()
    if trap == "a link":
        theirs.symlink_to(elsewhere)
    elif trap == "a file":
        theirs.touch()
    else:
        theirs.mkdir()
        seen = os.lstat(theirs)
        stranger = os.stat_result([*seen[:4], os.getuid() + 1, *seen[5:10]])
        bare.setattr(surroundings.os, "lstat", lambda path: stranger)
    folder = surroundings.upload_folder()
    bare.undo()
    assert folder not in (theirs, elsewhere)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    shutil.rmtree(folder)


def test_a_folder_that_a_person_named_wins_and_is_looked_at(bare, tmp_path):
    bare.setenv("GRADIO_TEMP_DIR", str(tmp_path / "ours"))
    assert surroundings.upload_folder() == tmp_path / "ours"
    (tmp_path / "file").touch()
    bare.setenv("GRADIO_TEMP_DIR", str(tmp_path / "file" / "ours"))
    with pytest.raises(UserError, match="GRADIO_TEMP_DIR"):
        surroundings.upload_folder()


def test_a_machine_without_any_temporary_folder_says_so(bare):
    def none():
        raise FileNotFoundError("No usable temporary directory found")

    bare.setattr("tempfile.gettempdir", none)
    with pytest.raises(UserError, match="TMPDIR"):
        surroundings.upload_folder()


def test_whether_a_folder_can_be_written_to_is_told_without_a_trace(tmp_path):
    assert surroundings.unwritable(tmp_path / "a" / "b") == ""
    (tmp_path / "file").touch()
    assert surroundings.unwritable(tmp_path / "file" / "runs")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_home_that_cannot_be_written_to_is_not_asked_for_fonts(bare, tmp_path):
    (tmp_path / "file").touch()
    bare.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    bare.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
    surroundings.settle()
    assert Path(os.environ["MPLCONFIGDIR"]) == tmp_path / "matplotlib"


def test_a_user_without_a_home_has_a_cache_that_can_be_named(monkeypatch):
    from gan.data.registry import cache_root

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)  # as it answers for a user without an entry
    assert cache_root().is_absolute()


@pytest.mark.parametrize("name", ["GRADIO_SERVER_PORT", "GRADIO_NUM_PORTS"])
def test_a_setting_of_gradios_that_would_break_its_import_is_told(bare, name):
    done = subprocess.run(
        [sys.executable, "-c", "import demo"], cwd=ROOT, env=os.environ | {name: "abc"}, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert name in done.stderr
    assert "abc" in done.stderr


# An older Python


def test_an_older_python_is_told_what_is_needed(monkeypatch, capsys):
    source = (ROOT / "gan" / "__init__.py").read_text()
    ast.parse(source, feature_version=(3, 8))
    monkeypatch.setattr(sys, "version_info", (3, 10, 13, "final", 0))
    with pytest.raises(SystemExit) as ended:
        exec(compile(source, "gan/__init__.py", "exec"), {})
    assert ended.value.code == 2
    assert capsys.readouterr().err == "Spear & Shield needs Python 3.11 or newer; this is Python 3.10.\n"


@pytest.mark.parametrize("package", ["gan", "demo"])
@pytest.mark.parametrize("version", ["3.8", "3.10"])
def test_an_older_python_on_this_machine_ends_with_that_sentence(package, version):
    python = shutil.which(f"python{version}")
    if not python or subprocess.run([python, "-c", ""], capture_output=True).returncode:
        pytest.skip(f"there is no Python {version} here")
    done = subprocess.run([python, "-m", package, "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert f"needs Python 3.11 or newer; this is Python {version}." in done.stderr


def test_pip_installs_nothing_for_an_older_python_and_reads_why():
    lines = re.sub(r"#.*", "", (ROOT / "requirements.txt").read_text()).split("\n")
    needed = [Requirement(line) for line in lines if line.strip()]

    def refused(version: str) -> list[str]:
        here = {"python_version": version, "python_full_version": f"{version}.0"}
        return [r.name for r in needed if r.url and (not r.marker or r.marker.evaluate(here))]

    assert refused("3.10") == refused("3.8") == ["python-3.11-or-newer-is-needed"]
    assert not refused("3.11")
    assert not refused("3.14")
