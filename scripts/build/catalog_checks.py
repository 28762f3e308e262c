"""What `make verify` looks at in the files of the catalog, none of which belongs to a post: knobs, symptoms, the map,
the famous numbers; and the words for notebooks' figures. A check gives how many things it looked at, and what it
found, in words."""

from scripts.build import page_loads
from scripts.build.looked_at import LookedAt, Wrong
from scripts.catalog import engine_map, famous_numbers, knobs, kv_bytes, map_check, symptoms
from scripts.common.errors import SiteError
from scripts.measured import drawn_figures
from scripts.pages import alt_texts, figure_texts, notebook_pairs


def check_knobs(evidence: LookedAt) -> tuple[int, str]:
    known = knobs.load(evidence.pins, evidence.root)
    knobs.check_claims(known, evidence.claims)
    return len(known), f"knobs have every setting among them, as {sum(len(knob.flags) for knob in known)} flags"


def check_symptoms(evidence: LookedAt) -> tuple[int, str]:
    known = list(evidence.symptoms.values())
    symptoms.check(known, evidence.claims, evidence.resolver, evidence.uses)
    for model in kv_bytes.load(evidence.root):  # that docs/symptoms.md works out
        if model.record:
            kv_bytes.checked(model, evidence.record(model.record))
    shown = sum(bool(symptom.claims) for symptom in known)
    return len(known), f"symptoms say what to change in each engine, {shown} of them with a claim"


def check_map(evidence: LookedAt) -> tuple[int, str]:
    maps = engine_map.load(evidence.root)
    if wrong := map_check.problems(maps, evidence):
        raise Wrong(wrong)
    arrows = sum(len(each.arrows) for each in maps.values())
    return sum(len(each.boxes) for each in maps.values()), f"boxes of the map and {arrows} arrows are as recorded"


def check_famous(evidence: LookedAt) -> tuple[int, str]:
    figures = famous_numbers.load(evidence.root)
    famous_numbers.check_values(figures, evidence.claims)
    measured = sum(figure.verdict in famous_numbers.MEASURED for figure in figures)
    return len(figures), f"famous numbers of {len(evidence.quoted)} sources have a verdict, {measured} measured here"


def check_figures(evidence: LookedAt) -> tuple[int, str]:
    """So many notebooks are looked at; what they draw is what is shown, and told to who does not see it."""
    notebooks = [pair[1] for pair in notebook_pairs.pairs(evidence.root) if evidence.holds(pair[1].name)]
    wrong = drawn_figures.faults(evidence.root, evidence.post)
    wrong += [line for line in alt_texts.faults(evidence.root) if evidence.holds(line.split(":")[0])]
    count = 0
    for notebook in notebooks:
        again = f"run it again: make experiments EXP={notebook.name[:2]}"
        loads = page_loads.in_notebook(notebook)
        wrong += [f"experiments/{notebook.name}: loads {one[:120]} from another host; {again}" for one in loads]
        try:
            count += figure_texts.check(notebook, evidence.root)
        except SiteError as error:
            wrong.append(str(error))
    if wrong:
        raise Wrong(wrong)
    return len(notebooks), f"notebooks drew the {count} figures that are shown, and say in words what is on them"
