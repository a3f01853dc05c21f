"""What a page fetches to compute by itself: our two scripts, ONNX Runtime Web, and a run's networks.

What can never change has a name of its own and is kept by the browser for good, so that a page goes on when the server
has gone.
"""

from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.device import runtime
from demo.server import model_cache
from demo.ui.assets import sent
from gan.errors import UserError
from gan.lazy import lazy
from gan.runs.run import Run

latent = lazy("gan.core.latent")
onnx = lazy("gan.export.onnx")

SCRIPTS = dict.fromkeys(("page.js", "worker.js"), "text/javascript")
FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}
VECTORS = 100  # of a seed, the most that the grid shows
MOST_NUMBERS = 4096  # of a vector
KEPT = 8  # networks that are kept as files in memory, 3 MB each


def script(request: Request) -> Response:
    """One of our scripts."""
    return sent(__file__, request.path_params["name"], SCRIPTS)


def runtime_file(request: Request) -> Response:
    """A file of ONNX Runtime Web, compressed; its true length stands in a header, for the progress that is shown."""
    version, name = request.path_params["version"], request.path_params["name"]
    if name not in runtime.FILES or not version or version != runtime.version():
        raise HTTPException(404)
    content = (runtime.folder() / f"{name}.gz").read_bytes()
    length = str(int.from_bytes(content[-4:], "little"))  # gzip's last four bytes
    headers = FOR_GOOD | {"Content-Encoding": "gzip", "X-Length": length}
    return Response(content, media_type=runtime.FILES[name], headers=headers)


def network_file(request: Request) -> Response:
    """A generator of a run as ONNX, its kernels in 16 bits; `stamp` names the weights that it was asked with."""
    try:
        run = model_cache.find(request.path_params["run"])
        stamp = model_cache.stamp(run)
        content = _written(run.folder, stamp, request.path_params["net"])
    except (UserError, KeyError, ImportError):
        raise HTTPException(404) from None
    is_current = request.path_params["stamp"] == stamp_of(run)
    headers = {"X-Length": str(len(content))} | (FOR_GOOD if is_current else {"Cache-Control": "no-store"})
    return Response(content, media_type="application/octet-stream", headers=headers)


def newest(request: Request) -> Response:
    """A DCGAN's generator as it is now in a training: {"file", as `file_of` names it, "step" that it has come to}."""
    try:
        run = model_cache.find(request.path_params["run"], "dcgan")
        steps = [run.info.get("step", 0), *(step for step, _ in run.samples()[-1:])]  # weights are written with both
        answer = {"file": file_of(run, "g"), "step": max(steps)}
    except UserError:
        raise HTTPException(404) from None
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})


def noise_file(request: Request) -> Response:
    """The first latent vectors of a seed as float32, one after the other: a page can draw from them what it shows."""
    length, seed = request.path_params["length"], request.path_params["seed"]
    if not (0 < length <= MOST_NUMBERS and seed <= latent.MAX_SEED):
        raise HTTPException(404)
    content = latent.noise(VECTORS, length, seed).numpy().tobytes()
    return Response(content, media_type="application/octet-stream", headers=FOR_GOOD)


def noise_of(run: Run, seed: int) -> str:
    """How a page names the latent vectors of a seed to this server."""
    return f"{run.config.latent}/{seed}"


def file_of(run: Run, net: str) -> str:
    """How a page names a generator of a run to `page.js`. Raises UserError where the run has no weights yet."""
    return f"{quote(run.name)}/{stamp_of(run)}/{net}"


def stamp_of(run: Run) -> str:
    """A word that changes whenever the run's weights do. Raises UserError where there are none yet."""
    return "-".join(map(str, model_cache.stamp(run)))


@lru_cache(maxsize=KEPT)
def _written(folder: Path, stamp: tuple[int, int], net: str) -> bytes:
    generators = model_cache.networks(Run(folder)).generators
    return onnx.to_onnx(generators[net], half=True).SerializeToString()


ROUTES = [
    Route("/device/{name}", script),
    Route("/device/runtime/{version}/{name}", runtime_file),
    Route("/device/networks/{run}/{stamp}/{net}.onnx", network_file),
    Route("/device/newest/{run}", newest),
    Route("/device/noise/{length:int}/{seed:int}", noise_file),
]
