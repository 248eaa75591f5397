"""Batches that every client runs."""

ROWS = "OutputDataSet = InputDataSet"

# What the documentation of SQL Server begins with.
DOCUMENTED = """
EXEC sp_execute_external_script @language = N'Python',
     @script = N'OutputDataSet = InputDataSet', @input_data_1 = N'SELECT 1 AS col'
WITH RESULT SETS ((col int));
"""

# Gives (42, 'grüße dich').
SCALARS = """
DECLARE @total int, @text nvarchar(50) = N'grüße';
EXEC sp_execute_external_script @language = N'Python',
     @script = N'
total = left + right
text = text + " dich"
',
     @params = N'@left int, @right int, @total int OUTPUT, @text nvarchar(50) OUTPUT',
     @left = 40, @right = 2, @total = @total OUTPUT, @text = @text OUTPUT;
SELECT @total AS total, @text AS text;
"""

PRINTS = """
EXEC sp_execute_external_script @language = N'Python', @script = N'print("printed by the script")';
"""
PRINTED = "STDOUT message(s) from external script: \nprinted by the script"

FAILS = """
EXEC sp_execute_external_script @language = N'Python', @script = N'
import math
math.sqrt("four")
';
"""
FAILURE_TEXTS = [
    r"A 'Python' script error occurred during execution of 'sp_execute_external_script' with HRESULT 0x80004004\. "
    r"External script request id is [0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\.",
    r'(?s)An external script error occurred: .*File "<string>", line 3, in <module>.*TypeError: must be real number',
]

ENDLESS = """
EXEC sp_execute_external_script @language = N'Python', @script = N'
import time
time.sleep(3600)
';
"""


def script(text: str, *, query: str = "", clause: str = "", **arguments: str) -> str:
    """A call of `sp_execute_external_script` that runs `text`."""

    def quoted(value: str) -> str:
        return "N'" + value.replace("'", "''") + "'"

    given = {"language": "N'Python'", "script": quoted(text)}
    if query:
        given["input_data_1"] = quoted(query)
    given |= arguments
    call = ", ".join(f"@{name} = {value}" for name, value in given.items())
    return f"EXEC sp_execute_external_script {call} {clause};"
