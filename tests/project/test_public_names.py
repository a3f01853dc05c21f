"""What others have written into their scripts: the command line's options, and the endpoints with what they take."""

import argparse
import re

from demo.app import build_app
from demo.server.environment import decide
from gan.cli.arguments import parser
from gan.cli.commands import COMMANDS

COMMAND_LINE = """
bench: --device --json --only --peer
control: acts run
curves: --axis --log --out --panels runs
evaluate: --count --data-root --json --record --sheet run
export: --direction --licence --no-onnx --onnx folder run
import: --a2b --b2a --d-a --d-b --data --direction --name --run --size files
runs: --json
sample: --count --seed out run
train: --batch --blocks --change --channels --compile --crop --crop-scale --cycle --data --data-root --device
    --diff-augment --down --download --downsample --ema --fall --flip --freeze-d-after --from --gauge --hflip
    --hold-d-after --identity --identity-every --label --lambda-cycle --lambda-identity --latent --layers-d --log-every
    --loss --lr-decay --minutes --n-critic --n-layers-d --name --ndf --ngf --no-change --no-compile --no-diff-augment
    --no-flip --no-hflip --no-residual --no-spectral-norm --norm --norm-d --penalty-every --pool --pool-size
    --precision --r1 --r2 --rate-d --rate-g --residual --resume --rounds-d --run --samples --scales-d --seconds
    --seed --size --spectral-norm --steps --subset --up --upsample --width --width-d model
translate: --direction input output run
"""

ENDPOINTS = """
/arithmetic: a b c
/curves: runs axis
/directions: run method
/downsample: pattern shift kernel number layer
/duel: data loss rounds rate_g rate_d hold alone descent seed r1
/find: run wanted picture seed
/generate: run seed count
/hidden: run direction picture kind amount
/inside: run direction picture
/interpolate: a b steps way
/layers: picture
/modes: run count
/move: picture amounts method
/neighbours: picture by k training
/piles: run seed
/quiz: run round seed
/round_of_two: run seed
/rounds: run direction picture count
/train_control: run do key
/train_delete: run key
/train_start: model data minutes name settings key source
/train_status: run
/train_what_if: run key
/translate: run direction picture
/upsample: pattern way weights kernel stride padding
"""


def read(table: str) -> dict[str, list[str]]:
    """A table of "name: words", of which long lines go on indented."""
    lines = re.sub(r"\n    ", " ", table).strip().splitlines()
    return {name: words.split() for name, _, words in (line.partition(":") for line in lines)}


def test_the_command_line_has_the_options_that_it_had():
    commands = next(each for each in parser(COMMANDS)._actions if isinstance(each, argparse._SubParsersAction))
    options = {
        name: sorted(name for action in each._actions for name in (action.option_strings or [action.dest]))
        for name, each in commands.choices.items()
    }
    help = {"-h", "--help"}
    assert {name: [each for each in those if each not in help] for name, those in options.items()} == read(COMMAND_LINE)


def test_the_endpoints_take_what_they_took():
    known = build_app(decide({})).get_api_info()["named_endpoints"]
    assert {name: [each["parameter_name"] for each in of["parameters"]] for name, of in known.items()} == read(
        ENDPOINTS
    )
