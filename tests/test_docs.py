"""README and docs/: examples run, commands parse, files and names exist, pages build."""

import subprocess
import sys

import jax.numpy as jnp
import markdown_pages
import numpy as np
import pytest
from markdown_pages import DOCS, README, ROOT

PAGES = [README, *DOCS]
QUICK = ("index", "tutorial", "example", "evaluator")
PROGRAMS = [
    pytest.param(page, marks=() if page.stem in QUICK else pytest.mark.slow)
    for page in DOCS
    if markdown_pages.has_python(page)
]
COMMANDS = [
    pytest.param(line, id=f"{page.stem}: {line[:60]}")
    for page in PAGES
    for line in markdown_pages.command_lines(page)
]


@pytest.fixture
def page(tmp_path):
    """page(text): path of a Markdown page with this text."""

    def write(text):
        path = tmp_path / "page.md"
        path.write_text(text)
        return path

    return write


def name(page) -> str:
    return page.stem


def test_readme_examples_do_what_they_say(quick_compile):
    rng = np.random.default_rng(0)
    lengths = np.array([40, 25])
    costs = rng.random((2, 40, 4), np.float32)
    masks = np.arange(40) < lengths[:, None]
    truth = np.repeat(np.arange(4), 10)
    log_likelihood = jnp.log(0.1 + np.eye(4, dtype=np.float32)[truth])
    namespace = markdown_pages.execute(
        README, cost=costs[0], costs=costs, masks=masks, log_likelihood=log_likelihood
    )
    solution, batch = namespace["solution"], namespace["batch"]
    np.testing.assert_allclose(solution.plan.sum(1), 1, atol=1e-5)
    assert solution.objective.shape == (26,) and solution.objective[-1] < solution.objective[0]
    assert solution.converged.dtype == bool
    np.testing.assert_allclose(batch.plan.sum(-1), masks, atol=1e-5)
    np.testing.assert_array_equal(namespace["labels"], truth)


@pytest.mark.parametrize("page", PROGRAMS, ids=name)
def test_pages_run_and_print_their_output(page, tmp_path, monkeypatch, quick_compile):
    monkeypatch.chdir(tmp_path)
    markdown_pages.execute(page)


@pytest.mark.parametrize("line", COMMANDS)
def test_command_lines_parse(line, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert markdown_pages.complaint(line) == ""


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_files_that_are_named_exist(page):
    missing = [file for file in markdown_pages.files(page) if not (ROOT / file).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_names_in_files_are_defined(page):
    missing = [
        f"{file}: {each}"
        for file, each in markdown_pages.names(page)
        if not markdown_pages.defines(ROOT / file, each)
    ]
    assert not missing


def test_pages_build_without_a_warning(tmp_path):
    command = [sys.executable, "-m", "sphinx", "-qWE", "-b", "html", "-d", tmp_path / "trees"]
    built = subprocess.run([*command, ROOT / "docs", tmp_path], capture_output=True, text=True)
    assert (built.returncode, built.stderr) == (0, "")
    api = (tmp_path / "api.html").read_text()
    assert "num_sinkhorn_iterations" in api and "tolerance" in api


def test_mistakes_are_seen(page, monkeypatch):
    monkeypatch.chdir(ROOT)
    for line, wrong in (
        ("python -m jaxseg.main --config=FILE --sedes=5", "sedes"),
        ("python -m jaxseg.main --config=configs/none.py", "configs/none.py"),
        ("python -m jaxseg.main --config=FILE --config.seed=5", "seed"),
        ("launch/tpu_pod.sh A B --config=configs/asot_yti.py --sedes=5", "sedes"),
        ("python -m benchmarks.solvers --agianst=ott", "--agianst"),
        ("python -m benchmarks.solver", "benchmarks.solver"),
        ("python -m jaxseg.evaluation segmentation --protocol=all", "--predictions"),
    ):
        assert wrong in markdown_pages.complaint(line)
    assert markdown_pages.names(page("`a/b.py`: `f`, `C.g` and `h`")) == [
        ("a/b.py", "f"),
        ("a/b.py", "C.g"),
    ]
    this_file = ROOT / "tests" / "test_docs.py"
    assert markdown_pages.defines(this_file, "PAGES") and markdown_pages.defines(this_file, "page")
    assert not markdown_pages.defines(this_file, "line")
    text = "see `configs/none.py`\n\n    python -m jaxseg.main \\\n        --config=FILE\n"
    assert markdown_pages.files(page(text)) == {"configs/none.py"}
    (line,) = markdown_pages.command_lines(page(text))
    assert line.split() == ["python", "-m", "jaxseg.main", "--config=FILE"]


def test_blocks_share_names_and_have_to_print_the_text_after_them(page):
    program = "```python\na = 1\n```\n\n```python\nprint(a + 1)\n```\n"
    assert markdown_pages.execute(page(program + "```text\n2\n```\n"))["a"] == 1
    for wrong in ("", "```text\n3\n```\n"):
        with pytest.raises(AssertionError, match=r"page\.md:5"):
            markdown_pages.execute(page(program + wrong))
