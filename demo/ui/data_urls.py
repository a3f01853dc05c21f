"""Pictures as addresses that need no file: `data:image/png;base64,...`."""

import base64
from io import BytesIO
from typing import Any

from PIL import Image


def file_url(content: bytes, kind: str) -> str:
    """The content of a picture file, "png", "jpeg", "webp" or "gif", as an address."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def data_url(image: Image.Image, kind: str, **options: Any) -> str:
    """A picture as the address of a file of this kind; `options` are those of its `save`."""
    return file_url(encoded(image, kind, **options), kind.lower())


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """A picture as the content of a file of this kind."""
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
