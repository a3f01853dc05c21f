"""Writing so that nothing is ever half there: whole files and whole lines."""

import io
import json
import os
import tempfile
from pathlib import Path
from typing import Any


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that at any moment either the old or the new content is there, also after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def encode_sample(image: Any) -> bytes:
    """A Pillow image as samples are kept: WebP at quality 90, which loses a little."""
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=90, method=4)
    return buffer.getvalue()


def append_line(path: Path, record: dict[str, Any]) -> None:
    """Append a record as one JSON line in one write; a torn line before it is closed off first."""
    line = json.dumps(record, ensure_ascii=False).encode() + b"\n"
    with open(path, "ab+") as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                line = b"\n" + line
        file.write(line)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The records of a file of JSON lines; torn or foreign lines are left out, a missing file is empty."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    records = []
    for line in content.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict):
            records.append(record)
    return records
