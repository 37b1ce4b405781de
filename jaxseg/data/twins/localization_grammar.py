"""Grammars of the embedded localisation twins: what happens how often, how long, how far apart.

The numbers are rounded statistics of the public annotations of THUMOS14 and ActivityNet: medians,
and standard deviations of logarithms. The longest videos are left out, so that a twin is made in
a moment.
"""

from typing import NamedTuple


class Action(NamedTuple):
    """One class.

    Attributes:
        name: class name.
        instances: median number of instances in a video of the class.
        seconds: median duration of an instance.
        spread: standard deviation of the duration's logarithm.
        gap: median time between two instances, in seconds.
        contains: name of a wider class that the same instances belong to as well, or "".
    """

    name: str
    instances: float
    seconds: float
    spread: float
    gap: float
    contains: str = ""


class LocalizationGrammar(NamedTuple):
    """What the videos of a data set have in common.

    Attributes:
        actions: the classes; video number n is mainly about the n-th, cyclically.
        instance_spread: standard deviation of the logarithm of the number of instances.
        gap_spread: the same for gaps, and for what comes before the first instance.
        lead: median time before the first instance, in seconds.
        second: part of the videos in which a second class occurs.
    """

    actions: tuple[Action, ...]
    instance_spread: float
    gap_spread: float
    lead: float
    second: float


def actions(text: str) -> tuple[Action, ...]:
    """Actions from lines of `Name instances seconds spread gap [wider class]`."""
    found = []
    for line in text.strip().splitlines():
        name, *words = line.split()
        found.append(Action(name.replace("_", " "), *map(float, words[:4]), *words[4:]))
    return tuple(found)


# Eight of the twenty classes, short and long, frequent and rare. A cliff diver dives.
THUMOS14 = LocalizationGrammar(
    actions("""
        BasketballDunk   20  1.5 .5   2.7
        CleanAndJerk      4  8.7 .6   2.7
        CliffDiving       8  2.7 .5   2.5 Diving
        Diving           10  2.5 .5   1.5
        GolfSwing         3  4.2 .9   6.4
        HammerThrow      13  7.1 .4   5.4
        JavelinThrow     12  6.3 .4   9.0
        SoccerPenalty     3  2.9 .5   3.7
    """),
    instance_spread=0.7,
    gap_spread=1.2,
    lead=9.7,
    second=0.12,
)

ACTIVITYNET12 = LocalizationGrammar(
    actions("""
        Archery             2   9.6 .9   8
        Brushing_teeth      1  16.4 .9   8
        Cleaning_windows    1  34.3 .8   8
        Doing_kickboxing    1  60.3 .7   8
        Hand_washing_clothes 1 29.4 .9   8
        Playing_bagpipes    1  52.4 .8   8
        Smoking_hookah      2  10.7 .9   8
        Tango               1 105.5 .5   8
    """),
    instance_spread=0.6,
    gap_spread=1.1,
    lead=7.0,
    second=0.0,
)

ACTIVITYNET13 = ACTIVITYNET12._replace(
    actions=actions("""
        Applying_sunscreen  2   8.8 .9   8
        Ballet              1  53.2 .8   8
        Building_sandcastles 1 21.2 .9   8
        Cumbia              1 100.1 .5   8
        Doing_motocross     1  54.2 .8   8
        Hopscotch           1  21.3 .9   8
        Ironing_clothes     1  19.7 .9   8
        Painting            1  61.4 .7   8
        Playing_racquetball 1  37.7 .8   8
        Skateboarding       2  14.0 .9   8
        Tumbling            2  13.5 .9   8
        Using_uneven_bars   1  22.3 .9   8
    """)
)
