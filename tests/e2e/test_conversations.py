"""A user's story through the API, the queues and the deployed functions."""

from concurrent.futures import ThreadPoolExecutor

from tests.cloud import Cloud
from tests.e2e.dialogue import (
    ANYTHING_ELSE,
    ASK,
    RETRY,
    WELCOME,
    Talk,
    assert_whole,
    eventually,
    length,
    lines,
    numbers,
    said,
)

SHIPPED = "Order AB123456 is on its way with"


def test_fifty_turns_through_api_and_queues_are_whole_and_in_order(cloud: Cloud) -> None:
    spoken = lines(50)
    talk = Talk.begin(cloud.as_guest())

    for number, (text, _) in enumerate(spoken):
        talk.send(text, key=f"line-{number}")

    history = eventually(talk.history, lambda rows: len(rows) >= length(spoken), 120)
    assert_whole(history, spoken)
    assert said(history, "outbound")[:4] == [WELCOME, WELCOME, ASK, RETRY]


def test_waiting_for_the_answer_brings_it_with_the_response(cloud: Cloud) -> None:
    talk = Talk.begin(cloud.as_guest())

    talk.send("where is my order", key="a", wait_s=20)
    replied = talk.send("AB123456", key="b", wait_s=20)

    texts = [message["content"]["text"] for message in replied["messages"]]
    assert replied["status"] == "replied"
    assert texts[0].startswith(SHIPPED)
    assert texts[1:] == [ANYTHING_ELSE]


def test_the_reference_dialogue_ends_with_thanks_and_a_closed_conversation(cloud: Cloud) -> None:
    api = cloud.as_guest()
    talk = Talk.begin(api)

    for number, text in enumerate(["hi", "where is my order", "AB123456", "no thanks", "5"]):
        talk.send(text, key=str(number), wait_s=20)

    conversation = api.get(f"/conversations/{talk.id}")
    assert conversation["status"] == "completed"
    assert said(talk.history(), "outbound")[-1] == "Thank you, and goodbye!"


def test_three_texts_that_nobody_understands_bring_a_person(cloud: Cloud) -> None:
    api = cloud.as_guest()
    talk = Talk.begin(api)

    for number in range(3):
        talk.send("colourless green ideas", key=str(number), wait_s=20)

    assert api.get(f"/conversations/{talk.id}")["status"] == "escalated"


def test_twenty_messages_at_once_by_api_and_queue_are_twenty_turns(cloud: Cloud) -> None:
    talk = Talk.begin(cloud.as_guest())

    def send(number: int) -> None:
        wait_s = 10 if number % 2 else None
        talk.send_until_acknowledged(
            f"hello {number}", key=f"at-once-{number}", within_s=120, wait_s=wait_s
        )

    with ThreadPoolExecutor(20) as threads:
        list(threads.map(send, range(20)))

    history = eventually(talk.history, lambda rows: len(said(rows, "inbound")) >= 20, 60)
    assert sorted(said(history, "inbound")) == sorted(f"hello {number}" for number in range(20))
    assert numbers(history) == list(range(1, len(history) + 1))
    inbound = [row["turn_no"] for row in history if row["direction"] == "inbound"]
    assert inbound == list(range(2, 22))


def test_one_message_sent_twenty_times_at_once_is_one_turn(cloud: Cloud) -> None:
    talk = Talk.begin(cloud.as_guest())

    def send(_: int) -> None:
        talk.send_until_acknowledged("hi", key="the-same", within_s=120)

    with ThreadPoolExecutor(20) as threads:
        list(threads.map(send, range(20)))
    talk.send("where is my order", key="another")  # by the queue: behind every repeat

    spoken = eventually(
        lambda: said(talk.history(), "inbound"), lambda texts: "where is my order" in texts, 60
    )
    assert spoken == ["hi", "where is my order"]
