"""Sections of testing, checkpoints and evaluation of a localization run: wrong values are named."""

import inspect

import pytest

from jaxseg.config import localization
from jaxseg.config.fields import build
from jaxseg.evaluation.localization.protocols import PROTOCOLS
from jaxseg.methods.case import config as case
from jaxseg.proposals import localize


@pytest.mark.parametrize(
    "section, values, message",
    [
        (case.CaseTestConfig, {"foreground": "P_A"}, "foreground must be one of both, attention"),
        (case.CaseTestConfig, {"omega": 1.5}, r"omega must be in \[0, 1\], got 1.5"),
        (case.CaseTestConfig, {"top_divisor": 0}, "top_divisor must be at least 1, got 0"),
        (case.CaseTestConfig, {"thresholds": ()}, "thresholds must not be empty"),
        (case.CaseTestConfig, {"thresholds": (0.5, 2.0)}, r"thresholds must be in \[0, 1\], got 2"),
        (case.CaseTestConfig, {"nms": "fuzzy"}, "nms must be one of soft, hard, none, got 'fuzzy'"),
        (case.CaseTestConfig, {"nms_threshold": 0.0}, "nms_threshold must be positive, got 0.0"),
        (
            case.CaseTestConfig,
            {"nms_threshold": 1.5},
            r"nms_threshold must be in \[0, 1\], got 1.5",
        ),
        (case.CaseTestConfig, {"nms_alpha": -1.0}, "nms_alpha must be positive, got -1.0"),
        (case.CaseTestConfig, {"flank": -0.1}, "flank must be at least 0, got -0.1"),
        (case.CaseTestConfig, {"upsampling": 0}, "upsampling must be at least 1, got 0"),
        (case.CaseTestConfig, {"maps": -1}, "maps must be at least 0, got -1"),
        (
            localization.LocalizationCheckpointConfig,
            {"rule": "best"},
            "rule must be one of last, oracle-test",
        ),
        (localization.LocalizationCheckpointConfig, {"keep": 0}, "keep must be at least 1, got 0"),
        (
            localization.LocalizationEvaluationConfig,
            {"protocols": ("mstcn",)},
            "protocols must be one of anet, ",
        ),
    ],
)
def test_wrong_values_are_one_sentence(section, values, message):
    with pytest.raises(ValueError, match=rf"^config\.section\.{message}") as error:
        build(section, values, "section.")
    assert "\n" not in str(error.value)


def test_defaults_are_those_of_the_functions():
    defaults = case.CaseTestConfig()
    for name, parameter in inspect.signature(localize).parameters.items():
        if parameter.default is not parameter.empty:
            assert getattr(defaults, name) == parameter.default
    assert set(localization.PROTOCOLS) == set(PROTOCOLS)
