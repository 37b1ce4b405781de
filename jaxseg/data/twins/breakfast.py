"""Breakfast's ten activities as grammars; see `Step` for the columns."""

from jaxseg.data.twins.grammars import Grammar, table

# Actions that occur in under 15 % of the real videos are a little more frequent here: the ten
# videos of an activity hold each of its classes.
BREAKFAST = {
    "cereals": Grammar(
        "cereals",
        400,
        table("""
            SIL          .00 .00 1.0 .07
            take_bowl    .10 .03 .54 .13
            pour_cereals .34 .05 1.0 .40
            pour_milk    .69 .05 1.0 .29
            stir_cereals .84 .05 .38 .14
            SIL          1.0 .00 1.0 .09
        """),
    ),
    "coffee": Grammar(
        "coffee",
        380,
        table("""
            SIL         .00 .00 1.0 .07
            take_cup    .12 .05 .38 .16
            pour_coffee .35 .10 1.0 .42
            spoon_sugar .60 .12 .20 .21
            pour_sugar  .65 .11 .20 .20
            pour_milk   .66 .12 .69 .30
            stir_coffee .88 .04 .25 .19
            SIL         1.0 .00 1.0 .08
        """),
    ),
    "friedegg": Grammar(
        "friedegg",
        780,
        table("""
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
        """),
    ),
    "juice": Grammar(
        "juice",
        560,
        table("""
            SIL            .00 .00 1.0 .05
            take_plate     .08 .05 .19 .06
            take_knife     .10 .06 .18 .06
            cut_orange     .14 .04 .96 .10
            take_squeezer  .20 .07 .23 .06
            squeeze_orange .45 .10 1.0 .50 1.3
            take_glass     .60 .22 .81 .08
            pour_juice     .83 .10 .97 .16 1.2
            SIL            1.0 .00 1.0 .05
        """),
    ),
    "milk": Grammar(
        "milk",
        450,
        table("""
            SIL          .00 .00 1.0 .08
            take_cup     .09 .03 .32 .10
            spoon_powder .36 .10 1.0 .33
            pour_milk    .44 .12 1.0 .26 1.1
            stir_milk    .78 .08 .92 .24 1.1
            SIL          1.0 .00 1.0 .08
        """),
    ),
    "pancake": Grammar(
        "pancake",
        900,
        table("""
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
        """),
    ),
    "salat": Grammar(
        "salat",
        800,
        table("""
            SIL            .00 .00 1.0 .03
            take_plate     .03 .03 .26 .04 1.1
            take_knife     .10 .08 .20 .04
            cut_fruit      .38 .22 1.0 .50 3.2
            peel_fruit     .40 .22 .86 .30 1.5
            take_bowl      .40 .30 .46 .04
            put_fruit2bowl .58 .22 .90 .10 2.9
            stir_fruit     .96 .02 .20 .06
            SIL            1.0 .00 1.0 .03
        """),
    ),
    "sandwich": Grammar(
        "sandwich",
        560,
        table("""
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
        """),
    ),
    "scrambledegg": Grammar(
        "scrambledegg",
        760,
        table("""
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
        """),
    ),
    "tea": Grammar(
        "tea",
        380,
        table("""
            SIL         .00 .00 1.0 .12
            take_cup    .12 .04 .41 .14
            add_teabag  .37 .15 1.0 .25
            pour_water  .53 .15 1.0 .35
            spoon_sugar .68 .10 .20 .25
            pour_sugar  .82 .04 .18 .15
            stir_tea    .86 .03 .18 .10
            SIL         1.0 .00 1.0 .12
        """),
    ),
}
