"""Conversations: starting, reading, closing, and how each turn came about."""

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from parley.api.bodies import Draft, Instant, LanguageTag, Name, View
from parley.api.flow_versions import PinnedFlowView
from parley.api.messages import MessageView
from parley.domain.conversations import Channel, Conversation, ConversationQuery, Stage, Status
from parley.domain.ids import FlowId, UserId
from parley.domain.json import Json, JsonObject
from parley.domain.pages import Page
from parley.services.conversations import Started

if TYPE_CHECKING:
    from parley.engine.replay import Difference
    from parley.services.replays import Replayed

UserKey = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class ConversationDraft(Draft):
    """Whom to talk to, where, and along which flow."""

    channel: Channel = Channel.WEB
    user_id: UserKey | None = Field(
        default=None,
        description="Who the conversation is with; absent, it is with the caller.",
    )
    flow: Name | None = Field(
        default=None,
        description="A published flow's id or name; absent, the organisation's default flow.",
        examples=["order-status"],
    )
    language: LanguageTag | None = Field(default=None, examples=["en"])
    user: JsonObject = Field(
        default_factory=dict,
        description=(
            "What is known of the person, for the flow's texts and conditions. It has no `id`: "
            "`user_id` is."
        ),
        examples=[{"name": "Ada"}],
    )

    @property
    def whom(self) -> UserId | None:
        return UserId(self.user_id) if self.user_id else None


class ClosingDraft(Draft):
    """How the conversation is to end."""

    status: Literal[Status.COMPLETED, Status.ABANDONED] = Status.COMPLETED


class ConversationFilter(Draft):
    """Which conversations to list."""

    status: Status | None = None
    channel: Channel | None = None
    user_id: UserKey | None = None
    flow_id: UserKey | None = None
    since: Instant | None = Field(default=None, description="Last active then or later.")
    until: Instant | None = Field(default=None, description="Last active before then.")

    def query(self) -> ConversationQuery:
        """The domain's own word for it."""
        return ConversationQuery(
            status=self.status,
            channel=self.channel,
            user_id=UserId(self.user_id) if self.user_id else None,
            flow_id=FlowId(self.flow_id) if self.flow_id else None,
            since=self.since,
            until=self.until,
        )


class ConversationView(View):
    """A conversation as it stands."""

    id: str
    user_id: str
    channel: Channel
    flow: PinnedFlowView = Field(description="Stays the same from its start to its end.")
    status: Status
    stage: Stage
    current_state: str = Field(description="The flow's state it rests in.")
    language: str | None
    message_count: int
    turn_count: int
    created_at: Instant
    last_activity_at: Instant
    closed_at: Instant | None

    @classmethod
    def of(cls, conversation: Conversation) -> Self:
        return cls(
            id=conversation.id,
            user_id=conversation.user_id,
            channel=conversation.channel,
            flow=PinnedFlowView.of(conversation.flow),
            status=conversation.status,
            stage=conversation.stage,
            current_state=conversation.current_state,
            language=conversation.language,
            message_count=conversation.message_no,
            turn_count=conversation.turn_no,
            created_at=conversation.created_at,
            last_activity_at=conversation.last_activity_at,
            closed_at=conversation.closed_at,
        )


class StartedView(View):
    """A conversation that has just begun, with the bot's first words."""

    conversation: ConversationView
    messages: list[MessageView]

    @classmethod
    def of(cls, started: Started) -> Self:
        return cls(
            conversation=ConversationView.of(started.conversation),
            messages=MessageView.all_of(started.messages),
        )


class ConversationPage(View):
    """A page of conversations, the one last active first."""

    items: list[ConversationView]
    next_cursor: str | None

    @classmethod
    def of(cls, page: Page[Conversation]) -> Self:
        items = [ConversationView.of(conversation) for conversation in page.items]
        return cls(items=items, next_cursor=page.next_cursor)


class ReplayDraft(Draft):
    """On what to replay a conversation: a changed flow, or by default its own."""

    document: JsonObject | None = None
    source: str | None = Field(default=None, description="YAML or JSON text.")

    @model_validator(mode="after")
    def _has_one_at_most(self) -> Self:
        if self.document is not None and self.source is not None:
            raise ValueError("give `document` or `source`, or neither")
        return self

    @property
    def given(self) -> str | JsonObject | None:
        """Whichever was sent."""
        return self.source if self.document is None else self.document


class DifferenceView(View):
    """The first turn that came out otherwise."""

    turn_no: int
    what: str = Field(description="messages, path, state_after, services, ...")
    recorded: Json
    replayed: Json
    diff: list[str] = Field(description="Lines: `-` was recorded, `+` came out now.")

    @classmethod
    def of(cls, found: "Difference") -> Self:
        return cls(
            turn_no=found.turn_no,
            what=found.what,
            recorded=found.recorded,
            replayed=found.replayed,
            diff=found.diff,
        )


class ReplayView(View):
    """A conversation that was run again from its traces."""

    is_same: bool
    turns: int = Field(description="How many were run again, the one that differs included.")
    is_whole: bool = Field(description="False if it has more turns than one request replays.")
    difference: DifferenceView | None

    @classmethod
    def of(cls, replayed: "Replayed") -> Self:
        found = replayed.difference
        return cls(
            is_same=found is None,
            turns=replayed.turns,
            is_whole=replayed.is_whole,
            difference=None if found is None else DifferenceView.of(found),
        )


class TracePage(View):
    """A page of turns, each with what happened in it and why."""

    items: list[JsonObject]
    next_cursor: str | None

    @classmethod
    def of(cls, page: Page[JsonObject]) -> Self:
        return cls(items=list(page.items), next_cursor=page.next_cursor)
