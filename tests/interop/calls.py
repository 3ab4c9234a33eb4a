"""A miner made of the SDK's own dendrite, calling two axons with the same twisted calls: one of ours, and
the SDK's own with the same hotkey and handlers. Prints one JSON object: for each twist what the dendrite
made of either's reply.

Both axons are to hand out the tasks given, one a pull, and then none; to fail on submissions of the task
`raise`, to refuse those of the stranger, and to give 0.7 to all with the right licence.
"""

import argparse
import asyncio
import base64
import gzip
import json
import os
import re
import time
import types
from typing import Tuple

import aiohttp
from axons import free_port, wait_until_listening
from synapses import Feedback, PullTask, SubmitResults, Task, bt, licence_text

from bittensor_wallet import Keypair

MINER = Keypair.create_from_uri("//Bob")
# The last version whose nonces are not held to be fresh.
BEFORE_NANOSECONDS = 7001999


class Unknown(bt.Synapse):
    """A synapse that neither axon has."""


def sdk_axon(seed: str, tasks: list[Task], stranger: Keypair) -> bt.Axon:
    """The SDK's axon with the handlers that ours has in the test."""
    keypair, port = Keypair.create_from_seed(seed), free_port()
    left = list(tasks)

    async def pull(synapse: PullTask) -> PullTask:
        synapse.task = left.pop(0) if left else None
        synapse.throttle_period = 30
        return synapse

    async def submit(synapse: SubmitResults) -> SubmitResults:
        if synapse.task_id == "raise":
            raise RuntimeError("on demand")
        task = next((task for task in tasks if task.id == synapse.task_id), None)
        text = licence_text(synapse.submit_time, task.prompt if task else "", keypair.ss58_address, synapse.dendrite.hotkey)
        signed = Keypair(ss58_address=synapse.dendrite.hotkey).verify(text, base64.b64decode(synapse.signature))
        synapse.results = synapse.signature = ""
        synapse.feedback = Feedback(task_fidelity_score=0.7 if task and signed else 0.0)
        synapse.cooldown_until = 1_900_000_000
        return synapse

    def blacklist(synapse: SubmitResults) -> Tuple[bool, str]:
        return synapse.dendrite.hotkey == stranger.ss58_address, "submitted results while having no task assigned"

    axon = bt.Axon(
        wallet=types.SimpleNamespace(hotkey=keypair, coldkeypub=keypair),
        port=port, ip="127.0.0.1", external_ip="127.0.0.1", external_port=port,
    )
    axon.attach(forward_fn=pull).attach(forward_fn=submit, blacklist_fn=blacklist)
    return axon.start()


class Twisted(bt.Dendrite):
    """The SDK's dendrite; what it is about to send can be changed by name."""

    def __init__(self, keypair: Keypair, twist: str):
        super().__init__(wallet=keypair)
        self.twist = twist
        self.answers = []

    def sign(self, synapse, axon_hotkey: str) -> None:
        end = synapse.dendrite
        message = f"{end.nonce}.{end.hotkey}.{axon_hotkey}.{end.uuid}.{synapse.body_hash}"
        end.signature = f"0x{self.keypair.sign(message).hex()}"

    def preprocess_synapse_for_request(self, target_axon_info, synapse, timeout=12.0):
        synapse = super().preprocess_synapse_for_request(target_axon_info, synapse, timeout)
        end, hotkey = synapse.dendrite, target_axon_info.hotkey
        match self.twist:
            case "old_nonce" | "old_nonce_old_version":
                end.nonce -= 60 * 10**9
                if self.twist.endswith("version"):
                    end.version = BEFORE_NANOSECONDS
                self.sign(synapse, hotkey)
            case "future_nonce":
                end.nonce += 3600 * 10**9
                self.sign(synapse, hotkey)
            case "nonce_twice":
                end.nonce = 10**18 * 4
                self.sign(synapse, hotkey)
            case "no_nonce":
                end.nonce = None
            case "no_hotkey":
                end.hotkey = None
            case "bad_hotkey":
                end.hotkey = "5" + "F" * 47
            case "no_signature":
                end.signature = None
            case "bare_signature":
                end.signature = end.signature[2:]
            case "signed_for_another":
                self.sign(synapse, self.keypair.ss58_address)
        return synapse

    @property
    async def session(self):
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return Session(self._session, self)


class Session:
    """An HTTP session that sends what is twisted, and keeps what came back."""

    def __init__(self, session: aiohttp.ClientSession, dendrite: Twisted):
        self.session, self.dendrite = session, dendrite

    def post(self, url, headers, json, timeout):
        method, twist = "POST", self.dendrite.twist
        headers = {name: value for name, value in headers.items() if value is not None}
        body = globals()["json"].dumps(json).encode()
        match twist:
            case "trailing_slash":
                url += "/"
            case "further_path":
                url += "/further"
            case "get":
                method = "GET"
            case "put":
                method = "PUT"
            case "word_for_nonce":
                headers["bt_header_dendrite_nonce"] = "yesterday"
            case "no_required_header":
                del headers["bt_header_input_obj_results"]
            case "word_for_timeout":
                headers["timeout"] = "soon"
            case "other_hash":
                headers["computed_body_hash"] = "0" * 64
            case "broken_json":
                body = body[: len(body) // 2]
            case "empty_body":
                body = b""
            case "gzip":
                body = gzip.compress(body)
            case "list":
                body = b"[]"
            case "no_field":
                fields = {name: value for name, value in json.items() if name != "results"}
                body = globals()["json"].dumps(fields).encode()
            case "empty_object":
                body = b"{}"
            case "wrong_type":
                body = globals()["json"].dumps({**json, "submit_time": "now"}).encode()
        headers.setdefault("Content-Type", "application/json")
        request = self.session.request(
            method, url, headers=headers, data=body, timeout=timeout, allow_redirects=False
        )
        return Kept(request, self.dendrite)


class Kept:
    """A response that is noted before the dendrite reads it."""

    def __init__(self, request, dendrite: Twisted):
        self.request, self.dendrite = request, dendrite

    async def __aenter__(self):
        response = await self.request.__aenter__()
        names = sorted(name.lower() for name in response.headers if name.lower().startswith("bt_header_axon"))
        location = response.headers.get("location", "")
        self.dendrite.answers.append(
            {"http": response.status, "axon_headers": names, "location": location.split("/")[-1]}
        )
        return response

    async def __aexit__(self, *reason):
        return await self.request.__aexit__(*reason)


def tame(message: str | None) -> str | None:
    """A message without what differs from call to call."""
    if message is None:
        return None
    message = re.sub(r"0x[0-9a-f]{20,}|\b[0-9a-f]{100,}", "SIGNATURE", message)
    message = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID", message)
    message = re.sub(r"\b\d{15,}\b", "NONCE", message)
    return re.sub(r"127\.0\.0\.1:\d+|\d+\.\d\d seconds old", "THERE", message)


def submission(task: Task | None, axon: str, task_id: str, results: str) -> SubmitResults:
    submit_time = time.time_ns()
    text = licence_text(submit_time, task.prompt if task else "", axon, MINER.ss58_address)
    signature = base64.b64encode(MINER.sign(text)).decode()
    return SubmitResults(task_id=task_id, results=results, submit_time=submit_time, signature=signature)


async def call(axon: bt.AxonInfo, twist: str, tasks: list[Task], stranger: Keypair) -> dict:
    """One twisted call, by a dendrite of its own."""
    by = stranger if twist == "blacklisted" else MINER
    text, image = tasks
    hotkey = axon.hotkey
    synapse = {
        "unknown_route": lambda: Unknown(),
        "ping": lambda: bt.Synapse(),
        "submit_text": lambda: submission(text, hotkey, text.id, "cmVzdWx0cw=="),
        "submit_image": lambda: submission(image, hotkey, image.id, "cmVzdWx0cw=="),
        "submit_empty": lambda: submission(text, hotkey, text.id, ""),
        "submit_unsigned_licence": lambda: submission(None, hotkey, text.id, ""),
        "handler_fails": lambda: submission(text, hotkey, "raise", ""),
        "blacklisted": lambda: submission(text, hotkey, text.id, ""),
    }.get(twist)
    if synapse is None:
        of_submission = {"no_required_header", "no_field", "wrong_type"}
        synapse = (lambda: submission(text, hotkey, text.id, "")) if twist in of_submission else PullTask
    answer = {}
    async with Twisted(by, twist) as dendrite:
        for _ in range(2 if twist == "nonce_twice" else 1):
            message = synapse()
            # A synapse's class is its route.
            done = await dendrite.call(axon, message, timeout=12.0, deserialize=False)
            end = done.axon
            answer = {
                **dendrite.answers[-1],
                "status": done.dendrite.status_code,
                "message": tame(done.dendrite.status_message),
                "axon_status": end.status_code,
                "axon_message": tame(end.status_message),
                "axon_hotkey": end.hotkey,
                "axon_version": end.version,
                "axon_signed": is_signed(end, done.dendrite.hotkey),
            }
            for field in ("task", "feedback", "results", "signature", "cooldown_until", "throttle_period"):
                value = getattr(done, field, None)
                # What was sent differs in its signature, and is still there after a failure.
                if field == "signature":
                    value = bool(value)
                answer[field] = value.model_dump() if hasattr(value, "model_dump") else value
    return answer


def is_signed(end, miner: str | None) -> bool | None:
    """Whether an axon's own signature, which only refusals carry, is right."""
    if not end.signature:
        return None
    text = f"{end.nonce}.{miner}.{end.hotkey}.{end.uuid}"
    return Keypair(ss58_address=end.hotkey).verify(text, end.signature)


async def compare(args: argparse.Namespace) -> dict:
    tasks, stranger = [Task(**task) for task in json.loads(args.tasks)], Keypair.create_from_seed(args.stranger)
    theirs = sdk_axon(args.seed, tasks, stranger)
    hotkey = theirs.wallet.hotkey.ss58_address
    wait_until_listening([types.SimpleNamespace(number="SDK", port=theirs.port)])

    def info(port: int) -> bt.AxonInfo:
        return bt.AxonInfo(version=9009000, ip="127.0.0.1", port=port, ip_type=4, hotkey=hotkey, coldkey=hotkey)

    answers = {}
    for twist in args.twists:
        answers[twist] = {
            "sdk": await call(info(theirs.port), twist, tasks, stranger),
            "ours": await call(info(args.port), twist, tasks, stranger),
        }
    return answers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="where our axon listens")
    parser.add_argument("--seed", required=True, help="both axons' key, as a hex seed")
    parser.add_argument("--stranger", required=True, help="the key that both axons refuse, as a hex seed")
    parser.add_argument("--tasks", required=True, help="a text and an image task, as a JSON list")
    parser.add_argument("twists", nargs="+")
    print(json.dumps(asyncio.run(compare(parser.parse_args()))), flush=True)
    # The server's thread has nothing left to save.
    os._exit(0)


if __name__ == "__main__":
    main()
