"""An answer of Gradio's changed on its way to the browser."""

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send


async def rewritten(app: ASGIApp, scope: Scope, receive: Receive, send: Send, change: Callable[[bytes], bytes]) -> None:
    """Let an ASGI app answer, and send its whole body as `change` makes it, with the right length."""
    start: Message = {}
    body = b""

    async def hold(message: Message) -> None:
        nonlocal start, body
        if message["type"] == "http.response.start":
            start = message
            return
        if message["type"] != "http.response.body":
            await send(message)
            return
        body += message.get("body", b"")
        if message.get("more_body"):
            return
        changed = change(body)
        headers = [(k, v) for k, v in start["headers"] if k.lower() != b"content-length"]
        await send({**start, "headers": [*headers, (b"content-length", str(len(changed)).encode())]})
        await send({"type": "http.response.body", "body": changed})

    await app(scope, receive, hold)
