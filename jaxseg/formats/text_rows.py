"""What is wrong with a text that should be rows of numbers."""

from jaxseg.formats.names import shown


def broken_line(content: bytes) -> str:
    """Describes the first line of a text file that is no row of numbers, blanks between them."""
    width = None
    for number, line in enumerate(content.decode("utf-8", "replace").split("\n"), start=1):
        words = line.split()
        for word in words:
            if not is_number(word):
                return f"line {number}: not a number: {shown(word)}"
        if not words:
            return f"line {number}: empty line"
        width = width or len(words)
        if len(words) != width:
            return f"line {number}: {len(words)} numbers, not {width} as before"
    return "not a matrix of numbers"


def is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
