"""Activities of the data sets that have several, and the number of actions in each."""

BREAKFAST = {  # SIL, silence, is one of the actions
    "cereals": 5,
    "coffee": 7,
    "friedegg": 9,
    "juice": 8,
    "milk": 5,
    "pancake": 14,
    "salat": 8,
    "sandwich": 9,
    "scrambledegg": 12,
    "tea": 7,
}
YTI = {"changing_tire": 11, "coffee": 10, "cpr": 7, "jump_car": 12, "repot": 8}
