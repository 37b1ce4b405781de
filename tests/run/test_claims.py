"""Folders of runs that another config, or an older version, has made."""

import json

import pytest

from jaxseg.config import to_dict
from jaxseg.methods import from_dict
from jaxseg.run import workdir
from jaxseg.runfiles import about

VALUES = {"method": "asot", "model": {"num_clusters": 3}, "data": {"name": "folder"}}


def write(folder, change):
    content = about.read_config(folder)
    change(content)
    (folder / "config.json").write_text(json.dumps(content))


@pytest.fixture
def folder(tmp_path):
    about.write_config(tmp_path, to_dict(from_dict(VALUES)))
    return tmp_path


def test_a_key_that_an_older_version_did_not_have_may_be_missing(folder):
    write(folder, lambda content: content["data"].pop("streams"))
    workdir.check(folder, from_dict(VALUES))
    with pytest.raises(ValueError, match=r"another config: data\.streams is missing there"):
        workdir.check(folder, from_dict(VALUES | {"data": {"name": "folder", "streams": ["rgb"]}}))


def test_another_value_is_named(folder):
    write(folder, lambda content: content["data"].update(videos_per_batch=7))
    with pytest.raises(ValueError, match=r"data\.videos_per_batch is 7 there, 2 here"):
        workdir.check(folder, from_dict(VALUES))
