"""Publishing with the conversations under way: what it would do, and what it did."""

from typing import TYPE_CHECKING, Annotated, Self

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import Field

from parley.api.bodies import View
from parley.api.flows import CheckView, DiagnosticView, FlowView

if TYPE_CHECKING:
    from parley.domain.pages import Page
    from parley.services.migrations import Judged, Moving, Preview

DryRun = Annotated[
    bool,
    Query(
        description=(
            "Publish nothing: say what publishing would find, and for each live conversation of "
            "another version whether it could move."
        )
    ),
]


class JudgedView(View):
    """A live conversation of another version."""

    conversation_id: str
    from_version: str
    state: str = Field(description="The state it rests in.")
    to_state: str = Field(description="What that is called in the version to move to.")
    can_move: bool
    reasons: list[str] = Field(description="Why it cannot, and how to mend it.")

    @classmethod
    def of(cls, judged: "Judged") -> Self:
        conversation = judged.conversation
        return cls(
            conversation_id=conversation.id,
            from_version=conversation.flow.version,
            state=conversation.current_state,
            to_state=judged.to_state,
            can_move=judged.can_move,
            reasons=list(judged.reasons),
        )


class JudgedPage(View):
    """A page of live conversations of other versions, in the order of their ids."""

    movable: int = Field(description="Of this page.")
    immovable: int = Field(description="Of this page.")
    items: list[JudgedView]
    next_cursor: str | None

    @classmethod
    def of(cls, page: "Page[Judged]") -> Self:
        movable = sum(judged.can_move for judged in page.items)
        return cls(
            movable=movable,
            immovable=len(page.items) - movable,
            items=[JudgedView.of(judged) for judged in page.items],
            next_cursor=page.next_cursor,
        )


class PreviewView(View):
    """What publishing would do; nothing was changed."""

    version: str
    is_publishable: bool
    diagnostics: list[DiagnosticView]
    conversations: JudgedPage | None = Field(
        description="Null if the version cannot be published: nothing could move to it."
    )

    @classmethod
    def of(cls, preview: "Preview") -> Self:
        checked = CheckView.of(preview.diagnostics)
        judged = preview.judged
        return cls(
            version=preview.version,
            is_publishable=checked.is_publishable,
            diagnostics=checked.diagnostics,
            conversations=None if judged is None else JudgedPage.of(judged),
        )


class MigrationView(View):
    """The conversations of one request: moves are queued, and take effect one by one."""

    queued: int = Field(
        description=(
            "Each ends as the event `conversation.migrated` or, if it cannot move any more when "
            "its turn comes, as `conversation.not_migrated`."
        )
    )
    immovable: int
    items: list[JudgedView] = Field(description="The first of those that cannot move.")
    next_cursor: str | None = Field(
        description="Where there are more conversations, repeat the request with it."
    )

    @classmethod
    def of(cls, page: "Page[Judged]", limit: int) -> Self:
        immovable = [judged for judged in page.items if not judged.can_move]
        return cls(
            queued=len(page.items) - len(immovable),
            immovable=len(immovable),
            items=[JudgedView.of(judged) for judged in immovable[:limit]],
            next_cursor=page.next_cursor,
        )


class PublishedView(FlowView):
    """A flow that is live."""

    migration: MigrationView | None = Field(default=None, description="With `migrate`.")

    @classmethod
    def of_moving(cls, moving: "Moving", limit: int) -> Self:
        """The flow, and what becomes of the conversations that were looked at."""
        live = cls.of(moving.flow)
        return live.model_copy(update={"migration": MigrationView.of(moving.judged, limit)})
