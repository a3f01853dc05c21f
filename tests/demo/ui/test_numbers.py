"""Numbers that visitors type: refused by the field's name, in their language, and never rounded in silence."""

import gradio as gr
import pytest

from demo.jobs import presets
from demo.tabs.noise import grid
from demo.tabs.questions import q01_upsampling, q15_pooling, q20_api
from demo.tabs.train import form
from demo.ui.handlers import catch_errors
from demo.ui.i18n import t
from demo.ui.numbers import Unfit
from gan.errors import UserError
from tests.browser import in_a_thread


def asked(field, value, language):
    """What becomes of a value that a page sends for a field: what the handler is given, or the refusal."""
    with gr.Blocks() as blocks:
        field.render()
        shown = gr.Textbox()
        field.change(catch_errors(lambda number: repr(number)), field, shown)
    (handler,) = blocks.fns.values()
    request = gr.Request(headers={"accept-language": language}, client=None)
    try:
        return in_a_thread(blocks.process_api(handler, [value], request=request))["data"][0]
    except gr.Error as error:
        return error.message


def test_who_only_notes_that_something_was_typed_refuses_nothing():
    """At each key: on the way to 32 stands a 3."""
    unfit = Unfit("errors.number.low", label="Batch", value=3, low=16)
    assert catch_errors(lambda number: number, unfit=True)(unfit) is unfit


def field(kind=gr.Number, **options):
    return kind(label=t("train.settings.batch.label"), render=False, **options)


@pytest.mark.parametrize(("options", "value", "english", "korean"), [
    ({"minimum": 1}, 0, "“Batch” is 0; it must be at least 1.", "‘배치’의 값이 0입니다. 1 이상이어야 합니다."),
    ({"maximum": 4096}, 5000, "it must be at most 4,096.", "4,096 이하여야 합니다."),
    ({"minimum": 1, "maximum": 9}, 0.5, "“Batch” is 0.5; it must be from 1 to 9.", "1에서 9 사이여야 합니다."),
    ({"precision": 0}, 64.5, "“Batch” is 64.5; it must be a whole number.", "정수여야 합니다."),
    ({}, "many", "must be a number, not many", "숫자를 넣어 주세요"),
])  # fmt: skip
def test_a_number_that_does_not_fit_is_refused_by_its_fields_name(options, value, english, korean):
    assert english in asked(field(**options), value, "en")
    assert korean in asked(field(**options), value, "ko")


def test_a_slider_in_whole_steps_refuses_what_lies_between_and_beyond():
    assert "from 1 to 10" in asked(field(gr.Slider, minimum=1, maximum=10, step=1), 11, "en")
    assert "whole number" in asked(field(gr.Slider, minimum=1, maximum=10, step=1), 2.5, "en")
    assert asked(field(gr.Slider, minimum=1, maximum=10, step=1), 3.0, "en") == "3"
    assert asked(field(gr.Slider, minimum=0, maximum=1, step=0.1), 0.25, "en") == "0.25"


def test_what_fits_comes_as_it_was_given():
    assert asked(field(precision=0), 64.0, "en") == "64"
    assert asked(field(minimum=0, maximum=1), 0.0002, "en") == "0.0002"
    assert asked(field(minimum=0), None, "en") == "None"


@pytest.mark.parametrize(("name", "value", "sentence"), [
    ("size", 66, "“Picture size” is 66; it must be a multiple of 4."), ("batch", 300, "from 1 to 256"),
    ("blocks", 64.5, "whole number|from 1 to 12"),
    ("pool_size", 1.5, "“Past fakes” is 1.5; it must be a whole number."),
    ("rate_g", None, "“Generator's learning rate” is empty"),
])  # fmt: skip
def test_a_setting_is_checked_by_what_its_own_model_can_have(name, value, sentence):
    with pytest.raises(UserError, match=sentence):
        form.values_of("cyclegan", "herd", {name: value})
    assert form.values_of("dcgan", "herd", {"batch": 300.0, "rate_g": 0.5}) == {"batch": 300, "rate_g": 0.5}


def test_the_other_models_fields_are_set_right_when_they_go():
    """A wrong number in a field that is no longer there would be refused, and nobody could see it."""
    names = [*form.settings_by_name()]
    crop = form.shown_settings("dcgan", "mnist", {})[names.index("crop")]
    assert (crop.visible, crop.value) == (False, 0)


@pytest.mark.parametrize(("call", "sentence"), [
    (lambda: q01_upsampling.endpoint(kernel=3.5), "The kernel is 3.5"),
    (lambda: q01_upsampling.endpoint(stride=1.5), "The stride is 1.5"),
    (lambda: q15_pooling.endpoint(number=1.5), "'number' is 1.5"),
    (lambda: q20_api.endpoint(rounds=64.5), "'rounds' is 64.5"),
    (lambda: q20_api.endpoint(seed=0.5), "'seed' is 0.5"),
    (lambda: grid.endpoint("mnist", 0, 4.5), "The count is 4.5"),
    (lambda: presets.settings_of("dcgan", "mnist", 1, size=64.5), "'size' is 64.5"),
])  # fmt: skip
def test_an_endpoint_refuses_half_a_number_and_does_not_cut_it_off(call, sentence):
    with pytest.raises(UserError, match=sentence):
        call()
