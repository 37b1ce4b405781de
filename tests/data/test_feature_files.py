"""Feature files: binary copies of text, memory maps, and several processes that read together."""

import collections
import dataclasses
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from jaxseg.data import load
from jaxseg.data.segmentation import features as features_module


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def text(files):
    files.video("milk/P01_milk.txt", 9)
    return files.folder / "features" / "milk" / "P01_milk.txt"


def read(config, cache):
    return load(config, progress=False, cache=cache).videos[0].features


def suffixes(cache):
    return sorted(path.suffix for path in cache.iterdir())


def forbid_parsing(monkeypatch):
    def parse(path):
        raise AssertionError(f"{path} is parsed again")

    monkeypatch.setattr(features_module, "read_features_text", parse)


def test_second_reading_takes_the_copy(config, text, cache, monkeypatch):
    first = read(config, cache)
    forbid_parsing(monkeypatch)
    second = read(config, cache)
    np.testing.assert_array_equal(first, second)
    assert suffixes(cache) == [".crc32", ".npy"]


def test_equals_reading_without_cache(config, text, cache):
    np.testing.assert_array_equal(read(config, cache), read(config, None))


def save_archive(copy):
    with copy.open("wb") as file:
        np.savez(file, x=np.arange(3))


@pytest.mark.parametrize("line", ["5 5 6", "5 5 6.0"], ids=["same size", "longer"])
def test_changed_source_is_read_again(config, text, cache, line):
    text.write_text("5 5 4\n" * 9)
    read(config, cache)
    state = text.stat()
    text.write_text("5 5 4\n" * 8 + f"{line}\n")
    os.utime(text, ns=(state.st_atime_ns, state.st_mtime_ns + 1))
    np.testing.assert_array_equal(read(config, cache)[-1], [5, 5, 6])
    # The copy of the former state is of no use to anyone.
    assert suffixes(cache) == [".crc32", ".npy"]


def flip_last_bit(copy):
    content = bytearray(copy.read_bytes())
    content[-1] ^= 1
    copy.write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [
        lambda copy: copy.write_bytes(copy.read_bytes()[:-4]),
        lambda copy: copy.write_bytes(b""),
        lambda copy: copy.write_bytes(b"someone else's file"),
        lambda copy: np.save(copy, np.arange(3)),
        save_archive,
        flip_last_bit,
        lambda copy: features_module.checksum_file(copy).unlink(),
        lambda copy: features_module.checksum_file(copy).write_bytes(b"\xff"),
    ],
    ids=[
        *("truncated", "empty", "foreign", "other array", "archive"),
        *("one bit", "no checksum", "no text for a checksum"),
    ],
)
def test_unusable_copy_is_made_again(config, text, cache, damage):
    expected = read(config, cache)
    (copy,) = cache.glob("*.npy")
    damage(copy)
    np.testing.assert_array_equal(read(config, cache), expected)
    assert features_module.is_intact(copy)


def test_full_disk_leaves_nothing_behind(text, cache, fails, monkeypatch):
    def save(file, array):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(features_module.np, "save", save)
    fails(cache, "No space left on device", kind=OSError, cache=cache)
    assert list(cache.iterdir()) == []


def test_interrupt_leaves_nothing_behind(config, text, cache, monkeypatch):
    def save(file, array):
        raise KeyboardInterrupt

    monkeypatch.setattr(features_module.np, "save", save)
    with pytest.raises(KeyboardInterrupt):
        read(config, cache)
    assert list(cache.iterdir()) == []


def test_cache_that_cannot_be_a_folder(text, cache, fails):
    cache.write_text("in the way")
    fails(cache, "cannot write the feature cache", kind=OSError, cache=cache)


def test_large_data_stays_on_disk(config, files, text, cache, monkeypatch):
    files.video("milk/P02_milk.npy", 8)
    features, _ = files.video("milk/P03_milk.npy", 7)
    files.features("milk/P03_milk.npy", features.T)
    in_memory = load(config, progress=False, cache=cache).videos
    monkeypatch.setattr(features_module, "MEMORY_LIMIT", 4 * 3 * (9 + 8 + 7) - 1)
    mapped = load(config, progress=False, cache=cache).videos
    assert all(isinstance(video.features, np.memmap) for video in mapped)
    assert not any(isinstance(video.features, np.memmap) for video in in_memory)
    for one, other in zip(mapped, in_memory, strict=True):
        np.testing.assert_array_equal(one.frames(), other.frames())
        np.testing.assert_array_equal(one.frames([3, 1]), other.frames([3, 1]))


def test_file_limit_rises_and_never_falls():
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, soft), hard))
        features_module.allow_open_files(10)
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(1034, hard)
        features_module.allow_open_files(1)
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(1034, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_same_numbers_have_the_same_checksum(files, config, monkeypatch):
    array, labels = files.video("milk/P01_milk.npy", 9)
    files.features("milk/P02_milk.npy", np.asfortranarray(array, np.float64))
    files.features("milk/P03_milk.npz", array)
    files.features("milk/P04_milk.txt", array)  # all digits that a float32 has
    other = array.copy()
    other[8, 2] = np.nextafter(other[8, 2], np.inf)
    files.features("milk/P05_milk.npy", other)
    for number in range(2, 6):
        files.truth(f"P0{number}_milk", labels)
    checksums = [video.checksum for video in load(config, progress=False).videos]
    assert len(set(checksums[:4])) == 1 and checksums[4] != checksums[0]
    monkeypatch.setattr(features_module, "MEMORY_LIMIT", 0)
    mapped = load(config, progress=False).videos
    assert isinstance(mapped[1].features, np.memmap)
    assert [video.checksum for video in mapped] == checksums


# Several processes that read together are threads here, which share folders as processes do.
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
            assert (ours.name, ours.checksum) == (video.name, video.checksum)
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
