"""What `gradio_client` can ask of the Train tab."""

from functools import partial

import gradio as gr

from demo import jobs
from demo.jobs import branches, fine_tuning, presets
from demo.server import model_cache
from demo.server.access import is_here, key_of
from demo.server.environment import Place
from demo.tabs.train.form import advice, channels_of
from demo.tabs.train.status_view import report
from demo.ui.gradio_workarounds import session_of
from demo.ui.handlers import catch_errors
from demo.ui.i18n import language_of
from demo.ui.refusals import Refused

PATIENCE = 10.0  # seconds that a client waits for a pause or a stop


def add_endpoints(place: Place) -> None:
    """What `gradio_client` can ask for."""

    def train_start(
        model: str,
        data: str,
        minutes: float,
        name: str = "",
        settings: dict | None = None,
        key: str = "",
        source: str = "",
        request: gr.Request = None,
    ) -> dict:
        """Start a training, or let it wait for the one that runs, and return how it stands.

        `model` is "dcgan" or "cyclegan", `data` the name of a data set; without a `name` the run is given one.
        `settings` are fields of the model's config; where they name no `channels`, a DCGAN takes those that the
        pictures have. With a `source` it starts from that run's weights, and from that run's settings. Errors say
        what is possible here; `advice` in the answer says what the data is too little for.
        """
        if not isinstance(settings or {}, dict):
            raise Refused("refused.settings")
        settings = dict(settings or {})
        if (
            not source
            and model == "dcgan"
            and isinstance(data, str)
            and "channels" not in settings
            and is_here(place, request)
        ):
            settings |= channels_of(data)
        configure = partial(fine_tuning.settings, source) if source else presets.settings_of
        config = configure(model, data, minutes, **settings)
        how = {"key": key_of(place, request, key), "paths": is_here(place, request), "visitor": session_of(request)}
        run = jobs.start(place, config, name or "", prepare=fine_tuning.beginning(source), **how)
        return report(run, language_of(request)) | {"advice": advice(run, language_of(request))}

    def train_status(run: str = "", request: gr.Request = None) -> dict:
        """How a run stands; without a name the most recent one: status, progress (0 to 1), step, seconds, losses."""
        runs = jobs.recent()
        if not run and not runs:
            raise Refused("refused.no_runs")
        return report(model_cache.find(run) if run else runs[0], language_of(request))

    def train_control(run: str, do: str, key: str = "", request: gr.Request = None) -> dict:
        """Ask "pause", "go on", "stop", "step-d", "hold-d", "lr-g=0.0006" ... of a run; returns how it stands now."""
        who = key_of(place, request, key)
        return report(jobs.control(place, run, do or "", key=who, patience=PATIENCE), language_of(request))

    def train_what_if(run: str, key: str = "", request: gr.Request = None) -> dict:
        """Go back to before the last act on a run, in a run of its own; returns how that stands."""
        return report(branches.what_if(place, run, key=key_of(place, request, key)), language_of(request))

    def train_delete(run: str, key: str = "", request: gr.Request = None) -> str:
        """Delete a run that does not train and did not come with the program; returns its name."""
        jobs.delete(place, run, key=key_of(place, request, key))
        return run

    for endpoint in (train_start, train_status, train_control, train_what_if, train_delete):
        gr.api(catch_errors(endpoint, is_page=False), api_name=endpoint.__name__)
