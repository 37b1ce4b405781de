"""American spelling, as the field's terms have it: localization, color, normalize, labeled."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("jaxseg", "configs", "benchmarks", "docs", "launch", "tests")
ENDINGS = {".py", ".md", ".html", ".css", ".js", ".j2", ".sh", ".toml", ".txt"}
# Stems of British forms. Those that end in "is" are followed by e, ed, es, ing, er or ation.
VERBS = """
    analys bin?aris categoris character?is discretis emphasis factoris finalis formalis generalis
    initialis linearis localis materialis maximis memoris minimis neutralis normalis optimis
    organis parallelis parametris penalis polaris pooris prioritis quantis randomis realis recognis
    regularis serialis specialis stabilis standardis summaris symmetris synchronis tokenis utilis
    vectoris visualis
"""
WORDS = r"""
    artefact behaviour cancell(?:ed|ing) catalogue centi?metre centre(?:d|s)? colour defence favour
    fuelled grey honour judgement labell(?:ed|er|ing) licence marvell \bmetres?\b
    modell(?:ed|er|ing) mould neighbour odour plough programmes?(?![a-z]) rumour savour sceptic
    travell(?:ed|ing) \btyres?\b whilst
"""
ENDS_OF_VERBS = "e|ed|es|ing|er|ers|ation|ations|able"
BRITISH = re.compile(
    rf"(?:{'|'.join(VERBS.split())})(?:{ENDS_OF_VERBS})(?![a-z])|(?:{'|'.join(WORDS.split())})",
    re.IGNORECASE,
)
# Names that are spelled so: of files and values that older runs have, and of the outside world.
NAMES = re.compile(
    r"""
    "as\ labelled"  # value of evaluation.json
    | analytic_centre  # array of a recorded file
    | \.cancelled\( | CANCELLED  # of concurrent.futures and gRPC
    | (?i:emphasis | analyses | LICENCE\b)
    """,
    re.VERBOSE,
)


def text_files() -> list[Path]:
    """All text files of the project but this one."""
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*"))]
    paths += sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("*.toml"))
    return [
        path
        for path in paths
        if path.suffix in ENDINGS and "__pycache__" not in path.parts and path != Path(__file__)
    ]


def british(text: str) -> list[str]:
    """British forms in a text."""
    return [match[0] for match in BRITISH.finditer(NAMES.sub("", text))]


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("localisation, normalised colours", ["localisation", "normalised", "colour"]),
        (
            "Programme of the neighbours, labelled grey",
            ["Programme", "neighbour", "labelled", "grey"],
        ),
        ("an emphasis on programmers, programmed analyses", []),
        ("localization normalized color program neighbor labeled gray meter parameters", []),
    ],
)
def test_forms_that_are_seen(text, forms):
    assert british(text) == forms


def test_spelling_is_american():
    mistakes = []
    for path in text_files():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            mistakes += [f"{path.relative_to(ROOT)}:{number}: {form}" for form in british(line)]
    assert not mistakes, "\n".join(mistakes)
