"""The simulator as a process of its own: over real sockets, with kills, as seen by one who knows nothing of it."""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from brokerage.luno_simulator.launcher import SimulatorProcess

ROOT = Path(__file__).resolve().parents[2]
KEY = ("trader", "secret")
LIMIT = {"pair": "ETHZAR", "type": "BID", "price": "50000", "volume": "0.01"}


def start(folder: Path, rate_limit: int | None = None) -> SimulatorProcess:
    return SimulatorProcess.start(folder, 7, rate_limit, *KEY)


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return condition()


def is_running(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.auth = KEY
        yield session


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[SimulatorProcess]:
    simulator = start(tmp_path)
    yield simulator
    simulator.stop()


def private_picture(session: requests.Session, url: str) -> dict[str, Any]:
    def get(path: str, **parameters: object) -> Any:
        answer = session.get(url + path, params=parameters, timeout=5)  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.text
        return answer.json()

    return {
        "balance": get("/api/1/balance"),
        "open": get("/api/exchange/2/listorders"),
        "closed": get("/api/exchange/2/listorders", closed="true"),
        "trades": get("/api/1/listtrades", pair="ETHZAR"),
    }


def test_a_call_takes_a_few_milliseconds(
    simulator: SimulatorProcess, session: requests.Session, capsys: pytest.CaptureFixture[str]
) -> None:
    def median_milliseconds(call: Callable[[], requests.Response]) -> float:
        durations = []
        for _ in range(200):
            started = time.perf_counter()
            assert call().status_code == 200
            durations.append(time.perf_counter() - started)
        return statistics.median(durations) * 1000

    ticker = median_milliseconds(lambda: session.get(simulator.url + "/api/1/ticker", params={"pair": "ETHZAR"}))
    order = median_milliseconds(lambda: session.post(simulator.url + "/api/1/postorder", data=LIMIT))
    with capsys.disabled():
        print(f"\nmedian loopback call: ticker {ticker:.2f} ms, durable order {order:.2f} ms")
    # A wrongly bound socket costs 43 ms a call; that is what this guards against, not the speed of the machine.
    assert ticker < 20
    assert order < 20


def test_after_sigkill_a_new_process_tells_the_same_private_story(tmp_path: Path, session: requests.Session) -> None:
    simulator = start(tmp_path)
    buy = {"pair": "ETHZAR", "type": "BUY", "counter_volume": "5000", "client_order_id": "before-the-kill"}
    assert session.post(simulator.url + "/api/1/marketorder", params=buy).status_code == 200
    far = {**LIMIT, "price": "40000"}
    for _ in range(5):
        assert session.post(simulator.url + "/api/1/postorder", data=far).status_code == 200
    before = private_picture(session, simulator.url)
    assert len(before["open"]["orders"]) == 5
    os.kill(simulator.process_id, signal.SIGKILL)
    again = start(tmp_path)
    try:
        assert private_picture(session, again.url) == before
        repeated = session.post(again.url + "/api/1/marketorder", params=buy)
        assert (repeated.status_code, repeated.json()["error_code"]) == (409, "ErrDuplicateClientOrderID")
    finally:
        again.stop()
        simulator.stop()


def test_the_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from brokerage.luno_simulator.launcher import SimulatorProcess\n"
        "simulator = SimulatorProcess.start(Path(sys.argv[1]), 1, None, 'k', 's')\n"
        "print(simulator.process_id, flush=True)\n"
        "time.sleep(60)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        child_id = int(parent.stdout.readline())
        assert is_running(child_id)
        parent.kill()
    assert wait_until(lambda: not is_running(child_id), 2.0)


def test_stop_ends_the_child_and_may_be_called_again(tmp_path: Path) -> None:
    simulator = start(tmp_path)
    simulator.stop()
    assert not is_running(simulator.process_id)
    simulator.stop()


def test_an_interrupt_is_the_parents_business(simulator: SimulatorProcess, session: requests.Session) -> None:
    assert os.getsid(simulator.process_id) == simulator.process_id
    os.kill(simulator.process_id, signal.SIGINT)
    assert not wait_until(lambda: not is_running(simulator.process_id), 0.5)
    assert session.get(simulator.url + "/api/1/balance").status_code == 200
    os.kill(simulator.process_id, signal.SIGTERM)
    assert wait_until(lambda: not is_running(simulator.process_id), 2.0)


def test_by_itself_it_needs_no_standard_input_and_obeys_an_interrupt(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "brokerage.luno_simulator.server", "--state", str(tmp_path), "--no-lifeline"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=ROOT) as alone:
        assert alone.stdout is not None
        assert b'"url"' in alone.stdout.readline()
        alone.send_signal(signal.SIGINT)
        assert alone.wait(3) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--port", "70000"], "0 to 65535"),
        (["--rate-limit", "0"], "positive number"),
        (["--key", "no-secret"], "ID:SECRET"),
    ],
)
def test_a_wrong_option_ends_with_code_2_and_a_reason(tmp_path: Path, options: list[str], message: str) -> None:
    command = [sys.executable, "-m", "brokerage.luno_simulator.server", "--state", str(tmp_path), *options]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 2
    assert message in done.stderr


def test_damaged_facts_end_with_code_2_and_one_clear_sentence(tmp_path: Path) -> None:
    start(tmp_path).stop()
    facts = tmp_path / "exchange" / "facts.jsonl"
    facts.write_bytes(b"x" + facts.read_bytes() + b"second line\n")
    with pytest.raises(RuntimeError, match=r"facts\.jsonl is damaged at byte 0"):
        start(tmp_path)
    command = [sys.executable, "-m", "brokerage.luno_simulator.server", "--state", str(tmp_path), "--no-lifeline"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_hundred_callers_at_once_get_each_their_own_order(
    simulator: SimulatorProcess, session: requests.Session
) -> None:
    def place(number: int) -> requests.Response:
        order = {**LIMIT, "price": "40000", "client_order_id": f"caller-{number // 2}"}
        return requests.post(simulator.url + "/api/1/postorder", data=order, auth=KEY, timeout=10)

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(place, range(100)))
    # Each name was used by two callers; one of each pair must have got the order and the other the conflict.
    assert sorted(answer.status_code for answer in answers) == [200] * 50 + [409] * 50
    orders = session.get(simulator.url + "/api/exchange/2/listorders").json()["orders"]
    assert {order["order_id"] for order in orders} == {
        answer.json()["order_id"] for answer in answers if answer.status_code == 200
    }
    assert session.get(simulator.url + "/api/1/balance").json()["balance"][1]["reserved"] == "20000.00"


def test_strange_requests_are_answered_and_do_not_disturb(
    simulator: SimulatorProcess, session: requests.Session
) -> None:
    for body in (b"\xff\xfe", b"{}", b"pair=&price=%FF%ZZ", b"&" * 1000, b"a" * 1_000_000):
        answer = session.post(simulator.url + "/api/1/postorder", data=body)
        assert answer.status_code == 400
        assert answer.json()["error_code"] == "ErrMarketUnavailable"
    assert session.get(simulator.url + "/api/1/ticker?pair=%00%F0%9F%99%82").status_code == 400
    missing = session.get(simulator.url + "/api/1/time")
    assert (missing.status_code, missing.content) == (404, b"")
    assert session.get(simulator.url + "/api/1/balance").status_code == 200


def test_the_crowd_trades_while_nobody_calls(simulator: SimulatorProcess, tmp_path: Path) -> None:
    def newest() -> int:
        try:
            return int(json.loads((tmp_path / "exchange" / "marks.json").read_bytes())["ETHZAR"][1])
        except FileNotFoundError:
            return 0

    assert wait_until(lambda: newest() > 0, 10.0)
    first = newest()
    assert wait_until(lambda: newest() > first, 30.0)


def test_over_the_limit_the_answer_is_429(tmp_path: Path, session: requests.Session) -> None:
    simulator = start(tmp_path, rate_limit=5)
    try:
        statuses = [session.get(simulator.url + "/api/1/balance").status_code for _ in range(6)]
    finally:
        simulator.stop()
    assert statuses == [200] * 5 + [429]
