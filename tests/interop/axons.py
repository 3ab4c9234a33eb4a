"""Validators made of the SDK's own axons: hand out tasks, take results, count what was wrong.

Writes the metagraph file once all axons listen, and ends when as many tasks as asked for have been
answered, or, where told so, when its standard input ends; at the time limit, or on SIGTERM. The last
thing on stdout is one JSON object of counts.
"""

import argparse
import base64
import collections
import json
import os
import signal
import socket
import struct
import sys
import threading
import time
import types
import uuid
import zlib
from typing import Tuple

from synapses import Feedback, PullTask, SubmitResults, Task, bt, licence_text

from bittensor_wallet import Keypair

COLOURS = ["red", "blue", "green", "yellow", "white", "black", "golden", "purple"]
THINGS = ["sofa", "teapot", "robot", "guitar", "sword", "dragon", "lamp", "pumpkin", "boot", "ring"]


# What keeps their ports for the axons: let go at once, one could be given to two of fifty axons, and is in
# one run of twelve.
HELD: list[socket.socket] = []


def free_port() -> int:
    probe = socket.socket()
    # Who listens there says so too, as uvicorn does.
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind(("127.0.0.1", 0))
    HELD.append(probe)
    return probe.getsockname()[1]


def disc_png(number: int, size: int = 96) -> bytes:
    """A disc of some colour before a grey wall, as a PNG."""
    colour = bytes((number * 53 % 200 + 50, number * 97 % 200, number * 31 % 200))
    rows = bytearray()
    for y in range(size):
        rows.append(0)
        for x in range(size):
            inside = (x - size / 2) ** 2 + (y - size / 2) ** 2 < (size / 3) ** 2
            rows += colour if inside else b"\xb8\xb8\xb8"

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Book:
    """What all validators together have seen; every method may be called from any axon's thread."""

    def __init__(self, tasks: int):
        self.lock = threading.Lock()
        self.wanted = tasks
        self.counts = collections.Counter()
        self.errors = collections.Counter()
        self.handed_out = {}  # task id -> validator
        self.answers = collections.Counter()  # task id -> submissions

    def next_number(self, validator: int, task_id: str) -> int | None:
        with self.lock:
            if len(self.handed_out) >= self.wanted:
                return None
            self.handed_out[task_id] = validator
            return len(self.handed_out) - 1

    def count(self, what: str) -> None:
        with self.lock:
            self.counts[what] += 1

    def error(self, what: str) -> None:
        print(f"error: {what}", file=sys.stderr)
        with self.lock:
            self.errors[what.split(":")[0]] += 1

    def answer(self, task_id: str) -> None:
        with self.lock:
            self.answers[task_id] += 1

    def is_finished(self) -> bool:
        with self.lock:
            return len(self.answers) >= self.wanted

    def report(self, validators: int) -> dict:
        with self.lock:
            per_validator = [0] * validators
            for task_id in self.answers:
                per_validator[self.handed_out.get(task_id, 0)] += 1
            counts = ["pulls", "repeated", "early", "verified", "submissions", "empty"]
            return {
                "tasks": len(self.handed_out),
                "answered": len(self.answers),
                "unanswered": len(set(self.handed_out) - set(self.answers)),
                "doubled": sum(1 for times in self.answers.values() if times > 1),
                **{name: self.counts[name] for name in counts},
                "errors": sum(self.errors.values()),
                "errors_by_kind": dict(self.errors),
                "validators": per_validator,
            }


class CountingAxon(bt.Axon):
    """The SDK's axon; counts what its own verification says."""

    book: Book

    async def default_verify(self, synapse):
        # SDK 9.9.0 lets a missing signature pass: that must not hide here.
        if not synapse.dendrite or not synapse.dendrite.signature:
            self.book.error("unsigned: a request without a signature")
        try:
            await super().default_verify(synapse)
        except Exception as error:
            self.book.error(f"not verified: {error}")
            raise
        self.book.count("verified")


class Validator:
    axon_class = CountingAxon

    def __init__(self, number: int, book: Book, cooldown: int, image_share: float):
        self.number, self.book, self.cooldown, self.image_share = number, book, cooldown, image_share
        self.keypair = Keypair.create_from_seed("0x" + f"{number + 1:064x}")
        self.port = free_port()
        self.task: Task | None = None
        self.cooldown_until = 0
        self.violations = 0
        wallet = types.SimpleNamespace(hotkey=self.keypair, coldkeypub=self.keypair)
        self.axon = self.axon_class(
            wallet=wallet, port=self.port, ip="127.0.0.1", external_ip="127.0.0.1", external_port=self.port
        )
        self.axon.book = book
        self.attach()

    def attach(self) -> None:
        self.axon.attach(forward_fn=self.pull)
        self.axon.attach(forward_fn=self.submit, blacklist_fn=self.blacklist)

    def new_task(self) -> Task | None:
        task_id = str(uuid.uuid4())
        number = self.book.next_number(self.number, task_id)
        if number is None:
            return None
        if (number * self.image_share) % 1 + self.image_share >= 1:
            return Task(type="image", id=task_id, prompt=base64.b64encode(disc_png(number)).decode())
        colour, thing = COLOURS[number % len(COLOURS)], THINGS[number // len(COLOURS) % len(THINGS)]
        return Task(type="text", id=task_id, prompt=f"a {colour} {thing}, émaillé, number {number}")

    async def pull(self, synapse: PullTask) -> PullTask:
        self.book.count("pulls")
        if synapse.dendrite is None or synapse.dendrite.hotkey is None:
            self.book.error("no hotkey: the body names no dendrite.hotkey")
        if time.time() < self.cooldown_until:
            self.violations += 1
            self.book.count("early")
            synapse.cooldown_until, synapse.cooldown_violations = self.cooldown_until, self.violations
            return synapse
        if self.task is not None:
            self.book.count("repeated")
        else:
            self.task = self.new_task()
        synapse.task = self.task
        synapse.throttle_period = 0
        if self.task is None:
            synapse.cooldown_until = int(time.time()) + 3600
        return synapse

    def blacklist(self, synapse: SubmitResults) -> Tuple[bool, str]:  # the SDK compares annotations
        if self.task is None:
            self.book.error("no task: a submission while no task is assigned")
            return True, "submitted results while having no task assigned"
        return False, ""

    async def submit(self, synapse: SubmitResults) -> SubmitResults:
        self.book.count("submissions")
        flaw = self.flaw(synapse)
        if flaw is not None:
            self.book.error(flaw)
        if self.task is not None and synapse.task_id == self.task.id:
            self.book.answer(synapse.task_id)
            self.task = None
            self.cooldown_until = int(time.time()) + self.cooldown
        score = 0.8 if synapse.results and flaw is None else 0.0
        synapse.results = synapse.signature = ""
        synapse.feedback = Feedback(task_fidelity_score=score, current_duel_rating=1500.0)
        synapse.cooldown_until = self.cooldown_until
        return synapse

    def flaw(self, synapse: SubmitResults) -> str | None:
        """What is wrong with a submission, by the checks of the subnet's validator."""
        if self.task is None or synapse.task_id != self.task.id:
            return f"wrong task: {synapse.task_id}"
        if synapse.axon.hotkey != self.keypair.ss58_address:
            return f"wrong axon hotkey: {synapse.axon.hotkey}"
        if (synapse.data_format, synapse.data_ver, synapse.compression) != ("ply", 0, 2):
            return "wrong format: data_format, data_ver or compression"
        text = licence_text(
            synapse.submit_time, self.task.prompt, self.keypair.ss58_address, synapse.dendrite.hotkey
        )
        signature = base64.b64decode(synapse.signature, validate=True)
        if not Keypair(ss58_address=synapse.dendrite.hotkey).verify(text, signature):
            return "bad licence: the signature does not verify"
        if abs(synapse.submit_time - time.time_ns()) > 60 * 10**9:
            return "bad time: submit_time is not nanoseconds of now"
        if not synapse.results:
            self.book.count("empty")
            return None
        if base64.b64decode(synapse.results, validate=True)[:4] != b"\x28\xb5\x2f\xfd":
            return "bad results: not a zstd frame"
        return None

    def neuron(self) -> dict:
        return {
            "uid": self.number,
            "hotkey": self.keypair.ss58_address,
            "ip": "127.0.0.1",
            "port": self.port,
            "stake": 10000.0 + self.number,
            "validator_permit": True,
            "is_serving": True,
        }


def wait_until_listening(validators: list[Validator]) -> None:
    for validator in validators:
        for _ in range(1200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", validator.port)) == 0:
                    break
            time.sleep(0.1)
        else:
            sys.exit(f"axon {validator.number} does not listen on port {validator.port}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--axons", type=int, default=8)
    parser.add_argument("--tasks", type=int, default=200, help="tasks in all; the run ends when all are answered")
    parser.add_argument("--cooldown", type=int, default=0, help="whole seconds from one task to the next")
    parser.add_argument("--image-share", type=float, default=0.2)
    parser.add_argument("--metagraph", required=True, help="where to write the metagraph file")
    parser.add_argument("--for", dest="seconds", type=float, default=300.0, help="time limit in seconds")
    parser.add_argument("--until-eof", action="store_true", help="end when standard input does")
    args = parser.parse_args()

    stop = threading.Event()
    if args.until_eof:
        threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    book = Book(args.tasks)
    validators = [Validator(n, book, args.cooldown, args.image_share) for n in range(args.axons)]
    for validator in validators:
        validator.axon.start()
    wait_until_listening(validators)
    # Renamed into place, so that whoever waits for the file never reads half of it.
    with open(args.metagraph + ".part", "w") as file:
        json.dump({"netuid": 17, "neurons": [validator.neuron() for validator in validators]}, file)
    os.replace(args.metagraph + ".part", args.metagraph)
    print(f"{args.axons} axons listen", file=sys.stderr)

    end = time.monotonic() + args.seconds
    while not (stop.is_set() or time.monotonic() > end or (book.is_finished() and not args.until_eof)):
        stop.wait(0.1)
    # The last answers are still on their way out, and a doubled submission would come now.
    stop.wait(2.0)
    print(json.dumps(book.report(args.axons)), flush=True)
    # The servers' threads have nothing left to save.
    os._exit(0)


if __name__ == "__main__":
    main()
