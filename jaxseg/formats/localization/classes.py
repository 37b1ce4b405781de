"""What the numbers of classes stand for where a file has numbers instead of names."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from jaxseg.formats.detections import Segments
from jaxseg.formats.tables import read_mapping_lines

# THUMOS14's index in its order; times are annotated of 20 of these classes.
INDEX = """
    ApplyEyeMakeup ApplyLipstick Archery BabyCrawling BalanceBeam BandMarching BaseballPitch
    Basketball BasketballDunk BenchPress Biking Billiards BlowDryHair BlowingCandles
    BodyWeightSquats Bowling BoxingPunchingBag BoxingSpeedBag BreastStroke BrushingTeeth
    CleanAndJerk CliffDiving CricketBowling CricketShot CuttingInKitchen Diving Drumming
    Fencing FieldHockeyPenalty FloorGymnastics FrisbeeCatch FrontCrawl GolfSwing Haircut
    Hammering HammerThrow HandstandPushups HandstandWalking HeadMassage HighJump HorseRace
    HorseRiding HulaHoop IceDancing JavelinThrow JugglingBalls JumpingJack JumpRope Kayaking
    Knitting LongJump Lunges MilitaryParade Mixing MoppingFloor Nunchucks ParallelBars
    PizzaTossing PlayingCello PlayingDaf PlayingDhol PlayingFlute PlayingGuitar PlayingPiano
    PlayingSitar PlayingTabla PlayingViolin PoleVault PommelHorse PullUps Punch PushUps Rafting
    RockClimbingIndoor RopeClimbing Rowing SalsaSpin ShavingBeard Shotput SkateBoarding Skiing
    Skijet SkyDiving SoccerJuggling SoccerPenalty StillRings SumoWrestling Surfing Swing
    TableTennisShot TaiChi TennisSwing ThrowDiscus TrampolineJumping Typing UnevenBars
    VolleyballSpiking WalkingWithDog WallPushups WritingOnBoard YoYo
"""
THUMOS14 = dict(enumerate(INDEX.split(), start=1))
UNKNOWN = "--mapping=FILE, `number name` a line, says what the numbers stand for"


def read_class_numbers(path: Path) -> dict[int, str]:
    """Number -> name of a class, `number name` a line; of a number's names the first counts."""
    names: dict[int, str] = {}
    for line in read_mapping_lines(path):
        names.setdefault(line.index, line.name)
    return names


def name_of(where: str, label: object, names: Mapping[int, str]) -> object:
    """The name that a label's number stands for; a label that is no whole number is returned.

    Raises:
        ValueError: a number without a name; `where` begins the message.
    """
    if isinstance(label, bool) or not isinstance(label, int):
        return label
    if label not in names:
        known = f" among those from {min(names)} to {max(names)}" if names else ""
        raise ValueError(f"{where}: label {label} is a number without a name{known}; {UNKNOWN}")
    return names[label]


def numbers_in(database: Mapping) -> dict[int, str]:
    """Number -> name of the classes of ActivityNet's JSON, where its annotations have both.

    ActivityNet's own files do not; those that ActionFormer is trained on have a `label_id`.
    """
    names: dict[int, str] = {}
    for entry in database.values():
        items = entry.get("annotations") if isinstance(entry, Mapping) else None
        for item in items if isinstance(items, Sequence) else ():
            number = item.get("label_id") if isinstance(item, Mapping) else None
            if isinstance(number, int) and isinstance(item.get("label"), str):
                names.setdefault(number, item["label"])
    return names


def numbers_as_names(truth: Segments) -> dict[int, str]:
    """Number -> its text, for a truth whose labels are numbers themselves."""
    digits = all(label.isascii() and label.isdigit() for label in truth.labels)
    return {int(label): label for label in truth.labels} if digits else {}
