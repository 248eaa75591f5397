"""A linear model of ski rentals: the pages "Python tutorial: Predict ski rental with linear
regression", whose result is stored through INSERT … EXEC from float into int."""

DATABASE = "TutorialDB"

TABLES = """
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
CREATE TABLE [dbo].[rental_data](
    [Year] [int] NULL,
    [Month] [int] NULL,
    [Day] [int] NULL,
    [RentalCount] [int] NULL,
    [WeekDay] [int] NULL,
    [Holiday] [int] NULL,
    [Snow] [int] NULL
) ON [PRIMARY]
GO
DROP TABLE IF EXISTS rental_py_models;
GO
CREATE TABLE rental_py_models (
    model_name VARCHAR(30) NOT NULL DEFAULT('default model') PRIMARY KEY,
    model VARBINARY(MAX) NOT NULL
);
GO
DROP TABLE IF EXISTS [dbo].[py_rental_predictions];
GO
CREATE TABLE [dbo].[py_rental_predictions](
    [RentalCount_Predicted] [int] NULL,
    [RentalCount_Actual] [int] NULL,
    [Month] [int] NULL,
    [Day] [int] NULL,
    [WeekDay] [int] NULL,
    [Snow] [int] NULL,
    [Holiday] [int] NULL,
    [Year] [int] NULL
) ON [PRIMARY]
GO
"""

# Made in place of the page's backup file: what depends on the day of the week alone can be learnt.
DATA = """
DECLARE @day DATE = '2013-12-01', @last DATE = DATEADD(month, 2, '2013-12-01');
WHILE @day < @last
BEGIN
    INSERT INTO rental_data
    SELECT YEAR(@day), MONTH(@day), DAY(@day), 20 + 30 * DATEPART(weekday, @day), DATEPART(weekday, @day), 0, DAY(@day) % 2;
    SET @day = DATEADD(day, 1, @day);
END
"""

TRAINING = """
DROP PROCEDURE IF EXISTS generate_rental_py_model;
go
CREATE PROCEDURE generate_rental_py_model (@trained_model varbinary(max) OUTPUT)
AS
BEGIN
    EXECUTE sp_execute_external_script
      @language = N'Python'
    , @script = N'
from sklearn.linear_model import LinearRegression
import pickle

df = rental_train_data

# Get all the columns from the dataframe.
columns = df.columns.tolist()

# Store the variable well be predicting on.
target = "RentalCount"

# Initialize the model class.
lin_model = LinearRegression()

# Fit the model to the training data.
lin_model.fit(df[columns], df[target])

trained_model = pickle.dumps(lin_model)'

    , @input_data_1 = N'select "RentalCount", "Year", "Month", "Day", "WeekDay", "Snow", "Holiday" from dbo.rental_data where Year < 2015'
    , @input_data_1_name = N'rental_train_data'
    , @params = N'@trained_model varbinary(max) OUTPUT'
    , @trained_model = @trained_model OUTPUT;
END;
GO

TRUNCATE TABLE rental_py_models;

DECLARE @model VARBINARY(MAX);
EXEC generate_rental_py_model @model OUTPUT;

INSERT INTO rental_py_models (model_name, model) VALUES('linear_model', @model);
GO
"""

SCORING = """
DROP PROCEDURE IF EXISTS py_predict_rentalcount;
GO
CREATE PROCEDURE py_predict_rentalcount (@model varchar(100))
AS
BEGIN
    DECLARE @py_model varbinary(max) = (select model from rental_py_models where model_name = @model);

    EXEC sp_execute_external_script
        @language = N'Python',
        @script = N'

# Import the scikit-learn function to compute error.
from sklearn.metrics import mean_squared_error
import pickle
import pandas

rental_model = pickle.loads(py_model)

df = rental_score_data

# Get all the columns from the dataframe.
columns = df.columns.tolist()

# Variable you will be predicting on.
target = "RentalCount"

# Generate the predictions for the test set.
lin_predictions = rental_model.predict(df[columns])
print(lin_predictions)

# Compute error between the test predictions and the actual values.
lin_mse = mean_squared_error(lin_predictions, df[target])

predictions_df = pandas.DataFrame(lin_predictions)

OutputDataSet = pandas.concat([predictions_df, df["RentalCount"], df["Month"], df["Day"], df["WeekDay"], df["Snow"], df["Holiday"], df["Year"]], axis=1)
'
    , @input_data_1 = N'Select "RentalCount", "Year" ,"Month", "Day", "WeekDay", "Snow", "Holiday"  from rental_data where Year = 2014'
    , @input_data_1_name = N'rental_score_data'
    , @params = N'@py_model varbinary(max)'
    , @py_model = @py_model
    with result sets (("RentalCount_Predicted" float, "RentalCount" float, "Month" float,"Day" float,"WeekDay" float,"Snow" float,"Holiday" float, "Year" float));

END;
GO

TRUNCATE TABLE py_rental_predictions;
--Insert the results of the predictions for test set into a table
INSERT INTO py_rental_predictions
EXEC py_predict_rentalcount 'linear_model';

-- Select contents of the table
SELECT * FROM py_rental_predictions;
"""


def test_floats_are_stored_as_integers(page):
    page.run(TABLES + DATA).check()
    page.run(TRAINING).check()
    scored = page.run(SCORING).check()
    rows = scored.only.rows
    assert scored.only.types == ["int"] * 8
    assert len(rows) == 31
    # The float is cut off, so that 49.999… may be one less.
    assert all(predicted in (actual, actual - 1) for predicted, actual, *_ in rows)
    assert rows[0][1:] == (20 + 30 * 4, 1, 1, 4, 1, 0, 2014)


def test_a_table_of_another_shape_gets_nothing(page):
    page.run(TABLES + DATA + TRAINING + SCORING).check()
    page.run("CREATE TABLE narrow (a int); CREATE TABLE short (a tinyint NOT NULL, b tinyint, c tinyint, d tinyint,"
             " e tinyint, f tinyint, g tinyint, h tinyint)").check()  # fmt: skip
    assert page.run("INSERT INTO narrow EXEC py_predict_rentalcount 'linear_model'").numbers == [213]
    # The year doesn't fit, in any row.
    assert page.run("INSERT INTO short EXEC py_predict_rentalcount 'linear_model'").numbers == [232]
    assert page.run("SELECT (SELECT COUNT(*) FROM narrow) + (SELECT COUNT(*) FROM short) AS n").value == 0
