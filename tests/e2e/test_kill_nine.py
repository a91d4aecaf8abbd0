"""`kill -9` of each database, five times, while 500 turns run: nothing acknowledged is lost."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from tests.cloud import Cloud
from tests.e2e.dialogue import Spoken, Talk, assert_whole, eventually, length, lines

CONVERSATIONS = 10
MESSAGES = 50
KILLS = 5
PARTS = ("mongodb", "valkey", "postgresql")
PAUSE_S = 1.0


def test_killing_each_database_five_times_loses_doubles_and_reorders_nothing(cloud: Cloud) -> None:
    api = cloud.as_guest()
    spoken = lines(MESSAGES)
    talks = [Talk.begin(api) for _ in range(CONVERSATIONS)]
    finished = threading.Event()

    with ThreadPoolExecutor(CONVERSATIONS + 1) as threads:
        killing = threads.submit(_kill_in_turn, cloud, finished)
        speaking = [threads.submit(_speak, talk, spoken) for talk in talks]
        for one in speaking:
            one.result()
        finished.set()
        kills = killing.result()

    assert kills == dict.fromkeys(PARTS, KILLS)
    for talk in talks:
        history = eventually(talk.history, lambda rows: len(rows) >= length(spoken), 240)
        assert_whole(history, spoken)


def _speak(talk: Talk, spoken: Spoken) -> None:
    for number, (text, _) in enumerate(spoken):
        talk.send_until_acknowledged(text, key=f"{talk.id}-{number}", within_s=120)


def _kill_in_turn(cloud: Cloud, finished: threading.Event) -> dict[str, int]:
    """Kill one part after another; those that were not due while turns ran still come."""
    kills = dict.fromkeys(PARTS, 0)
    for _ in range(KILLS):
        for part in PARTS:
            cloud.kill(part)
            kills[part] += 1
            if not finished.is_set():
                time.sleep(PAUSE_S)
    return kills
