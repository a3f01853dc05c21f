"""Stylesheets and scripts lie beside the module whose part of the page they make."""

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse


def beside(module: str, name: str) -> str:
    """The text of a file by its name, beside a module given by its `__file__`."""
    return (Path(module).parent / name).read_text(encoding="utf-8")


def sent(module: str, name: str, types: dict[str, str]) -> FileResponse:
    """The file itself, if it is among `types`, its media types; the browser asks each time whether it has changed."""
    if name not in types:
        raise HTTPException(404)
    return FileResponse(Path(module).parent / name, media_type=types[name], headers={"Cache-Control": "no-cache"})
