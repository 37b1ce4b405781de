"""Grammars of the segmentation twins: what people do, in which order, how long and how often.

The numbers of 50 Salads and Breakfast are rounded statistics of the public annotations; Desktop
Assembly's follow its published order; YouTube Instructions has the published steps with plausible
durations. Videos are shortened, so that a twin is made in seconds.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple


class Step(NamedTuple):
    """One action of an activity.

    Attributes:
        name: class name.
        position: mean place in the video, 0 to 1.
        spread: standard deviation of that place; two steps that are closer than it change order
            from video to video.
        presence: part of the videos in which the step occurs.
        share: mean part of such a video that it takes.
        repetitions: mean number of times that it occurs in such a video.
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
    """One activity.

    Attributes:
        name: begins the names of its videos.
        frames: mean length of its videos.
        steps: its actions.
        background: part of a video that belongs to no step and lies between them.
    """

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


def blocks(text: str) -> list[tuple[str, str]]:
    """(heading, the lines below it) of a text whose headings end with a colon."""
    parts = re.split(r"(?m)^ *(.+):\n", text)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def activities(text: str) -> dict[str, Grammar]:
    """Grammars by name, from headings `name frames:` above the `table` of their steps."""
    grammars = {}
    for heading, lines in blocks(text):
        name, frames = heading.split()
        grammars[name] = Grammar(name, int(frames), table(lines))
    return grammars


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

# Classes of 50 Salads' eval level that hold several actions of the mid level.
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

# Most of a video is talk, and many steps are missing.
INSTRUCTIONS = {
    name: Grammar(name, 400, in_order(text, spread=0.09, presence=0.6), background=0.63)
    for name, text in blocks("""
    changing_tire:
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
    coffee:
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
    cpr:
        check_response .05
        call_911 .04
        open_airway .04
        check_breathing .05
        check_pulse .03
        give_compression .12
        give_breath .06
    jump_car:
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
    repot:
        cover_hole .03
        put_soil .08
        tap_pot .04
        take_plant .06
        loosen_root .07
        place_plant .05
        add_top .10
        water_plant .05
    """)
}

# Actions that occur in under 15 % of the real videos are a little more frequent here, so that the
# ten videos of an activity hold all of its classes.
BREAKFAST = activities("""
    cereals 400:
        SIL          .00 .00 1.0 .07
        take_bowl    .10 .03 .54 .13
        pour_cereals .34 .05 1.0 .40
        pour_milk    .69 .05 1.0 .29
        stir_cereals .84 .05 .38 .14
        SIL          1.0 .00 1.0 .09
    coffee 380:
        SIL         .00 .00 1.0 .07
        take_cup    .12 .05 .38 .16
        pour_coffee .35 .10 1.0 .42
        spoon_sugar .60 .12 .20 .21
        pour_sugar  .65 .11 .20 .20
        pour_milk   .66 .12 .69 .30
        stir_coffee .88 .04 .25 .19
        SIL         1.0 .00 1.0 .08
    friedegg 780:
        SIL             .00 .00 1.0 .02
        pour_oil        .06 .04 .33 .06
        butter_pan      .08 .04 .39 .14
        take_eggs       .08 .05 .20 .07
        crack_egg       .17 .04 1.0 .13
        add_saltnpepper .41 .18 .57 .11 1.1
        fry_egg         .51 .14 1.0 .52 1.5
        take_plate      .69 .20 .55 .09
        put_egg2plate   .95 .02 .98 .07
        SIL             1.0 .00 1.0 .02
    juice 560:
        SIL            .00 .00 1.0 .05
        take_plate     .08 .05 .19 .06
        take_knife     .10 .06 .18 .06
        cut_orange     .14 .04 .96 .10
        take_squeezer  .20 .07 .23 .06
        squeeze_orange .45 .10 1.0 .50 1.3
        take_glass     .60 .22 .81 .08
        pour_juice     .83 .10 .97 .16 1.2
        SIL            1.0 .00 1.0 .05
    milk 450:
        SIL          .00 .00 1.0 .08
        take_cup     .09 .03 .32 .10
        spoon_powder .36 .10 1.0 .33
        pour_milk    .44 .12 1.0 .26 1.1
        stir_milk    .78 .08 .92 .24 1.1
        SIL          1.0 .00 1.0 .08
    pancake 900:
        SIL               .00 .00 1.0 .02
        take_bowl         .02 .02 .18 .03
        take_eggs         .04 .02 .16 .03
        crack_egg         .07 .04 1.0 .06
        spoon_flour       .09 .05 .85 .07 1.1
        pour_flour        .13 .05 .18 .07 1.2
        pour_milk         .16 .05 1.0 .05 1.1
        stir_dough        .23 .05 1.0 .18 1.6
        butter_pan        .31 .10 .42 .09
        pour_oil          .34 .10 .28 .05
        pour_dough2pan    .42 .05 1.0 .07
        fry_pancake       .68 .06 1.0 .42 1.2
        take_plate        .88 .08 .73 .03
        put_pancake2plate .97 .02 .81 .05
        SIL               1.0 .00 1.0 .02
    salat 800:
        SIL            .00 .00 1.0 .03
        take_plate     .03 .03 .26 .04 1.1
        take_knife     .10 .08 .20 .04
        cut_fruit      .38 .22 1.0 .50 3.2
        peel_fruit     .40 .22 .86 .30 1.5
        take_bowl      .40 .30 .46 .04
        put_fruit2bowl .58 .22 .90 .10 2.9
        stir_fruit     .96 .02 .20 .06
        SIL            1.0 .00 1.0 .03
    sandwich 560:
        SIL              .00 .00 1.0 .06
        take_plate       .10 .06 .18 .06
        cut_bun          .18 .05 .98 .19
        take_knife       .19 .08 .25 .06
        take_butter      .30 .06 .18 .06
        take_topping     .45 .14 .22 .11 1.1
        smear_butter     .46 .06 .90 .36
        put_toppingOnTop .77 .06 1.0 .25 1.1
        put_bunTogether  .91 .03 .49 .05
        SIL              1.0 .00 1.0 .06
    scrambledegg 760:
        SIL             .00 .00 1.0 .03
        take_eggs       .03 .02 .16 .05
        take_bowl       .10 .07 .18 .04
        pour_oil        .16 .10 .36 .07
        crack_egg       .17 .06 1.0 .11 1.1
        butter_pan      .19 .10 .46 .16 1.1
        stir_egg        .26 .07 .45 .12 1.2
        add_saltnpepper .37 .14 .88 .10 1.2
        pour_egg2pan    .44 .08 .45 .10
        stirfry_egg     .57 .12 1.0 .38 1.4
        take_plate      .83 .10 .74 .05
        put_egg2plate   .94 .02 .94 .10
        SIL             1.0 .00 1.0 .03
    tea 380:
        SIL         .00 .00 1.0 .12
        take_cup    .12 .04 .41 .14
        add_teabag  .37 .15 1.0 .25
        pour_water  .53 .15 1.0 .35
        spoon_sugar .68 .10 .20 .25
        pour_sugar  .82 .04 .18 .15
        stir_tea    .86 .03 .18 .10
        SIL         1.0 .00 1.0 .12
""")
