"""The benchmark runs, and its plain Python agrees with the evaluator."""

import re

import numpy as np
import pytest

from benchmarks.evaluation import generate_predictions, generate_truth, main
from jaxseg.evaluation import PROTOCOLS


def test_a_hundredth_of_the_work(capsys):
    assert main(["--scale=0.01", "--task=segmentation"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.match(r"segmentation: .*, 1[78] videos, [0-9,]+ frames", lines[0])
    assert [line.split()[0] for line in lines[1:8]] == list(PROTOCOLS)
    apart = float(re.search(r"scores differ by (\S+) at most", lines[-1]).group(1))
    assert apart < 1e-9


def test_generated_labels_are_of_the_size_of_breakfast():
    truth, activities = generate_truth()
    assert len(truth) == 1712
    assert len(set(activities.values())) == 10
    assert sum(map(len, truth.values())) == pytest.approx(3.6e6, rel=0.05)
    predictions = generate_predictions(truth, activities)
    assert all(len(predictions[name]) == len(labels) for name, labels in truth.items())
    right = np.mean([np.mean(predictions[name] == truth[name]) for name in truth])
    assert 0.6 < right < 0.95


def test_a_scale_out_of_range(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--scale=2"])
    assert stop.value.code == 2
    assert "--scale: 2.0 is not in (0, 1]" in capsys.readouterr().err
