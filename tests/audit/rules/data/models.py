"""The tables that the texts of these tests ask for."""

from __future__ import annotations

import textwrap

from holdfast.audit.rules.rule import Rule
from tests.audit.project import told

HEAD = """
from sqlalchemy import Column, ForeignKey, Index, Integer, String, UniqueConstraint, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, joinedload, relationship
from pydantic import BaseModel
from fastapi import FastAPI
app = FastAPI()

class Base(DeclarativeBase): ...

class Author(Base):
    __tablename__ = "authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    password: Mapped[str]

class Book(Base):
    __tablename__ = "books"
    __table_args__ = (UniqueConstraint("title", "edition"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(80))
    edition: Mapped[int]
    isbn: Mapped[str] = mapped_column(unique=True)
    is_sold: Mapped[bool]
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    shelf_id: Mapped[int] = mapped_column(ForeignKey("shelves.id"), index=True)
    author: Mapped[Author] = relationship()
    tags: Mapped[list["Tag"]] = relationship(lazy="selectin")

class AuthorOut(BaseModel):
    id: int

class BookOut(BaseModel):
    id: int
    author: AuthorOut

class ShortOut(BaseModel):
    id: int
"""


def said(rule: Rule, text: str) -> list[str]:
    """Return what a rule says of a text that follows the tables."""
    return told(rule, HEAD + textwrap.dedent(text))
