"""Downloads resume, are checked, and archives cannot write where they should not."""

import hashlib
import http.server
import os
import stat
import threading
import zipfile

import pytest

from gan.data import download
from gan.data.download import fetch, official_pair, terminal_progress, unzip
from gan.errors import UserError

CONTENT = bytes(range(256)) * 4096  # 1 MiB


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves `server.files` with or without ranges, and hangs up after `server.budgets` bytes an answer."""

    def do_GET(self):
        self.server.requests.append(self.headers.get("Range"))
        body = self.server.files.get(self.path)
        if self.server.errors:
            return self.send_error(self.server.errors.pop(0))
        if body is None:
            return self.send_error(404)
        start, asked = 0, self.headers.get("Range")
        if asked and self.server.ranges:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(body):
                return self.send_error(416)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        budget = self.server.budgets.pop(0) if self.server.budgets else len(body)
        self.wfile.write(body[start : start + budget])
        return None

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.files, server.ranges, server.budgets, server.errors, server.requests = {}, True, [], [], []
        server.files["/set.zip"] = CONTENT
        server.url = f"http://127.0.0.1:{server.server_port}/set.zip"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_download_arrives_whole_with_its_progress(server, tmp_path):
    seen = []
    fetch(server.url, tmp_path / "new" / "set.zip", progress=lambda *report: seen.append(report))
    assert (tmp_path / "new" / "set.zip").read_bytes() == CONTENT
    assert {what for what, _, _ in seen} == {"downloading set.zip"}
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)
    assert seen[-1][1:] == (len(CONTENT), len(CONTENT))
    assert os.listdir(tmp_path / "new") == ["set.zip"]


def test_an_interrupted_download_goes_on_where_it_stopped(server, tmp_path):
    server.budgets = [300_000, 200_000]
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    fetch(server.url, tmp_path / "set.zip", size=len(CONTENT), sha256=sha256, pause=0)
    assert (tmp_path / "set.zip").read_bytes() == CONTENT
    assert server.requests == [None, "bytes=300000-", "bytes=500000-"]


def test_what_an_earlier_run_left_is_used(server, tmp_path):
    (tmp_path / "set.zip.part").write_bytes(CONTENT[:777_000])
    fetch(server.url, tmp_path / "set.zip", pause=0)
    assert (tmp_path / "set.zip").read_bytes() == CONTENT
    assert server.requests == ["bytes=777000-"]


def test_a_part_that_is_complete_needs_no_network(tmp_path):
    (tmp_path / "set.zip.part").write_bytes(CONTENT)
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    fetch("http://127.0.0.1:9/set.zip", tmp_path / "set.zip", size=len(CONTENT), sha256=sha256)
    assert (tmp_path / "set.zip").read_bytes() == CONTENT


def test_a_part_longer_than_the_file_is_started_anew(server, tmp_path):
    (tmp_path / "set.zip.part").write_bytes(CONTENT + b"more")
    fetch(server.url, tmp_path / "set.zip", pause=0)
    assert (tmp_path / "set.zip").read_bytes() == CONTENT


def test_a_server_without_ranges_sends_everything_again(server, tmp_path):
    server.ranges = False
    (tmp_path / "set.zip.part").write_bytes(b"x" * 1000)
    fetch(server.url, tmp_path / "set.zip", pause=0)
    assert (tmp_path / "set.zip").read_bytes() == CONTENT


def test_a_wrong_checksum_is_refused_and_thrown_away(server, tmp_path):
    with pytest.raises(UserError, match="checksum"):
        fetch(server.url, tmp_path / "set.zip", sha256="0" * 64)
    assert os.listdir(tmp_path) == []


def test_a_wrong_size_is_refused_before_it_is_fetched(server, tmp_path):
    with pytest.raises(UserError, match="were expected"):
        fetch(server.url, tmp_path / "set.zip", size=12345)
    assert os.listdir(tmp_path) == []


def test_a_missing_file_is_one_sentence(server, tmp_path):
    with pytest.raises(UserError, match="404"):
        fetch(server.url.replace("set", "other"), tmp_path / "set.zip")
    assert len(server.requests) == 1


def test_a_server_that_stumbles_is_asked_again(server, tmp_path):
    server.errors = [503, 500]
    fetch(server.url, tmp_path / "set.zip", pause=0)
    assert (tmp_path / "set.zip").read_bytes() == CONTENT


def test_a_server_that_never_sends_anything_is_given_up(server, tmp_path):
    server.budgets = [0] * 99
    with pytest.raises(UserError, match="check the network"):
        fetch(server.url, tmp_path / "set.zip", pause=0)
    assert len(server.requests) == download.TRIES + 1


def test_no_network_is_said_at_once_and_keeps_what_is_there(tmp_path):
    (tmp_path / "set.zip.part").write_bytes(b"half")
    with pytest.raises(UserError, match="check the network"):
        fetch("http://127.0.0.1:9/set.zip", tmp_path / "set.zip", pause=60)
    assert (tmp_path / "set.zip.part").read_bytes() == b"half"


def packed(path, members, *, mode=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", mode) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def test_an_archive_is_unpacked_whole(tmp_path):
    archive = packed(tmp_path / "a.zip", [("set/", ""), ("set/trainA/1.jpg", b"one"), ("set/b.txt", b"two")])
    seen = []
    unzip(archive, tmp_path / "out", progress=lambda *report: seen.append(report))
    assert (tmp_path / "out/set/trainA/1.jpg").read_bytes() == b"one"
    assert (tmp_path / "out/set/b.txt").read_bytes() == b"two"
    assert seen[-1] == ("unpacking a.zip", 3, 3)
    assert sorted(os.listdir(tmp_path)) == ["a.zip", "out"]


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    "name", ["../evil", "set/../../evil", "/evil", "C:\\evil", "C:/evil", "set\\..\\..\\evil", "..", link("set/link")]
)
def test_a_member_that_leaves_the_folder_is_refused_and_nothing_stays(name, tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    archive = packed(inner / "a.zip", [("fine.txt", b"fine"), (name, b"/etc/passwd")])
    with pytest.raises(UserError, match="Refused"):
        unzip(archive, inner / "out")
    assert os.listdir(inner) == ["a.zip"]
    assert os.listdir(tmp_path) == ["inner"]


def test_an_archive_that_would_fill_the_disk_is_refused(tmp_path):
    archive = packed(tmp_path / "a.zip", [(f"{i}", bytes(10_000)) for i in range(10)])
    for limit in ({"max_bytes": 99_999}, {"max_files": 9}):
        with pytest.raises(UserError, match="fill the disk"):
            unzip(archive, tmp_path / "out", **limit)
    unzip(archive, tmp_path / "out", max_bytes=100_000, max_files=10)


def test_an_archive_that_lies_about_its_size_cannot_write_more(tmp_path):
    archive = packed(tmp_path / "a.zip", [("zeros", bytes(1_000_000))])
    raw = archive.read_bytes().replace((1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    archive.write_bytes(raw)
    with pytest.raises(UserError, match="damaged"):  # ten bytes are read and their CRC is wrong
        unzip(archive, tmp_path / "out", max_bytes=100)
    assert os.listdir(tmp_path) == ["a.zip"]


@pytest.mark.parametrize("damage", ["truncated", "flipped", "no zip"])
def test_a_damaged_archive_is_refused_and_nothing_stays(damage, tmp_path):
    archive = packed(tmp_path / "a.zip", [("1", os.urandom(5000)), ("2", os.urandom(5000))], mode=zipfile.ZIP_STORED)
    raw = bytearray(archive.read_bytes())
    if damage == "truncated":
        raw = raw[:6000]
    elif damage == "flipped":
        raw[7000] ^= 1
    else:
        raw = bytearray(b"<html>not found</html>")
    archive.write_bytes(raw)
    with pytest.raises(UserError, match="damaged"):
        unzip(archive, tmp_path / "out")
    assert os.listdir(tmp_path) == ["a.zip"]


def test_an_existing_folder_is_not_written_into(tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(UserError, match="there already"):
        unzip(packed(tmp_path / "a.zip", [("1", b"")]), tmp_path / "out")


def test_an_official_pair_lands_in_its_folder(server, tmp_path, monkeypatch):
    names = ["trainA", "trainB", "testA", "testB"]
    packed(tmp_path / "made.zip", [(f"horse2zebra/{name}/1.jpg", b"jpeg") for name in names])
    body = (tmp_path / "made.zip").read_bytes()
    server.files["/horse2zebra.zip"] = body
    monkeypatch.setattr(download, "ADDRESS", server.url.replace("set", "{name}"))
    monkeypatch.setitem(download.ARCHIVES, "horse2zebra", (len(body), hashlib.sha256(body).hexdigest()))
    root = tmp_path / "root"
    assert official_pair("horse2zebra", root) == root / "horse2zebra"
    assert sorted(os.listdir(root)) == ["horse2zebra"]
    assert sorted(os.listdir(root / "horse2zebra")) == sorted(names)


def test_the_terminal_shows_a_bar_for_each_thing(capsys):
    with terminal_progress() as show:
        show("downloading set.zip", 1_000_000, 2_000_000)
        show("downloading set.zip", 2_000_000, 2_000_000)
        show("reading horses", 5, 5)
    drawn = capsys.readouterr().err
    assert "downloading set.zip: 100%" in drawn
    assert "2.00M/2.00M" in drawn
    assert "reading horses: 100%" in drawn
