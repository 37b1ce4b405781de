"""A self-contained page of a localisation: precision over recall, errors, recall of proposals."""

from collections.abc import Sequence
from html import escape

from jaxseg.evaluation.localization.command import table_lines
from jaxseg.evaluation.localization.diagnosis import DEPTHS, KINDS

WIDTH, HEIGHT, MARGIN = 420, 280, 40
STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1080px; margin: 2em auto; padding: 0 1em;
  color: #1f2328; background: #fff; }
pre { background: #f6f7f8; padding: .8em; font-size: 12px; overflow-x: auto; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: 1em; }
figure { margin: 0; } figcaption { font-size: 13px; } svg { width: 100%; height: auto; }
.legend { font-size: 13px; color: #57606a; }
.legend span { display: inline-block; margin-right: 1em; white-space: nowrap; }
.legend i { display: inline-block; width: .9em; height: .9em; margin-right: .3em; }
svg text { font-size: 11px; fill: #57606a; }
"""
# Colours that readers with colour blindness tell apart (Okabe and Ito 2008); grey is right.
KIND_COLOURS = ("#b4b9bf", "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00")


def localization_page(results: Sequence[dict]) -> str:
    """HTML of all scores.

    Args:
        results: of `evaluate_localization` with `errors`, `proposals` and `curves`.
    """
    table = "\n".join(table_lines(results, errors=True, proposals=True))
    depths = f"the first G to {DEPTHS[-1]} G predictions of a class with G true segments"
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>Localisation scores</title>",
        f"<style>{STYLE}</style><h1>Localisation scores</h1><pre>{escape(table)}</pre>",
        "<h2>Precision over recall</h2><p>The precision envelope, mean over classes, in percent.",
        f"</p>{legend(threshold_colours(results[0]['tiou']))}",
        grid(results, precision_chart),
        f"<h2>What goes wrong</h2><p>At tIoU 0.5, of {depths}; share of predictions.</p>",
        legend(dict(zip(KINDS, KIND_COLOURS, strict=True))),
        grid(results, error_chart),
        "<h2>Recall of proposals</h2><p>Share of true segments that the first predictions of a"
        " video cover, whatever their labels; mean over tIoU 0.5 to 0.95.</p>",
        grid(results, recall_chart),
    ]
    return "\n".join(parts) + "</html>\n"


def grid(results: Sequence[dict], draw) -> str:
    """One drawing a protocol, side by side."""
    figures = (
        f"<figure><figcaption>{escape(each['protocol'])}</figcaption>{draw(each)}</figure>"
        for each in results
    )
    return f"<div class='grid'>{''.join(figures)}</div>"


def legend(colours: dict[str, str]) -> str:
    """What each colour stands for."""
    items = (
        f"<span><i style='background:{colour}'></i>{escape(name)}</span>"
        for name, colour in colours.items()
    )
    return f"<p class='legend'>{''.join(items)}</p>"


def threshold_colours(tiou: Sequence[float]) -> dict[str, str]:
    """From light to dark as the threshold rises."""
    steps = max(len(tiou) - 1, 1)
    return {
        f"tIoU {threshold:g}": f"hsl(212 65% {78 - 55 * place / steps:.0f}%)"
        for place, threshold in enumerate(tiou)
    }


def precision_chart(result: dict) -> str:
    """A line for each threshold."""
    curves = result["curves"]
    colours = threshold_colours(result["tiou"])
    lines = [
        line(curves["recall"], heights, 100, colour, name)
        for heights, (name, colour) in zip(curves["precision"], colours.items(), strict=True)
    ]
    return chart("recall", "precision", ("0", "100"), lines)


def recall_chart(result: dict) -> str:
    """Average recall over the number of proposals."""
    proposals = result["proposals"]
    most = proposals["an"][-1]
    drawn = line(proposals["an"], proposals["ar"], most, "#1d5fa8", "average recall")
    return chart("proposals a video", "recall", ("0", str(most)), [drawn])


def error_chart(result: dict) -> str:
    """A stacked bar for each depth of the list."""
    counts = result["errors"]["depths"]
    slot = (WIDTH - 2 * MARGIN) / len(DEPTHS)
    bars = []
    for place in range(len(DEPTHS)):
        total = max(sum(counts[kind][place] for kind in KINDS), 1)
        bottom = 0.0
        for kind, colour in zip(KINDS, KIND_COLOURS, strict=True):
            share = 100 * counts[kind][place] / total
            bars.append(
                f"<rect x='{MARGIN + (place + 0.1) * slot:.1f}' y='{y(bottom + share):.1f}'"
                f" width='{0.8 * slot:.1f}' height='{y(0) - y(share):.1f}' fill='{colour}'>"
                f"<title>{kind}: {counts[kind][place]:,} ({share:.1f} %)</title></rect>"
            )
            bottom += share
    return chart("predictions of a class", "share", ("G", f"{DEPTHS[-1]} G"), bars)


def chart(across: str, up: str, ends: tuple[str, str], shapes: Sequence[str]) -> str:
    """Axes with a name and two ends across and 0 to 100 up, with shapes between them."""
    frame = "".join(
        f"<line x1='{MARGIN}' x2='{WIDTH - MARGIN}' y1='{y(level)}' y2='{y(level)}'"
        f" stroke='#e3e5e8'/><text x='{MARGIN - 6}' y='{y(level) + 4}' text-anchor='end'>{level}"
        "</text>"
        for level in range(0, 101, 25)
    )
    labels = (
        f"<text x='{MARGIN}' y='{HEIGHT - MARGIN + 16}'>{ends[0]}</text>"
        f"<text x='{WIDTH - MARGIN}' y='{HEIGHT - MARGIN + 16}' text-anchor='end'>{ends[1]}</text>"
        f"<text x='{WIDTH / 2}' y='{HEIGHT - 8}' text-anchor='middle'>{across}</text>"
        f"<text x='{MARGIN}' y='{MARGIN - 12}' text-anchor='middle'>{up}</text>"
    )
    size = f"viewBox='0 0 {WIDTH} {HEIGHT}' role='img' aria-label='{up} over {across}'"
    return f"<svg {size}>{frame}{''.join(shapes)}{labels}</svg>"


def line(across: Sequence[float], up: Sequence[float], most: float, colour: str, name: str) -> str:
    """A line through points."""
    points = " ".join(
        f"{MARGIN + (WIDTH - 2 * MARGIN) * at / most:.1f},{y(height):.1f}"
        for at, height in zip(across, up, strict=True)
    )
    stroke = f"fill='none' stroke='{colour}' stroke-width='1.5'"
    return f"<polyline points='{points}' {stroke}><title>{escape(name)}</title></polyline>"


def y(percent: float) -> float:
    """Height of a percentage in a chart's own units."""
    return HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * percent / 100
