"""What pip says of its own settings when it refuses them, as one line that names the file and the setting.

Standard library only, like all that runs before the environment is there. A value may be an address with a password:
a line of the user's file is never repeated.
"""

import configparser
import os
import re
import subprocess

from scripts.common.errors import SiteError

# Said of one option; the files of pip's that it cannot read at all.
OPTION = re.compile(
    r"option (?P<name>[\w-]+): (?P<what>.*)|(?P<value>\S*) is not a valid value for (?P<named>\S+) option"
)
FILE = re.compile(
    r"(?:file: |parsing errors: |reading from )(?P<quote>['\"])(?P<path>.+?)(?P=quote)|characters in (?P<bare>.+)\."
)


def refusal(python: str, output: str) -> SiteError:
    """The error for the output of a `python -m pip config list` that failed."""
    option, file = OPTION.search(output), FILE.search(output)
    if option:
        name = (option["name"] or option["named"]).removeprefix("--")
        what = option["what"] or f"'{option['value']}' is neither yes nor no"
        return SiteError(f"{place_of(python, name)}: {what}; correct or remove it, then run it again")
    if file:
        line = re.search(r"line:?\s*(\d+)", output)
        where = f"{file['path'] or file['bare']}{':' + line[1] if line else ''}"
        why = "is not UTF-8" if file["bare"] else _why_unread(output)
        return SiteError(f"{where}: {why}, so pip reads no setting of it; correct it, then run it again")
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    said = re.sub(r"://\S*@", "://...@", lines[-1])[:200] if lines else "it printed nothing"
    return SiteError(f"pip's settings cannot be read ({said}); correct what `{python} -m pip config list` names")


def _why_unread(output: str) -> str:
    if "no section headers" in output:
        return "a setting stands before any section ([global] has to come first)"
    if "already exists" in output:
        return "a setting or section stands there twice"
    return "is not in the form of a pip.conf"


def place_of(python: str, name: str) -> str:
    """Where pip found the setting `name`: its variable, or file, section and key. `python` is the one that has pip."""
    spelled = {"timeout": ("timeout", "default-timeout"), "index-url": ("index-url", "pypi-url")}.get(name, (name,))
    for option in spelled:
        variable = "PIP_" + option.upper().replace("-", "_")
        if os.environ.get(variable):
            return variable
    for file in reversed(_files(python)):
        parser = configparser.RawConfigParser()
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
        for section in ("download", "install", "config", "global"):
            keys = parser.options(section) if parser.has_section(section) else []
            for key in keys:
                if key.replace("_", "-").removeprefix("--") in spelled:
                    return f"{file}: [{section}] {key}"
    return f"pip's setting {name}"


def _files(python: str) -> list[str]:
    """pip's configuration files, the one that wins last."""
    code = (
        "from pip._internal.configuration import get_configuration_files as files;"
        "[print(file) for kind in ('global', 'user', 'site') for file in files().get(kind, [])]"
    )
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    own = os.environ.get("PIP_CONFIG_FILE", "")
    return [file for file in [*done.stdout.splitlines(), own] if file and os.path.isfile(file)]
