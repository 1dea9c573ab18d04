"""Prints berth labels."""

import sys

import click


@click.command()
@click.argument("codes", nargs=-1)
def labels(codes):
    for code in codes:
        sys.stdout.write(f"BERTH {code.upper()}\n")


if __name__ == "__main__":
    labels()
