"""The doors (entry points) of the fuzzer, with their inputs: mutated valid seeds, signed if needed.

Most changes are made before signing, so that the signature is valid; some are made to the envelope.
"""

from collections.abc import Callable, Mapping
from random import Random

from bench.fuzz.doors.callbacks import callback
from bench.fuzz.doors.forms import forms
from bench.fuzz.doors.login import login
from bench.fuzz.doors.open_pages import open_api
from bench.fuzz.doors.payments import notification
from bench.fuzz.doors.signed_api import signed_api
from bench.fuzz.doors.uploads import uploads
from bench.fuzz.inputs import Input
from bench.fuzz.world import World

DOORS: Mapping[str, Callable[[World, Random], Input]] = {
    "callback": callback,
    "notification": notification,
    "open_api": open_api,
    "signed_api": signed_api,
    "login": login,
    "uploads": uploads,
    "forms": forms,
}
