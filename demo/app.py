"""The tabs put together: `python -m demo`, or this file itself as a Space's `app_file`."""

import argparse
import os
import sys
import threading
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a Space runs this file as a script

import demo  # noqa: F401  settles what must be settled before Gradio is there
from demo.server.gradio_start import without_web_app
from demo.ui.refusals import Refused, Said
from gan.console import complain

# isort: split
import gradio as gr
import httpx
from PIL import Image
from starlette.middleware import Middleware

from demo.device import runtime
from demo.device.isolation import CrossOriginIsolation
from demo.device.routes import ROUTES
from demo.lessons import lesson_file, stages
from demo.lessons import routes as lesson_routes
from demo.lessons.rooms import Rooms
from demo.lessons.shown import shown
from demo.portfolio import routes as portfolio_routes
from demo.server.environment import ROOT, Place, decide
from demo.server.https import Invitation, answer_plain_http, invite
from demo.server.ports import LAST, free_port, is_reached_by_others, port, prefix
from demo.server.surroundings import spare
from demo.ui.component_tree import QuickTree
from demo.ui.gradio_workarounds import calm, outlive_restarts
from demo.ui.i18n import HERE, LanguageSwitch, announce, t, translations
from demo.ui.theme import theme
from gan.console import forgive
from gan.data.image_io import MAX_PIXELS
from gan.errors import UserError, reason
from gan.lazy import lazy

download = lazy("gan.data.download")

VISITORS = 300  # whose sessions are kept, the latest: Gradio keeps 10,000, at 0.9 MB each
TABS = ("lesson", "noise", "curves", "translate", "train", "questions")

Image.MAX_IMAGE_PIXELS = MAX_PIXELS  # for what Gradio opens itself: a small PNG can unpack to gigabytes


def tabs() -> dict[str, ModuleType]:
    """The tab modules by name, in the order in which they stand in the page."""
    return {name: import_module(f"demo.tabs.{name}") for name in TABS if find_spec(f"demo.tabs.{name}")}


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
    calm(app)
    outlive_restarts()
    return app


def launch_options(invitation: Invitation | None = None, place: Place | None = None) -> dict:
    """Everything `launch` is told, apart from host and port."""
    place = place or decide()
    secure = {} if invitation is None else invitation.launch_options()
    return secure | {
        "theme": theme(),
        "css_paths": [HERE / "ui" / name for name in ("theme.css", "layout.css", "results.css", "enlarge.css")],
        "i18n": translations(),
        "head": lesson_routes.head(),
        "footer_links": ["api"],
        "favicon_path": None,
        "share": False,
        "ssr_mode": False,  # Node would answer for the page, past the language switch
        "run_history": False,  # a shared computer would keep the last student's pictures
        "enable_monitoring": False,
        "state_session_capacity": VISITORS,
        "show_error": False,
        "max_file_size": f"{place.megabytes}mb",
        "blocked_paths": [str(ROOT / ".git")],
        "app_kwargs": {
            "openapi_url": None,
            "docs_url": None,
            "redoc_url": None,
            "middleware": [Middleware(CrossOriginIsolation), Middleware(LanguageSwitch), Middleware(QuickTree)],
            "routes": [*ROUTES, *lesson_routes.ROUTES, *portfolio_routes.ROUTES],
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


def options() -> argparse.ArgumentParser:
    """What can be said on the command line."""
    parser = argparse.ArgumentParser(prog="python -m demo", description="Spear & Shield: the app.")
    parser.add_argument("--port", type=port, help="port to listen on, 0 for any (default: 7860 or the next free)")
    parser.add_argument("--host", help="address to listen on (default: 127.0.0.1, this machine alone)")
    reach = parser.add_mutually_exclusive_group()
    reach.add_argument(
        "--lan", action="store_true", help="serve the whole room: every address, https, a QR code to the page"
    )
    reach.add_argument(
        "--share", action="store_true", help="a public address for a week, by way of Gradio's servers (needs a network)"
    )
    parser.add_argument(
        "--root-path",
        metavar="PATH",
        help="the path under which a proxy shows the page, such as /user/ada/proxy/7860 (JupyterHub, nginx)",
    )
    parser.add_argument(
        "--fetch",
        action="store_true",
        help="fetch what visitors' own browsers compute with, for a room without a network, and end",
    )
    parser.add_argument("--lesson", metavar="FILE", type=Path, help="a lesson of your own instead of the shipped one")
    parser.add_argument("--stages", action="store_true", help="list what a lesson's scenes can show, and end")
    return parser


def main(argv: list[str] | None = None) -> None:
    """Serve the app until it is interrupted."""
    forgive()
    args = options().parse_args(argv)
    if args.fetch:
        return fetch()
    if args.stages:
        return print("\n".join(stages.listed()))
    # a Space names host and port in the environment
    host = args.host or ("0.0.0.0" if args.lan else os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1")
    host = host.strip("[]")
    root_path = prefix(os.environ.get("GRADIO_ROOT_PATH", "") if args.root_path is None else args.root_path)
    try:
        if args.lesson:
            lesson_file.read(args.lesson)
            shown.file = args.lesson
        first = port(os.environ.get("GRADIO_SERVER_PORT") or "7860")
        ports = range(first, min(first + 100, LAST + 1)) if args.port is None else [args.port]
        place = replace(decide(), is_proxied=bool(root_path or args.share))
        if args.lan or args.share or is_reached_by_others(host):
            place = place.among_others()
        number = free_port(host, ports)
        invitation = invite(number) if args.lan else None
        shown.place, shown.room = place, invitation.address if invitation else ""
        shown.rooms = Rooms(None if place.unwritable else place.runs / ".rooms")
        app = build_app(place, invitation)
        serve(app, host, number, root_path=root_path, **launch_options(invitation, place) | {"share": args.share})
    except UserError as error:
        complain(error)
        raise SystemExit(2) from None
    except argparse.ArgumentTypeError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None

    if place.unwritable:
        complain(Said("refused.unwritable", runs=place.runs, why=place.unwritable))
    if args.share and not app.share_url:
        announce("app.share.none")
    if invitation:
        answer_plain_http(app.server.config.ssl, invitation.address)
        print(invitation.terminal(sys.stdout))
        announce("app.join.terminal")
    if place.is_key_made:
        announce("app.join.key", code=place.key)
    address = invitation.address if invitation else app.local_url
    print(f"Spear & Shield: {address}{f' (behind a proxy: {root_path})' if root_path else ''}", flush=True)
    warm_up(tabs(), place)
    runtime.fetch_behind()
    app.block_thread()


def fetch() -> None:
    """Fetch what visitors' own browsers compute with, unless it is there."""
    try:
        with download.terminal_progress() as progress:
            folder = runtime.fetch(progress)
    except UserError as error:
        complain(error)
        raise SystemExit(1) from None
    announce("device.fetched", folder=folder)


def serve(app: gr.Blocks, host: str, number: int, **options: Any) -> None:
    """Let the page answer on this address and port. Raises UserError where it does not come to that."""
    from gradio import http_server

    spare(host)  # Gradio asks the page for itself at this address
    http_server.LOCALHOST_NAME = "127.0.0.1" if ":" in host else host  # where it looks whether the port is free
    name = f"[{host}]" if ":" in host else host
    try:
        app.launch(server_name=name, server_port=number, prevent_thread_lock=True, **options)
    except (OSError, httpx.HTTPError) as error:
        raise Refused("refused.unserved", host=name, port=number, why=reason(error)) from None


if __name__ == "__main__":
    main()
