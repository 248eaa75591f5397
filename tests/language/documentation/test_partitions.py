"""A model for each kind of payment: the page "Tutorial: Create, train, and use models per
partition", whose scripts are Python here."""

DATABASE = "taxi_partitions"

TABLES = """
CREATE TABLE [dbo].[nyctaxi_sample](
    [payment_type] [char](3) NULL,
    [tipped] [int] NULL,
    [passenger_count] [int] NULL,
    [trip_distance] [float] NULL,
    [pickup_longitude] [varchar](30) NULL,
    [pickup_latitude] [varchar](30) NULL,
    [dropoff_longitude] [varchar](30) NULL,
    [dropoff_latitude] [varchar](30) NULL
)
INSERT INTO nyctaxi_sample
SELECT CHOOSE(1 + n % 3, 'CRD', 'CSH', 'DIS'), CASE WHEN n > 45 THEN 1 ELSE 0 END, 1 + n % 4, n / 10e0,
    '-73.973373', CAST(40.70 + n / 1000e0 AS varchar(30)), '-73.977303', '40.782139'
FROM (SELECT TOP (90) ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS n FROM sys.all_columns) numbers
GO
CREATE FUNCTION [dbo].[CalculateDistance] (
    @Lat1 FLOAT, @Long1 FLOAT, @Lat2 FLOAT, @Long2 FLOAT
    )
    -- User-defined function calculates the direct distance between two geographical coordinates.
RETURNS TABLE
AS
RETURN

SELECT COALESCE(3958.75 * ATAN(SQRT(1 - POWER(t.distance, 2)) / NULLIF(t.distance, 0)), 0) AS direct_distance
FROM (
    VALUES (CAST((SIN(@Lat1 / 57.2958) * SIN(@Lat2 / 57.2958)) + (COS(@Lat1 / 57.2958) * COS(@Lat2 / 57.2958) * COS((@Long2 / 57.2958) - (@Long1 / 57.2958))) AS DECIMAL(28, 10)))
    ) AS t(distance)
GO
"""

PROCEDURE = """
CREATE
    OR

ALTER PROCEDURE [dbo].[train_per_partition] (@input_query NVARCHAR(max))
AS
BEGIN
    DECLARE @start DATETIME2 = SYSDATETIME()
        , @model_generation_duration FLOAT
        , @instance_name NVARCHAR(100) = @@SERVERNAME
        , @database_name NVARCHAR(128) = db_name();

    EXEC sp_execute_external_script @language = N'Python'
        , @script = N'
import pickle
from sklearn.linear_model import LogisticRegression

# Each partition is a call of its own; its key is a column like the others.
payment_type = InputDataSet["payment_type"].iloc[0]
features = InputDataSet[["passenger_count", "trip_distance", "direct_distance"]]
model = LogisticRegression().fit(features, InputDataSet["tipped"])
OutputDataSet = pandas.DataFrame({"payment_type": [payment_type], "n": [len(features)], "m": [pickle.dumps(model)]})
print(instance_name, database_name, payment_type)
'
        , @input_data_1 = @input_query
        , @input_data_1_partition_by_columns = N'payment_type'
        , @input_data_1_order_by_columns = N'passenger_count'
        , @params = N'@instance_name nvarchar(100), @database_name nvarchar(128)'
        , @instance_name = @instance_name
        , @database_name = @database_name
    WITH RESULT SETS((payment_type CHAR(3) NOT NULL, rows INT, model VARBINARY(max)));

    SET @model_generation_duration = CAST(DATEDIFF(MILLISECOND, @start, SYSDATETIME()) AS FLOAT);
    PRINT N'model_generation_duration = ' + CASE WHEN @model_generation_duration >= 0 THEN N'known' ELSE N'unknown' END
END;
GO
"""

TRAINING = """
CREATE TABLE [dbo].[ml_models] (payment_type CHAR(3) NOT NULL PRIMARY KEY, trained_on INT, model VARBINARY(max) NOT NULL)
GO
INSERT INTO ml_models
EXEC train_per_partition N'
SELECT payment_type, tipped, passenger_count, trip_distance, d.[direct_distance]
FROM dbo.nyctaxi_sample TABLESAMPLE (100 PERCENT) REPEATABLE (98074)
CROSS APPLY [CalculateDistance](pickup_latitude, pickup_longitude, dropoff_latitude, dropoff_longitude) d
'
GO
"""

SCORING = """
CREATE TABLE prediction_results (payment_type CHAR(3), tipped INT, predicted FLOAT)
GO
CREATE OR ALTER PROCEDURE [dbo].[predict_per_partition]
AS
BEGIN
    DECLARE @predict_duration FLOAT, @input_query NVARCHAR(max) = 'SELECT s.payment_type, s.tipped, s.passenger_count, s.trip_distance, d.direct_distance, m.model
        FROM dbo.nyctaxi_sample AS s
        INNER JOIN dbo.ml_models AS m ON m.payment_type = s.payment_type
        CROSS APPLY [CalculateDistance](pickup_latitude, pickup_longitude, dropoff_latitude, dropoff_longitude) d'
    INSERT INTO prediction_results
    EXEC sp_execute_external_script @language = N'Python'
        , @script = N'
import pickle
model = pickle.loads(InputDataSet["model"].iloc[0])
features = InputDataSet[["passenger_count", "trip_distance", "direct_distance"]]
OutputDataSet = InputDataSet[["payment_type", "tipped"]].assign(predicted=model.predict(features).astype(float))
'
        , @input_data_1 = @input_query
        , @parallel = 1
        , @params = N'@r_rowsPerRead INT'
        , @input_data_1_partition_by_columns = N'payment_type'
        , @r_rowsPerRead = 100000
    WITH RESULT SETS((payment_type CHAR(3), tipped INT, predicted FLOAT))
END
GO
EXEC predict_per_partition
GO
"""


def test_models_per_partition(page):
    page.run(TABLES).check()
    page.run(PROCEDURE).check()
    outcome = page.run(TRAINING).check()
    assert outcome.printed().count("taxi_partitions") == 3
    assert outcome.texts(0) == ["model_generation_duration = known"]
    assert page.run("SELECT payment_type, trained_on FROM ml_models ORDER BY 1").rows == [
        ("CRD", 30), ("CSH", 30), ("DIS", 30),
    ]  # fmt: skip
    page.run(SCORING).check()
    assert page.run("SELECT payment_type, COUNT(*) FROM prediction_results GROUP BY payment_type ORDER BY 1").rows == [
        ("CRD", 30), ("CSH", 30), ("DIS", 30),
    ]  # fmt: skip
    wrong = "SELECT COUNT(*) FROM prediction_results WHERE tipped <> predicted"
    assert page.run(wrong).value < 10, "the models know long trips from short ones"
