"""What the documentation's pages have in common: a database of their own, made and dropped."""

import pytest


@pytest.fixture
def page(sql, request):
    """A session that runs a page's script, which makes the database that `DATABASE` names."""
    name = request.module.DATABASE
    sql.run(f"CREATE DATABASE {name}").check()
    sql.run(f"USE {name}").check()
    yield sql
    sql.run("IF @@TRANCOUNT > 0 ROLLBACK").check()
    sql.run(f"USE master; DROP DATABASE {name}").check()
