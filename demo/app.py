"""The tabs put together: `python -m demo`, or this file itself as a Space's `app_file`."""

import argparse
import os
import socket
import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a Space runs this file as a script

import demo  # noqa: F401  settles what must be settled before Gradio is there
from demo.gradio_start import without_web_app

# isort: split
import gradio as gr
from PIL import Image
from starlette.middleware import Middleware

from demo.lan import Invitation, invite
from demo.language import HERE, LanguageSwitch, say, t, translations
from demo.place import ROOT, Place, decide
from demo.theme import theme
from gan.errors import UserError
from gan.image_io import MAX_PIXELS

VISITORS = 300  # whose sessions are kept, the latest: Gradio keeps 10,000, at 0.9 MB each
TABS = ("noise", "curves", "translate", "train", "questions")

Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # for what Gradio opens itself: a small PNG can unpack to gigabytes


def tabs() -> dict[str, ModuleType]:
    """The tab modules by name, in the order in which they stand in the page."""
    return {name: import_module(f"demo.{name}") for name in TABS if find_spec(f"demo.{name}")}


@without_web_app()
def build_app(place: Place | None = None, invitation: Invitation | None = None) -> gr.Blocks:
    """The page with its tabs, ready for `launch(**launch_options())`; shows the invitation where there is one."""
    place = place or decide()
    with gr.Blocks(title="창과 방패 · Spear & Shield", delete_cache=(600, 3600)) as app:
        gr.Markdown(t("app.title"), elem_id="title")
        if invitation:
            with gr.Accordion(t("app.join.title"), open=False):
                gr.Markdown(t("app.join.how"))
                gr.HTML(invitation.card())
        with gr.Tabs(elem_id="tabs"):
            for name, module in tabs().items():
                with gr.Tab(t(f"{name}.tab"), id=name):
                    module.build(place)
    # a class of visitors at once waits in line instead of being refused, and nobody jumps the line
    app.queue(max_size=200, api_open=False, default_concurrency_limit=4)
    app._queue.sleep_when_free = 0.02  # Gradio's own 0.001 s costs an idle server two per cent of a core
    app.state_session_capacity = VISITORS
    return app


def launch_options(invitation: Invitation | None = None, place: Place | None = None) -> dict:
    """Everything `launch` is told, apart from host and port."""
    place = place or decide()
    secure = {} if invitation is None else invitation.launch_options()
    return secure | {
        "theme": theme(),
        "css_paths": HERE / "assets" / "app.css",
        "i18n": translations(),
        "footer_links": ["api"],
        "favicon_path": None,
        "share": False,
        "ssr_mode": False,  # Node would answer for the page, past the language switch
        "run_history": False,  # a shared computer would keep the last student's pictures
        "enable_monitoring": False,
        "show_error": False,
        "max_file_size": f"{place.megabytes}mb",
        "allowed_paths": [str(HERE / "assets")],
        "blocked_paths": [str(ROOT / ".git")],
        "app_kwargs": {
            "openapi_url": None,
            "docs_url": None,
            "redoc_url": None,
            "middleware": [Middleware(LanguageSwitch)],
        },
        "quiet": True,
    }


def warm_up(modules: dict[str, ModuleType], place: Place) -> threading.Thread:
    """Let each tab with a `warm(place)` do its slow imports behind the page's back, one after the other."""

    def run() -> None:
        for module in modules.values():
            if hasattr(module, "warm"):
                module.warm(place)

    thread = threading.Thread(target=run, name="warm-up", daemon=True)
    thread.start()
    return thread


def free_port(host: str, ports: Sequence[int]) -> int:
    """The first of these ports that nobody listens on (0 means any); raises UserError where all are taken."""
    for port in ports:
        with socket.socket() as probe:
            if sys.platform != "win32":  # there it would share a port that is in use
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise UserError(f"Port {ports[0]} cannot be had on {host}; name another one with --port.")


def main(argv: list[str] | None = None) -> None:
    """Serve the app until it is interrupted."""
    parser = argparse.ArgumentParser(prog="python -m demo", description="Spear & Shield: the app.")
    parser.add_argument("--port", type=int, help="port to listen on, 0 for any (default: 7860 or the next free)")
    parser.add_argument("--host", help="address to listen on (default: 127.0.0.1, this machine alone)")
    parser.add_argument(
        "--lan", action="store_true", help="serve the whole room: every address, https, a QR code to the page"
    )
    args = parser.parse_args(argv)
    # a Space names host and port in the environment
    host = args.host or ("0.0.0.0" if args.lan else os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"))
    first = int(os.environ.get("GRADIO_SERVER_PORT", 7860))
    try:
        place = decide()
        port = free_port(host, range(first, first + 100) if args.port is None else [args.port])
        invitation = invite(port) if args.lan else None
    except UserError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None

    app = build_app(place, invitation)
    app.launch(server_name=host, server_port=port, prevent_thread_lock=True, **launch_options(invitation, place))
    if invitation:
        print(invitation.terminal())
        print(f"{say('en', 'app.join.terminal')} / {say('ko', 'app.join.terminal')}")
    print(f"Spear & Shield: {invitation.address if invitation else app.local_url}", flush=True)
    warm_up(tabs(), place)
    app.block_thread()


if __name__ == "__main__":
    main()
