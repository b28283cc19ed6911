"""Errors: their classes, exit codes, and the sentences that several rooms use."""

from imgconv.errors.base import *
from imgconv.errors.files import *
