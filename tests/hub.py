"""What the Hugging Face Hub does with an upload, played on this machine: its endpoints, and the hook behind them.

Commits end in a bare repository whose hook refuses what the Hub refuses: a binary that is not a pointer of Git LFS.
"""

import base64
import hashlib
import json
import re
import stat
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n"
LARGEST = 10_000_000  # bytes of a file outside LFS
HOOK = r"""#!/bin/sh
# A binary is what git itself shows as one: no count of lines.
while read old new name; do
    case $new in *[!0]*) ;; *) continue ;; esac
    for commit in $(git rev-list "$new" --not --all); do
        binaries=$(git show --numstat --format= --root -m "$commit" | awk '$1 == "-"' | head -3)
        if [ -n "$binaries" ]; then
            echo "Your push was rejected because it contains binary files: $binaries" >&2
            exit 1
        fi
    done
done
"""


def git(*arguments: str | Path, cwd: Path, **options: Any) -> str:
    """What git prints; raises CalledProcessError where it fails."""
    who = ["-c", "user.name=Hub", "-c", "user.email=hub@example.org", "-c", "pack.compression=0"]
    done = subprocess.run(
        ["git", *who, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=True, **options
    )
    return done.stdout


def bare_repository(folder: Path) -> Path:
    """An empty repository behind the Hub's hook."""
    folder.mkdir(parents=True)
    git("init", "-q", "--bare", "-b", "main", ".", cwd=folder)
    hook = folder / "hooks" / "pre-receive"
    hook.write_text(HOOK)
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    return folder


def is_binary(sample: bytes) -> bool:
    """Whether the beginning of a file is that of a binary."""
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.end < len(sample)  # a character cut off at the end is none
    return b"\0" in sample


@dataclass
class Hub:
    """The Hub's state: its repositories, and by its hash what lies in LFS."""

    folder: Path
    address: str = ""
    stored: dict[str, bytes] = field(default_factory=dict)

    def repository(self, name: str) -> Path:
        """The bare repository of "spaces/ada/class"."""
        folder = self.folder / "bare" / name
        return folder if folder.exists() else bare_repository(folder)

    def tree(self, name: str) -> Path:
        """Its work tree."""
        folder = self.folder / "trees" / name
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            git("clone", "-q", self.repository(name), folder, cwd=folder.parent)
        return folder

    def commit(self, name: str, lines: list[dict[str, Any]]) -> str:
        """Commit what a client sent, behind the hook; returns the hash."""
        tree = self.tree(name)
        for line in lines:
            value = line["value"]
            if line["key"] == "header":
                continue
            path = tree / value["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            if line["key"] == "file":
                path.write_bytes(base64.b64decode(value["content"]))
            elif line["key"] == "lfsFile":
                assert len(self.stored[value["oid"]]) == value["size"]
                path.write_text(POINTER.format(**value))
            else:
                raise ValueError(line["key"])
        git("add", "-A", "-f", ".", cwd=tree)
        git("commit", "-q", "--allow-empty", "-m", "upload", cwd=tree)
        git("push", "-q", "origin", "HEAD:main", cwd=tree)
        return git("rev-parse", "HEAD", cwd=tree).strip()

    def content(self, name: str, path: str) -> bytes:
        """A file as whoever downloads it gets it."""
        kept = (self.tree(name) / path).read_bytes()
        pointer = re.match(rb"version https://git-lfs\S+\noid sha256:(\w+)", kept)
        return self.stored[pointer[1].decode()] if pointer else kept


@contextmanager
def hub(folder: Path) -> Iterator[Hub]:
    """A Hub on a free port of this machine; `HF_ENDPOINT` is to name its `address`."""
    state = Hub(folder)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def body(self) -> bytes:
            if self.headers.get("Transfer-Encoding", "") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            pieces = []
            while size := int(self.rfile.readline(), 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)

        def answer(self, value: Any, status: int = 200) -> None:
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            self.answer({"error": "not known"}, 404)

        def do_PUT(self) -> None:
            data = self.body()
            oid = self.path.rsplit("/", 1)[1]
            fits = hashlib.sha256(data).hexdigest() == oid
            if fits:
                state.stored[oid] = data
            self.answer({}, 200 if fits else 400)

        def do_POST(self) -> None:
            data, path = self.body(), self.path.split("?")[0]
            if path == "/api/repos/create":
                told = json.loads(data)
                kind = {"space": "spaces/"}.get(told.get("type", "model"), "")
                name = "/".join(filter(None, (told.get("organization"), told["name"])))
                self.answer({"url": f"{state.address}/{kind}{name}", "id": name, "name": name})
            elif path == "/api/validate-yaml":
                self.answer({"errors": [], "warnings": []})
            elif found := re.fullmatch(r"/api/(\w+)/(.+)/preupload/main", path):
                self.answer({"files": [mode_of(file, json.loads(data)) for file in json.loads(data)["files"]]})
            elif path.endswith("/info/lfs/objects/batch"):
                objects = [
                    wanted
                    | (
                        {}
                        if wanted["oid"] in state.stored
                        else {"actions": {"upload": {"href": f"{state.address}/lfs/{wanted['oid']}"}}}
                    )
                    for wanted in json.loads(data)["objects"]
                ]
                self.answer({"transfer": "basic", "objects": objects})
            elif found := re.fullmatch(r"/api/(\w+)/(.+)/commit/main", path):
                kind, name = found.groups()
                where = name if kind == "models" else f"{kind}/{name}"
                try:
                    oid = state.commit(where, [json.loads(line) for line in data.splitlines() if line])
                except subprocess.CalledProcessError as error:
                    self.answer({"error": error.stderr}, 400)
                    return
                self.answer({"commitUrl": f"{state.address}/{where}/commit/{oid}", "commitOid": oid, "hookOutput": ""})
            else:
                self.answer({"error": "not known"}, 404)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def mode_of(file: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """How the Hub wants a file, by its size and its beginning."""
    is_large = file["size"] > LARGEST or is_binary(base64.b64decode(file["sample"]))
    return {"path": file["path"], "uploadMode": "lfs" if is_large else "regular", "shouldIgnore": False}
