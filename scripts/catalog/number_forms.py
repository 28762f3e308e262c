"""How a number with a unit is written: over a line's end, with emphasis, a thin space or an entity between, in words.

`plain` takes out of Markdown what is no prose and leaves every sign of the rest where it was, so that a place in the
plain text is the place in the page.
"""

import re
from collections.abc import Iterator

from scripts.pages.references import CODE, REFERENCE

_UNITS = (
    # time
    "ns|us|µs|μs|ms|s|secs?|min|h|nanoseconds?|microseconds?|milliseconds?|seconds?|minutes?|hours?|days?|weeks?|"
    # ratios
    "%|‰|percent|per cent|percentage points?|x|×|times|fold|-fold|"
    # rates
    "[kKMG]?tok/s(?:ec)?|tok/min|tokens?/s(?:ec)?|tokens?(?: per |/)(?:second|minute)|req/s|requests?/s|"
    "requests? per second|RPS|QPS|rps|qps|[kKMGT]?Hz|[KMGTP]?FLOPS?|[KMGTP]?FLOP/s|[kKMGT]i?B/s|[kKMGT]bit/s|[KMGT]bps|"
    # power
    "k?W|watts?|k?Wh|joules?|"
    # sizes
    "[KMGTkmgt]i?B|B|bytes?|kilobytes?|megabytes?|gigabytes?|tokens?"
)
_DIGITS = r"(?:\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?|\.\d+)"
_ONES = "one|two|three|four|five|six|seven|eight|nine"
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_WORD = (
    rf"(?:(?:{_TENS})(?:[- ](?:{_ONES}))?|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|{_ONES})"
    r"(?: (?:hundred|thousand|million|billion))*"
)
# What a reader sees as a blank between a number and its unit, or not at all.
_BREAK = r"\n(?![ \t>]*(?:\n|\Z))[ \t]*(?:>[ \t]*)*"
_SPACE = r"[ \t\u00a0\u1680\u2000-\u200d\u202f\u205f\u2060\u3000\ufeff]"
_BLANK = rf"(?:{_SPACE}|\\ |&(?:\w*sp|NoBreak|#\d+|#x[\da-fA-F]+);|{_BREAK})"
_BETWEEN = rf"(?:{_BLANK}|[*`\]])*"
_JOIN = rf"{_BETWEEN}(?:to|and|or|–|—|-|/|±|&[nm]dash;){_BETWEEN}"
_FRACTION = r"[½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅒]"
# `20.4 to 38.2%` is one number with a unit, and one mark after it covers both ends. A digit after a letter or a
# hyphen belongs to a name: Qwen3-8B, H200, SmolLM2-135M.
_END = r"(?:\b|(?<=[%‰×]))(?![\w/])"
TYPED = re.compile(
    rf"(?<![\w.\-/#&=])(?P<text>[~≈<>≤≥±+−-]?(?:{_DIGITS}{_FRACTION}?|{_FRACTION})"
    rf"(?:{_JOIN}(?:{_DIGITS}{_FRACTION}?|{_FRACTION}))*(?:{_BETWEEN}|-)(?P<unit>{_UNITS}){_END})"
)
# Time, shares, and how much faster: `ten times` and `two tokens` are how people talk of what they count on fingers.
SPELLED = re.compile(
    rf"(?<![\w-])(?P<text>{_WORD}(?:{_BLANK}+|-)(?P<unit>(?:nano|micro|milli)?seconds?|minutes?|hours?|"
    rf"percent|per cent|percentage points?)\b|(?:{_TENS}|{_ONES}|ten|hundred)-?(?P<fold>fold)\b|"
    rf"(?:twice|thrice|half|{_WORD}{_BLANK}+times){_BLANK}+as{_BLANK}+"
    r"(?:fast|slow(?:ly)?|quick(?:ly)?|long|soon|late|cheap|expensive|dear)\b)",
    re.I,
)
# One of these is in every number that SPELLED finds, and in few paragraphs: it is slow to look everywhere.
_IN_SPELLED = ("second", "minute", "hour", "percent", "per cent", "fold", "twice", "thrice", "half", "times")
# A percentile is a measurement, whether its unit is said or not; and so is money.
BARE = re.compile(
    rf"(?<![\w.\-/#&=])(?P<text>(?:[pP]\d\d(?:\.?9)?|medians?|means?|averages?|TTFT|TPOT|ITL)(?:{_BETWEEN}(?:is|was|of|=|:))"
    rf"{_BETWEEN}{_DIGITS}|[$€£] ?{_DIGITS})(?![\w/%])"
)
MARK = re.compile(rf"[*_)\]]{{0,3}}(?:{_BREAK})?\{{(?P<kind>fixed|quoted): *(?P<why>[^{{}}\n]+?) *\}}")
# How this project always states its uncertainty: a method, not a measurement.
METHOD = re.compile(rf"95(?:{_BLANK})?(?:%|per ?cent)(?={_BLANK}(?:bootstrap{_BLANK})?(?:confidence{_BLANK})?interval)")
_LINK_TARGET = re.compile(
    r"(?m:^ {0,3}\[(?!\^)[^\]\n]+\]:.*$)|"
    r"(?<=\])\([^)\n]*\)|<https?://[^>\n]*>|https?://\S+|(?<=\])\[[^\]\n]*\]"
)
_UNDERSCORED = re.compile(r"(?<!\w)_+(?=[^\s_])|(?<=[^\s_])_+(?!\w)")  # emphasis; to a pattern it is a letter
_ATTRIBUTES = re.compile(r"\{[:.#][^{}\n]*\}|<[a-zA-Z/][^>]*>")
_NUMBER_IN_CODE = re.compile(rf"`+ *{_DIGITS} *`+")
_OPERAND = re.compile(r"[ \u00a0\u202f]?\d")
_NOT_HERE = "\x01"


def plain(text: str) -> str:
    """The text without code, references, addresses, markup and methods, of the same length and with the same lines.

    The attributes keep their quoted text: an alt text in HTML is read too. A number alone in code is a number.
    """
    text = CODE.sub(lambda code: code[0] if _NUMBER_IN_CODE.fullmatch(code[0]) else _nothing(code), text)
    text = _LINK_TARGET.sub(_blanks, REFERENCE.sub(_nothing, text))
    text = _UNDERSCORED.sub(lambda signs: "*" * len(signs[0]), _ATTRIBUTES.sub(_only_alt, text))
    return METHOD.sub(_nothing, text)


def found(text: str) -> list[re.Match[str]]:
    """Each number with a unit in a plain text, in its order."""
    numbers = []
    for match in TYPED.finditer(text):
        if match["unit"] in ("%", "x", "×") and _OPERAND.match(text, match.end()):
            continue  # 37 % 16 and 12 × 16 are sums
        if match["unit"] == "B" and match["text"][-2:-1].isdigit():
            continue  # 8B counts a model's parameters; bytes stand apart from their number
        numbers.append(match)
    numbers += _spelled(text)
    with_units = list(numbers)
    numbers += [
        match for match in BARE.finditer(text)
        if not any(match.start() < other.end() and other.start() < match.end() for other in with_units)
    ]
    return sorted(numbers, key=lambda match: match.start())


def _spelled(text: str) -> Iterator[re.Match[str]]:
    begin = 0
    for paragraph in text.split("\n\n"):  # no number goes on behind an empty line
        end = begin + len(paragraph)
        folded = paragraph.casefold()
        if any(part in folded for part in _IN_SPELLED):
            yield from SPELLED.finditer(text, begin, end)
        begin = end + 2


def words(match: re.Match[str]) -> str:
    """The number as an error says it: on one line."""
    return " ".join(re.sub(_BREAK, " ", re.sub(r"[*`\]]", "", match["text"])).split())


def _nothing(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", _NOT_HERE, match[0])


def _blanks(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def _only_alt(match: re.Match[str]) -> str:
    """Blanks a tag or attribute list, but for what its alt or title says to a reader."""
    kept = [(m.start(1), m.end(1)) for m in re.finditer(r"\b(?:alt|title|aria-label)=[\"']([^\"']*)", match[0])]
    return "".join(c if c == "\n" or any(a <= i < b for a, b in kept) else " " for i, c in enumerate(match[0]))
