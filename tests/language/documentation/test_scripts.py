"""The first pages: "Create and run simple Python scripts", "Data structures and objects in
Python" and "Python functions"."""

DATABASE = "testdb"

CREATE = """
EXECUTE sp_execute_external_script @language = N'Python'
    , @script = N'
a = 1
b = 2
c = a/b
d = a*b
print(c, d)
'
GO

CREATE TABLE PythonTestData (col1 INT NOT NULL)

INSERT INTO PythonTestData
VALUES (1);

INSERT INTO PythonTestData
VALUES (10);

INSERT INTO PythonTestData
VALUES (100);
GO

SELECT * FROM PythonTestData
GO

EXECUTE sp_execute_external_script @language = N'Python'
    , @script = N'SQL_out = SQL_in'
    , @input_data_1 = N'SELECT 12 as Col;'
    , @input_data_1_name  = N'SQL_in'
    , @output_data_1_name =  N'SQL_out'
WITH RESULT SETS(([NewColName] INT NOT NULL));
GO

EXECUTE sp_execute_external_script @language = N'Python'
    , @script = N'
import pandas as pd
mytextvariable = pd.Series(["hello", " ", "world"])
OutputDataSet = pd.DataFrame(mytextvariable)
'
    , @input_data_1 = N''
WITH RESULT SETS(([Col1] CHAR(20) NOT NULL));
GO
"""

STRUCTURES = """
EXECUTE sp_execute_external_script @language = N'Python'
    , @script = N'
a = 1
b = 2
c = a/b
print(c)
s = pandas.Series(c, index =["simple math example 1"])
print(s)
'
GO
EXECUTE sp_execute_external_script @language = N'Python'
    , @script = N'
import pandas as pd
c = 1/2
d = 1*2
s = pd.Series([c,d])
df = pd.DataFrame(s, index=[1])
OutputDataSet = df
'
WITH RESULT SETS((ResultValue FLOAT))
"""

FUNCTIONS = """
EXECUTE sp_execute_external_script
    @language = N'Python',
    @script = N'
import numpy
import pandas
OutputDataSet = pandas.DataFrame(numpy.random.normal(size=100, loc=50, scale=3));
',
    @input_data_1 = N'   ;'
WITH RESULT SETS(([Density] FLOAT NOT NULL));
GO

CREATE PROCEDURE MyPyNorm (
    @param1 INT
    , @param2 INT
    , @param3 INT
    )
AS
EXECUTE sp_execute_external_script @language = N'Python'
    , @script = N'
import numpy
import pandas
OutputDataSet = pandas.DataFrame(numpy.random.normal(size=mynumbers, loc=mymean, scale=mysd));
'
    , @input_data_1 = N'   ;'
    , @params = N' @mynumbers int, @mymean int, @mysd int'
    , @mynumbers = @param1
    , @mymean = @param2
    , @mysd = @param3
WITH RESULT SETS(([Density] FLOAT NOT NULL));
GO
EXECUTE MyPyNorm @param1 = 100,@param2 = 50, @param3 = 3
GO
EXECUTE sp_execute_external_script
      @language = N'Python'
    , @script = N'
import time
import math
t1 = time.time()
print(type(math.factorial(5)), t1 > 0)
'
    , @input_data_1 = N' ;'
GO
"""


def test_scripts_and_their_names(page):
    outcome = page.run(CREATE).check()
    data, renamed, text = outcome.sets
    assert outcome.printed() == "0.5 2"
    assert data.rows == [(1,), (10,), (100,)]
    assert (renamed.names, renamed.nullable, renamed.rows) == (["NewColName"], [False], [(12,)])
    assert text.rows == [(word.ljust(20),) for word in ("hello", " ", "world")]


def test_structures(page):
    outcome = page.run(STRUCTURES).check()
    assert outcome.printed() == "0.5\nsimple math example 1    0.5\ndtype: float64"
    assert outcome.only.rows == [(2.0,)]


def test_functions_and_procedures(page):
    outcome = page.run(FUNCTIONS).check()
    assert [len(only.rows) for only in outcome.sets] == [100, 100]
    assert [(only.names, only.nullable) for only in outcome.sets] == [(["Density"], [False])] * 2
    assert all(20 < value < 80 for only in outcome.sets for (value,) in only.rows)
    assert outcome.printed() == "<class 'int'> True"
    assert page.run("EXECUTE MyPyNorm @param1 = 100, @param2 = 50").numbers == [201]
