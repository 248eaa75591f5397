"""A model is trained, stored and used: the page "Create and score a predictive model in Python"
with the data of "Iris demo data set"."""

import pytest

from harness.drivers import DRIVERS

DATABASE = "irissql"

TABLES = """
DROP TABLE IF EXISTS iris_data;
GO
CREATE TABLE iris_data (
  id INT NOT NULL IDENTITY PRIMARY KEY
  , "Sepal.Length" FLOAT NOT NULL, "Sepal.Width" FLOAT NOT NULL
  , "Petal.Length" FLOAT NOT NULL, "Petal.Width" FLOAT NOT NULL
  , "Species" VARCHAR(100) NOT NULL, "SpeciesId" INT NOT NULL
);
GO
DROP TABLE IF EXISTS iris_models;
GO

CREATE TABLE iris_models (
  model_name VARCHAR(50) NOT NULL DEFAULT('default model') PRIMARY KEY,
  model VARBINARY(MAX) NOT NULL
);
GO
"""

LOADING = """
CREATE PROCEDURE get_iris_dataset
AS
BEGIN
EXEC sp_execute_external_script
  @language = N'Python',
  @script = N'
from sklearn import datasets
iris = datasets.load_iris()
iris_data = pandas.DataFrame(iris.data)
iris_data["Species"] = pandas.Categorical.from_codes(iris.target, iris.target_names)
iris_data["SpeciesId"] = iris.target
',
  @input_data_1 = N'',
  @output_data_1_name = N'iris_data'
WITH RESULT SETS (("Sepal.Length" float not null, "Sepal.Width" float not null,
  "Petal.Length" float not null, "Petal.Width" float not null, "Species" varchar(100) not null, "SpeciesId" int not null));
END;
GO

INSERT INTO iris_data ("Sepal.Length", "Sepal.Width", "Petal.Length", "Petal.Width", "Species", "SpeciesId")
EXEC dbo.get_iris_dataset;
GO
"""

TRAINING = """
CREATE PROCEDURE generate_iris_model (@trained_model VARBINARY(max) OUTPUT)
AS
BEGIN
    EXECUTE sp_execute_external_script @language = N'Python'
        , @script = N'
import pickle
from sklearn.naive_bayes import GaussianNB
GNB = GaussianNB()
measures = ["Sepal.Length", "Sepal.Width", "Petal.Length", "Petal.Width"]
trained_model = pickle.dumps(GNB.fit(iris_data[measures], iris_data[["SpeciesId"]].values.ravel()))
'
        , @input_data_1 = N'select "Sepal.Length", "Sepal.Width", "Petal.Length", "Petal.Width", "SpeciesId" from iris_data'
        , @input_data_1_name = N'iris_data'
        , @params = N'@trained_model varbinary(max) OUTPUT'
        , @trained_model = @trained_model OUTPUT;
END;
GO

DECLARE @model VARBINARY(max);
DECLARE @new_model_name VARCHAR(50)
SET @new_model_name = 'Naive Bayes'

EXECUTE generate_iris_model @model OUTPUT;

DELETE iris_models
WHERE model_name = @new_model_name;

INSERT INTO iris_models (model_name, model)
VALUES (@new_model_name, @model);
GO
"""

SCORING = """
CREATE PROCEDURE predict_species (@model VARCHAR(100))
AS
BEGIN
    DECLARE @nb_model VARBINARY(max) = (
            SELECT model
            FROM iris_models
            WHERE model_name = @model
            );

    EXECUTE sp_execute_external_script @language = N'Python'
        , @script = N'
import pickle
irismodel = pickle.loads(nb_model)
measures = ["Sepal.Length", "Sepal.Width", "Petal.Length", "Petal.Width"]
iris_data["PredictedSpecies"] = irismodel.predict(iris_data[measures])
OutputDataSet = iris_data[["id", "SpeciesId", "PredictedSpecies"]]
print(OutputDataSet)
'
        , @input_data_1 = N'select id, "Sepal.Length", "Sepal.Width", "Petal.Length", "Petal.Width", "SpeciesId" from iris_data'
        , @input_data_1_name = N'iris_data'
        , @params = N'@nb_model varbinary(max)'
        , @nb_model = @nb_model
    WITH RESULT SETS((
                "id" INT
              , "SpeciesId" INT
              , "SpeciesId.Predicted" INT
                ));
END;
GO
"""


def test_a_model_is_trained_stored_and_used(page):
    page.run(TABLES).check()
    loaded = page.run(LOADING).check()
    assert (loaded.sets, loaded.counts) == ([], [150])
    assert page.run("SELECT COUNT(*) FROM iris_data").value == 150
    first = page.run("SELECT TOP(2) * FROM iris_data").only
    assert first.names == ["id", "Sepal.Length", "Sepal.Width", "Petal.Length", "Petal.Width", "Species", "SpeciesId"]
    assert first.rows == [(1, 5.1, 3.5, 1.4, 0.2, "setosa", 0), (2, 4.9, 3.0, 1.4, 0.2, "setosa", 0)]

    page.run(TRAINING).check()
    page.run(TRAINING.partition("GO")[2]).check()
    ((name, size),) = page.run("SELECT model_name, DATALENGTH(model) AS size FROM iris_models").rows
    assert name == "Naive Bayes" and size > 500

    page.run(SCORING).check()
    scored = page.run("EXECUTE predict_species 'Naive Bayes';")
    assert scored.only.names == ["id", "SpeciesId", "SpeciesId.Predicted"]
    assert scored.only.types == ["int", "int", "int"]
    assert [row[0] for row in scored.rows] == list(range(1, 151))
    assert sum(actual == predicted for _, actual, predicted in scored.rows) == 144
    assert "PredictedSpecies" in scored.printed()


def test_a_model_that_is_not_there_is_none_in_the_script(page):
    page.run(TABLES + SCORING).check()
    failed = page.run("EXECUTE predict_species 'no such model';")
    assert failed.numbers == [39004, 39019, 11536]
    assert "bytes-like object is required, not 'NoneType'" in failed.errors[1].text


@pytest.mark.parametrize("client", DRIVERS)
def test_rows_of_a_script_go_into_a_table_from_any_client(server, page, client):
    page.run(TABLES).check()
    driver = DRIVERS[client](server)
    try:
        filled = driver.run(f"""
USE {DATABASE};
SET NOCOUNT ON;
INSERT INTO iris_models (model_name, model)
EXEC sp_execute_external_script @language = N'Python',
     @script = N'OutputDataSet = pandas.DataFrame([["one", b"\\x01\\x00"], ["two", b""]])'
WITH RESULT SETS ((model_name varchar(50), model varbinary(max)));
SELECT model_name, DATALENGTH(model) AS size FROM iris_models ORDER BY model_name;
""")
        assert (filled.error, filled.sets[-1]) == ("", [("one", "2"), ("two", "0")])
    finally:
        driver.run("USE master")
        driver.close()
