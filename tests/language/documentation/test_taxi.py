"""Tips of taxi trips: the pages "Python tutorial: Predict NYC taxi fares with binary
classification", with functions of one's own in the input query."""

DATABASE = "NYCTaxi_Sample"

TABLES = """
CREATE TABLE [dbo].[nyctaxi_sample](
    [medallion] [varchar](50) NOT NULL,
    [hack_license] [varchar](50) NOT NULL,
    [vendor_id] [char](3) NULL,
    [pickup_datetime] [datetime] NOT NULL,
    [passenger_count] [int] NULL,
    [trip_time_in_secs] [bigint] NULL,
    [trip_distance] [float] NULL,
    [pickup_longitude] [varchar](30) NULL,
    [pickup_latitude] [varchar](30) NULL,
    [dropoff_longitude] [varchar](30) NULL,
    [dropoff_latitude] [varchar](30) NULL,
    [fare_amount] [float] NULL,
    [tip_amount] [float] NULL,
    [tipped] [int] NULL
)
GO
CREATE TABLE [dbo].[nyc_taxi_models](
    [model] [varbinary](max) NOT NULL,
    [name] [varchar](250) NOT NULL PRIMARY KEY
) ON [PRIMARY] TEXTIMAGE_ON [PRIMARY]
GO
-- Long trips are tipped.
INSERT INTO nyctaxi_sample
SELECT CONCAT('medallion', n), CONCAT('license', n % 7), 'VTS', DATEADD(minute, n, '2013-01-01'), 1 + n % 4, 60 * n, n / 10e0,
    '-73.973373', CAST(40.70 + n / 1000e0 AS varchar(30)), '-73.977303', '40.782139',
    2.5 + n, CASE WHEN n > 50 THEN n / 10e0 ELSE 0 END, CASE WHEN n > 50 THEN 1 ELSE 0 END
FROM (SELECT TOP (100) ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS n
      FROM (VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)) a(x) CROSS JOIN (VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)) b(x)) numbers
GO
"""

FUNCTIONS = """
CREATE FUNCTION [dbo].[fnCalculateDistance] (@Lat1 float, @Long1 float, @Lat2 float, @Long2 float)
-- User-defined function that calculates the direct distance between two geographical coordinates
RETURNS float
AS
BEGIN
  DECLARE @distance decimal(28, 10)
  -- Convert to radians
  SET @Lat1 = @Lat1 / 57.2958
  SET @Long1 = @Long1 / 57.2958
  SET @Lat2 = @Lat2 / 57.2958
  SET @Long2 = @Long2 / 57.2958
  -- Calculate distance
  SET @distance = (SIN(@Lat1) * SIN(@Lat2)) + (COS(@Lat1) * COS(@Lat2) * COS(@Long2 - @Long1))
  --Convert to miles
  IF @distance <> 0
  BEGIN
    SET @distance = 3958.75 * ATAN(SQRT(1 - POWER(@distance, 2)) / @distance);
  END
  RETURN @distance
END
GO

CREATE FUNCTION [dbo].[fnEngineerFeatures] (
@passenger_count int = 0,
@trip_distance float = 0,
@trip_time_in_secs int = 0,
@pickup_latitude float = 0,
@pickup_longitude float = 0,
@dropoff_latitude float = 0,
@dropoff_longitude float = 0)
RETURNS TABLE
AS
  RETURN
  (
      -- Add the SELECT statement with parameter references here
      SELECT
        @passenger_count AS passenger_count,
        @trip_distance AS trip_distance,
        @trip_time_in_secs AS trip_time_in_secs,
        [dbo].[fnCalculateDistance](@pickup_latitude, @pickup_longitude, @dropoff_latitude, @dropoff_longitude) AS direct_distance
  )
GO
"""

SPLIT = """
CREATE PROCEDURE [dbo].[TrainTestSplit] (@pct int)
AS

DROP TABLE IF EXISTS dbo.nyctaxi_sample_training
SELECT * into nyctaxi_sample_training FROM nyctaxi_sample WHERE (ABS(CAST(BINARY_CHECKSUM(medallion,hack_license)  as int)) % 100) < @pct

DROP TABLE IF EXISTS dbo.nyctaxi_sample_testing
SELECT * into nyctaxi_sample_testing FROM nyctaxi_sample
WHERE (ABS(CAST(BINARY_CHECKSUM(medallion,hack_license)  as int)) % 100) >= @pct
GO
EXEC TrainTestSplit 60
GO
"""

TRAINING = """
DROP PROCEDURE IF EXISTS PyTrainScikit;
GO

CREATE PROCEDURE [dbo].[PyTrainScikit] (@trained_model varbinary(max) OUTPUT)
AS
BEGIN
EXEC sp_execute_external_script
  @language = N'Python',
  @script = N'
import numpy
import pickle
from sklearn.linear_model import LogisticRegression

##Create SciKit-Learn logistic regression model
X = InputDataSet[["passenger_count", "trip_distance", "trip_time_in_secs", "direct_distance"]]
y = numpy.ravel(InputDataSet[["tipped"]])

SKLalgo = LogisticRegression(solver="liblinear")
logitObj = SKLalgo.fit(X, y)

##Serialize model
trained_model = pickle.dumps(logitObj)
',
@input_data_1 = N'
select tipped, fare_amount, passenger_count, trip_time_in_secs, trip_distance,
[dbo].[fnCalculateDistance](pickup_latitude, pickup_longitude,  dropoff_latitude, dropoff_longitude) as direct_distance
from nyctaxi_sample_training
',
@input_data_1_name = N'InputDataSet',
@params = N'@trained_model varbinary(max) OUTPUT',
@trained_model = @trained_model OUTPUT;
;
END;
GO

DECLARE @model VARBINARY(MAX);
EXEC PyTrainScikit @model OUTPUT;
INSERT INTO nyc_taxi_models (name, model) VALUES('SciKit_model', @model);
GO
"""

PREDICTION = """
CREATE PROCEDURE [dbo].[PredictTipSciKitPy] (@model varchar(50), @inquery nvarchar(max))
AS
BEGIN
DECLARE @lmodel2 varbinary(max) = (select model from nyc_taxi_models where name = @model);
EXEC sp_execute_external_script
  @language = N'Python',
  @script = N'
import pickle;
import numpy;
from sklearn import metrics

mod = pickle.loads(lmodel2)
X = InputDataSet[["passenger_count", "trip_distance", "trip_time_in_secs", "direct_distance"]]
y = numpy.ravel(InputDataSet[["tipped"]])

probArray = mod.predict_proba(X)
probList = []
for i in range(len(probArray)):
  probList.append((probArray[i])[1])

probArray = numpy.asarray(probList)
fpr, tpr, thresholds = metrics.roc_curve(y, probArray)
aucResult = metrics.auc(fpr, tpr)
print ("AUC on testing data is: " + str(aucResult))

OutputDataSet = pandas.DataFrame(data = probList, columns = ["predictions"])
',
  @input_data_1 = @inquery,
  @input_data_1_name = N'InputDataSet',
  @params = N'@lmodel2 varbinary(max)',
  @lmodel2 = @lmodel2
WITH RESULT SETS ((Score float));
END
GO
"""

BATCH_OF_TRIPS = """
DECLARE @query_string nvarchar(max) -- Specify input query
  SET @query_string='
  select tipped, fare_amount, passenger_count, trip_time_in_secs, trip_distance,
  [dbo].[fnCalculateDistance](pickup_latitude, pickup_longitude, dropoff_latitude, dropoff_longitude) as direct_distance
  from nyctaxi_sample_testing'
EXEC [dbo].[PredictTipSciKitPy] 'SciKit_model', @query_string;
"""

SINGLE_TRIP = """
CREATE PROCEDURE [dbo].[PredictTipSingleModeSciKitPy] (@model varchar(50), @passenger_count int = 0,
  @trip_distance float = 0,
  @trip_time_in_secs int = 0,
  @pickup_latitude float = 0,
  @pickup_longitude float = 0,
  @dropoff_latitude float = 0,
  @dropoff_longitude float = 0)
AS
BEGIN
DECLARE @inquery nvarchar(max) = N'
SELECT * FROM [dbo].[fnEngineerFeatures](
  @passenger_count,
  @trip_distance,
  @trip_time_in_secs,
  @pickup_latitude,
  @pickup_longitude,
  @dropoff_latitude,
  @dropoff_longitude)
'
DECLARE @lmodel2 varbinary(max) = (select model from nyc_taxi_models where name = @model);
EXEC sp_execute_external_script
  @language = N'Python',
  @script = N'
import pickle;
import numpy;

# Load model and unserialize
mod = pickle.loads(model)

# Get features for scoring from input data
X = InputDataSet[["passenger_count", "trip_distance", "trip_time_in_secs", "direct_distance"]]

# Score data to get tip prediction probability as a list (of float)
probList = []
probList.append((mod.predict_proba(X)[0])[1])

# Create output data frame
OutputDataSet = pandas.DataFrame(data = probList, columns = ["predictions"])
',
  @input_data_1 = @inquery,
  @params = N'@model varbinary(max),@passenger_count int,@trip_distance float,
    @trip_time_in_secs int ,
    @pickup_latitude float ,
    @pickup_longitude float ,
    @dropoff_latitude float ,
    @dropoff_longitude float',
    @model = @lmodel2,
    @passenger_count =@passenger_count ,
    @trip_distance=@trip_distance,
    @trip_time_in_secs=@trip_time_in_secs,
    @pickup_latitude=@pickup_latitude,
    @pickup_longitude=@pickup_longitude,
    @dropoff_latitude=@dropoff_latitude,
    @dropoff_longitude=@dropoff_longitude
WITH RESULT SETS ((Score float));
END
GO
EXEC [dbo].[PredictTipSingleModeSciKitPy] 'SciKit_model', 1, 9.5, 5631, 40.763958,-73.973373, 40.782139,-73.977303
"""

PLOTS = """
CREATE PROCEDURE [dbo].[PyPlotMatplotlib]
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @query nvarchar(max) =
    N'SELECT cast(tipped as int) as tipped, tip_amount, fare_amount FROM [dbo].[nyctaxi_sample]'
    EXECUTE sp_execute_external_script
    @language = N'Python',
    @script = N'
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd
import pickle

fig_handle = plt.figure()
plt.hist(InputDataSet.tipped)
plt.xlabel("Tipped")
plt.ylabel("Counts")
plt.title("Histogram, Tipped")
plot0 = pd.DataFrame(data =[pickle.dumps(fig_handle)], columns =["plot"])
plt.clf()

plt.scatter( InputDataSet.fare_amount, InputDataSet.tip_amount)
plt.title("Tip amount by Fare amount")
plot3 = pd.DataFrame(data =[pickle.dumps(fig_handle)], columns =["plot"])
plt.clf()
OutputDataSet = pd.concat([plot0, plot3], ignore_index=True)
',
    @input_data_1 = @query
    WITH RESULT SETS ((plot varbinary(max)))
END
GO
EXEC [dbo].[PyPlotMatplotlib]
"""


def test_functions_feed_the_script(page):
    page.run(TABLES + FUNCTIONS).check()
    distance = page.run("SELECT dbo.fnCalculateDistance(40.763958, -73.973373, 40.782139, -73.977303) AS miles")
    assert distance.only.types == ["float"]
    # As decimal(28, 10), as which the page keeps it.
    assert abs(distance.value - 1.2729) < 0.001
    features = page.run("SELECT * FROM dbo.fnEngineerFeatures(1, 2.5, 631, 40.763958, -73.973373, 40.782139, -73.977303)")
    assert features.only.names == ["passenger_count", "trip_distance", "trip_time_in_secs", "direct_distance"]
    assert features.rows == [(1, 2.5, 631, distance.value)]

    page.run(SPLIT).check()
    training, testing = page.run(
        "SELECT (SELECT COUNT(*) FROM nyctaxi_sample_training) AS a, (SELECT COUNT(*) FROM nyctaxi_sample_testing) AS b"
    ).rows[0]
    assert training + testing == 100 and training > 20 and testing > 10

    page.run(TRAINING).check()
    page.run(PREDICTION).check()
    scored = page.run(BATCH_OF_TRIPS)
    assert len(scored.rows) == testing and all(0 < score < 1 for (score,) in scored.rows)
    assert scored.printed().startswith("AUC on testing data is: ")

    (single,) = page.run(SINGLE_TRIP).check().sets
    assert single.names == ["Score"] and single.value > 0.5


def test_plots_come_back_as_bytes(page):
    page.run(TABLES).check()
    (plots,) = page.run(PLOTS).check().sets
    assert plots.types == ["varbinary(max)"]
    assert [plot[:2] for (plot,) in plots.rows] == [b"\x80\x04"] * 2
