"""A flow as a picture's plain parts: boxes and arrows, and Mermaid's way to write them."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from parley.domain.flow_states import HumanHandoffState, State
from parley.domain.flow_transitions import PREVIOUS, Action, TriggerFlowAction
from parley.domain.flows import FlowDocument
from parley.engine.checks.graph import is_replaced
from parley.engine.coverage import Way, ways

ANYWHERE = "any state"
"""Where the transitions of the whole flow come from."""
MAX_LABEL = 34


@dataclass(frozen=True, slots=True)
class Box:
    """A state, another flow, or `ANYWHERE`, whose kind is empty."""

    name: str
    kind: str
    is_first: bool = False
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class Arrow:
    """All that leads from one box to another, a line for each reason."""

    origin: str
    target: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Diagram:
    """Boxes in the order of the document; arrows in the order of their origins."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def diagram(document: FlowDocument) -> Diagram:
    """What there is to draw of a flow."""
    boxes = [_box(state, document) for state in document.states]
    arrows: dict[tuple[str, str], list[str]] = {}
    for way in _drawn(document):
        origin = way.origin or ANYWHERE
        target = ANYWHERE if way.target == PREVIOUS else way.target
        arrows.setdefault((origin, target), []).append(_short(way.label))
    flows = (target for _, target in arrows if target.startswith(_FLOW))
    boxes += [Box(name, "", is_final=True) for name in dict.fromkeys(flows)]
    if any(ANYWHERE in ends for ends in arrows):
        boxes.append(Box(ANYWHERE, ""))
    return Diagram(
        tuple(boxes),
        tuple(
            Arrow(origin, target, tuple(dict.fromkeys(labels)))
            for (origin, target), labels in arrows.items()
        ),
    )


def mermaid(picture: Diagram) -> str:
    """A flowchart in Mermaid's language, which GitHub and many editors draw."""
    ids = {box.name: f"s{n}" for n, box in enumerate(picture.boxes)}
    lines = ["flowchart TD"]
    lines += [f"    {ids[box.name]}{_shape(box)}" for box in picture.boxes]
    lines += [f"    {_arrow(arrow, ids)}" for arrow in picture.arrows]
    lines += [
        f"    style {ids[box.name]} stroke-width:3px" for box in picture.boxes if box.is_first
    ]
    return "\n".join(lines) + "\n"


_FLOW = "flow "
"""What the box of another flow begins with: no state's name has a space in it."""


def _drawn(document: FlowDocument) -> Iterable[Way]:
    on_the_way = _on_the_way(document)
    for way in ways(document):
        yield from _with_calls(way, on_the_way.get(way.pointer, ()))
    for n, state in enumerate(document.states):
        yield from _on_entry(state, f"/states/{n}/entry_actions")
        match state:
            case HumanHandoffState(config=config) if config.return_state is not None:
                pointer = f"/states/{n}/config/return_state"
                yield Way(pointer, state.name, config.return_state, "given back")


def _on_the_way(document: FlowDocument) -> Mapping[str, Sequence[Sequence[Action]]]:
    """By the pointer of a transition the lists of what is done between its two states."""
    found = {
        f"/states/{n}/transitions/{m}": (state.exit_actions, transition.actions)
        for n, state in enumerate(document.states)
        for m, transition in enumerate(state.transitions)
    }
    for n, transition in enumerate(document.global_transitions):
        found[f"/global_transitions/{n}"] = ((), transition.actions)
    return found


def _with_calls(way: Way, lists: Sequence[Sequence[Action]]) -> Iterator[Way]:
    """The way, the flows called on it, and those that it may lead to in place of its target."""
    if not is_replaced(*lists):
        yield way
    for call in (call for actions in lists for call in _calls(actions)):
        if call.config.mode == "replace":
            yield replace(way, target=_FLOW + call.config.flow)
        else:
            yield replace(way, label=f"calls {call.config.flow}")


def _on_entry(state: State, pointer: str) -> Iterator[Way]:
    for call in _calls(state.entry_actions):
        label = "on entry" if call.config.mode == "replace" else "called on entry"
        yield Way(pointer, state.name, _FLOW + call.config.flow, label)


def _calls(actions: Sequence[Action]) -> list[TriggerFlowAction]:
    return [action for action in actions if isinstance(action, TriggerFlowAction)]


def _box(state: State, document: FlowDocument) -> Box:
    is_final = state.is_final or state.type == "end"
    return Box(state.name, state.type, state.name == document.initial_state, is_final)


def _short(label: str) -> str:
    label = " ".join(label.split())
    return label if len(label) <= MAX_LABEL else f"{label[: MAX_LABEL - 1]}…"


_SHAPES = {
    "condition": ("{{", "}}"),
    "integration": ("[[", "]]"),
    "end": ("([", "])"),
    "wait": ("[/", "/]"),
    "human_handoff": ("[\\", "\\]"),
    "": ("((", "))"),
}


def _shape(box: Box) -> str:
    left, right = _SHAPES.get(box.kind, ("[", "]"))
    below = f"<br/><small>{box.kind.replace('_', ' ')}</small>" if box.kind else ""
    return f'{left}"{_escaped(box.name)}{below}"{right}'


def _arrow(arrow: Arrow, ids: Mapping[str, str]) -> str:
    words = "<br/>".join(_escaped(label) for label in arrow.labels)
    return f'{ids[arrow.origin]} -->|"{words}"| {ids[arrow.target]}'


def _escaped(text: str) -> str:
    """Mermaid reads entities written `#code;`."""
    return re.sub(r"[^\w .,:+\-/=…]", lambda found: f"#{ord(found[0])};", text)
