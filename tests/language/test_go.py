"""GO that a client has left in a text."""


def test_go_parts_the_text_as_a_client_would(sql):
    outcome = sql.run("DECLARE @a int = 1; SELECT @a AS a\nGO\nSELECT @a AS a\ngo\nSELECT 3 AS a")
    assert outcome.numbers == [137]
    assert [only.rows for only in outcome.sets] == [[(1,)], [(3,)]]
    assert outcome.errors[0].line == 1


def test_go_repeats(sql):
    outcome = sql.run("PRINT 'again'\nGO 3\nPRINT 'once'").check()
    assert outcome.texts(0) == ["again"] * 3 + ["once"]


def test_go_within_a_text_or_comment_is_none(sql):
    assert sql.run("SELECT 'a\nGO\nb' AS t /*\nGO\n*/").value == "a\nGO\nb"


def test_a_text_without_statements_is_answered(sql):
    for text in ("", "GO", "-- nothing", "\nGO\nGO\n"):
        assert sql.run(text).check().sets == []
