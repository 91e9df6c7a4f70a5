"""What is known of each key besides its type: who decides it and why, or where its default comes from.

The models carry these as `Annotated` metadata. `plan` prints them, ADR candidates are rendered from them and
docs/budget.md is generated from them, so that a key is explained once.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Decision", "Derivable", "Explained", "Fact", "Mechanism", "Option", "Reference"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A public document: title, and address where it has one."""

    title: str
    url: str = ""

    def markdown(self) -> str:
        """Return it as a Markdown link."""
        return f"[{self.title}]({self.url})" if self.url else self.title


@dataclass(frozen=True, slots=True)
class Option:
    """A usual starting point: `value` as TOML writes it, when it fits, and who recommends it."""

    value: str
    fits: str
    source: Reference

    @property
    def text(self) -> str:
        """The value without the quotes of TOML."""
        return self.value.strip('"')


@dataclass(frozen=True, slots=True)
class Fact:
    """A key that describes and decides nothing, such as a name."""

    about: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A number that people decide and nobody may invent.

    `required`: it is raised as missing when absent; names of kinds where only dependencies of those kinds
    need it. `decides`: whose decision it is. `unless`: a key beside it that answers the same question; where
    that is decided, this one is not missing.
    """

    question: str
    why: str
    decides: str
    options: tuple[Option, ...]
    required: bool | tuple[str, ...] = False
    unless: str = ""

    def required_of(self, kind: str) -> bool:
        """Whether it has to be decided in a section of a dependency of `kind`, "" outside of one."""
        return kind in self.required if isinstance(self.required, tuple) else self.required


@dataclass(frozen=True, slots=True)
class Derivable:
    """A number that is derived by a formula unless somebody decides it."""

    about: str
    formula: str


@dataclass(frozen=True, slots=True)
class Mechanism:
    """A constant of a mechanism: it has a default, taken from `source`."""

    about: str
    source: Reference


Explained = Fact | Decision | Derivable | Mechanism
