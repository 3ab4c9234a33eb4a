"""Validators made of the SDK's own axons, each with one trouble: every status an axon answers with, in
every way it comes about, in the SDK's own words.

Takes the troubles as arguments, one axon each: `SERVICE.TROUBLE`, as `pull.401-old` or
`submit.truncated`. The first call of that service meets it; all others go well. The first line on stdout
is the metagraph; once stdin is closed, the second and last is a JSON list with what each axon saw and
answered, call by call. An axon whose trouble is `refused` listens from the first line on stdin on.
"""

import asyncio
import contextlib
import contextvars
import gzip
import json
import os
import sys
import time
from typing import Tuple

from axons import Book, CountingAxon, Validator, wait_until_listening
from synapses import Feedback, PullTask, SubmitResults

from bittensor.core import axon as sdk_axon
from bittensor_wallet import Keypair

# Tasks of one validator; then it has a long cooldown.
TASKS = 1
# Longer than a caller of these tests waits.
LONG = 40.0
# A stranger, for whom no request is signed.
STRANGER = Keypair.create_from_uri("//Stranger")

# The trouble that the call being served meets, and how far the axon's clock is ahead for it, in nanoseconds.
trouble: contextvars.ContextVar[str] = contextvars.ContextVar("trouble", default="")
ahead: contextvars.ContextVar[int] = contextvars.ContextVar("ahead", default=0)


class Clock:
    """The axon's `time` module with a clock that may be wrong."""

    def __getattr__(self, name):
        return getattr(time, name)

    @staticmethod
    def time_ns() -> int:
        return time.time_ns() + ahead.get()


sdk_axon.time = Clock()


class TroubledAxon(CountingAxon):
    async def default_verify(self, synapse):
        match trouble.get():
            case "401-old":
                # A minute after the caller's clock, whatever that shows.
                ahead.set(synapse.dendrite.nonce + 60 * 10**9 - time.time_ns())
            case "401-newer":
                self.nonces[f"{synapse.dendrite.hotkey}:{synapse.dendrite.uuid}"] = synapse.dendrite.nonce
            case "401-signature":
                # Signed for the hotkey this axon had, not for the one it has.
                own, self.wallet.hotkey = self.wallet.hotkey, STRANGER
                try:
                    return await super().default_verify(synapse)
                finally:
                    self.wallet.hotkey = own
            case "500-hash":
                # It covers the header that was changed on the way.
                return None
        return await super().default_verify(synapse)


class Troubled(Validator):
    axon_class = TroubledAxon

    def __init__(self, number: int, name: str):
        # Every other validator has pictures.
        super().__init__(number, Book(TASKS), cooldown=1, image_share=float(number % 2))
        self.service, self.trouble = name.split(".")
        self.met = False
        self.calls = []
        self.axon.fast_config.app = Line(self.axon.app, self)

    def attach(self) -> None:
        self.axon.attach(forward_fn=self.pull, blacklist_fn=self.ban_pull, priority_fn=self.queue_pull)
        self.axon.attach(forward_fn=self.submit, blacklist_fn=self.blacklist, priority_fn=self.queue_submit)

    def next_trouble(self, route: str) -> str:
        if self.met or route != {"pull": "PullTask", "submit": "SubmitResults"}[self.service]:
            return ""
        self.met = True
        return self.trouble

    # What goes wrong inside the axon.

    @staticmethod
    def ban(hotkey: str) -> Tuple[bool, str]:
        match trouble.get():
            case "403-banned":
                return True, "we do not like you"
            case "403-unknown":
                return True, f"Unrecognized hotkey {hotkey} (127.0.0.1)"
            case "403-unassigned":
                return True, (
                    "[7] submitted results while having no task assigned. "
                    "It could happen if validator restarts or miner faults"
                )
        return False, ""

    def ban_pull(self, synapse: PullTask) -> Tuple[bool, str]:
        return self.ban(synapse.dendrite.hotkey)

    def blacklist(self, synapse: SubmitResults) -> Tuple[bool, str]:
        banned = self.ban(synapse.dendrite.hotkey)
        return banned if banned[0] else super().blacklist(synapse)

    @staticmethod
    def queue() -> float:
        if trouble.get() == "408":
            raise TimeoutError()
        return 0.0

    def queue_pull(self, synapse: PullTask) -> float:
        return self.queue()

    def queue_submit(self, synapse: SubmitResults) -> float:
        return self.queue()

    async def pull(self, synapse: PullTask) -> PullTask:
        match trouble.get():
            case "500-handler":
                raise RuntimeError("on demand")
            case "200-none":
                return synapse
            case "200-cooldown":
                synapse.cooldown_until, synapse.cooldown_violations = int(time.time()) + 3, 3
                self.cooldown_until = synapse.cooldown_until
                return synapse
            case "200-unregistered":
                synapse.cooldown_until = int(time.time()) + 3600
                return synapse
        synapse = await super().pull(synapse)
        if synapse.task is None and self.task is None and synapse.cooldown_until > time.time() + 1000:
            # An hour is what strangers are told.
            synapse.cooldown_until -= 2400
        if trouble.get() == "500-after":
            raise RuntimeError("on demand")
        return synapse

    async def submit(self, synapse: SubmitResults) -> SubmitResults:
        score = {"200-rejected": 0.0, "200-failed": 0.0}.get(trouble.get())
        match trouble.get():
            case "500-handler":
                raise RuntimeError("on demand")
            case "200-ignored":
                # The wrong task, the validation lock, or too soon after the last: `_add_feedback_and_strip`.
                synapse.results = synapse.signature = ""
                synapse.feedback = Feedback(current_duel_rating=1500.0)
                synapse.cooldown_until = self.cooldown_until
                return synapse
        failed = trouble.get() == "200-failed"
        synapse = await super().submit(synapse)
        if score is not None:
            synapse.feedback = Feedback(task_fidelity_score=score, validation_failed=failed)
            # Longer than the reply may take: one that is over looks as if the answer had been ignored.
            synapse.cooldown_until = self.cooldown_until = int(time.time()) + 20
        if trouble.get() == "500-after":
            raise RuntimeError("on demand")
        return synapse

    def report(self) -> dict:
        doubled = sum(1 for times in self.book.answers.values() if times > 1)
        # What the axon did not verify was meant so.
        flaws = {what: times for what, times in self.book.errors.items() if what != "not verified"}
        return {"calls": self.calls, "flaws": flaws, "early": self.book.counts["early"], "doubled": doubled}


class Line:
    """The line to an axon: what goes wrong on the way there and back."""

    def __init__(self, app, validator: Troubled):
        self.app, self.validator = app, validator

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        route = scope["path"].strip("/")
        met = self.validator.next_trouble(route)
        trouble.set(met)
        # Announced before it is served: a caller may hang up first.
        call = {"route": route, "trouble": met, "status": None, "message": None, "at": time.time()}
        self.validator.calls.append(call)
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if met == "silence":
            await asyncio.sleep(LONG)
            return None
        scope, body = spoil(met, scope, body)
        start, reply = await self.ask(met, route, scope, body, receive)
        call["status"] = start["status"]
        with contextlib.suppress(ValueError, AttributeError):
            call["message"] = json.loads(reply).get("message")
        if met == "timeout":
            await asyncio.sleep(LONG)
        await answer(met, start, reply, send)

    async def ask(self, met: str, route: str, scope, body: bytes, rest):
        """Has the axon itself answer; returns the whole reply."""
        parts, requests = [], [{"type": "http.request", "body": body, "more_body": False}]

        async def receive():
            return requests.pop() if requests else await rest()

        async def send(message):
            parts.append(message)

        known = self.validator.axon.forward_class_types
        hidden = known.pop(route) if met == "404" else None
        try:
            await self.app(scope, receive, send)
        finally:
            if hidden is not None:
                known[route] = hidden
        return parts[0], b"".join(part.get("body", b"") for part in parts[1:])


def spoil(met: str, scope: dict, body: bytes):
    """The request as it arrives."""
    headers = dict(scope["headers"])
    match met:
        case "307":
            path = scope["path"] + "/"
            scope = {**scope, "path": path, "raw_path": path.encode()}
        case "400":
            body = gzip.compress(body)
        case "422":
            body = body[: len(body) // 2]
        case "500-field":
            fields = json.loads(body)
            del fields["signature"]
            body = json.dumps(fields).encode()
        case "500-required":
            del headers[b"bt_header_input_obj_signature"]
        case "500-headers":
            headers[b"bt_header_dendrite_nonce"] = b"yesterday"
        case "401-missing":
            del headers[b"bt_header_dendrite_nonce"]
        case "500-hash":
            headers[b"computed_body_hash"] = b"0" * 64
    headers[b"content-length"] = str(len(body)).encode()
    return {**scope, "headers": list(headers.items())}, body


async def answer(met: str, start: dict, reply: bytes, send) -> None:
    """The reply as it arrives."""
    headers = dict(start["headers"])
    match met:
        case "not-json":
            reply = b"not json"
        case "page":
            reply, headers[b"content-type"] = b"<html>busy</html>", b"text/html"
        case "truncated":
            headers[b"content-length"] = str(len(reply)).encode()
            await send({**start, "headers": list(headers.items())})
            # The server hangs up on an application that sends less than it announced.
            await send({"type": "http.response.body", "body": reply[: len(reply) // 2], "more_body": True})
            raise ConnectionAbortedError("on demand")
    headers[b"content-length"] = str(len(reply)).encode()
    await send({**start, "headers": list(headers.items())})
    await send({"type": "http.response.body", "body": reply})


def main() -> None:
    validators = [Troubled(number, name) for number, name in enumerate(sys.argv[1:])]
    late = [validator for validator in validators if validator.trouble == "refused"]
    prompt = [validator for validator in validators if validator.trouble != "refused"]
    for validator in prompt:
        validator.axon.start()
    wait_until_listening(prompt)
    print(json.dumps({"netuid": 17, "neurons": [validator.neuron() for validator in validators]}), flush=True)
    sys.stdin.readline()
    for validator in late:
        validator.axon.start()
    sys.stdin.read()
    print(json.dumps([validator.report() for validator in validators]), flush=True)
    # The servers' threads have nothing left to save.
    os._exit(0)


if __name__ == "__main__":
    main()
