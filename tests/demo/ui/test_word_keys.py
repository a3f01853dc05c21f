"""No key of the word files is unused: each is named in the code, or made by a template that is listed here."""

import ast
import re

from demo.server.environment import ROOT
from demo.ui.i18n import words

# The helpers that put the beginning of a key in front of it: `sentence` of a tab, `word` of a question, ...
BEGINNINGS = {
    "noise.": "demo/tabs/noise",
    "noise.find.": "demo/ui/drawing_pad.html",
    "translate.": "demo/tabs/translate",
    "curves.": "gan/plots/curves.py",
    "curves.reading.": "demo/tabs/curves",
    "questions.q1.": "demo/tabs/questions",
    "questions.q15.": "demo/tabs/questions",
    "questions.q17.": "demo/tabs/questions",
    "questions.q20.": "demo/tabs/questions",
    "uploads.": "demo/ui/uploads.js",
    "curves.experiments.*.": "demo/",
    "train.refused.": "demo/",
    "room.report.": "demo/lessons/report.html",
}
# Keys that are made: | where | by which template | which keys; {a,b} is a or b, * is any one word |
DYNAMIC = """
| app.py | {}.tab | {lesson,noise,curves,translate,train,questions}.tab |
| ui/uploads.js | uploads.{} | uploads.{large,more,kind,kind_or_zip,shrinking} |
| tabs/curves/__init__.py | curves.{} | curves.{png,svg,csv,gif} |
| tabs/curves/predictions.py | curves.guess.{} | curves.guess.{found,missed} |
| tabs/curves/predictions.py | options.{} | curves.experiments.*.options.{a,b,c} |
| tabs/curves/predictions.py | answers.{} | curves.experiments.*.answers.{a,b,c} |
| tabs/curves/reading.py | curves.reading.runs.{} | curves.reading.runs.{balanced,mnist-collapse,strong-d-saturating,held-d} |
| shared/experiments.py | curves.experiments.{}.{} | curves.experiments.*.{title,question,look,happened} |
| jobs/__init__.py | train.refused.cannot.{} | train.refused.cannot.{pause,go_on,stop} |
| tabs/noise/interpolation.py | noise.between.{} | noise.between.{start,end} |
| tabs/noise/interpolation.py | between.usual.{} | noise.between.usual.{less,more,same} |
| tabs/noise/nearest_neighbours.py | copied.verdict.{} | noise.copied.verdict.{same,close,new,far} |
| tabs/noise/nearest_neighbours.py | noise.copied.by.{} | noise.copied.by.{pixels,features} |
| tabs/noise/inversion.py | find.score.{} | noise.find.score.{class,picture} |
| tabs/noise/inversion.py | find.{} | noise.find.{searching,stopped} |
| tabs/noise/inversion.py | find.{}.{} | noise.find.{found,nearly,not_yet,never}.{class,picture} |
| tabs/noise/inversion.py | noise.find.modes.{} | noise.find.modes.{name,draw,upload} |
| tabs/noise/inversion.py | noise.find.{}_one | noise.find.{draw,upload}_one |
| tabs/noise/real_or_fake.py | game.winner.{} | noise.game.winner.{you,d,even} |
| tabs/noise/grid.py | alt.{} | noise.alt.{probability,score} |
| tabs/noise/grid.py | legend.{} | noise.legend.{probability,score} |
| tabs/noise/activations.py | layers.{} | noise.layers.{probability,score} |
| tabs/noise/mode_coverage.py | modes.{} | noise.modes.{all,some,few} |
| tabs/noise/samples.py | noise.classes.{} | noise.classes.* |
| ui/numbers.py | refused.named.{} | refused.named.{coordinate,count,k,round,seed,steps,training} |
| tabs/noise/directions.py | noise.sliders.methods.{} | noise.sliders.methods.{sefa,ganspace} |
| tabs/noise/directions.py | noise.sliders.{}.{} | noise.sliders.{brightness,width,height,slant,warmth}.{more,less} |
| tabs/questions/q01_compute.py | refused.named.{} | refused.named.{pattern,way,weights,kernel,stride,padding} |
| tabs/questions/q15_pooling.py | figure.{} | questions.q15.figure.{input,kernel,output,back} |
| tabs/questions/q15_pooling.py | ways.{} | questions.q15.ways.{stride,max,average,blur} |
| tabs/questions/q15_pooling.py | questions.q15.{}s.{} | questions.q15.patterns.{digit,line,stripes,dot} |
| tabs/questions/q15_pooling.py | questions.q15.{}s.{} | questions.q15.kernels.{learned,one,middle} |
| tabs/questions/q15_pooling.py | questions.q15.{}s.{} | questions.q15.layers.{network,pooling} |
| tabs/questions/q20_equilibrium.py | questions.q20.shows.{} | questions.q20.shows.{real,fake,pull,net} |
| tabs/questions/q20_equilibrium.py | questions.q20.tries.{} | questions.q20.tries.{adam,bce,least-squares,hinge,both,r1} |
| tabs/questions/q20_equilibrium.py | questions.q20.{}.{} | questions.q20.preset.{balanced,perfect,held,restless,hills,grid} |
| lessons/routes.py | lesson.{} | lesson.{start,resume,join,join_how,join_room,enter,own,own_how,own_pick,own_back,back,next,notes,full,more,leave,coming,late,then,end,keys,at} |
| lessons/routes.py | lesson.{} | lesson.{lead,room,no_room,end_room,close_room,report,new_class,percent,agree,disagree} |
| lessons/routes.py | lesson.{} | lesson.{vote,vote_open,vote_close,vote_again,vote_truth,vote_anew,vote_guess,vote_right,vote_wrong,vote_hidden,vote_talk} |
| lessons/routes.py | lesson.{} | lesson.{vote_count,vote_moved,vote_moved_open} |
| lessons/routes.py | lesson.{} | lesson.quiz_{count,gain,hide,before,after} |
| lessons/routes.py | lesson.{} | lesson.phones_{ask,how,iphone,android,why,drawn,back} |
| lessons/routes.py | lesson.{} | lesson.phones_iphone_{warns,details,visit,sure} |
| lessons/routes.py | lesson.{} | lesson.phones_android_{warns,advanced,proceed} |
| lessons/quiz.py | lesson.quiz.{}.{} | lesson.quiz.{1,2,3,4,5,6,7,8}.{say,why} |
| portfolio/routes.py | portfolio.{} | portfolio.{title,saved,how,count,none,save,clear,sure,lasts,open,lesson,statements} |
| portfolio/routes.py | portfolio.{} | portfolio.{mine,first,second,right,wrong} |
| portfolio/routes.py | portfolio.{} | portfolio.sections.{picture,drawing,film,photo,guess} |
| portfolio/routes.py | room.{} | room.{agree,disagree,unsure} |
| lessons/activities/__init__.py | room.{}.{} | room.wall.{ask,pick,again,send,sent,late,full,loading,computing,none,lead,count,remove,unreadable} |
| lessons/room_routes.py | room.{} | room.{wait,look,pick,picked,closed,right,wrong,talk,again,over,here,code,enter,unknown,lost,agree,disagree,unsure,send,sent} |
| lessons/activities/__init__.py | room.{}.{} | room.drawing.{how,send,sending,score,real,better,learning,waiting,again} |
| lessons/activities/__init__.py | room.{}.{} | room.drawing.{full,blank,crowded,lost,marks,mark,mark_open,alt,alone} |
| lessons/activities/__init__.py | room.{}.{} | room.drawing.{guest,room,first,second,third,learn,progress,queue,anew} |
| lessons/activities/__init__.py | room.{}.{} | room.drawing.{anew_sure,class,digits,round,said,learned,last,moved,cell} |
| lessons/activities/__init__.py | room.{}.{} | room.drawing.{chart,percent,restarted,fresh} |
| lessons/activities/__init__.py | room.{}.{} | room.find.{how,send,sent,blank,lost,newest,alt,by_name} |
| lessons/activities/__init__.py | room.{}.{} | room.versus.{how,begin,start_how,phones,join,none,coming,standing,alt,chart,axis,of} |
| lessons/activities/__init__.py | room.{}.{} | room.versus.{d_real,d_fake,class,half,half_smooth,half_class,answers,nobody,before,may_not,key} |
| lessons/activities/__init__.py | room.{}.{} | room.versus.{start,hold,free,faster,slower,what_if,stop,same,branching,lost,ask,real,fake,next,tally,wait} |
| lessons/activities/__init__.py | room.{}.{} | room.versus.{right_real,right_fake,wrong_real,wrong_fake,full} |
| lessons/activities/versus_training.py | room.versus.with.{} | room.versus.with.{frozen,thawed,freed,rate,changed} |
| lessons/activities/versus_training.py | room.versus.without.{} | room.versus.without.{frozen,freed,rate,changed} |
| tabs/questions/q20_equilibrium.py | questions.q20.{}.{} | questions.q20.data.{ring,rings,line,grid,hill,hills,drawn} |
| tabs/questions/q20_equilibrium.py | questions.q20.{}.{} | questions.q20.hold.{none,d,g} |
| tabs/questions/q20_equilibrium.py | questions.q20.{}.{} | questions.q20.loss.{bce,saturating,least-squares,hinge} |
| tabs/questions/q20_equilibrium.py | questions.q20.{}.{} | questions.q20.descent.{adam,sgd} |
| tabs/questions/q20_equilibrium.py | questions.q20.{}.{} | questions.q20.speed.{slow,normal,fast} |
| tabs/questions/q20_equilibrium.py | questions.q20.{}_label | questions.q20.{preset,data,hold,loss,descent,speed}_label |
| tabs/questions/q20_equilibrium.py | questions.q20.{} | questions.q20.{rate_g,rate_d,r1} |
| tabs/questions/q20_equilibrium.js | presets.{}.watch | questions.q20.presets.{balanced,perfect,held,restless,hills,grid}.watch |
| tabs/questions/q20_equilibrium.js | numbers.{} | questions.q20.numbers.{round,d_real,d_fake,loss_d,least,loss_g,gradient} |
| tabs/questions/q20_equilibrium.js | numbers.{} | questions.q20.numbers.{divergence,covered,away} |
| tabs/questions/q20_equilibrium.js | says.{} | questions.q20.says.{blown_up,start,away,fight,tiny,no_gradient} |
| tabs/questions/q20_equilibrium.js | says.{} | questions.q20.says.{sure,fooled,balance,lazy} |
| tabs/questions/q20_dirac.js | dirac.says.{} | questions.q20.dirac.says.{start,on_its_way,circles,leaves,spirals} |
| tabs/questions/q20_dirac.js | dirac.says.{} | questions.q20.dirac.says.{arrived,straight,rests,left} |
| tabs/questions/q20_curves.js | charts.{} | questions.q20.charts.{loss,verdict,divergence} |
| tabs/questions/quiz_items.py | items.{}.ask | questions.*.items.{1,2,3}.ask |
| tabs/questions/quiz_items.py | items.{}.{} | questions.*.items.{1,2,3}.{a,b,c} |
| tabs/questions/quiz_items.py | items.{}.why_{} | questions.*.items.{1,2,3}.why_{a,b,c} |
| tabs/questions/quiz_items.py | read.{} | questions.*.read.{1,2,3,4,5} |
| tabs/questions/quiz_items.py | questions.go.{} | questions.go.{curves,translate,train} |
| tabs/questions/quiz_items.py | questions.items.{} | questions.items.{right,wrong} |
| tabs/questions/q01_kernels.py | learn.kernels.{} | questions.q1.learn.kernels.{now,bilinear,difference} |
| tabs/questions/q01_kernels.py | learn.made.{} | questions.q1.learn.made.{small,learned,bilinear,true} |
| tabs/questions/q17_labels.py | questions.q17.labels.{} | questions.q17.labels.{real,fake,rec} |
| tabs/questions/q17_labels.py | stops.{}.{} | questions.q17.stops.{draw,translate,deceive,cycle}.{what,with,who} |
| tabs/questions/q17_labels.py | stops.{}.{} | questions.q17.stops.{identity,judge,sum}.{what,with,who} |
| tabs/questions/q17_labels.py | stops.{}.title | questions.q17.stops.{draw,translate,deceive,cycle,identity,judge,sum}.title |
| tabs/questions/q01_upsampling.py | figure.{} | questions.q1.figure.{pooled,input,kernel,output,touches,spectrum} |
| tabs/questions/q01_upsampling.py | matrix.{} | questions.q1.matrix.{convolution,transposed} |
| tabs/questions/q01_upsampling.py | {}_alt | questions.q1.matrix.{convolution,transposed}_alt |
| tabs/questions/q01_upsampling.py | says.{} | questions.q1.says.{nearest,bilinear,unpool,uneven,gaps,even} |
| tabs/questions/q01_upsampling.py | says.{} | questions.q1.says.{flat,nearly_flat,rippled,compensates,weights_ripple} |
| tabs/questions/q01_upsampling.py | questions.q1.{}.{} | questions.q1.patterns.{digit,diagonal,dot,checker,drawn} |
| tabs/questions/q01_upsampling.py | questions.q1.{}.{} | questions.q1.ways.{nearest,bilinear,unpool,transposed} |
| tabs/questions/q01_upsampling.py | questions.q1.{}.{} | questions.q1.weight_names.{ones,bilinear,random,learned,painted} |
| shared/run_view.py | curves.about.{} | curves.about.{frechet,covered,gradients,single,rates,there,back} |
| shared/run_view.py | curves.events.{} | curves.events.{pause,go_on,stop,resume,evaluation,step_both,step_d,step_g,refused} |
| shared/run_view.py | curves.events.{} | curves.events.{rate_g,rate_d,n_critic,label} |
| shared/run_view.py | curves.events.{}.{} | curves.events.{freeze_d,freeze_g}.{on,off} |
| shared/run_about.py | runs.shipped.{} | runs.shipped.* |
| shared/run_about.py | runs.made.{} | runs.made.{dcgan,cyclegan} |
| shared/run_view.py | curves.rest.{} | curves.rest.{probability,least-squares,hinge,relativistic,dcgan,cyclegan} |
| shared/run_view.py | curves.status.{} | curves.status.{running,paused,finished,stopped,failed,interrupted,queued,starting} |
| tabs/train/live_controls.py | train.conduct.{} | train.conduct.{held,learns,hold,free} |
| tabs/train/live_controls.py | train.conduct.side_{} | train.conduct.side_{d,g} |
| tabs/train/live_controls.py | train.conduct.step_{} | train.conduct.step_{d,g} |
| tabs/train/estimate.py | train.outlook.{} | train.outlook.{rounds,fine,short,hopeless,takes} |
| tabs/train/layout.py | train.models.{} | train.models.{dcgan,cyclegan} |
| tabs/train/layout.py | train.presets.{} | train.presets.{digits,clothes,pooling,stripes,own,zebras} |
| tabs/train/layout.py | train.{} | train.{limited,off,unwritable,pause,go_on,stop} |
| tabs/train/form.py | train.machine.{} | train.machine.{cpu,gpu,mps} |
| tabs/train/form.py | train.own.pile.{} | train.own.pile.{a,b} |
| tabs/train/form.py | train.sets.{} | train.sets.* |
| tabs/train/form.py | train.settings.{}.choices.{} | train.settings.*.choices.* |
| tabs/train/form.py | train.settings.{}.info | train.settings.*.info |
| tabs/train/form.py | train.settings.{}.label | train.settings.*.label |
| tabs/train/status_view.py | train.facts.{} | train.facts.{step,time,speed,left} |
| tabs/train/status_view.py | train.slow.{} | train.slow.{d,g} |
| tabs/translate/steganography.py | translate.hidden.kinds.{} | translate.hidden.kinds.{noise,jpeg,blur} |
| tabs/translate/steganography.py | translate.hidden.unit.{} | translate.hidden.unit.{noise,jpeg,blur} |
| tabs/translate/inspect.py | inside.losses.{} | translate.inside.losses.{deceive,cycle,identity,total,real,fake} |
| tabs/translate/inspect.py | inside.scale.{} | translate.inside.scale.{bce,saturating,least-squares,hinge,relativistic} |
| tabs/translate/inspect.py | inside.stage.{} | translate.inside.stage.{edges,down,residual,up,picture} |
| tabs/translate/unpaired.py | piles.{} | translate.piles.{pile,uncounted,unnamed,unknown,input,real,label} |
| tabs/translate/unpaired.py | piles.lesson.{} | translate.piles.lesson.{input,real,label} |
| tabs/translate/unpaired.py | piles.table.from.{} | translate.piles.table.from.{loss_g,cycle,idt,loss_d} |
| tabs/translate/unpaired.py | piles.table.{}.name | translate.piles.table.{generator,discriminator}.name |
| tabs/translate/unpaired.py | piles.table.{}.{} | translate.piles.table.generator.{own,other,other_idle,other_measured} |
| tabs/translate/unpaired.py | piles.table.{}.{} | translate.piles.table.discriminator.{own,other} |
| tabs/translate/unpaired.py | translate.piles.roles.{} | translate.piles.roles.{input,real,label} |
| tabs/translate/repeated_cycle.py | rounds.{} | translate.rounds.{rest,slower,on} |
| tabs/translate/translation.py | translate.{} | translate.{title,other} |
| tabs/translate/translation.py | alt.{} | translate.alt.{real,fake,rec,idt} |
| shared/pairs.py | translate.names.{} | translate.names.* |
"""  # noqa: E501
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
    for path in (path for end in ("css", "js", "html") for path in (ROOT / "demo").rglob(f"*.{end}")):
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
