"""What rules about blocking find beside their examples, and what only looks like it."""

from __future__ import annotations

import pytest

from holdfast.audit.finding import Confidence
from holdfast.audit.rules.catalogue import RULES
from tests.audit.project import whole
from tests.audit.rules.lookalikes.sample import codes

FOUND = {
    "HF102 nested loops": """
        N = 2000
        @app.get("/x")
        async def x(values: list[int]):
            for i in range(N):
                for value in values:
                    print(value)
    """,
    "HF101 an override of what is made": """
        class Store:
            def ask(self): raise NotImplementedError
        class Far(Store):
            def ask(self): requests.get("http://far", timeout=1)
        def made() -> Store: return Far()
        @app.get("/x")
        async def x(): return made().ask()
    """,
    "HF101 a relation of a row is asked": """
        import peewee
        class Order(peewee.Model): ...
        @app.get("/x")
        async def x(id: int):
            return Order.get(Order.id == id).lines.count()
    """,
    "HF101 one row by its key of another host": """
        import peewee
        database = peewee.PostgresqlDatabase("shop")
        class Order(peewee.Model): ...
        @app.get("/x")
        async def x(id: int):
            return Order.get(Order.id == id)
    """,
    "HF101 a scan of an embedded database": """
        import peewee
        from playhouse.sqliteq import SqliteQueueDatabase
        class Order(peewee.Model): ...
        @app.get("/x")
        async def x(name: str):
            return Order.get(Order.name == name)
    """,
    "HF101 one row for each key of many": """
        import peewee
        from playhouse.sqliteq import SqliteQueueDatabase
        class Order(peewee.Model): ...
        @app.get("/x")
        async def x(ids: str):
            for id in ids.split(","):
                Order.get(Order.id == id)
    """,
    "HF101 one row by its key, engine unknown": """
        import os
        engine = create_engine(os.environ["DATABASE"])
        @app.get("/x")
        async def x(id: int):
            with Session(engine) as session:
                return session.get(Order, id)
    """,
    "HF101 all rows of sqlite3": """
        import sqlite3
        database = sqlite3.connect("shop.db")
        @app.get("/x")
        async def x(): return database.execute("select * from orders where shop = ?", (1,)).fetchall()
    """,
    "HF101 a validator of a body": """
        import bcrypt
        from pydantic import BaseModel, field_validator
        class Base(BaseModel):
            @field_validator("password")
            def hashed(cls, v): return bcrypt.hashpw(v, bcrypt.gensalt())
        class Login(Base): ...
        class Body(BaseModel):
            logins: list[Login]
        @app.post("/x")
        def x(body: Body): ...
    """,
    "HF101 a validator of the body of a route that is added by a call": """
        import bcrypt
        from pydantic import BaseModel, field_validator
        class Login(BaseModel):
            @field_validator("password")
            def hashed(cls, v): return bcrypt.hashpw(v, bcrypt.gensalt())
        def x(body: Login): ...
        x = app.post("/x")(x)
    """,
    "HF101 asked for anew, and kept": """
        @app.get("/x")
        async def x(request):
            if request.app.state.rates is None:
                return
            request.app.state.rates = requests.get("http://rates", timeout=1)
    """,
}

NOT_FOUND = {
    "HF101 an override of what nobody makes": """
        class Store:
            def ask(self): raise NotImplementedError
        class Near(Store):
            def ask(self): return 1
        class Far(Store):
            def ask(self): requests.get("http://far", timeout=1)
        def made() -> Store: return Near()
        @app.get("/x")
        async def x(): return made().ask()
    """,
    "HF101 behind an override of what nobody makes": """
        class Store:
            async def ask(self): raise NotImplementedError
        class Near(Store):
            async def ask(self): return 1
        class Far(Store):
            async def ask(self): requests.get("http://far", timeout=1)
        def made() -> Store: return Near()
        @app.get("/x")
        async def x(): return await made().ask()
    """,
    "HF101 a value of a row": """
        import peewee
        class Order(peewee.Model): ...
        def row(id): return Order.select().get()
        @app.get("/x")
        async def x(id: int):
            await client.get("http://a")
            return await asyncio.to_thread(row, id)
        @app.get("/y")
        async def y(order=Depends(row)): return order.data.get("size")
    """,
    "HF101 one row by its key of an embedded database": """
        import peewee
        from playhouse.sqliteq import SqliteQueueDatabase
        class Order(peewee.Model): ...
        class Line(peewee.Model):
            number = peewee.CharField(primary_key=True)
        @app.get("/x")
        async def x(id: int):
            Line.get_or_none(Line.number == id)
            return Order.get_by_id(id), Order.get(Order.id == id)
    """,
    "HF101 one row by its key of an engine of SQLite": """
        URL = "sqlite:///shop.db"
        engine = create_engine(URL)
        @app.get("/x")
        async def x(id: int):
            with Session(engine) as session:
                return session.get(Order, id)
    """,
    "HF101 one row by its key of sqlite3": """
        import sqlite3
        def x(database: sqlite3.Connection, id):
            return database.execute("select * from orders where id = ?", (id,))
        @app.get("/x")
        async def route(id: int, database: sqlite3.Connection): return x(database, id)
    """,
    "HF101 a validator of the settings": """
        import bcrypt
        from pydantic import BaseModel, field_validator
        class Settings(BaseModel):
            @field_validator("password")
            def hashed(cls, v): return bcrypt.hashpw(v, bcrypt.gensalt())
        @app.post("/x")
        def x(body: dict): ...
    """,
    "HF101 kept at the app": """
        @app.get("/x")
        async def x(request):
            if request.app.rates is None:
                request.app.rates = requests.get("http://rates", timeout=1)
            return request.app.rates
    """,
    "HF101 kept in a singleton of the module": """
        class Rates:
            now = None
            def _ask(self):
                self.now = requests.get("http://rates", timeout=1)
            def get(self):
                if self.now is None:
                    self._ask()
                return self.now
        rates = Rates()
        @app.get("/x")
        async def x(): return rates.get()
    """,
    "HF102 few turns": """
        @app.get("/x")
        async def x(values: list[int]):
            for i in range(10):
                print(sum(values))
    """,
    "HF102 gives way": """
        @app.get("/x")
        async def x(values: list[int]):
            for i in range(5000):
                print(sum(values))
                await asyncio.sleep(0)
    """,
    "HF102 in a thread": """
        @app.get("/x")
        def x(values: list[int]):
            return [sum(values) for _ in range(5000)]
    """,
    "HF101 cached settings": """
        @lru_cache
        def settings(): return open("x").read()
        @app.get("/x")
        async def x(): return settings()
    """,
    "HF101 made once": """
        made = None
        def config():
            global made
            if made is None:
                made = open("x").read()
            return made
        @app.get("/x")
        async def x(): return config()
    """,
    "HF101 in the lifespan": """
        async def lifespan(app): time.sleep(1)
    """,
    "HF101 a glance": """
        from pathlib import Path
        @app.get("/x")
        async def x(): return Path("x").exists()
    """,
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    assert name.partition(" ")[0] in codes(FOUND[name])


@pytest.mark.parametrize("name", NOT_FOUND)
def test_not_found(name: str) -> None:
    assert name.partition(" ")[0] not in codes(NOT_FOUND[name])


def test_what_no_route_leads_to_has_no_requests_to_hold_up() -> None:
    blocking = "import time\nasync def main():\n    time.sleep(1)\n"
    app = "from fastapi import FastAPI\nimport worker\napp = FastAPI()\n@app.get('/x')\nasync def x(): ...\n"
    project = whole({"app.py": app, "worker.py": blocking, "script.py": blocking})
    found = {finding.file: finding.confidence for rule in RULES[:1] for finding in rule.find(project)}
    assert found == {"worker.py": Confidence.LOW, "script.py": Confidence.LOW}


def test_a_decorator_that_is_given_a_routers_own_makes_a_route() -> None:
    project = whole(
        "import time\nfrom fastapi import APIRouter\nrouter = APIRouter()\n"
        "@protected(router.get, '/x', [])\nasync def x():\n    time.sleep(1)\n"
    )
    assert [root.name for root in project.roots] == ["GET /x"]
