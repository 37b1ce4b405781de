"""Processes of one run divide the reading of a data set and get the same one.

Here they are threads, which share folders as processes do.
"""

import collections
import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from jaxseg.data import load
from jaxseg.data.segmentation import features as features_module

KINDS = ("txt", "npy", "npz")


class Member:
    """One of several processes, which wait for each other at every barrier and exchange."""

    def __init__(self, index: int, total: int, meeting: threading.Barrier, told: list):
        self.index, self.total = index, total
        self._meeting, self._told = meeting, told

    def count(self):
        return self.total

    def share(self, items):
        return list(enumerate(items))[self.index :: self.total]

    def barrier(self, name):
        self._meeting.wait(30)

    def exchange(self, arrays):
        self._told[self.index] = arrays
        self._meeting.wait(30)
        merged = dict(collections.ChainMap(*self._told))
        self._meeting.wait(30)
        return merged


def read_together(config, total: int, cache) -> list:
    meeting, told = threading.Barrier(total), [None] * total

    def read(index):
        member = Member(index, total, meeting, told)
        try:
            return load(config, progress=False, cache=cache, processes=member)
        except BaseException:
            meeting.abort()
            raise

    with ThreadPoolExecutor(total) as pool:
        futures = [pool.submit(read, index) for index in range(total)]
    errors = [error for error in (future.exception() for future in futures) if error]
    for error in sorted(errors, key=lambda error: isinstance(error, threading.BrokenBarrierError)):
        raise error  # the cause, before what it did to the others
    return [future.result() for future in futures]


@pytest.fixture
def three_kinds(files, config):
    for number, kind in enumerate(KINDS):
        files.video(f"milk/P0{number}_milk.{kind}", 9 + number, seed=number)
    return config


@pytest.mark.parametrize("total", [2, 5])
@pytest.mark.parametrize("standardize", [False, True])
def test_all_have_what_one_alone_has(three_kinds, tmp_path, total, standardize):
    config = dataclasses.replace(three_kinds, standardize=standardize)
    alone = load(config, progress=False)
    for data in read_together(config, total, tmp_path / "cache"):
        assert data.classes == alone.classes
        for ours, video in zip(data.videos, alone.videos, strict=True):
            assert ours.name == video.name
            np.testing.assert_array_equal(ours.frames(), video.frames())
            np.testing.assert_array_equal(ours.labels, video.labels)


def test_a_file_is_parsed_and_looked_through_by_one_of_them(files, config, tmp_path, monkeypatch):
    for number in range(5):
        files.video(f"milk/P0{number}_milk.{'txt' if number % 2 else 'npy'}", 9, seed=number)
    seen = collections.Counter()

    def count(module, name):
        function = getattr(module, name)

        def counting(path, *others):
            seen[name, path.name] += 1
            return function(path, *others)

        monkeypatch.setattr(module, name, counting)

    count(features_module, "read_features_text")
    count(features_module, "check_finite")
    for data in read_together(config, 2, tmp_path / "cache"):
        assert all(isinstance(video.features, np.memmap) for video in data.videos)
    texts = {("read_features_text", f"P0{number}_milk.txt"): 1 for number in (1, 3)}
    kinds = {number: "txt" if number % 2 else "npy" for number in range(5)}
    looked = {("check_finite", f"P0{number}_milk.{kind}"): 1 for number, kind in kinds.items()}
    assert seen == texts | looked


def test_what_is_wrong_is_found_by_whose_share_it_is(files, config):
    files.video("milk/P00_milk.npy", 9)
    array, _ = files.video("milk/P01_milk.npy", 9)
    array[3, 1] = np.nan
    files.features("milk/P01_milk.npy", array)
    with pytest.raises(ValueError, match=r"P01_milk\.npy: row 4, column 2: not finite"):
        read_together(config, 2, None)
