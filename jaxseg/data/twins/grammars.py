"""Grammars of the embedded twins: what people do in which order, how long, and how surely.

The numbers of 50 Salads and Breakfast (grammar_breakfast.py) are rounded statistics of the public
annotations; Desktop Assembly's follow its published order; YouTube Instructions has the published
steps with plausible durations. Lengths are shortened, so that a twin is made in seconds.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Step(NamedTuple):
    """One action of an activity.

    Attributes:
        name: class name.
        position: mean place in the video, 0 to 1.
        spread: standard deviation of that place; where it exceeds the distance of two steps,
            they change order from video to video.
        presence: part of the videos in which the step occurs.
        share: mean part of the video it takes where it occurs.
        repetitions: mean number of times it occurs there.
        block: steps with the same block move together (oil, vinegar, salt: all early or all late).
    """

    name: str
    position: float
    spread: float
    presence: float
    share: float
    repetitions: float = 1.0
    block: str = ""


class Grammar(NamedTuple):
    """One activity: `name` begins its videos' names, `frames` is their mean length, `background`
    the part of a video that belongs to no step and lies between them."""

    name: str
    frames: int
    steps: tuple[Step, ...]
    background: float = 0.0


def table(text: str) -> tuple[Step, ...]:
    """Steps from lines of `name position spread presence share [repetitions [block]]`."""
    steps = []
    for line in text.strip().splitlines():
        name, *words = line.split()
        numbers = [float(word) for word in words[:5]]
        steps.append(Step(name, *numbers, *words[5:]))
    return tuple(steps)


def in_order(text: str, *, spread: float, presence: float) -> tuple[Step, ...]:
    """Steps from lines of `name share` that follow one another evenly."""
    rows = [line.split() for line in text.strip().splitlines()]
    return tuple(
        Step(name, (i + 0.5) / len(rows), spread, presence, float(share))
        for i, (name, share) in enumerate(rows)
    )


SALAD = Grammar(
    "salad",
    1600,
    table("""
        action_start            .00 .00 1.0 .053
        peel_cucumber           .38 .02 .96 .107 1.0 cucumber
        cut_cucumber            .43 .04 .96 .084 1.2 cucumber
        place_cucumber_into_bowl .48 .04 .92 .027 1.2 cucumber
        cut_tomato              .40 .04 1.0 .106 1.2 tomato
        place_tomato_into_bowl  .46 .04 1.0 .025 1.2 tomato
        cut_cheese              .42 .02 1.0 .082 1.0 cheese
        place_cheese_into_bowl  .48 .02 .90 .018 1.0 cheese
        cut_lettuce             .42 .04 1.0 .082 1.2 lettuce
        place_lettuce_into_bowl .47 .04 .94 .024 1.2 lettuce
        add_oil                 .36 .03 1.0 .047 1.0 dressing
        add_vinegar             .38 .03 1.0 .040 1.0 dressing
        add_salt                .40 .03 .98 .020 1.0 dressing
        add_pepper              .41 .03 1.0 .023 1.0 dressing
        mix_dressing            .45 .03 .90 .040 1.2 dressing
        mix_ingredients         .72 .08 .98 .044 1.2
        serve_salad_onto_plate  .86 .04 .98 .060
        add_dressing            .87 .05 .80 .047
        action_end              1.0 .00 1.0 .090
    """),
)

# What 50 Salads' eval level calls several actions of the mid level.
SALAD_EVAL: Mapping[str, tuple[str, ...]] = {
    "cut": ("cut_cucumber", "cut_tomato", "cut_cheese", "cut_lettuce"),
    "place": (
        "place_cucumber_into_bowl",
        "place_tomato_into_bowl",
        "place_cheese_into_bowl",
        "place_lettuce_into_bowl",
    ),
    "add_salt+add_vinegar": ("add_salt", "add_vinegar"),
}

ASSEMBLY = Grammar(
    "assembly",
    700,
    in_order(
        """
        Pick_up_chip                   .027
        Place_chip_on_motherboard      .044
        Close_cover                    .018
        Pick_up_screw_and_screwdriver  .019
        Tighten_screw                  .111
        Plug_stick_in                  .034
        Pick_up_fan                    .026
        Place_fan_on_motherboard       .032
        Tighten_screw_1                .075
        Tighten_screw_2                .059
        Tighten_screw_3                .062
        Tighten_screw_4                .060
        Put_screwdriver_down           .024
        Connect_wire_to_motherboard    .048
        Pick_up_RAM                    .013
        Install_RAM                    .097
        Pick_up_HDD                    .018
        Install_HDD                    .056
        Connect_wire_1_to_HDD          .032
        Connect_wire_2_to_HDD          .042
        Pick_up_lid                    .022
        Close_lid                      .064
        """,
        spread=0.015,
        presence=0.97,
    ),
)


def instructions(name: str, text: str) -> Grammar:
    """An activity of YouTube Instructions: most of a video is talk, and steps are left out."""
    return Grammar(name, 400, in_order(text, spread=0.09, presence=0.6), background=0.63)


INSTRUCTIONS = {
    "changing_tire": instructions(
        "changing_tire",
        """
        get_tools_out .05
        brake_on .01
        start_loose .06
        jack_up .08
        unscrew_wheel .05
        withdraw_wheel .03
        put_wheel .04
        screw_wheel .05
        jack_down .03
        tight_wheel .05
        put_things_back .03
        """,
    ),
    "coffee": instructions(
        "coffee",
        """
        fill_water .06
        put_filter .02
        fill_coffee .09
        even_surface .04
        screw_filter .04
        screw_top .03
        put_stove .03
        see_coffee .06
        withdraw_stove .02
        pour_coffee .05
        """,
    ),
    "cpr": instructions(
        "cpr",
        """
        check_response .05
        call_911 .04
        open_airway .04
        check_breathing .05
        check_pulse .03
        give_compression .12
        give_breath .06
        """,
    ),
    "jump_car": instructions(
        "jump_car",
        """
        get_cars .05
        open_hood .04
        connect_red_A .05
        connect_red_B .04
        connect_black_A .04
        connect_ground .04
        start_car_A .03
        start_car_B .04
        remove_ground .02
        remove_black_A .02
        remove_red_B .02
        remove_red_A .02
        """,
    ),
    "repot": instructions(
        "repot",
        """
        cover_hole .03
        put_soil .08
        tap_pot .04
        take_plant .06
        loosen_root .07
        place_plant .05
        add_top .10
        water_plant .05
        """,
    ),
}
