"""What a client's Python does: the pages "Insert data from a SQL table into a Python pandas
dataframe", "Insert Python dataframe into SQL table" and "Plot a histogram for data exploration with
Python"."""

import pandas
import pyodbc
import pytest

DATABASE = "AdventureWorks2022"

TABLES = """
CREATE SCHEMA HumanResources
GO
CREATE SCHEMA Person
GO
CREATE TABLE HumanResources.Department (DepartmentID smallint IDENTITY(1,1) NOT NULL PRIMARY KEY, Name nvarchar(50) NOT NULL,
    GroupName nvarchar(50) NOT NULL, ModifiedDate datetime NOT NULL DEFAULT (getdate()))
INSERT HumanResources.Department (Name, GroupName) VALUES (N'Engineering', N'Research and Development'),
    (N'Tool Design', N'Research and Development'), (N'Sales', N'Sales and Marketing')
GO
CREATE TABLE Person.CountryRegion (CountryRegionCode nvarchar(3), Name nvarchar(50))
CREATE TABLE Person.Customers (AgeGroup int, CountryRegionCode nvarchar(3))
INSERT Person.CountryRegion VALUES (N'US', N'United States'), (N'DE', N'Germany')
INSERT Person.Customers VALUES (30, N'US'), (40, N'US'), (50, N'DE'), (30, N'DE'), (30, N'XX')
"""

# `dbo.Name` of the sample database is nvarchar(50).
DEPARTMENT_TEST = """
CREATE TABLE [HumanResources].[DepartmentTest](
[DepartmentID] [smallint] NOT NULL,
[Name] [nvarchar](50) NOT NULL,
[GroupName] [nvarchar](50) NOT NULL
)
GO
"""

AGES = """
SELECT DATEDIFF(YEAR, DATEADD(YEAR, -c.AgeGroup, '20220101'), '20220101') AS Age, COALESCE(r.Name, 'elsewhere') AS Country
FROM Person.Customers AS c LEFT OUTER JOIN [Person].[CountryRegion] AS r ON r.CountryRegionCode = c.CountryRegionCode
"""


@pytest.fixture
def client(page, server):
    page.run(TABLES).check()
    connection = pyodbc.connect(
        f"DRIVER=FreeTDS;SERVER={server.host};PORT={server.port};DATABASE={DATABASE};UID={server.user};"
        f"PWD={server.password};TDS_Version=7.4"
    )
    yield connection
    connection.close()


@pytest.mark.filterwarnings("ignore:pandas only supports SQLAlchemy")
def test_a_table_becomes_a_data_frame(client):
    frame = pandas.read_sql("SELECT DepartmentID, Name, GroupName FROM HumanResources.Department;", client)
    assert frame.shape == (3, 3)
    assert frame["Name"].tolist() == ["Engineering", "Tool Design", "Sales"]
    first = pandas.read_sql("SELECT [CountryRegionCode], [Name] FROM Person.CountryRegion", client).head(26)
    assert first.columns.tolist() == ["CountryRegionCode", "Name"]


def test_a_data_frame_becomes_a_table(client, page):
    page.run(DEPARTMENT_TEST).check()
    frame = pandas.DataFrame(
        {"DepartmentID": [1, 2], "Name": ["Engineering", "Purchasing"], "GroupName": ["Research", "Inventory"]}
    )
    cursor = client.cursor()
    for _, row in frame.iterrows():
        cursor.execute(
            "INSERT INTO HumanResources.DepartmentTest (DepartmentID,Name,GroupName) values(?,?,?)",
            row.DepartmentID, row.Name, row.GroupName,
        )  # fmt: skip
    client.commit()
    cursor.close()
    assert page.run("SELECT count(*) from HumanResources.DepartmentTest;").value == 2


@pytest.mark.filterwarnings("ignore:pandas only supports SQLAlchemy")
def test_what_a_histogram_is_made_of(client):
    frame = pandas.read_sql(AGES, client)
    assert frame["Age"].value_counts().to_dict() == {30: 3, 40: 1, 50: 1}
    assert sorted(frame["Country"].unique()) == ["Germany", "United States", "elsewhere"]
