"""A miner made of the SDK's own dendrite: pulls from one axon, submits to it, pulls too early.

Prints one JSON object of what came back, each call with its status as the SDK saw it.
"""

import argparse
import asyncio
import base64
import json
import pathlib
import time

from synapses import PullTask, SubmitResults, bt, licence_text

from bittensor_wallet import Keypair


def outcome(synapse, *fields: str) -> dict:
    answer = {"status": synapse.dendrite.status_code, "message": synapse.dendrite.status_message}
    answer["axon_status"] = synapse.axon.status_code if synapse.axon else None
    answer.update({field: getattr(synapse, field) for field in fields})
    return answer


def pulled(synapse: PullTask) -> dict:
    fields = ("validation_threshold", "throttle_period", "cooldown_until", "cooldown_violations")
    task = synapse.task
    answer = outcome(synapse, *fields)
    answer["task"] = task and {"type": task.type, "id": task.id, "prompt_length": len(task.prompt)}
    return answer


async def mine(args: argparse.Namespace) -> dict:
    miner = Keypair.create_from_seed(args.seed) if args.seed else Keypair.create_from_uri(args.uri)
    axon = bt.AxonInfo(
        version=9009000, ip=args.host, port=args.port, ip_type=4, hotkey=args.hotkey, coldkey=args.hotkey
    )
    stranger = bt.AxonInfo(**{**axon.__dict__, "hotkey": miner.ss58_address})

    async def call(target, synapse, timeout):
        # One dendrite a call, as the official miner has it: one uuid each.
        async with bt.Dendrite(wallet=miner) as dendrite:
            return await dendrite.call(
                target_axon=target, synapse=synapse, timeout=timeout, deserialize=False
            )

    first = await call(axon, PullTask(), 12.0)
    answer = {"miner": miner.ss58_address, "pull": pulled(first)}
    answer["pull_again"] = pulled(await call(axon, PullTask(), 12.0))
    answer["pull_signed_for_another"] = outcome(await call(stranger, PullTask(), 12.0))
    if first.task is None:
        return answer

    submit_time = time.time_ns()
    text = licence_text(submit_time, first.task.prompt, args.hotkey, miner.ss58_address)
    results = base64.b64encode(pathlib.Path(args.results).read_bytes()).decode() if args.results else ""
    submission = SubmitResults(
        task_id=first.task.id,
        results=results,
        submit_time=submit_time,
        signature=base64.b64encode(miner.sign(text)).decode(),
    )
    submitted = await call(axon, submission, 300.0)
    answer["submit"] = outcome(submitted, "cooldown_until")
    answer["submit"]["feedback"] = submitted.feedback and submitted.feedback.model_dump()
    answer["submit"]["blanked"] = (submitted.results, submitted.signature) == ("", "")
    answer["pull_early"] = pulled(await call(axon, PullTask(), 12.0))
    answer["submit_without_task"] = outcome(await call(axon, submission, 300.0))
    return answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--hotkey", required=True, help="ss58 address of the axon")
    parser.add_argument("--uri", default="//Bob", help="the miner's key, as a development URI")
    parser.add_argument("--seed", help="the miner's key, as a hex seed; instead of --uri")
    parser.add_argument("--results", help="SPZ file to submit; without it the task is skipped")
    print(json.dumps(asyncio.run(mine(parser.parse_args()))))


if __name__ == "__main__":
    main()
