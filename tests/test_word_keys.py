"""No key of the word files is unused: each is named in the code, or made by a template that is listed here."""

import ast
import re

from demo.language import words
from demo.place import ROOT

# The helpers that put the beginning of a key in front of it: `sentence` of a tab, `word` of a question, ...
BEGINNINGS = {
    "noise.": "demo/noise",
    "translate.": "demo/translate",
    "curves.": "gan/curves.py",
    "questions.q1.": "demo/questions",
    "questions.q15.": "demo/questions",
    "questions.q17.": "demo/questions",
    "questions.q20.": "demo/questions",
    "uploads.": "demo/assets/uploads.js",
    "curves.experiments.*.": "demo/",
    "train.refused.": "demo/",
}
# Keys that are made: | where | by which template | which keys; {a,b} is a or b, * is any one word |
DYNAMIC = """
| app.py | {}.tab | {noise,curves,translate,train,questions}.tab |
| assets/uploads.js | uploads.{} | uploads.{large,more,kind,kind_or_zip,shrinking} |
| curves/__init__.py | curves.{} | curves.{png,svg,csv,gif} |
| curves/guesses.py | curves.guess.{} | curves.guess.{found,missed,right,wrong} |
| curves/guesses.py | options.{} | curves.experiments.*.options.{a,b,c} |
| curves/guesses.py | answers.{} | curves.experiments.*.answers.{a,b,c} |
| experiments.py | curves.experiments.{}.{} | curves.experiments.*.{title,question,look,happened} |
| jobs.py | train.refused.cannot.{} | train.refused.cannot.{pause,go_on,stop} |
| noise/between.py | noise.between.{} | noise.between.{start,end,slerp,lerp} |
| noise/between.py | between.{} | noise.between.{slerp,lerp,inward} |
| noise/between.py | between.usual.{} | noise.between.usual.{less,more,same} |
| noise/copied.py | copied.verdict.{} | noise.copied.verdict.{same,close,new,far} |
| noise/copied.py | noise.copied.by.{} | noise.copied.by.{pixels,features} |
| noise/desk.py | held.{} | noise.held.{probability,score} |
| noise/find.py | find.score.{} | noise.find.score.{class,picture} |
| noise/find.py | find.{} | noise.find.{searching,stopped} |
| noise/find.py | find.{}.{} | noise.find.{found,nearly,not_yet,never}.{class,picture} |
| noise/find.py | noise.find.modes.{} | noise.find.modes.{name,draw,upload} |
| noise/find.py | noise.find.{}_one | noise.find.{draw,upload}_one |
| noise/game.py | game.winner.{} | noise.game.winner.{you,d,even} |
| noise/game.py | game.{} | noise.game.{step,rounds,people,spread} |
| noise/grid.py | alt.{} | noise.alt.{probability,score} |
| noise/grid.py | versus.{} | noise.versus.{real,fake} |
| noise/grid.py | legend.{} | noise.legend.{probability,score} |
| noise/layers.py | layers.{} | noise.layers.{generator,discriminator,probability,score} |
| noise/modes.py | modes.{} | noise.modes.{all,some,few,fake,real} |
| noise/pictures.py | noise.classes.{} | noise.classes.* |
| noise/pictures.py | refused.named.{} | refused.named.{coordinate,count,k,round,seed,steps,training} |
| noise/sliders.py | noise.sliders.methods.{} | noise.sliders.methods.{sefa,ganspace} |
| noise/sliders.py | noise.sliders.{}.{} | noise.sliders.{brightness,width,height,slant,warmth}.{more,less} |
| pad.py | noise.find.pad.{} | noise.find.pad.{alt,pen,width,clear,keys,down,up} |
| questions/enlarge.py | refused.named.{} | refused.named.{pattern,way,weights,kernel,stride,padding} |
| questions/downward.py | figure.{} | questions.q15.figure.{input,kernel,output,back} |
| questions/downward.py | ways.{} | questions.q15.ways.{stride,max,average,blur} |
| questions/downward.py | questions.q15.{}s.{} | questions.q15.patterns.{digit,line,stripes,dot} |
| questions/downward.py | questions.q15.{}s.{} | questions.q15.kernels.{learned,one,middle} |
| questions/downward.py | questions.q15.{}s.{} | questions.q15.layers.{network,pooling} |
| questions/duel.py | questions.q20.presets.{}.watch | questions.q20.presets.{balanced,perfect,held,hills,grid}.watch |
| questions/duel.py | questions.q20.shows.{} | questions.q20.shows.{real,fake,pull,net} |
| questions/duel.py | questions.q20.tries.{} | questions.q20.tries.{adam,bce,least-squares,hinge,both} |
| questions/duel.py | questions.q20.{}.{} | questions.q20.preset.{balanced,perfect,held,hills,grid} |
| questions/duel.py | questions.q20.{}.{} | questions.q20.data.{ring,rings,line,grid,hill,hills,drawn} |
| questions/duel.py | questions.q20.{}.{} | questions.q20.hold.{none,d,g} |
| questions/duel.py | questions.q20.{}.{} | questions.q20.loss.{bce,saturating,least-squares,hinge} |
| questions/duel.py | questions.q20.{}.{} | questions.q20.descent.{adam,sgd} |
| questions/duel.py | questions.q20.{}.{} | questions.q20.speed.{slow,normal,fast} |
| questions/duel.py | questions.q20.{}_label | questions.q20.{preset,data,hold,loss,descent,speed}_label |
| questions/duel.py | questions.q20.rate_{} | questions.q20.rate_{g,d} |
| questions/items.py | items.{}.ask | questions.*.items.{1,2,3}.ask |
| questions/items.py | items.{}.{} | questions.*.items.{1,2,3}.{a,b,c} |
| questions/items.py | items.{}.why_{} | questions.*.items.{1,2,3}.why_{a,b,c} |
| questions/items.py | read.{} | questions.*.read.{1,2,3,4,5} |
| questions/items.py | questions.go.{} | questions.go.{curves,translate,train} |
| questions/items.py | questions.items.{} | questions.items.{right,wrong} |
| questions/kernels.py | questions.q1.learn.kernels.{} | questions.q1.learn.kernels.{now,bilinear,difference} |
| questions/kernels.py | questions.q1.learn.made.{} | questions.q1.learn.made.{small,learned,bilinear,true} |
| questions/plane_figure.py | figure.{} | questions.q20.figure.{verdict,best,p,q,d,best_short} |
| questions/plane_figure.py | figure.{}_note | questions.q20.figure.{verdict,best}_note |
| questions/plane_figure.py | numbers.{} | questions.q20.numbers.{round,d_real,d_fake,loss_d,least,loss_g,gradient} |
| questions/plane_figure.py | numbers.{} | questions.q20.numbers.{divergence,covered,away} |
| questions/plane_figure.py | questions.q20.charts.{} | questions.q20.charts.{loss,verdict,divergence} |
| questions/plane_figure.py | says.{} | questions.q20.says.{away,fight,tiny,no_gradient,sure,fooled,balance,lazy} |
| questions/roles.py | questions.q17.labels.{} | questions.q17.labels.{real,fake,rec} |
| questions/roles.py | stops.{}.{} | questions.q17.stops.{draw,translate,deceive,cycle}.{what,with,who} |
| questions/roles.py | stops.{}.{} | questions.q17.stops.{identity,judge,sum}.{what,with,who} |
| questions/roles.py | stops.{}.title | questions.q17.stops.{draw,translate,deceive,cycle,identity,judge,sum}.title |
| questions/roles.py | table.{} | questions.q17.table.{loss,value,weight,who} |
| questions/roles.py | told.{} | questions.q17.told.{what,with,who} |
| questions/upward.py | figure.{} | questions.q1.figure.{pooled,input,kernel,output,touches,spectrum} |
| questions/upward.py | questions.q1.matrix.{} | questions.q1.matrix.{convolution,transposed} |
| questions/upward.py | {}_alt | questions.q1.matrix.{convolution,transposed}_alt |
| questions/upward.py | says.{} | questions.q1.says.{nearest,bilinear,unpool,uneven,gaps,even} |
| questions/upward.py | says.{} | questions.q1.says.{flat,nearly_flat,rippled,compensates,weights_ripple} |
| questions/upward.py | questions.q1.{}.{} | questions.q1.patterns.{digit,diagonal,dot,checker,drawn} |
| questions/upward.py | questions.q1.{}.{} | questions.q1.ways.{nearest,bilinear,unpool,transposed} |
| questions/upward.py | questions.q1.{}.{} | questions.q1.weight_names.{ones,bilinear,random,learned,painted} |
| stories.py | curves.about.{} | curves.about.{frechet,covered,gradients,single,rates,there,back} |
| stories.py | curves.events.{} | curves.events.{pause,go_on,stop,resume,evaluation,step_both,step_d,step_g,refused} |
| stories.py | curves.events.{} | curves.events.{rate_g,rate_d,rounds_d,label} |
| stories.py | curves.events.{}.{} | curves.events.{hold_d,hold_g}.{on,off} |
| stories.py | curves.rest.{} | curves.rest.{probability,least-squares,hinge,dcgan,cyclegan} |
| stories.py | curves.status.{} | curves.status.{running,paused,finished,stopped,failed,interrupted,queued,starting} |
| train/conducting.py | train.conduct.{} | train.conduct.{held,learns,hold,free} |
| train/conducting.py | train.conduct.side_{} | train.conduct.side_{d,g} |
| train/conducting.py | train.conduct.step_{} | train.conduct.step_{d,g} |
| train/outlook.py | train.outlook.{} | train.outlook.{rounds,fine,short,hopeless,takes} |
| train/panels.py | train.models.{} | train.models.{dcgan,cyclegan} |
| train/panels.py | train.presets.{} | train.presets.{digits,clothes,pooling,stripes,own,zebras} |
| train/panels.py | train.{} | train.{limited,off,unwritable,pause,go_on,stop} |
| train/starting.py | train.machine.{} | train.machine.{cpu,gpu,mps} |
| train/starting.py | train.own.pile.{} | train.own.pile.{a,b} |
| train/starting.py | train.sets.{} | train.sets.* |
| train/starting.py | train.settings.{}.choices.{} | train.settings.*.choices.* |
| train/starting.py | train.settings.{}.info | train.settings.*.info |
| train/starting.py | train.settings.{}.label | train.settings.*.label |
| train/watching.py | train.facts.{} | train.facts.{step,time,speed,left} |
| train/watching.py | train.slow.{} | train.slow.{d,g} |
| translate/camera.py | camera.{} | translate.camera.{mirrored,rate,denied,insecure,lost} |
| translate/hidden.py | translate.hidden.kinds.{} | translate.hidden.kinds.{noise,jpeg,blur} |
| translate/hidden.py | translate.hidden.unit.{} | translate.hidden.unit.{noise,jpeg,blur} |
| translate/inside.py | inside.looks_{} | translate.inside.looks_{fake,real} |
| translate/inside.py | inside.losses.{} | translate.inside.losses.{deceive,cycle,identity,total,real,fake} |
| translate/inside.py | inside.scale.{} | translate.inside.scale.{bce,saturating,least-squares,hinge} |
| translate/inside.py | inside.stage.{} | translate.inside.stage.{edges,down,residual,up,picture} |
| translate/inside.py | inside.{} | translate.inside.{loss,value,weight} |
| translate/piles.py | piles.{} | translate.piles.{pile,uncounted,unnamed,unknown,input,real,label} |
| translate/piles.py | piles.lesson.{} | translate.piles.lesson.{input,real,label} |
| translate/piles.py | piles.table.from.{} | translate.piles.table.from.{loss_g,cycle,idt,loss_d} |
| translate/piles.py | piles.table.{}.name | translate.piles.table.{generator,discriminator}.name |
| translate/piles.py | piles.table.{}.{} | translate.piles.table.generator.{own,other,other_idle,other_measured} |
| translate/piles.py | piles.table.{}.{} | translate.piles.table.discriminator.{own,other} |
| translate/piles.py | translate.piles.roles.{} | translate.piles.roles.{input,real,label} |
| translate/rounds.py | rounds.{} | translate.rounds.{rest,slower,on} |
| translate/ways.py | translate.{} | translate.{title,other,real,generated,fake,rec,idt} |
| translate/ways.py | translate.alt.{} | translate.alt.{real,fake,rec,idt} |
| pairs.py | translate.names.{} | translate.names.* |
"""
ROWS = [[cell.strip() for cell in row.strip("|").split("|")] for row in DYNAMIC.strip().splitlines()]


def _alternatives(row):
    """ "a.{b,c}.*" as a regular expression."""
    pieces = re.split(r"(\{[^}]*\}|\*)", row)
    return "".join(
        "[^.]+" if piece == "*" else f"(?:{'|'.join(map(re.escape, piece[1:-1].split(',')))})" if piece[:1] == "{"
        else re.escape(piece) for piece in pieces
    )  # fmt: skip


def _read():
    """(words in quotes, templates) of each file of the code, by its path from the project's top."""
    literals, templates = {}, {}
    for path in [*(ROOT / "demo").rglob("*.py"), *(ROOT / "gan").rglob("*.py")]:
        name = path.relative_to(ROOT).as_posix()
        literals[name], templates[name] = set(), set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                made = "".join(v.value if isinstance(v, ast.Constant) else "{}" for v in node.values)
                templates[name].add(made)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                literals[name].add(node.value)
    for path in (ROOT / "demo" / "assets").iterdir():
        name, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        literals[name] = set(re.findall(r"""["'`]([\w.-]+)["'`]""", text))
        made = re.findall(r"`([\w.]*\$\{\w+\}[\w.]*)`", text)
        templates[name] = {re.sub(r"\$\{\w+\}", "{}", each) for each in made}
    return literals, templates


LITERALS, TEMPLATES = _read()


def is_named(key):
    """Whether the code has a key in quotes, whole or without what a helper puts in front of it."""
    if any(key in said for said in LITERALS.values()):
        return True
    for beginning, where in BEGINNINGS.items():
        if found := re.match(_alternatives(beginning), key):
            rest = key[found.end() :]
            if rest and any(rest in said for path, said in LITERALS.items() if path.startswith(where)):
                return True
    return False


def test_no_key_is_unused():
    made = [re.compile(_alternatives(keys)) for *_, keys in ROWS]
    assert not [key for key in words("en") if not is_named(key) and not any(row.fullmatch(key) for row in made)]


def test_every_template_of_the_list_stands_in_the_code_and_makes_keys_that_there_are():
    for where, template, keys in ROWS:
        assert template in TEMPLATES[f"demo/{where}"], (where, template)
        pieces = re.findall(r"\{([^}]*)\}", keys)
        found = [key for key in words("en") if re.fullmatch(_alternatives(keys), key)]
        assert found, keys
        for piece in pieces:  # each alternative is one of some key
            for word in piece.split(","):
                one = _alternatives(keys.replace("{" + piece + "}", word, 1))
                assert any(re.fullmatch(one, key) for key in found), (keys, word)


def test_a_key_that_nothing_asks_for_would_be_found(monkeypatch):
    monkeypatch.setitem(words("en"), "noise.run_info_of_old", "")
    monkeypatch.setitem(words("en"), "curves.events.gauge", "")
    made = [re.compile(_alternatives(keys)) for *_, keys in ROWS]
    lost = [key for key in words("en") if not is_named(key) and not any(row.fullmatch(key) for row in made)]
    assert lost == ["noise.run_info_of_old", "curves.events.gauge"]
