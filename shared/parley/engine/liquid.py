"""Liquid within limits: loops, output, lookups and depth bounded, filters from an allow-list."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TextIO

from liquid import BoundTemplate, Environment, RenderContext
from liquid.builtin import content, illegal, output
from liquid.builtin.tags import (
    assign_tag,
    capture_tag,
    case_tag,
    comment_tag,
    cycle_tag,
    for_tag,
    if_tag,
    inline_comment_tag,
    unless_tag,
)
from liquid.exceptions import LiquidError, LoopIterationLimitError, ResourceLimitError
from liquid.output import LimitedStringIO
from liquid.undefined import is_undefined
from liquid.utils import ReadOnlyChainMap

from parley.engine.expressions import ROOTS
from parley.engine.liquid_filters import FILTERS
from parley.engine.liquid_formats import LANGUAGES
from parley.engine.texts import (
    MAX_OUTPUT_BYTES,
    TextFailed,
    TextInvalid,
    percent_encoded,
    written_out,
)

if TYPE_CHECKING:
    from parley.engine.scope import Scope

MAX_LOOPS = 1_000
MAX_LOOKUPS = 20_000

_TAGS = (
    content.Literal,
    illegal.Illegal,
    if_tag.IfTag,
    unless_tag.UnlessTag,
    case_tag.CaseTag,
    comment_tag.CommentTag,
    inline_comment_tag.InlineCommentTag,
    for_tag.ForTag,
    for_tag.BreakTag,
    for_tag.ContinueTag,
    capture_tag.CaptureTag,
    cycle_tag.CycleTag,
    assign_tag.AssignTag,
)


class _Context(RenderContext):
    """Knows no clock, and counts loops and lookups over the whole text."""

    __slots__ = ("_lookups", "_rounds")

    def __init__(self, template: BoundTemplate, **options: Any) -> None:  # noqa: ANN401 -- Liquid's
        super().__init__(template, **options)
        self.scope = ReadOnlyChainMap(self.locals, self.globals)
        self._rounds = 0
        self._lookups = 0

    def get(self, path: list[object], **options: Any) -> object:  # noqa: ANN401 -- Liquid's
        self._lookups += 1
        if self._lookups > MAX_LOOKUPS:
            raise ResourceLimitError("too many lookups", token=None)
        return super().get(path, **options)

    def raise_for_loop_limit(self, length: int = 1) -> None:
        self._rounds += length
        if self._rounds > MAX_LOOPS:
            raise LoopIterationLimitError("too many rounds of loops", token=None)


class _Template(BoundTemplate):
    context_class = _Context


class _OutputNode(output.OutputNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return buffer.write(written_out(_plain(self.expression.evaluate(context))))


class _Output(output.Output):
    node_class = _OutputNode


class _EncodedOutputNode(output.OutputNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        value = written_out(_plain(self.expression.evaluate(context)))
        return buffer.write(percent_encoded(value))


class _EncodedOutput(output.Output):
    node_class = _EncodedOutputNode


class _Texts(Environment):
    """The Liquid of messages."""

    block_nesting_limit = 20
    context_depth_limit = 30
    loop_iteration_limit = MAX_LOOPS
    local_namespace_limit = 64 * 1024
    output_stream_limit = MAX_OUTPUT_BYTES
    template_class = _Template
    output_tag: ClassVar[type[output.Output]] = _Output

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        del extra
        for tag in (*_TAGS, self.output_tag):
            self.add_tag(tag)
        self.filters.update(FILTERS)


class _Endpoints(_Texts):
    """The Liquid of endpoints: every value is percent-encoded."""

    output_tag = _EncodedOutput


_texts = _Texts()
_endpoints = _Endpoints()


class _Globals(Mapping[str, object]):
    """The scope of a turn as Liquid looks names up."""

    def __init__(self, scope: "Scope") -> None:
        self._scope = scope

    def __getitem__(self, name: str) -> object:
        if name in ROOTS:
            return self._scope.value(name)
        if name == LANGUAGES:
            return self._scope.languages()
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(ROOTS)

    def __len__(self) -> int:
        return len(ROOTS)


@dataclass(frozen=True, slots=True)
class LiquidTemplate:
    """A parsed Liquid text."""

    template: BoundTemplate
    paths: tuple[tuple[str, ...], ...]

    @classmethod
    def parse(cls, source: str, *, is_endpoint: bool) -> "LiquidTemplate":
        """Raises TextInvalid."""
        env = _endpoints if is_endpoint else _texts
        try:
            template = env.from_string(source)
            found = template.analyze()
        except (LiquidError, RecursionError, ValueError) as error:
            raise TextInvalid(_readable(error)) from error
        for name in found.filters:
            if name not in env.filters:
                raise TextInvalid(f"there is no filter {name!r}")
        paths = [
            tuple(str(segment) for segment in variable.segments)
            for variables in found.globals.values()
            for variable in variables
        ]
        return cls(template, tuple(dict.fromkeys(paths)))

    def render(self, scope: "Scope") -> str:
        context = _Context(self.template, globals=_Globals(scope))
        buffer = LimitedStringIO(limit=MAX_OUTPUT_BYTES)
        try:
            self.template.render_with_context(context, buffer)
        except (LiquidError, RecursionError, ValueError, ArithmeticError, UnicodeError) as error:
            raise TextFailed(_readable(error)) from error
        return buffer.getvalue()


def _plain(value: object) -> Any:  # noqa: ANN401 -- any JSON value
    """`value`, or null for what Liquid found undefined."""
    return None if is_undefined(value) else value


def _readable(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return str(error).partition("\n")[0] or type(error).__name__
