from geogrid.coverage.tree import check_codes, check_levels, grow_tree


def test_rows_without_parents_are_one_level() -> None:
    tree, problems = grow_tree(["A", "B"], [])
    assert tree is not None
    assert (dict(tree.levels), problems) == ({"A": 1, "B": 1}, ())


def test_levels_follow_the_parents() -> None:
    tree, _ = grow_tree(["D", "C", "G"], [[None, "D", "C"]])
    assert tree is not None
    assert dict(tree.levels) == {"D": 1, "C": 2, "G": 3}


def test_parents_that_are_no_rows_are_derived() -> None:
    tree, problems = grow_tree(["a", "b"], [["S", "T"], ["D", "D"]])
    assert tree is not None
    assert problems == ()
    assert tree.derived == {"S", "T", "D"}
    assert dict(tree.levels) == {"a": 3, "b": 3, "S": 2, "T": 2, "D": 1}


def test_a_derived_parent_has_one_parent() -> None:
    _, problems = grow_tree(["a", "b"], [["S", "S"], ["D", "E"]])
    assert str(problems[0]) == "Grid S has two parents, D and E (that of grid b). A grid has one parent."


def test_a_parent_that_no_row_has_is_an_error_beside_rows_that_are_parents() -> None:
    _, problems = grow_tree(["D", "a", "b"], [[None, "D", "X"]])
    assert " ".join(map(str, problems)) == (
        "Grid b names parent X, which no row has as its code. Correct it, add the row, or leave it empty at the top "
        "level."
    )


def test_circles_of_parents_are_listed_once() -> None:
    _, problems = grow_tree(["D", "a", "b", "c"], [[None, "b", "c", "a"]])
    assert [problem.message for problem in problems] == [
        "Grids are each other's parents in a circle: a -> b -> c -> a."
    ]


def test_a_grid_that_is_its_own_parent_is_a_circle() -> None:
    _, problems = grow_tree(["a"], [["a"]])
    assert problems[0].message == "Grids are each other's parents in a circle: a -> a."


def test_a_stated_level_that_contradicts_the_parents_is_an_error() -> None:
    tree, _ = grow_tree(["D", "a"], [[None, "D"]])
    assert tree is not None
    problems = check_levels(tree, {"D": 1, "a": 3}, ["district", "grid", "micro grid"])
    assert [problem.message for problem in problems] == [
        "Grid a is stated to be of level 3, but its chain of parents makes it level 2.",
        "The file has 2 levels, and 3 names are given (district, grid, micro grid).",
    ]


def test_missing_and_repeated_codes_are_listed_with_their_rows() -> None:
    problems = check_codes(["A", None, "B", "A"], [(1.0, 2.0)] * 4)
    assert "\n".join(map(str, problems)) == (
        "Row 2 has no code. Give it one.\n"
        "Code A stands in 2 rows: 1, 4. Give each grid a code of its own; parts of one grid are joined with --dissolve."
    )
