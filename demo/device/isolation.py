"""What lets a page use several cores: browsers share memory between threads only where no other site can look in.

Without it, as in another site's frame, in Safari or over plain http, ONNX Runtime Web takes one thread.
"""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "credentialless"}


class CrossOriginIsolation:
    """ASGI middleware: every answer says that the page is to be cross-origin isolated."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def isolated(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, isolated)
