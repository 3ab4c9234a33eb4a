"""Hotkey files of every form, written by the official wallet package; and its verdict on signatures.

    wallets.py write DIR    writes wallet `w` in DIR, ends with one line of JSON that describes it
    wallets.py verify       reads [[address, text, signature], ...] and says of each whether it holds
    wallets.py goldens      prints each file as JSON: crates/bittensor/tests/data/wallets.json, made by

        for version in 1.0.0 3.0.3 4.0.0 4.1.1; do
            python3 -m venv /tmp/w && /tmp/w/bin/pip install "bittensor-wallet==$version"
            /tmp/w/bin/python wallets.py goldens
        done | python3 -c 'import json, sys; print(json.dumps([json.loads(l) for l in sys.stdin], indent=1))'

The keys are made for tests only: the development phrase and its children, and made-up seeds.
"""

import base64
import importlib.metadata
import json
import os
import sys
import tempfile

from bittensor_wallet import Wallet

try:
    from bittensor_wallet import Keypair
except ImportError:  # 1.0.0 is pure Python and takes its keys from elsewhere
    from substrateinterface import Keypair

VERSION = importlib.metadata.version("bittensor-wallet")
DEVELOPMENT = "bottom drive obey lake curtain smoke basket hold race lonely fit walk"
LONG = (
    "hamster diagram private dutch cause delay private meat slide toddler razor book "
    "happy fancy gospel tennis maple dilemma loan word shrug inflict delay length"
)
ALICE = "0xe5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a"
BOB = (
    "0xe1c39e72cca724caa697d64a58e10bd95ffa63d1922962f7e27f8a09dda1370b"
    "41ae88f85d0c1bfc37be41c904e1dfc01de8c8067b0d6d5df25dd1ac0894a325"
)
FORMS = {
    "phrase": lambda: Keypair.create_from_mnemonic(DEVELOPMENT),
    "phrase of 24 words": lambda: Keypair.create_from_mnemonic(LONG),
    "seed": lambda: Keypair.create_from_seed(ALICE),
    "seed of readable characters": lambda: Keypair.create_from_seed(
        "0x" + b'a "quoted" seed of 32 characters'.hex()
    ),
    "seed of control characters": lambda: Keypair.create_from_seed("0x" + bytes(range(32)).hex()),
    "seed of 64 bytes": lambda: Keypair.create_from_seed(BOB),
    "private key": lambda: Keypair.create_from_private_key(BOB),
    "private key of 32 bytes": lambda: Keypair.create_from_private_key(ALICE),
    "uri": lambda: Keypair.create_from_uri("//Bob"),
}
PASSWORD = "a Correct h0rse, größer"
# Opening one takes seconds: two goldens are enough for a plain test run.
SEALED_GOLDENS = {"1.0.0": "phrase", "4.1.1": "uri"}


def keys():
    for form, make in FORMS.items():
        try:
            yield form, make()
        except Exception:  # not every version knows every form
            print(f"bittensor-wallet {VERSION} makes no {form}", file=sys.stderr)


def store(folder, name, key, password=None):
    """Has the package write the key, and returns its keyfile."""
    file = Wallet(name="w", hotkey=name, path=folder).hotkey_file
    file.set_keypair(key, encrypt=password is not None, overwrite=True, password=password)
    return file


def write(folder):
    written = []
    for form, key in keys():
        store(folder, form, key)
        written.append({"hotkey": form, "address": key.ss58_address})
    sealed = store(folder, "sealed", key, PASSWORD)
    hidden = sealed.save_password_to_env(PASSWORD)
    written.append({"hotkey": "sealed", "address": key.ss58_address, "password": PASSWORD})
    variable = {"name": sealed.env_var_name(), "value": hidden}
    print(json.dumps({"version": VERSION, "hotkeys": written, "variable": variable}))


def verify():
    verdicts = []
    for address, text, signature in json.load(sys.stdin):
        verdicts.append(Keypair(ss58_address=address).verify(text, signature))
    print(json.dumps(verdicts))


def goldens():
    def bytes_of(form):
        with open(os.path.join(folder, "w", "hotkeys", form), "rb") as file:
            return file.read()

    with tempfile.TemporaryDirectory() as folder:
        for form, key in keys():
            golden = {"version": VERSION, "form": form, "address": key.ss58_address}
            store(folder, form, key)
            print(json.dumps(golden | {"text": bytes_of(form).decode()}))
            if SEALED_GOLDENS.get(VERSION) == form:
                store(folder, form, key, PASSWORD)
                sealed = base64.b64encode(bytes_of(form)).decode()
                print(json.dumps(golden | {"sealed": sealed, "password": PASSWORD}))


if __name__ == "__main__":
    {"write": write, "verify": verify, "goldens": goldens}[sys.argv[1]](*sys.argv[2:])
