"""The app. What must be settled before Gradio or CUDA is imported is settled here."""

import os

from demo.server.surroundings import settle
from gan.console import complain
from gan.errors import UserError
from gan.threads import leave_a_core

leave_a_core()  # a browser, a training or another visitor wants one
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # else the server asks other hosts when it starts

try:
    settle()
except UserError as error:
    complain(error)
    raise SystemExit(2) from None

if os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true"):
    import spaces  # noqa: F401  ZeroGPU lends its GPU only if this comes before anything that initialises CUDA
