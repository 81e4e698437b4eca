"""Every planted bug still fits the code it is planted in, and the easiest of them is caught; `python -m tests.simulation.mutants` hunts all."""

import pytest

from tests.simulation.invariant_table import INVARIANTS
from tests.simulation.mutants.__main__ import Catch, hunt, table, write
from tests.simulation.mutants.patches import Patch, patches


@pytest.mark.parametrize("patch", patches(), ids=lambda patch: patch.name)
def test_a_planted_bug_still_fits(patch: Patch) -> None:
    assert patch.times == 1, f"the old text stands {patch.times} times in {patch.path}"
    assert patch.old != patch.new
    assert patch.invariant in INVARIANTS


def test_no_bug_is_planted_twice_under_one_name() -> None:
    names = [patch.name for patch in patches()]
    assert len(names) == len(set(names)) > 30


def test_a_planted_bug_is_caught_by_what_it_breaks() -> None:
    patch = next(patch for patch in patches() if patch.name == "journaled without sync")
    catch = hunt(patch, 5)
    assert catch.caught_by == "I01"
    assert catch.seeds <= 5


def test_the_table_goes_between_the_marks_and_what_was_not_caught_comes_first(tmp_path_factory: pytest.TempPathFactory) -> None:
    one, other = patches()[:2]
    text = table([Catch(one, 3, "I01 is broken"), Catch(other, 50, "")])
    assert text.startswith("1 of 2 caught")
    assert text.index(other.name) < text.index(one.name)
    path = tmp_path_factory.mktemp("docs") / "proofs.md"
    path.write_text("before\n<!-- mutants -->\nold\n<!-- end of mutants -->\nafter\n")
    write(text, path)
    assert path.read_text() == f"before\n<!-- mutants -->\n{text}\n<!-- end of mutants -->\nafter\n"
    path.write_text("nothing")
    with pytest.raises(ValueError, match="has no"):
        write(text, path)
