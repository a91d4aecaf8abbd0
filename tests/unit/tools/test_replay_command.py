from tools.cli.replay import told

SAME = {"is_same": True, "turns": 4, "is_whole": True, "difference": None}


def test_the_same_is_said_in_a_line() -> None:
    assert told(SAME, is_changed=False) == "4 turns: the same to the byte."
    assert told(SAME, is_changed=True) == "4 turns: goes the same way."
    assert told({**SAME, "is_whole": False}, is_changed=True).startswith("the first 4 turns")


def test_the_first_turn_that_differs_is_shown_with_its_diff() -> None:
    found = {"turn_no": 2, "what": "path", "diff": ['- ["a"]', '+ ["b"]']}
    shown = told({**SAME, "is_same": False, "difference": found}, is_changed=True)
    assert shown == 'Turn 2 differs in path:\n  - ["a"]\n  + ["b"]'
