//! What is no T-SQL is said as SQL Server says it.

use launchpod_tsql::parse;
use launchpod_types::SqlError;

/// Number, line and text of the error of each text.
#[test]
fn errors_have_number_line_and_text() {
    for (text, number, line, message) in [
        ("SELECT 1 +", 102, 1, "Incorrect syntax near '+'."),
        ("SELECT * FORM t", 102, 1, "Incorrect syntax near 'FORM'."),
        ("SELECT a FORM t", 102, 1, "Incorrect syntax near 't'."),
        ("SELECT 1,\n  'a' 'b' 'it''s'", 102, 2, "Incorrect syntax near 'it''s'."),
        ("SELECT (1", 102, 1, "Incorrect syntax near '1'."),
        ("SELECT 1)", 102, 1, "Incorrect syntax near ')'."),
        ("SELECT [a b] c d", 102, 1, "Incorrect syntax near 'd'."),
        ("SELECT 1\nGO", 102, 2, "Incorrect syntax near 'GO'."),
        ("SELECT a > 1", 102, 1, "Incorrect syntax near '>'."),
        ("SELECT a.b.c.d.e", 102, 1, "Incorrect syntax near '.'."),
        ("SELECT 1; 5", 102, 1, "Incorrect syntax near '5'."),
        ("DROP INDEX t.a, b ON t", 102, 1, "Incorrect syntax near 't'."),
        ("CREATE DATABASE d ON PRIMARY (NAME = a", 102, 1, "Incorrect syntax near 'a'."),
        ("SELECT ?", 102, 1, "Incorrect syntax near '?'."),
        ("SELECT 1 \\ 2", 102, 1, "Incorrect syntax near '\\'."),
        ("SELECT 1; p 1", 102, 1, "Incorrect syntax near 'p'."),
        ("INSERT t (a) VALUES (1, )", 102, 1, "Incorrect syntax near ')'."),
        ("EXEC p 1 + 1", 102, 1, "Incorrect syntax near '+'."),
        ("EXEC p @a = dbo.x", 102, 1, "Incorrect syntax near '.'."),
        (
            "CREATE EXTERNAL RESOURCE POOL p WITH (MIN_CPU_PERCENT = 1)",
            102,
            1,
            "Incorrect syntax near 'MIN_CPU_PERCENT'.",
        ),
        (
            "CREATE WORKLOAD GROUP g WITH (MAX_DOP = 1, MAX_DOP = 2)",
            102,
            1,
            "Incorrect syntax near 'MAX_DOP'.",
        ),
        (
            "DROP EXTERNAL RESOURCE POOL default",
            156,
            1,
            "Incorrect syntax near the keyword 'default'.",
        ),
        ("DROP RESOURCE POOL 'p'", 102, 1, "Incorrect syntax near 'p'."),
        ("CREATE TABLE t ()", 102, 1, "Incorrect syntax near ')'."),
        ("SELECT * FROM (SELECT 1 AS a)", 102, 1, "Incorrect syntax near ')'."),
        (
            "SELECT * FROM a JOIN (SELECT 1 AS a) ON 1 = 1",
            156,
            1,
            "Incorrect syntax near the keyword 'ON'.",
        ),
        (
            "a: PRINT 1\nA: PRINT 2",
            132,
            2,
            "The label 'A' has already been declared. Label names must be unique within a query \
             batch or stored procedure.",
        ),
        (
            "CREATE PROCEDURE p @a int,\n @A int AS SELECT 1",
            134,
            2,
            "The variable name '@A' has already been declared. Variable names must be unique \
             within a query batch or stored procedure.",
        ),
        (
            "CREATE VIEW v AS\nSELECT 1 AS a INTO t",
            156,
            2,
            "Incorrect syntax near the keyword 'INTO'.",
        ),
        (
            "GOTO a\nBEGIN b: PRINT 1 END",
            133,
            1,
            "A GOTO statement references the label 'a' but the label has not been declared.",
        ),
        (
            "CREATE PROCEDURE p AS\nGOTO a",
            133,
            2,
            "A GOTO statement references the label 'a' but the label has not been declared.",
        ),
        (
            "BEGIN TRY a: PRINT 1 END TRY\nBEGIN CATCH GOTO a END CATCH",
            1026,
            2,
            "GOTO cannot be used to jump into a TRY or CATCH scope.",
        ),
        ("SELECT FROM t", 156, 1, "Incorrect syntax near the keyword 'FROM'."),
        ("SELECT *\nfrom", 156, 2, "Incorrect syntax near the keyword 'from'."),
        ("BEGIN END", 156, 1, "Incorrect syntax near the keyword 'END'."),
        (
            "MERGE t USING u ON 1 = 1 WHEN MATCHED THEN DELETE\nSELECT 1",
            10713,
            2,
            "A MERGE statement must be terminated by a semi-colon (;).",
        ),
        (
            "MERGE t USING u ON 1 = 1 WHEN MATCHED THEN DELETE",
            10713,
            1,
            "A MERGE statement must be terminated by a semi-colon (;).",
        ),
        ("MERGE t USING u ON 1 = 1;", 102, 1, "Incorrect syntax near ';'."),
        ("END", 156, 1, "Incorrect syntax near the keyword 'END'."),
        ("IF 1 = 1 ELSE SELECT 1", 156, 1, "Incorrect syntax near the keyword 'ELSE'."),
        ("SELECT 1 AS select", 156, 1, "Incorrect syntax near the keyword 'select'."),
        ("\nSELECT 'abc", 105, 2, "Unclosed quotation mark after the character string 'abc'."),
        ("SELECT [abc", 105, 1, "Unclosed quotation mark after the character string '[abc'."),
        ("SELECT 1\n/* a /* b */", 113, 2, "Missing end comment mark '*/'."),
        (
            "SELECT 1 CREATE VIEW v AS SELECT 1",
            111,
            1,
            "'CREATE VIEW' must be the first statement in a query batch.",
        ),
        (
            "BEGIN CREATE PROC p AS SELECT 1 END",
            111,
            1,
            "'CREATE/ALTER PROCEDURE' must be the first statement in a query batch.",
        ),
        (
            "EXEC p @a = 1,\n 2",
            119,
            2,
            "Must pass parameter number 2 and subsequent parameters as '@name = value'. After \
             the form '@name = value' has been used, all subsequent parameters must be passed \
             in the form '@name = value'.",
        ),
        (
            "DECLARE @a varchar(9000)",
            131,
            1,
            "The size (9000) given to the type 'varchar' exceeds the maximum allowed for any \
             data type (8000).",
        ),
        ("BREAK", 135, 1, "Cannot use a BREAK statement outside the scope of a WHILE statement."),
        (
            "WHILE 1 = 1 SELECT 1 CONTINUE",
            136,
            1,
            "Cannot use a CONTINUE statement outside the scope of a WHILE statement.",
        ),
        (
            "SELECT @a = 1, 2",
            141,
            1,
            "A SELECT statement that assigns a value to a variable must not be combined with \
             data-retrieval operations.",
        ),
        (
            "SELECT 1e400",
            168,
            1,
            "The floating point value '1e400' is out of the range of computer representation (8 \
             bytes).",
        ),
        (
            "EXEC p 1 OUTPUT",
            179,
            1,
            "Cannot use the OUTPUT option when passing a constant to a stored procedure.",
        ),
        (
            "DECLARE @a decimal(5, 6)",
            192,
            1,
            "The scale must be less than or equal to the precision.",
        ),
        (
            "DECLARE @a\nvarchar(0)\n",
            1001,
            2,
            "Line 2: Length or precision specification 0 is invalid.",
        ),
        ("DECLARE @a time(8)", 1002, 1, "Line 1: Specified scale 8 is invalid."),
        (
            "SELECT 123456789012345678901234567890123456789",
            1007,
            1,
            "The number '123456789012345678901234567890123456789' is out of the range for numeric \
             representation (maximum precision 38).",
        ),
        (
            "SELECT 1 AS []",
            1038,
            1,
            "An object or column name is missing or empty. For SELECT INTO statements, verify each \
             column has a name. For other statements, look for empty alias names. Aliases defined \
             as \"\" or [] are not allowed. Change the alias to a valid name.",
        ),
        (
            "DECLARE @a nvarchar(5000)",
            2717,
            1,
            "The size (5000) given to the type 'nvarchar' exceeds the maximum allowed (4000).",
        ),
        (
            "DECLARE @a int(5)",
            2716,
            1,
            "Column, parameter, or variable #1: Cannot specify a column width on data type int.",
        ),
        (
            "SELECT 1 WHERE 1 ORDER BY 1",
            4145,
            1,
            "An expression of non-boolean type specified in a context where a condition is \
             expected, near 'ORDER'.",
        ),
        (
            "IF (a) AND b = 1 SELECT 1",
            4145,
            1,
            "An expression of non-boolean type specified in a context where a condition is \
             expected, near 'AND'.",
        ),
    ] {
        let error = parse(text).expect_err(text);
        assert_eq!((error.number(), error.line), (number, line), "{text}");
        assert_eq!(error.kind.to_string(), message, "{text}");
    }
}

#[test]
fn errors_become_messages() {
    let error = SqlError::from(parse("SELECT 1\n+").unwrap_err());
    let message = &error.0;
    assert_eq!((message.number, message.class, message.state, message.line), (102, 15, 1, 2));
    assert_eq!(message.text, "Incorrect syntax near '+'.");
    let error = SqlError::from(parse("DECLARE @a int(5)").unwrap_err());
    assert_eq!((error.0.number, error.0.class), (2716, 16));
}
