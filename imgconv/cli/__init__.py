"""The command `imgconv`: words become values here, sentences and exit codes leave here."""

from imgconv.cli.main import main as main
