-- Scripts of the kind the documentation of external scripts teaches with.
EXEC sp_configure 'external scripts enabled', 1;
RECONFIGURE WITH OVERRIDE
GO
EXEC sp_execute_external_script @language = N'Python',
     @script = N'OutputDataSet = InputDataSet', @input_data_1 = N'SELECT 1 AS col'
WITH RESULT SETS ((col int));
GO
EXECUTE sp_execute_external_script
    @language = N'Python', -- the language
    @script = N'
a = 1
b = 2
print("it''s", a/b)
',
    /* no /* input */ at all */
    @input_data_1 = N'   ;'
WITH RESULT SETS (([Col1] char(20) NOT NULL, Col2 nvarchar(max) COLLATE Latin1_General_CI_AS NULL));
GO
EXEC sp_execute_external_script @language=N'R',@script=N'x' WITH RESULT SETS UNDEFINED;
EXEC sp_execute_external_script @language=N'R',@script=N'x' WITH RESULT SETS NONE
EXEC sp_execute_external_script @language=N'R',@script=N'x' WITH RECOMPILE, RESULT SETS ((a int), (b float, c decimal(9, 3)), AS OBJECT dbo.t, AS TYPE dbo.tt, AS FOR XML)
GO
DROP DATABASE IF EXISTS irissql;
CREATE DATABASE irissql
GO
USE irissql
go
DROP TABLE IF EXISTS iris_data;
GO
CREATE TABLE iris_data (
  id INT NOT NULL IDENTITY PRIMARY KEY
  , "Sepal.Length" FLOAT NOT NULL, "Sepal.Width" FLOAT NOT NULL
  , "Petal.Length" FLOAT NOT NULL, "Petal.Width" FLOAT NOT NULL
  , "Species" VARCHAR(100) NOT NULL, "SpeciesId" INT NOT NULL
);
GO
CREATE PROCEDURE get_iris_dataset
AS
BEGIN
EXEC sp_execute_external_script @language = N'Python',
@script = N'
from sklearn import datasets
iris = datasets.load_iris()
',
@input_data_1 = N'',
@output_data_1_name = N'iris_data'
WITH RESULT SETS (("Sepal.Length" float not null, "Species" varchar(100) not null, "SpeciesId" int not null));
END;
GO
INSERT INTO iris_data ("Sepal.Length", "Sepal.Width", "Petal.Length", "Petal.Width", "Species", "SpeciesId")
EXEC dbo.get_iris_dataset;
GO
CREATE PROCEDURE generate_iris_model (@trained_model VARBINARY(max) OUTPUT, @dummy int = NULL, @flag bit = 1)
WITH EXECUTE AS OWNER, RECOMPILE
AS
BEGIN
    EXECUTE sp_execute_external_script @language = N'Python'
        , @script = N'trained_model = pickle.dumps(GaussianNB())'
        , @input_data_1 = N'select "Sepal.Length" from iris_data'
        , @input_data_1_name = N'iris_data'
        , @params = N'@trained_model varbinary(max) OUTPUT'
        , @trained_model = @trained_model OUTPUT;
END;
GO
DECLARE @model VARBINARY(max);
DECLARE @new_model_name VARCHAR(50)
SET @new_model_name = 'Naive Bayes'
EXECUTE generate_iris_model @model OUTPUT, DEFAULT, 0;
DELETE iris_models WHERE model_name = @new_model_name;
INSERT INTO iris_models (model_name, model) values (@new_model_name, @model);
GO
CREATE PROCEDURE predict_species (@model VARCHAR(100))
AS
BEGIN
    DECLARE @nb_model VARBINARY(max) = (SELECT model FROM iris_models WHERE model_name = @model);
    EXECUTE sp_execute_external_script @language = N'Python', @script = N'x'
        , @params = N'@nb_model varbinary(max)'
        , @nb_model = @nb_model
    WITH RESULT SETS (("id" INT, "SpeciesId" INT, "SpeciesId.Predicted" INT));
END;
GO
CREATE FUNCTION [dbo].[fnCalculateDistance] (@Lat1 FLOAT, @Long1 FLOAT, @Lat2 FLOAT, @Long2 FLOAT)
RETURNS FLOAT
AS
BEGIN
  DECLARE @distance DECIMAL(28, 10)
  -- Convert to radians
  SET @Lat1 = @Lat1 / 57.2958
  SET @distance = (SIN(@Lat1) * SIN(@Lat2)) + (COS(@Lat1) * COS(@Lat2) * COS(@Long2 - @Long1))
  IF @distance <> 0
  BEGIN
    SET @distance = 3958.75 * ATAN(SQRT(1 - POWER(@distance, 2)) / @distance);
  END
  RETURN @distance
END
GO
CREATE FUNCTION [dbo].[fnEngineerFeatures] (
@passenger_count INT = 0, @trip_distance FLOAT = 0, @pickup_latitude FLOAT = 0)
RETURNS TABLE
AS
  RETURN
  (
    SELECT
    @passenger_count AS passenger_count,
    [dbo].[fnCalculateDistance](@pickup_latitude, 1, 2, 3) AS direct_distance
  )
GO
SELECT TOP (1) PERCENT tipped, fare_amount, DATEDIFF(second, pickup_datetime, dropoff_datetime) AS trip_time_in_secs
INTO nyctaxi_sample_training
FROM nyctaxi_sample
WHERE (ABS(CAST((BINARY_CHECKSUM(medallion, hack_license)) as int)) % 100) < 70
GO
SELECT top 10 with ties * FROM t tablesample (70 percent) repeatable (98052) ORDER BY 1 DESC, b COLLATE Latin1_General_BIN
GO
CREATE OR ALTER PROCEDURE train_rxLogIt_per_partition (@input_query nvarchar(max))
AS
BEGIN
  DECLARE @start DATETIME2 = SYSDATETIME();
  EXEC sp_execute_external_script @language = N'R', @script = N'x'
  , @input_data_1 = @input_query
  , @input_data_1_partition_by_columns = N'payment_type'
  , @parallel = 1
  WITH RESULT SETS ((payment_type_code varchar(50), model varbinary(max)));
END;
GO
SELECT tipped, direct_distance FROM dbo.nyctaxi_sample
CROSS APPLY [CalculateDistance](pickup_latitude, pickup_longitude) d
OUTER APPLY (SELECT TOP 1 x FROM u WHERE u.id = d.id ORDER BY x) AS v
GO
SELECT
  ss_customer_sk AS customer,
  ROUND(COALESCE(returns_count / NULLIF(1.0*orders_count, 0), 0), 7) AS orderRatio,
  COUNT(DISTINCT(ss_ticket_number)) AS orders_count
FROM
  (
    SELECT ss_customer_sk, COUNT(distinct(ss_ticket_number)) AS orders_count, SUM( ss_net_paid ) AS orders_money
    FROM store_sales s
    GROUP BY ss_customer_sk
  ) orders
LEFT OUTER JOIN
  ( SELECT sr_customer_sk, count(distinct(sr_ticket_number)) as returns_count FROM store_returns GROUP BY sr_customer_sk ) returned
  ON ss_customer_sk=sr_customer_sk
GO
CREATE TABLE [dbo].[customer_return_clusters](
 [customer] [bigint] NULL,
 [orderRatio] [float] NULL,
 [cluster] [int] NULL,
) ON [PRIMARY]
GO
DROP PROC IF EXISTS predict_rentalcount_new;
GO
EXEC train_rental_py_model 'x', True, @now = abc, @day = -5, @money = $12.5, @b = 0x0f, @d = DEFAULT, @n = NULL, @spid = @@SPID
GO
declare @ParamINT int = 1234567
declare @ParamCharN varchar(6) = 'INPUT '
print '------------------------'
print 'Output parameters (before):'
print FORMATMESSAGE('ParamINT=%d', @ParamINT)
print FORMATMESSAGE('ParamCharN=%s', @ParamCharN)
exec sp_execute_external_script @language = N'Python', @script = N'x',
    @params = N'@ParamINT int OUTPUT, @paramCharN char(6) out', @paramINT = @ParamINT OUTPUT,
    @ParamCharN = @ParamCharN out
GO
SELECT external_pool_id, name FROM sys.resource_governor_external_resource_pools p
  JOIN sys.dm_external_script_requests r ON p.external_pool_id = r.x;
SELECT IS_SRVROLEMEMBER('sysadmin'), CURRENT_USER, USER_ID()
GO
ALTER RESOURCE POOL "default" WITH (max_memory_percent = 60);
ALTER EXTERNAL RESOURCE POOL "default" WITH (max_memory_percent = 40);
ALTER RESOURCE GOVERNOR RECONFIGURE;
CREATE EXTERNAL RESOURCE POOL ep_1
WITH (
    MAX_CPU_PERCENT = 75
    , AFFINITY CPU = AUTO
    , MAX_MEMORY_PERCENT = 30
);
CREATE EXTERNAL RESOURCE POOL ds_ep WITH (max_memory_percent = 40);
CREATE WORKLOAD GROUP ds_wg WITH (importance = medium) USING "default", EXTERNAL "ds_ep";
GO
CREATE FUNCTION is_ds_apps()
RETURNS sysname
WITH schemabinding
AS
BEGIN
    IF program_name() in ('Microsoft R Host', 'RStudio', 'Mashup') RETURN 'ds_wg';
    RETURN 'default'
    END;
GO
ALTER RESOURCE GOVERNOR WITH  (classifier_function = dbo.is_ds_apps);
ALTER RESOURCE GOVERNOR WITH (CLASSIFIER_FUNCTION = NULL)
ALTER RESOURCE GOVERNOR WITH (MAX_OUTSTANDING_IO_PER_VOLUME = 20);
ALTER RESOURCE GOVERNOR RESET STATISTICS
ALTER RESOURCE GOVERNOR DISABLE
CREATE WORKLOAD GROUP newReports
WITH
    (REQUEST_MAX_MEMORY_GRANT_PERCENT = 2.5
      , REQUEST_MAX_CPU_TIME_SEC = 100
      , MAX_DOP = 4)
USING "default" ;
CREATE RESOURCE POOL poolAdhoc WITH (MIN_CPU_PERCENT = 10 MAX_CPU_PERCENT = 30 AFFINITY SCHEDULER = (0 TO 63, 128 TO 191))
ALTER EXTERNAL RESOURCE POOL ep_1 WITH (AFFINITY NUMANODE = (0) MAX_PROCESSES = 12)
ALTER WORKLOAD GROUP newReports USING EXTERNAL ep_1
DROP EXTERNAL RESOURCE POOL ep_1
DROP RESOURCE POOL poolAdhoc
DROP WORKLOAD GROUP newReports
