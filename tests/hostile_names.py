"""Names that lead out of a folder or break a line, and odd ones that are as good as any."""

# What no file of a run may be called -> the part of the complaint that says why.
BAD = {
    "../../escape": "'/'",
    "/tmp/escape": "'/'",
    "a/b": "'/'",
    "a\\..\\escape": r"'\\'",
    "..": "'.'",
    ".": "'.'",
    ".hidden": "'.'",
    "": "no name",
    "a\nb": r"'\n'",
    "a\r\nb": r"'\r'",
    "a\x00b": r"'\x00'",
    "a\u2028b": r"'\u2028'",
    "a\x85b": r"'\x85'",
    "\x1b[31mred": r"'\x1b'",
    "half \ud83c": r"'\ud83c'",
    "x" * 236: "236 bytes",
    "ж" * 128: "256 bytes",
    "x" * 100_000: "100000 bytes",
}
# Those of them that a class can have, which no file is called after.
BAD_CLASSES = {name: why for name, why in BAD.items() if why not in ("'/'", r"'\\'", "'.'")}
BAD_CLASSES = {name: why for name, why in BAD_CLASSES.items() if "bytes" not in why}
# Those that a file system here takes.
BAD_FILES = {
    name: why
    for name, why in BAD.items()
    if name in ("a\nb", "a\\..\\escape", "\x1b[31mred", "x" * 236)
}
GOOD = (
    "-01_leading-dash",
    "--seeds=5",
    "приготовить чай",
    "咖啡 与 茶",
    "🎬👩‍🍳",
    "e\u0301 is not \u00e9",
    "<script>alert(1)",
    "\"><img src=x onerror='alert(1)'>",
    "$x_1$ ${",
    "_under, comma; %s {0} &amp;",
    "ж" * 117,
    "\u202etxet",
)
