"""The page of `make play`, in Markdown: both engines side by side, what became of each request, what it leaves out."""

from scripts.render.blocks import play, play_words
from scripts.render.blocks.play import Played
from scripts.render.blocks.replay_frames import HUES
from scripts.render.page.html import escaped

CLOSING = """
## What this shows, and what it does not

- The schedulers, the cache managers and the pools are the engines' own, driven on this machine. No model runs: every
  token of an answer is the same, and an answer is exactly as long as the file says.
- A step is no time. A step with a large prompt takes longer than one of decodes, so compare order and memory here, and
  seconds only where they were measured.
- SGLang's pool has as many tokens as vLLM's, in pages of one token; `block_size` is vLLM's alone.
- To see one change, copy the file, change one number, and run `make play FILE=...` again.

The rules behind each step: [post 2]({site}posts/02-scheduler-loop/) on the scheduler,
[post 3]({site}posts/03-block-manager/) on the blocks.
"""


def page(played: dict, site: str) -> tuple[str, tuple[str, str]]:
    """(Markdown, (address, JSON of the steps)) of a file of play_format; `site` is where the posts are."""
    told = Played(played)
    lines = [
        "---", "title: Your own requests", "hide: [navigation, toc]", "---", "", "# Your own requests", "",
        _about(played), "", *_each(told), "",
    ]  # fmt: skip
    if told.cut is not None:
        lines += [f"The pictures end with step {told.cut}: a browser would be slow with more.", ""]
    if len(played["workload"]["requests"]) > len(HUES):
        lines += [f"Colours repeat after {len(HUES)} requests; the name stands beside each.", ""]
    figure = told.figure("", f"{told.labels[0]} and {told.labels[1]} with the same requests")
    lines += [figure, "", "## What became of each request", "", _table(played, told.labels), CLOSING.format(site=site)]
    return "\n".join(lines), told.data()


def _about(played: dict) -> str:
    what = played["workload"]
    count = len(what["requests"])
    return (
        f"`{played['file'].replace('`', '')}`: {count} request{'' if count == 1 else 's'}, at most "
        f"{what['max_num_seqs']:,} at once; {what['budget']:,} tokens a step; a pool of {what['blocks']:,} blocks of "
        f"{what['block_size']:,} tokens."
    )


def _each(told: Played) -> list[str]:
    """A line an engine: how long it took, who lost memory, why it was stopped."""
    lines = []
    for run, label, ended in zip(told.runs, told.labels, told.ended, strict=True):
        losses = play_words.lost(run)
        word = run.lost_word
        who = f"{word}: " + ", ".join(f"{name} in step {n}" for n, name in losses[:8]) if losses else f"no one {word}"
        if len(losses) > 8:
            who += f" and {len(losses) - 8} times more"
        keys = [key for key in ("policy", "asynchronous", "overlap", "mixed", "watermark") if key in run.setup]
        settings = ", ".join(run.told(key) for key in keys if run.setup[key] not in (False, 0.0))
        line = f"- **{label}** ({settings}): {run.last:,} steps; {who.replace('no one', 'no request is')}."
        why = play_words.ending(run, ended)
        lines.append(f"{line} **{why}**" if why else line)
    return lines


def _table(played: dict, labels: list[str]) -> str:
    """HTML, since Markdown's tables have no second row of headings."""
    head = "".join(f'<th scope="colgroup" colspan="3">{escaped(label)}</th>' for label in labels)
    each = "".join(f'<th scope="col">{title}</th>' for title in ("first token", "done", "memory lost") * len(labels))
    rows = []
    for row in play.summary(played):
        cells = "".join(
            f"<td>{_step(run['first'])}</td><td>{_step(run['last'])}</td><td>{_times(run['lost'])}</td>"
            for run in row["runs"]
        )
        asked = f"{row['prompt']:,} + {row['answer']:,}"
        rows.append(
            f'<tr><th scope="row">{escaped(row["name"])}</th><td>{asked}</td><td>{row["arrives"]}</td>{cells}</tr>'
        )
    return (
        '<div class="md-typeset__scrollwrap" tabindex="0" role="group" aria-label="What became of each request">'
        '<div class="md-typeset__table"><table><thead><tr><th scope="col" rowspan="2">request</th>'
        '<th scope="col" rowspan="2">prompt + answer</th><th scope="col" rowspan="2">before step</th>'
        f"{head}</tr><tr>{each}</tr></thead><tbody>{''.join(rows)}</tbody></table></div></div>"
    )


def _step(n: int | None) -> str:
    return "never" if n is None else f"step {n}"


def _times(count: int) -> str:
    return {0: "no", 1: "once", 2: "twice"}.get(count, f"{count} times")
