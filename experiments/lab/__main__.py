"""python -m experiments.lab ...: measure, record, experiments, send, import, hosts, verify, claims, compare, and more."""

import argparse
import sys
from pathlib import Path

from experiments.lab.errors import LabError, refused
from experiments.lab.host import config, engine_table, host_info, interpreters, model_folders
from experiments.lab.host.progress import Progress
from experiments.lab.records import record_file


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python -m experiments.lab", description="Measures, and says what the measurements came to."
    )
    commands = top.add_subparsers(dest="command", required=True)

    def command(name: str, text: str, exp: bool = False, out: bool = False, exps: bool = False):
        sub = commands.add_parser(name, help=text, description=text)
        if exps:
            sub.add_argument("--exp", metavar="NN", action="append", help="an experiment, repeatable (default: all)")
            some = sub.add_mutually_exclusive_group()
            some.add_argument("--card", metavar="N", help="measure on this GPU alone, counted from 0")
            some.add_argument("--cards", metavar="N", help="measure on so many GPUs at once, or on all (default: 1)")
        if exp:
            sub.add_argument("--exp", metavar="NN", help="one experiment (default: all)")
        if out:
            sub.add_argument(
                "--out", type=Path, metavar="DIR", help="where records go (default: experiments/local/records)"
            )
            sub.add_argument(
                "--reference", action="store_true", help="write to experiments/records: the run the pages cite"
            )
            sub.add_argument("--again", action="store_true", help="measure finished ones too")
        return sub

    sub = command("measure", "measure experiments' fleets and write records", exps=True, out=True)
    sub.add_argument("--tier", choices=("gpu", "cpu"), required=True)
    sub.add_argument("--only", metavar="NAME", help="one fleet or one measurement")
    sub = command("record", "record the call path of one request", out=True)
    sub.add_argument("--exp", metavar="NN", action="append", help="an experiment that has one, repeatable (default: 01)")
    sub.add_argument(
        "--configuration", metavar="NAME", action="append",
        help="vllm-cpu, vllm-gpu, sglang-gpu or a variant, repeatable (default: all that this machine can run)",
    )
    sub = command("experiments", "measure what this machine can, redraw figures and claims, print the table", exps=True)
    sub.add_argument("--reference", action="store_true", help="write to experiments/records: the run the pages cite")
    sub.add_argument("--no-measure", action="store_true", help="redraw from the records that are there")
    sub = command("send", "pack what was measured here of one experiment into one file, and sum it up")
    sub.add_argument("--exp", metavar="NN", required=True, help="the experiment")
    sub.add_argument("--out", type=Path, metavar="FILE", help="default: experiments/local/NN-<host id>.tar.gz")
    sub.add_argument("--by", metavar="HANDLE", help="who measured, for the page of hosts (default: nobody is named)")
    sub.add_argument(
        "--allow", metavar="WORD", action="append", help="a word that is this machine's name or yours by chance only"
    )
    sub = command("import", "validate records made elsewhere and copy them home, or file them as a further host's")
    sub.add_argument("source", type=Path, metavar="FILE|DIR", help="a file of `send`, or a folder that --out named")
    sub.add_argument("--check", action="store_true", help="say whether it may be filed, and file nothing")
    sub.add_argument("--host", action="store_true", help="a folder, too, becomes a further host, or a plan's")
    sub.add_argument(
        "--reference", action="store_true", help="into experiments/records instead of experiments/local/records"
    )
    sub = command("hosts", "list the further hosts and what was measured on each")
    sub.add_argument("--accept", action="store_true", help="check what lies unlisted among the hosts and plans, and list it")
    sub.add_argument("--drop", metavar="[PLAN/]ID/NN", help="remove one host's records of one experiment")
    sub = command("verify", "evaluate every claim again from its records and compare", exp=True)
    sub.add_argument("--all", action="store_true", help="also what is unchanged since it was verified")
    command("claims", "print what the claims came to", exp=True)
    command("compare", "print claim, reference, here, holds", exp=True)
    sub = command("digest", "print the digests of the code that measures, or find the commit of one", exp=True)
    sub.add_argument("--find", metavar="DIGEST", help="a record's `lab`, or its first eight digits or more")
    sub = command("play", "drive both engines' schedulers with the requests of a file; `make play` shows it")
    sub.add_argument("file", type=Path, metavar="FILE", help="requests and sizes in TOML: experiments/play/example.toml")
    sub.add_argument("--out", type=Path, metavar="FILE", help="default: experiments/local/play.json")
    command("models", "make the model folders")
    command("engines", "say which engines this machine has")
    return top


def destination(options) -> Path:
    if getattr(options, "out", None):
        return options.out.resolve()
    return config.ROOT / (config.REFERENCE if options.reference else config.LOCAL)


def chosen(options) -> list:
    from experiments.lab.fleets import suite_runner

    return list(dict.fromkeys(options.exp or suite_runner.experiments()))


def measure(options, found: config.Settings) -> list[str]:
    """The lines of what failed."""
    from experiments.lab.fleets import cards, suite_runner

    if options.cards and options.tier == "gpu" and (count := cards.how_many(options.cards)) > 1:
        more = [*(["--only", options.only] if options.only else []), *(["--again"] if options.again else [])]
        return cards.measure(chosen(options), count, destination(options), more)
    with suite_runner.one_a_card(options.card) if options.card else suite_runner.one_at_a_time():
        model_folders.prepare(found, list(found.pythons))
        return suite_runner.measure_all(
            chosen(options), options.tier, found, destination(options), options.only, options.again,
            logs=cards.logs_of(options.card) if options.card else "logs",
        )


def digests(options) -> str:
    """A line an experiment and kind of record, and the commit; or, with --find, where a digest comes from."""
    from experiments.lab.records import digest_history, git_commit, source_digest

    if options.find:
        try:
            return digest_history.find(options.find, on_ask=lambda done, total: on_terminal(f"asking commit {done + 1} of {total}"))
        finally:
            on_terminal("")
    if options.exp and options.exp not in source_digest.experiments():
        raise LabError(f"no experiment {options.exp!r}; there are: {', '.join(source_digest.experiments())}")
    lines = [
        f"{experiment} {what}: {source_digest.source_digest(experiment, what == 'call path')}"
        for experiment in ([options.exp] if options.exp else source_digest.experiments())
        for what in ("measurements", "call path")
    ]
    if here := git_commit.commit():
        lines.append(f"commit {here['id']}" + ("" if here["clean"] else ", and changes to the lab that are not committed"))
    return "\n".join(lines)


def on_terminal(text: str) -> None:
    """Rewrite the one line that says how far a search is; nothing where output is no terminal."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def run(options) -> int:
    if getattr(options, "card", None):
        from experiments.lab.fleets import cards

        cards.use(options.card)
    found = config.load()
    if options.command == "measure":
        failures = measure(options, found)
        for line in failures:
            print(line, file=sys.stderr)
        return 1 if failures else 0
    if options.command == "record":
        from experiments.lab.callpaths import recorder
        from experiments.lab.fleets import suite_runner

        out = destination(options)
        todo, failures = recorder.to_record(options.exp or ["01"], options.configuration or [], found, out, options.again)
        with suite_runner.one_at_a_time(), suite_runner.ended_in_order():
            if todo:
                model_folders.prepare(found, list(found.pythons))
            progress = Progress({one.name: one.estimate_s for one in todo})
            paths, failed = recorder.record_all(todo, found, out, progress)
        for path in paths:
            print(record_file.portable(str(path)))
        for line in [*failures, *failed]:
            print(line, file=sys.stderr)
        return 1 if failures or failed else 0
    if options.command in ("import", "hosts"):
        from experiments.lab.records import import_records

        lines = import_records.imported(options) if options.command == "import" else import_records.listed(options)
        print("\n".join(lines))
        return 0
    if options.command == "digest":
        print(digests(options))
        return 0
    if options.command == "models":
        python = next((p for name in engine_table.table().serving() if (p := found.pythons[name])), None)
        if python is None:
            raise LabError(
                "models: no engine's interpreter is here to convert the weights; `make engine-cpu` makes one"
            )
        model_folders.make(found, python)
        print("\n".join(record_file.portable(str(found.models / name)) for name in model_folders.NAMES))
        return 0
    if options.command == "engines":
        for name, what in interpreters.available(found).items():
            if not isinstance(what, str):
                installed = f"{what['distribution']} {what['distribution_version']}"
                what = f"{name}: {installed}, torch {what['torch']}, Python {what['python']}"
            print(what)
        print(f"host {host_info.host()['id']}: {host_info.label(host_info.host())}")
        return 0
    if options.command == "play":
        from experiments.lab.play import drive

        return drive.play_command(options, found)
    from experiments.lab.evaluation import compare_claims, measure_and_redraw, reevaluate_claims, send_result

    commands = {
        "send": send_result.send_command,
        "experiments": measure_and_redraw.experiments_command, "verify": reevaluate_claims.verify_command,
        "claims": compare_claims.claims_command, "compare": compare_claims.compare_command,
    }
    return commands[options.command](options, found)


def main(arguments=None) -> int:
    options = parser().parse_args(arguments)
    try:
        return run(options)
    except LabError as error:
        line = " ".join(str(error).split())  # it may quote a file that a stranger sent
        print("".join(sign if sign.isprintable() else "?" for sign in line), file=sys.stderr)
        return 1
    except OSError as error:
        if (why := refused(error)) is None:
            raise
        print(why, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; what is finished is kept, the same command goes on from here", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
