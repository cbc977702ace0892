"""What the shells complete, for `lede` and `reindex`."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem, get_completion_class

from search.engines import ENGINES

SHELLS = ("bash", "zsh", "fish")


def complete_engine(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of an engine."""
    return [CompletionItem(name) for name in ENGINES if name.startswith(incomplete)]


def completion_script(shell: str, commands: dict[str, click.Command]) -> str:
    """Return what a shell reads to complete *commands*, by name.

    >>> print(completion_script("fish", {"lede": click.Command("lede")}).splitlines()[0])
    function _lede_completion;
    """
    kind = get_completion_class(shell)
    if kind is None:
        msg = f"no completion is known for {shell}"
        raise ValueError(msg)
    # By the template itself: `source` would start the shell to look at its version.
    return "\n".join(
        kind.source_template % kind(command, {}, name, f"_{name.upper()}_COMPLETE").source_vars()
        for name, command in commands.items()
    )
