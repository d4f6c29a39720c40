"""Which test programs link a file."""

import mutate

# what says how to build is always out of date, as with a folder that CMake looks into at each build
BUILD = """\
rule C_EXECUTABLE_LINKER_x
  command = cp $in $out
rule other
  command = cp $in $out
build never: phony
build build.ninja: other never
  generator = 1
build a.o: other {folder}/a.c
build liba.a: other a.o
build tests/test_a: C_EXECUTABLE_LINKER_x liba.a
build tests/test_b: C_EXECUTABLE_LINKER_x {folder}/b.c
build tests/replay_a: C_EXECUTABLE_LINKER_x {folder}/b.c | a.o
build tests/bench_a: C_EXECUTABLE_LINKER_x liba.a
build tests/test_note: other liba.a
"""


def test_the_tests_that_link_a_file(tmp_path):
    (tmp_path / "build.ninja").write_text(BUILD.format(folder=tmp_path))
    assert mutate.linked_into(tmp_path, tmp_path / "a.c") == ["tests/test_a", "tests/replay_a"]
    assert mutate.linked_into(tmp_path, tmp_path / "b.c") == ["tests/test_b", "tests/replay_a"]
    assert mutate.linked_into(tmp_path, tmp_path / "c.c") == []
