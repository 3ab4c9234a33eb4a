"""The subnet's synapses, as fields of real SDK classes, and the licence sentence."""

import functools
import os

# The SDK reads its own command line otherwise, and writes logs to the home folder.
os.environ.setdefault("BT_NO_PARSE_CLI_ARGS", "true")

import bittensor as bt
from bittensor.utils import networking
from pydantic import BaseModel

# The SDK makes the class's JSON schema anew for every field of every message, a tenth of a second each.
required_fields = functools.cache(lambda synapse_class: synapse_class.model_json_schema().get("required", []))
bt.Synapse.get_required_fields = lambda synapse: required_fields(type(synapse))

# Each Dendrite asks a public service for its own address, which a test must not.
networking.get_external_ip = lambda: "192.0.2.10"

DECLARATION = (
    "I, as a miner on SN17, have obtained all licenses, rights and consents required to use, reproduce, "
    "modify, display, distribute and make available my submitted results to this subnet and its end users"
)


class Task(BaseModel):
    type: str
    id: str
    prompt: str


class Feedback(BaseModel):
    validation_failed: bool = False
    task_fidelity_score: float = 0.0
    average_fidelity_score: float = 0.0
    generations_within_the_window: int = 0
    current_duel_rating: float = 0.0
    current_miner_reward: float = 0.0


class PullTask(bt.Synapse):
    task: Task | None = None
    validation_threshold: float = 0.6
    throttle_period: int = 0
    cooldown_until: int = 0
    cooldown_violations: int = 0


class SubmitResults(bt.Synapse):
    task: Task | None = None
    task_id: str = ""
    results: str
    data_format: str = "ply"
    data_ver: int = 0
    compression: int = 2
    submit_time: int
    signature: str
    feedback: Feedback | None = None
    cooldown_until: int = 0


def licence_text(submit_time: int, prompt: str, validator: str, miner: str) -> str:
    return f"{DECLARATION}{submit_time}{prompt}{validator}{miner}"
