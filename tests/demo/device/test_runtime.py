"""ONNX Runtime Web is fetched once, checked against the lock file, and told of."""

import base64
import gzip
import hashlib
import io
import json
import tarfile

import pytest

from demo import app as shell
from demo.device import runtime
from demo.ui.i18n import say
from gan.errors import UserError
from tests.gan.data.test_download import server  # noqa: F401  (a fixture)

VERSION = "9.8.7"


def packed(files: dict[str, bytes]) -> bytes:
    """An archive as npm publishes it."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as package:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/dist/{name}")
            member.size = len(content)
            package.addfile(member, io.BytesIO(content))
    return whole.getvalue()


CONTENTS = {name: f"the text of {name}".encode() * 100 for name in runtime.FILES}
ARCHIVE = packed(CONTENTS | {"ort.webgpu.mjs": b"not wanted"})


@pytest.fixture
def registry(server, tmp_path, monkeypatch):  # noqa: F811
    """A registry on this machine with an archive of the pinned version; nothing has been fetched yet."""
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(ARCHIVE).digest()).decode()
    package = {"version": VERSION, "integrity": integrity}
    lock = tmp_path / "package-lock.json"
    lock.write_text(json.dumps({"packages": {"node_modules/onnxruntime-web": package}}))
    monkeypatch.setattr(runtime, "LOCK", lock)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", server.url.removesuffix("/set.zip") + "/")
    monkeypatch.delenv("GAN_FETCH")
    server.files[f"/onnxruntime-web/-/onnxruntime-web-{VERSION}.tgz"] = ARCHIVE
    return server


def test_what_is_pinned_is_a_version_and_its_checksum_and_names_no_registry():
    version, sha512 = runtime.pinned()
    assert version.count(".") == 2
    assert len(bytes.fromhex(sha512)) == 64
    package = json.loads(runtime.LOCK.with_name("package.json").read_text(encoding="utf-8"))
    assert package["dependencies"] == {runtime.PACKAGE: version}
    assert "resolved" not in runtime.LOCK.read_text(encoding="utf-8")
    assert runtime.ADDRESS.format(registry=runtime.REGISTRY, version="1.30.0") == (
        "https://registry.npmjs.org/onnxruntime-web/-/onnxruntime-web-1.30.0.tgz"
    )


def test_only_what_is_served_is_kept_compressed_and_it_is_fetched_once(registry):
    assert runtime.version() == ""
    seen = []
    folder = runtime.fetch(lambda *report: seen.append(report))
    assert seen[-1][1] == len(ARCHIVE)
    assert runtime.version() == VERSION
    assert {file.name for file in folder.iterdir()} == {f"{name}.gz" for name in CONTENTS}
    for name, content in CONTENTS.items():
        assert gzip.decompress((folder / f"{name}.gz").read_bytes()) == content
    assert {each.name for each in folder.parent.iterdir()} <= {VERSION, ".lock"}
    asked = len(registry.requests)
    assert runtime.fetch() == folder
    assert runtime.fetch_behind() is None
    assert len(registry.requests) == asked


@pytest.mark.parametrize("archive", [packed({"ort.wasm.min.mjs": b"alone"}), ARCHIVE[:-1] + b"?", b"no archive"])
def test_another_archive_than_the_pinned_one_is_thrown_away(registry, archive):
    registry.files = {path: archive for path in registry.files}
    with pytest.raises(UserError, match="not the archive"):
        runtime.fetch()
    assert runtime.version() == ""
    assert [each.name for each in runtime.folder().parent.iterdir()] == [".lock"]


def test_the_pinned_archive_without_one_of_the_files_leaves_nothing_behind(registry, monkeypatch):
    monkeypatch.setattr(runtime, "FILES", runtime.FILES | {"missing.mjs": "text/javascript"})
    with pytest.raises(UserError, match="not the archive"):
        runtime.fetch()
    assert runtime.version() == ""


def test_behind_the_pages_back_it_is_told_in_both_languages(registry, capsys):
    runtime.fetch_behind().join()
    told = capsys.readouterr().out
    assert all(say(each, "device.fetched", folder=runtime.folder()) in told for each in ("en", "ko"))


def test_without_a_network_one_line_says_that_the_server_computes(registry, monkeypatch, capsys):
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "http://127.0.0.1:9")
    runtime.fetch_behind().join()
    told = capsys.readouterr().out
    assert told.count("\n") == 1
    assert "The server computes for everyone" in told
    assert "서버가 맡습니다" in told
    assert runtime.version() == ""


def test_nothing_is_fetched_where_that_is_switched_off(registry, monkeypatch):
    monkeypatch.setenv("GAN_FETCH", "off")
    assert runtime.fetch_behind() is None
    assert not registry.requests


def test_a_cache_that_cannot_be_written_gets_a_sentence(registry, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(UserError, match="Nothing can be written"):
        runtime.fetch()


def test_at_home_one_fetches_for_the_classroom(registry, monkeypatch, capsys):
    shell.main(["--fetch"])
    assert runtime.version() == VERSION
    shell.main(["--fetch"])
    assert capsys.readouterr().out.count(str(runtime.folder())) == 4  # twice, in both languages
    monkeypatch.setenv("XDG_CACHE_HOME", str(runtime.LOCK))
    with pytest.raises(SystemExit):
        shell.main(["--fetch"])
    assert "Nothing can be written" in capsys.readouterr().err
