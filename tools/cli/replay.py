"""`parley replay CONVERSATION`: the laptop cloud runs a past conversation again, and compares."""

import argparse
import urllib.parse

from parley.domain.json import JsonObject
from tools.cli.running import as_demo_admin
from tools.flows.files import read_text
from tools.local.places import Places


def run(arguments: argparse.Namespace) -> int:
    """Say whether every turn came out the same; else show the first that did not."""
    on = {} if arguments.flow is None else {"source": read_text(arguments.flow)}
    conversation = urllib.parse.quote(arguments.conversation, safe="")
    api = as_demo_admin(Places.from_environment())
    replayed = api.post(f"/conversations/{conversation}/replay", on)
    print(told(replayed, is_changed=arguments.flow is not None))
    return 0 if replayed["is_same"] else 1


def told(replayed: JsonObject, *, is_changed: bool) -> str:
    """The result in words."""
    turns = replayed["turns"]
    if not replayed["is_whole"]:
        turns = f"the first {turns}"
    found = replayed["difference"]
    if found is None:
        same = "goes the same way" if is_changed else "the same to the byte"
        return f"{turns} turns: {same}."
    first = f"Turn {found['turn_no']} differs in {found['what']}:"
    return "\n".join([first, *(f"  {line}" for line in found["diff"])])
