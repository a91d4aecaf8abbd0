"""Forms: how they are said, checked and filled in."""

from typing import Any

import pytest

from parley.domain.errors import Invalid
from parley.domain.flows import FlowDocument
from parley.domain.json import JsonObject
from parley.engine.check import check_flow, has_errors
from parley.engine.events import MessageEvent
from parley.engine.replay import replay
from parley.engine.scripts import script_from_json
from parley.engine.state import RunState
from parley.engine.testing import run_tests
from tests.unit.engine.talks import Talk, a_flow, at_once, program, says, state, to

SLOTS: JsonObject = {
    "company": {"min_length": 2, "prompt": "Company?", "retry_prompt": "Its name, please."},
    "seats": {"type": "integer", "minimum": 1, "prompt": "Seats?", "retry_prompt": "A number!"},
    "size": {"type": "enum", "enum": {"s": ["small"], "m": ["medium"]}},
    "phone": {"type": "phone"},
}


def field(name: str, label: Any = "?", **more: Any) -> JsonObject:
    return {"name": name, "label": label, **more}


def a_form(*fields: JsonObject, **more: Any) -> JsonObject:
    return {"fields": list(fields), **more}


def asking(*fields: JsonObject, slots: Any = SLOTS, then: Any = None, **form: Any) -> JsonObject:
    """A form, and where it leads: to a state that fills `company` and `seats`, or to `then`."""
    filling = {"required_slots": ["company", "seats"], "from_event": True, "max_retries": 2}
    return a_flow(
        says("ask", "Please", to("fill"), config={"form": a_form(*fields, **form)}),
        then
        or state(
            "fill", "slot_filling", to("done", "all_slots_filled"), to("end", "fallback"),
            config={**filling, "optional_slots": ["phone"]},
        ),
        says("done", "Thanks"),
        says("end", "Bye"),
        slots=slots,
        variables={"v": "Ada"},
    )  # fmt: skip


def fill_in(talk: Talk, text: str | None = None, /, **values: Any) -> None:
    said = {} if text is None else {"text": text}
    talk.take(MessageEvent({"type": "form", "values": values, **said}))


BOTH = (field("company"), field("seats"))


def left_out(talk: Talk) -> list[tuple[str, str]]:
    return [(t["at"], t["why"]) for t in talk.turn.trace["tried"] if t["at"].startswith("form")]


def test_a_form_is_said_in_the_language_of_the_conversation() -> None:
    flow = asking(
        field("company", {"en": "Company", "de": "Firma von {{ vars.v }}"}, placeholder="ACME"),
        field("seats", {"text": "how_many"}, help={"en": "Roughly", "de": "Ungef\u00e4hr"}),
        field("size"),
        field("note", type="text", required=False),
        field("plan", options=[{"title": {"en": "Big", "de": "Gro\u00df"}, "value": "b"}]),
        title="T {{ vars.v }}",
        description="D",
        submit_label={"en": "Send", "de": "Senden"},
    )
    flow["texts"] = {"how_many": {"en": "Seats", "de": "Pl\u00e4tze"}}
    flow["states"][0]["config"]["response_templates"]["de"] = "Bitte"
    assert not has_errors(check_flow(flow))
    talk = Talk(flow, user={"language": "de"})
    assert talk.contents == [
        {
            "type": "form",
            "text": "Bitte",
            "form": {
                "title": "T Ada",
                "description": "D",
                "fields": [
                    {
                        "name": "company",
                        "label": "Firma von Ada",
                        "type": "string",
                        "required": True,
                        "placeholder": "ACME",
                        "min_length": 2,
                    },
                    {
                        "name": "seats",
                        "label": "Pl\u00e4tze",
                        "type": "integer",
                        "required": True,
                        "help": "Ungef\u00e4hr",
                        "minimum": 1,
                    },
                    {
                        "name": "size",
                        "label": "?",
                        "type": "enum",
                        "required": True,
                        "options": [{"title": "s", "value": "s"}, {"title": "m", "value": "m"}],
                    },
                    {"name": "note", "label": "?", "type": "text", "required": False},
                    {
                        "name": "plan",
                        "label": "?",
                        "type": "enum",
                        "required": True,
                        "options": [{"title": "Gro\u00df", "value": "b"}],
                    },
                ],
                "submit_label": "Senden",
            },
        }
    ]
    assert replay(talk.program, talk.traces).difference is None


def test_a_form_in_an_action_or_a_template_is_said_too() -> None:
    form = a_form(field("x"))
    action = {"type": "send_message", "config": {"form": form}}
    said = {"en": {"text": "Hi", "form": form}}
    flow = a_flow(
        says("a", None, to("a"), config={"response_templates": said}, entry_actions=[action])
    )
    assert not has_errors(check_flow(flow))
    assert [content["type"] for content in Talk(flow).contents] == ["form", "form"]


def test_a_form_fills_all_slots_of_its_state_at_once() -> None:
    talk = Talk(asking(*BOTH, field("phone", required=False)))
    fill_in(talk, company=" ACME ", seats=12, phone="+44 1632 960001")
    assert (talk.at, talk.said) == ("done", ["Thanks"])
    assert talk.state.slots == {"company": "ACME", "seats": 12, "phone": "+441632960001"}
    assert talk.state.form == {}
    assert replay(talk.program, talk.traces).difference is None


def test_what_is_refused_is_asked_for_again_with_its_retry_text() -> None:
    talk = Talk(asking(*BOTH))
    fill_in(talk, company="ACME", seats="many")
    assert (talk.at, talk.said, talk.state.slots) == ("fill", ["A number!"], {"company": "ACME"})
    talk.say("7")
    assert (talk.at, talk.state.slots["seats"]) == ("done", 7)


def test_of_several_that_are_refused_the_first_is_asked_for_first() -> None:
    talk = Talk(asking(*BOTH))
    fill_in(talk, company="A", seats=0)
    assert talk.said == ["Its name, please."]
    talk.say("ACME")
    assert talk.said == ["Seats?"]


def test_what_is_refused_comes_before_what_was_left_empty() -> None:
    talk = Talk(asking(*BOTH))
    fill_in(talk, company=None, seats="x")
    assert talk.said == ["A number!"]
    talk.say("3")
    assert talk.said == ["Company?"]


def test_an_optional_slot_that_refuses_is_left_empty_and_traced() -> None:
    talk = Talk(asking(*BOTH, field("phone", required=False)))
    fill_in(talk, company="ACME", seats=1, phone="12")
    assert talk.at == "done"
    assert "phone" not in talk.state.slots
    assert ("form field phone", "no telephone number") in left_out(talk)


def test_a_rule_of_the_state_may_refuse_a_value_of_a_form() -> None:
    flow = asking(*BOTH)
    flow["states"][1]["config"]["validation_rules"] = {"seats": "slots.seats < 10"}
    talk = Talk(flow)
    fill_in(talk, company="ACME", seats=12)
    assert (talk.at, talk.said) == ("fill", ["A number!"])


def confirming(**more: Any) -> Talk:
    slots = {name: {**slot, "confirm": True, **more} for name, slot in SLOTS.items()}
    return Talk(asking(*BOTH, slots=slots))


def test_values_of_a_form_are_confirmed_one_after_the_other() -> None:
    talk = confirming(confirm_prompt="{{ slots.company }} {{ slots.seats }}?")
    fill_in(talk, company="ACME", seats=3)
    assert (talk.at, talk.said) == ("fill", ["ACME ?"])
    talk.say("yes")
    assert talk.said == ["ACME 3?"]
    talk.say("yes")
    assert (talk.at, talk.state.slots) == ("done", {"company": "ACME", "seats": 3})


def test_what_is_refused_is_asked_for_once_the_others_are_confirmed() -> None:
    talk = confirming()
    fill_in(talk, company="ACME", seats="x")
    talk.say("yes")
    assert talk.said == ["A number!"]
    assert RunState.from_json(talk.state.to_json()) == talk.state


def test_a_form_that_is_shown_by_the_state_itself_takes_the_place_of_a_proposal() -> None:
    flow = asking(*BOTH)
    action = {"type": "send_message", "config": {"form": a_form(*BOTH)}}
    flow["states"] = flow["states"][1:]
    flow["initial_state"] = "fill"
    flow["states"][0]["entry_actions"] = [action]
    flow["slots"] = {**SLOTS, "company": {**SLOTS["company"], "confirm": True}}
    talk = Talk(flow)
    talk.say("Wrong Inc")
    assert talk.state.proposed is not None
    fill_in(talk, company="ACME", seats=2)
    talk.say("yes")
    assert (talk.at, talk.state.slots) == ("done", {"company": "ACME", "seats": 2})


def test_a_form_overwrites_the_slots_that_it_names() -> None:
    flow = asking(*BOTH)
    flow["states"][0]["entry_actions"] = [
        {"type": "set_slot", "config": {"key": name, "value": value}}
        for name, value in {"company": "Old", "seats": 1}.items()
    ]
    talk = Talk(flow)
    fill_in(talk, company="New", seats=None)
    assert (talk.at, talk.state.slots) == ("done", {"company": "New", "seats": 1})


def test_a_form_without_a_value_for_the_state_is_a_miss_like_any_other() -> None:
    flow = asking(field("other"))
    flow["states"][1]["entry_actions"] = [
        {"type": "send_message", "config": {"form": a_form(field("other"))}}
    ]
    talk = Talk(flow)
    talk.say("ACME")
    fill_in(talk, other="x")
    assert (talk.said, talk.state.misses) == (["A number!"], 1)


READS = state(
    "fill",
    "response",
    at_once("done", "input.form.n == 7 && !has(input.form.gone) && input.form.ok"),
    at_once("end"),
    config={"response_templates": {"en": "{{ input.form.day }} {{ input.form.words }}"}},
)
FREE = (
    field("n", type="number"),
    field("ok", type="boolean"),
    field("day", type="date"),
    field("words", type="text"),
    field("gone", type="email", required=False),
    field("pick", options=[{"title": "One", "value": "1"}], required=False),
)


def test_fields_that_are_no_slots_are_read_by_their_own_types() -> None:
    flow = asking(*FREE, then=READS)
    assert not has_errors(check_flow(flow))
    talk = Talk(flow)
    fill_in(talk, n="7,0", ok=True, day="31.1.2026", words="a\nb", gone="nobody", pick="2")
    assert talk.said == ["2026-01-31 a\nb", "Thanks"]
    assert left_out(talk) == [
        ("form field gone", "no e-mail address"),
        ("form field pick", "none of its values"),
    ]


def test_a_slot_outside_slot_filling_is_filled_by_set_slot_alone() -> None:
    flow = asking(*BOTH, then=says("fill", "Hm", to("done")))
    talk = Talk(flow)
    fill_in(talk, company="ACME", seats="4")
    assert talk.state.slots == {}
    sets = {"type": "set_slot", "config": {"key": "seats", "expression": "input.form.seats"}}
    flow["states"][0]["transitions"][0]["actions"] = [sets]
    assert not has_errors(check_flow(flow))
    talk = Talk(flow)
    fill_in(talk, company="ACME", seats="4")
    assert talk.state.slots == {"seats": 4}


def test_unknown_names_are_left_out_and_traced() -> None:
    talk = Talk(asking(*BOTH))
    fill_in(talk, company="ACME", seats=1, colour="red", phone="+441632960001")
    assert talk.at == "done"
    assert "phone" not in talk.state.slots
    assert left_out(talk) == [
        ("form field colour", "the form does not ask for it"),
        ("form field phone", "the form does not ask for it"),
    ]


def test_without_a_form_on_offer_it_is_a_message_like_any_other() -> None:
    flow = a_flow(
        says("ask", "Hi", to("done", expression="input.form.size() == 0")), says("done", "Thanks")
    )
    assert not has_errors(check_flow(flow))
    talk = Talk(flow)
    fill_in(talk, company="ACME")
    assert talk.at == "done"
    assert left_out(talk) == [("form", "no form is on offer")]


def test_a_form_is_filled_in_once() -> None:
    talk = Talk(asking(*BOTH))
    fill_in(talk, company="ACME")
    fill_in(talk, seats=3)
    assert (talk.at, talk.said) == ("fill", ["A number!"])
    assert left_out(talk) == [("form", "no form is on offer")]


def test_a_form_stays_on_offer_while_people_say_other_things() -> None:
    flow = asking(*BOTH)
    flow["states"][0]["transitions"] = [to("fill", expression="has(input.form.company)")]
    talk = Talk(flow)
    talk.say("why?")
    assert RunState.from_json(talk.state.to_json()).digest() == talk.state.digest()
    assert "form" in talk.state.to_json()
    fill_in(talk, company="ACME", seats=3)
    assert talk.at == "done"


def test_what_was_filled_in_is_neither_an_intent_nor_a_choice() -> None:
    flow = a_flow(
        says(
            "ask",
            "Please",
            to("wrong", "intent_match", "stop"),
            to("wrong", "user_choice", "go"),
            to("done"),
            config={"form": a_form(field("x")), "quick_replies": [{"title": "go"}]},
        ),
        says("wrong"),
        says("done", "{{ input.text }}"),
        intents={"stop": {"examples": ["stop"]}},
    )
    talk = Talk(flow, intents={"stop": [("stop", 1.0)], "go": []})
    fill_in(talk, "stop", x="1")
    assert (talk.at, talk.said) == ("done", ["stop"])
    talk = Talk(flow)
    fill_in(talk, "go", x="1")
    assert talk.at == "done"


@pytest.mark.parametrize("values", [None, [], "x", 7])
def test_values_that_are_none_are_a_message_like_any_other(values: Any) -> None:
    talk = Talk(asking(*BOTH))
    talk.take(MessageEvent({"type": "form", "values": values}))
    assert (talk.at, talk.said) == ("fill", ["Company?"])


def test_a_label_that_grows_past_its_limit_is_a_text_that_failed() -> None:
    flow = asking(field("company", "{{ vars.v }}"))
    flow["variables"] = {"v": "x" * 201}
    flow["settings"] = {"error_text": "Sorry"}
    talk = Talk(flow)
    assert talk.said == ["Sorry"]
    assert talk.errors[0]["why"] == "its label in fields is longer than 200 characters"


@pytest.mark.parametrize(
    ("code", "at", "form"),
    [
        ("schema.missing", "", {}),
        ("schema.value", "/fields", a_form()),
        ("schema.value", "/fields", a_form(*(field(f"f{n}") for n in range(21)))),
        ("schema.value", "/fields", a_form(field("x"), field("x"))),
        ("schema.missing", "/fields/0", a_form({"name": "x"})),
        ("schema.unknown_field", "/fields/0/colour", a_form(field("x", colour="red"))),
        ("schema.value", "/fields/0/type", a_form(field("x", type="colour"))),
        ("schema.value", "/fields/0/label", a_form(field("x", "y" * 201))),
        ("schema.value", "/fields/0/label", a_form(field("x", ""))),
        ("schema.value", "/fields/0/label", a_form(field("x", {}))),
        ("schema.value", "/fields/0/help", a_form(field("x", help="y" * 501))),
        ("name.bad", "/fields/0/name", a_form(field("a b"))),
        ("schema.value", "/fields/0/name", a_form(field("x" * 65))),
        (
            "schema.value",
            "/fields/0",
            a_form(field("x", options=[{"title": "A", "value": "a"}] * 2)),
        ),
        ("form.wrong_field", "/fields/0", a_form(field("x", type="enum"))),
        ("form.wrong_field", "/fields/0/type", a_form(field("seats", type="email"))),
        ("form.wrong_field", "/fields/0/type", a_form(field("company", type="integer"))),
        ("form.wrong_field", "/fields/0", a_form(field("place"))),
        (
            "form.wrong_field",
            "/fields/0/options",
            a_form(field("x", type="date", options=[{"title": "A", "value": "a"}])),
        ),
        (
            "form.wrong_field",
            "/fields/0/options/1/value",
            a_form(
                field("size", options=[{"title": v, "value": v} for v in ("SMALL", "large")]),
            ),
        ),
        (
            "form.wrong_field",
            "/fields/0/options/0/value",
            a_form(field("seats", options=[{"title": "A", "value": "a"}])),
        ),
        ("text.invalid", "/fields/0/label", a_form(field("x", "{{ vars.nobody }}"))),
        ("text.undefined", "/fields/0/label", a_form(field("x", {"text": "nobody"}))),
        ("text.missing_language", "/description", a_form(field("x"), description={"de": "D"})),
        (
            "text.invalid",
            "/fields/0/options/0/title",
            a_form(field("x", options=[{"title": "{{ x }}", "value": "a"}])),
        ),
    ],
)
def test_what_is_wrong_with_a_form_is_found(code: str, at: str, form: Any) -> None:
    flow = a_flow(
        says("a", "A", to("a"), config={"form": form}),
        slots={**SLOTS, "place": {"type": "location"}},
    )
    assert (code, f"/states/0/config/form{at}") in {(d.code, d.pointer) for d in check_flow(flow)}


@pytest.mark.parametrize(
    "asked",
    [
        field("seats", options=[{"title": "Few", "value": "5"}]),
        field("company", type="email"),
        field("size", options=[{"title": "Little", "value": "small"}]),
        field("x", type="text", label={"en": "y" * 200}),
        field("x", options=[{"title": "t" * 200, "value": "{{ not a text %}"}]),
    ],
)
def test_a_field_that_its_slot_can_read_is_right(asked: JsonObject) -> None:
    flow = a_flow(says("a", "A", to("a"), config={"form": a_form(asked)}), slots=SLOTS)
    assert not has_errors(check_flow(flow))
    assert Talk(flow).contents[0]["type"] == "form"


def test_a_channel_that_shows_no_forms_is_told() -> None:
    flow = asking(*BOTH)
    flow["triggers"] = {"channels": ["web"]}
    assert "content.over_limit" not in {d.code for d in check_flow(flow)}
    flow["triggers"] = {"channels": ["web", "sms"]}
    found = {(d.code, d.pointer) for d in check_flow(flow)}
    assert ("content.over_limit", "/states/0/config/form") in found


def test_a_slot_may_be_called_like_a_part_of_a_message() -> None:
    slots = {name: {"type": "string", "prompt": "Why?"} for name in ("form", "text", "reason")}
    flow = asking(field("form"), field("reason"), slots={**SLOTS, **slots})
    flow["slots"]["form"]["prompt"] = "{{ vars.v }}"
    found = {(d.code, d.pointer) for d in check_flow(flow)}
    assert {code for code, _ in found} <= {"slot.unread"}


def tried(*steps: JsonObject) -> list[str]:
    """How a flow test of these steps fails."""
    flow = asking(*BOTH)
    script = script_from_json({"flow": "x", "tests": [{"name": "t", "steps": list(steps)}]})
    report = run_tests(program(flow), FlowDocument.model_validate(flow), script, lambda _, __: ())
    return [failure.what for outcome in report.outcomes for failure in outcome.failures]


def test_a_flow_test_fills_in_what_the_form_asks_for() -> None:
    values = {"company": "ACME", "seats": 3}
    done = {"state": "done", "slots": values}
    assert tried({"user": {"type": "form", "values": values}, "expect": done}) == []
    assert tried({"user": {"type": "form", "values": {"colour": "red"}}}) == [
        "the form has no field 'colour'; there are: 'company', 'seats'"
    ]


@pytest.mark.parametrize(
    "values", [None, {"a b": 1}, {"company": ["x"]}, {"company": "x" * 5_001}, {"seats": 10**400}]
)
def test_a_flow_test_says_only_what_a_customer_could(values: Any) -> None:
    with pytest.raises(Invalid):
        tried({"user": {"type": "form", "values": values}})


def test_a_counter_example_fills_in_a_form() -> None:
    flow = asking(
        field("seats"),
        field("size"),
        field("pick", options=[{"title": "A", "value": "a"}]),
        field("day", type="date"),
        then=says("fill", "Now?", to("end")),
    )
    flow["states"][0]["transitions"] = [to("stuck", expression="input.form.pick == 'a'")]
    flow["states"].append(says("stuck", "Oh", at_once("done", "vars.v == 'nobody'")))
    (found,) = [d for d in check_flow(flow) if d.code == "state.dead_end"]
    assert found.counter_example is not None
    said = [step.get("user") for step in found.counter_example["tests"][0]["steps"]]
    values = {"seats": "1", "size": "s", "pick": "a", "day": "2026-06-01"}
    assert {"type": "form", "values": values} in said


def test_a_choice_of_nothing_hides_no_other_finding() -> None:
    """To show that one, a customer is guessed who fills the form in."""
    maybe = [{"expression": "input.text == 'x'", "target_state": "done"}]
    found = check_flow(
        a_flow(
            says(
                "ask",
                "Please",
                to("choose", expression="size(input.text) > 1000"),
                config={"form": a_form(field("x", type="enum"))},
            ),
            state("choose", "condition", config={"conditions": maybe}),
            says("done"),
        )
    )

    assert {"form.wrong_field", "state.dead_end"} <= {finding.code for finding in found}
