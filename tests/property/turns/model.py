"""The turn protocol as a model: every state that two messages, two workers and a sweeper can reach.

Small enough to be searched completely: messages `a` and `b`, and `a` once more under a new sequence
number. Faults: a crash at any step, a visibility timeout under a live worker, a lease that runs
out under a live owner, a cache that forgets. `Rules` can leave a rule out: each must be missed.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

MESSAGES = ((1, "a"), (2, "b"), (3, "a"))
SWEEPER = 2


class Document(NamedTuple):
    """`outbox` holds (message, is told); whoever adds to one with nothing untold owns it."""

    rev: int = 0
    last_seq: int = 0
    taken: tuple[str, ...] = ()
    outbox: tuple[tuple[str, bool], ...] = ()
    epoch: int = 0

    @property
    def is_told(self) -> bool:
        return all(told for _, told in self.outbox)


class Actor(NamedTuple):
    """A worker or the sweeper: what it is about to do, and what it remembers."""

    step: str = "idle"
    seq: int = 0
    message: str = ""
    read: Document | None = None
    epoch: int = 0
    item: int = 0


IDLE = Actor()


class World(NamedTuple):
    """Everything there is at one moment; the last four are faults still to come."""

    document: Document = Document()
    queue: tuple[tuple[int, str], ...] = MESSAGES
    in_flight: bool = False
    actors: tuple[Actor, ...] = (IDLE, IDLE, IDLE)
    told: tuple[str, ...] = ()
    cache: frozenset[str] = frozenset()
    crashes: int = 2
    timeouts: int = 1
    lost_leases: int = 1
    flushes: int = 1

    def put(self, k: int, actor: Actor) -> "World":
        return self._replace(actors=(*self.actors[:k], actor, *self.actors[k + 1 :]))


@dataclass(frozen=True)
class Rules:
    """The protocol, or what is left of it."""

    compare_and_set: bool = True
    dedupe: Literal["document", "cache before commit", "none"] = "document"
    acknowledge: Literal["after", "before"] = "after"
    send: Literal["outbox", "before commit", "after commit"] = "outbox"
    fence: bool = True
    in_order: bool = True
    idempotent_receiver: bool = True


@dataclass(frozen=True)
class Found:
    """What a search came to: `broken` None means that no state breaks anything."""

    states: int
    broken: str | None = None
    most_repeats: int = 0


def search(rules: Rules, start: World | None = None) -> Found:
    """Every state that can be reached, breadth first; stops at the first that breaks a law."""
    start = start or World()
    seen = {start}
    waiting = deque([start])
    states = most = 0
    while waiting:
        world = waiting.popleft()
        states += 1
        following = list(_following(world, rules))
        at_rest = all(is_fault for is_fault, _ in following)
        broken = _broken(world, start, rules, at_rest=at_rest)
        if broken is not None:
            return Found(states, broken, most)
        most = max(most, len(world.told) - len(set(world.told)))
        for _, after in following:
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    return Found(states, None, most)


type Next = Iterator[tuple[bool, World]]


def _following(world: World, rules: Rules) -> Next:
    """(is a fault, the world after it) for everything that can happen next."""
    for k in range(SWEEPER):
        yield from _worker(world, k, rules)
    if rules.send == "outbox":
        yield from _sweeper(world, rules)
    if world.timeouts and world.in_flight and rules.acknowledge == "after":
        yield True, world._replace(in_flight=False, timeouts=world.timeouts - 1)
    if world.flushes and world.cache:
        yield True, world._replace(cache=frozenset(), flushes=world.flushes - 1)


def _worker(world: World, k: int, rules: Rules) -> Next:
    me = world.actors[k]
    if me.step == "idle":
        yield from _receive(world, k, rules)
        return
    if world.crashes:
        yield True, _dropped(world, k, rules)._replace(crashes=world.crashes - 1)
    match me.step:
        case "received":
            yield False, _read(world, k, rules)
        case "read":
            told = _tell(world, me.message, rules) if rules.send == "before commit" else world
            yield False, told.put(k, me._replace(step="commit"))
        case "commit":
            yield False, _commit(world, k, rules)
        case "answer":
            yield False, _tell(world, me.message, rules).put(k, me._replace(step="done"))
        case "done":
            yield False, _acknowledge(world, k, rules)
        case _:
            yield from _flush(world, k, rules)


def _receive(world: World, k: int, rules: Rules) -> Next:
    if not world.queue or world.in_flight:
        return
    seq, message = world.queue[0]
    taken = world.put(k, Actor("received", seq, message))
    if rules.acknowledge == "before":
        yield False, taken._replace(queue=world.queue[1:])
    else:
        yield False, taken._replace(in_flight=True)


def _read(world: World, k: int, rules: Rules) -> World:
    me, document = world.actors[k], world.document
    if rules.dedupe == "cache before commit":
        if me.message in world.cache:
            return world.put(k, me._replace(step="done"))
        world = world._replace(cache=world.cache | {me.message})
    elif rules.dedupe == "document" and me.message in document.taken:
        return world.put(k, me._replace(step="done"))
    return world.put(k, me._replace(step="read", read=document))


def _commit(world: World, k: int, rules: Rules) -> World:
    me, document = world.actors[k], world.document
    read = me.read or document
    if rules.compare_and_set and document.rev != read.rev:
        return _dropped(world, k, rules)
    base = document if rules.compare_and_set else read
    after = base._replace(rev=document.rev + 1, last_seq=me.seq, taken=(*base.taken, me.message))
    if rules.send != "outbox":
        step = "answer" if rules.send == "after commit" else "done"
        return world.put(k, me._replace(step=step))._replace(document=after)
    owns = base.is_told
    after = after._replace(outbox=(*base.outbox, (me.message, False)), epoch=base.epoch + owns)
    me = me._replace(step="flush" if owns else "done", epoch=after.epoch)
    return world.put(k, me)._replace(document=after)


def _acknowledge(world: World, k: int, rules: Rules) -> World:
    me = world.actors[k]
    was_first = bool(world.queue) and world.queue[0][0] == me.seq
    in_flight = world.in_flight and not (was_first and rules.acknowledge == "after")
    queue = tuple(one for one in world.queue if one[0] != me.seq)
    return world.put(k, IDLE)._replace(queue=queue, in_flight=in_flight)


def _sweeper(world: World, rules: Rules) -> Next:
    me, document = world.actors[SWEEPER], world.document
    if me.step != "idle":
        if world.crashes:
            yield True, world.put(SWEEPER, IDLE)._replace(crashes=world.crashes - 1)
        yield from _flush(world, SWEEPER, rules)
        return
    if document.is_told:
        return
    after = document._replace(epoch=document.epoch + 1, rev=document.rev + 1)
    taken = world.put(SWEEPER, Actor("flush", epoch=after.epoch))._replace(document=after)
    if not any(_is_flushing(one, document) for one in world.actors[:SWEEPER]):
        yield False, taken
    elif world.lost_leases:
        yield True, taken._replace(lost_leases=world.lost_leases - 1)


def _flush(world: World, k: int, rules: Rules) -> Next:
    """The fence is looked at in one step and the send made in another: a pause fits between."""
    me, document = world.actors[k], world.document
    over = IDLE if k == SWEEPER else me._replace(step="done")
    match me.step:
        case "flush":
            untold = [i for i, (_, told) in enumerate(document.outbox) if not told]
            if (rules.fence and document.epoch != me.epoch) or not untold:
                yield False, world.put(k, over)
                return
            for item in untold[:1] if rules.in_order else untold:
                yield (
                    False,
                    world.put(
                        k, me._replace(step="sending", item=item, message=document.outbox[item][0])
                    ),
                )
        case "sending":
            yield False, _tell(world, me.message, rules).put(k, me._replace(step="sent"))
        case _:
            outbox = list(document.outbox)
            if me.item < len(outbox):  # else somebody without compare-and-set has undone it
                outbox[me.item] = (outbox[me.item][0], True)
            after = document._replace(outbox=tuple(outbox), rev=document.rev + 1)
            yield False, world.put(k, me._replace(step="flush"))._replace(document=after)


def _is_flushing(actor: Actor, document: Document) -> bool:
    return actor.step in {"flush", "sending", "sent"} and actor.epoch == document.epoch


def _dropped(world: World, k: int, rules: Rules) -> World:
    in_flight = world.in_flight and rules.acknowledge != "after"
    return world.put(k, IDLE)._replace(in_flight=in_flight)


def _tell(world: World, message: str, rules: Rules) -> World:
    if rules.idempotent_receiver and message in world.told:
        return world
    return world._replace(told=(*world.told, message))


def _broken(world: World, start: World, rules: Rules, *, at_rest: bool) -> str | None:
    taken, told = world.document.taken, world.told
    expected = ("a", "b")
    firsts = tuple(dict.fromkeys(told))
    used = start.crashes - world.crashes + start.lost_leases - world.lost_leases
    early = any(message not in taken for message in told)
    laws = (
        ("a turn was taken twice", len(set(taken)) == len(taken)),
        ("turns are out of order", taken == expected[: len(taken)]),
        ("answers are out of order", firsts == expected[: len(firsts)]),
        ("more repeats than faults", len(told) - len(firsts) <= used),
        ("told what is not committed", not early or (rules.send != "outbox" and not at_rest)),
        ("lost", not at_rest or (taken == expected and set(told) == set(expected))),
    )
    return next((law for law, holds in laws if not holds), None)
