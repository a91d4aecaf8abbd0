"""The crash sweep: a fault at every boundary there is, under many interleavings.

Boundaries are found, not listed: whatever call of a port a run makes is crashed, before and after,
and its connection cut, before and after. What only a faulty run reaches is found and swept, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from tests.property.turns.laws import check_at_rest
from tests.property.turns.processes import Boundary, Fault, Process
from tests.property.turns.simulation import MAX_STEPS, ORDER, Broken, Code, Simulation


@dataclass(frozen=True)
class Target:
    """Where a run is to fail, and how."""

    boundary: Boundary
    fault: Fault


MESSAGES = ("queue", "direct", "repeat") * 2 + ("queue", "direct", "move", "move", "order")
ORDERS = ("direct order", "direct order", "order", "direct", "direct order", "answer again")
"""What happens in a story, in any order; every third is about answers that may come too early."""

type Way = tuple[int, tuple[Target, ...]]
"""A seed and faults: they lead to the same place each time."""


@dataclass
class Story:
    """One run: a seed decides who goes on next; each target is hit when it is first reached."""

    seed: int
    targets: tuple[Target, ...] = ()
    code: Code = field(default_factory=Code)
    seen: set[Boundary] = field(default_factory=set)
    hit: set[Target] = field(default_factory=set)

    def tell(self) -> Simulation:
        """Run it to the end and check it. Raises Broken."""
        self._random = Random(self.seed)  # noqa: S311 -- a search, not a secret
        self._simulation = simulation = Simulation(self.code)
        self._running: list[Process] = []
        self._mishaps = self._random.choice(
            [[], ["visibility"], ["leases"], ["leases"], ["visibility", "leases"]]
        )
        self._start()
        plan = [*(ORDERS if self.seed % 3 == 0 else MESSAGES)]
        self._random.shuffle(plan)
        for _ in range(MAX_STEPS):
            if not plan and not self._running and not len(simulation.queue):
                break
            self._act(plan)
        simulation.drain(self._running)
        check_at_rest(simulation)
        return simulation

    def _start(self) -> None:
        while True:
            starter = self._simulation.starting()
            while not starter.is_over:
                self._step(starter)
            if not starter.has_crashed:
                return

    def _act(self, plan: list[str]) -> None:
        """One thing happens."""
        choice = self._random.random()
        unanswered = self._simulation.unanswered()
        if unanswered and self._random.random() < 0.3:
            self._simulation.answer(unanswered[0])
        elif plan and (choice < 0.15 or not self._running):
            self._begin(plan.pop())
        elif choice < 0.3 and len(self._running) < 4:
            worker = self._simulation.delivery("worker")
            self._running += [worker] if worker else []
        elif choice < 0.4 and self._mishaps and self._is_flushing():
            self._mishap(self._mishaps.pop())
        elif self._running:
            self._step(self._next())
            self._bury()
        else:
            self._simulation.expire_visibility()

    def _begin(self, what: str) -> None:
        simulation = self._simulation
        text = f"m{len(simulation.queue.sent)}{what}"
        match what:
            case "queue":
                simulation.accept(text)
            case "move":
                simulation.accept_move()
            case "order":
                simulation.accept(ORDER + text)
            case "direct order":
                inbound = simulation.message(f"{ORDER}{self._random.random()}")
                self._running.append(simulation.direct(inbound))
            case "answer again":
                if simulation.answered:
                    simulation.answer(self._random.choice(simulation.answered))
            case "repeat":
                sent = [str(inbound.pid) for inbound in simulation.queue.sent]
                known = [pid for pid in sent if pid.startswith("web:")] or ["web:m0queue"]
                pid = self._random.choice(known)
                simulation.accept(pid.removeprefix("web:"), pid=pid)
            case _:
                inbound = simulation.message(f"direct{self._random.random()}")
                self._running.append(simulation.direct(inbound))

    def _next(self) -> Process:
        """Who goes on: mostly those who commit, not those who mark, so that work piles up."""
        others = [one for one in self._running if one.at is None or one.at.op != "mark"]
        return self._random.choice(
            others if others and self._random.random() < 0.8 else self._running
        )

    def _is_flushing(self) -> bool:
        """Whether somebody has sent and not yet marked: where a mishap does most harm."""
        return any(one.at and one.at.op in ("send", "mark") for one in self._running)

    def _mishap(self, what: str) -> None:
        self._simulation.faults += 1
        if what == "visibility":
            self._simulation.expire_visibility()
        else:
            self._simulation.lose_leases()
            self._running.append(self._simulation.sweep())

    def _step(self, process: Process) -> None:
        at = process.at
        if at is not None:
            self.seen.add(at)
        for target in self.targets:
            if target.boundary == at and target not in self.hit:
                self.hit.add(target)
                self._simulation.step(process, target.fault)
                return
        self._simulation.step(process)

    def _bury(self) -> None:
        """A caller whose process died tries again under the same id."""
        for process in [one for one in self._running if one.is_over]:
            self._running.remove(process)
            if process.has_crashed and process.again is not None:
                self._running.append(process.again())


def sweep(seeds: Sequence[int], code: Code | None = None) -> dict[Target, int]:
    """Every boundary failed in every way under every seed: how often each was really hit.

    A boundary that only a faulty run reaches is reached again by the same faults and seed.
    """
    code = code or Code()
    hits: dict[Target, int] = {}
    ways: dict[Boundary, Way] = {}
    waiting: list[Boundary] = []

    def tell(seed: int, targets: tuple[Target, ...]) -> Story:
        story = Story(seed, targets, code)
        try:
            story.tell()
        except Broken as broken:
            raise Broken(f"{broken}; seed {seed}, {targets}") from broken
        for boundary in sorted(story.seen - ways.keys()):
            ways[boundary] = (seed, targets)
            waiting.append(boundary)
        return story

    for seed in seeds:
        tell(seed, ())
    for boundary in waiting:
        found_in, faults = ways[boundary]
        for fault in Fault:
            target = Target(boundary, fault)
            runs: list[Way] = [(seed, (target,)) for seed in seeds]
            if faults:
                runs.append((found_in, (*faults, target)))
            hits[target] = sum(target in tell(*run).hit for run in runs)
    return hits
