"""What the administration pages run: "sp_configure", "Install SQL Server Machine Learning
Services", "Monitor scripts", and databases side by side."""

DATABASE = "manages"


def test_external_scripts_are_on(page):
    outcome = page.run("""
EXECUTE sp_configure 'external scripts enabled'
GO
RECONFIGURE WITH OVERRIDE
go
sp_configure 'external scripts enabled';
""").check()
    assert [only.rows for only in outcome.sets] == [[("external scripts enabled", 0, 1, 1, 1)]] * 2


def test_what_the_server_says_of_itself(page):
    version, edition, is_clustered, product = page.run("""
SELECT SERVERPROPERTY('ProductVersion'), SERVERPROPERTY('EngineEdition'), SERVERPROPERTY('IsClustered'), @@VERSION
""").rows[0]
    assert (version[:3], edition, is_clustered) == ("16.", 3, 0)
    assert product.startswith("Microsoft SQL Server 2022")
    assert page.run("SELECT HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'EXECUTE ANY EXTERNAL SCRIPT') AS p").value == 1
    assert page.run("SELECT IS_SRVROLEMEMBER('sysadmin') AS s").value == 1


def test_the_packages_are_listed(page):
    packages = dict(
        page.run("""
EXECUTE sp_execute_external_script
  @language = N'Python',
  @script = N'
import importlib.metadata
import pandas
OutputDataSet = pandas.DataFrame(sorted((i.metadata["Name"], i.version) for i in importlib.metadata.distributions()))'
WITH RESULT SETS ((Package NVARCHAR(128), Version NVARCHAR(128)));
""").rows
    )
    assert {"pandas", "numpy", "scikit-learn", "pyarrow"} <= packages.keys()


def test_the_packages_are_listed_as_they_were_before(page):
    """The page's earlier way, which needs what setuptools has dropped since."""
    packages = dict(
        page.run("""
EXECUTE sp_execute_external_script
  @language = N'Python',
  @script = N'
import pkg_resources
import pandas
OutputDataSet = pandas.DataFrame(sorted([(i.key, i.version) for i in pkg_resources.working_set]))'
WITH RESULT SETS ((Package NVARCHAR(128), Version NVARCHAR(128)));
""").rows
    )
    assert {"pandas", "numpy", "scikit-learn", "pyarrow"} <= packages.keys()


def test_a_script_reads_from_another_database(page):
    page.run("""
CREATE DATABASE sales_archive
GO
USE sales_archive
GO
CREATE SCHEMA [old] AUTHORIZATION [dbo]
GO
CREATE TABLE [old].[orders] ([id] int NOT NULL, [amount] money NOT NULL, CONSTRAINT [PK_orders] PRIMARY KEY CLUSTERED ([id] ASC))
GO
INSERT [old].[orders] VALUES (1, 12.50), (2, 7.25)
GO
USE manages
GO
CREATE PROCEDURE totals AS
EXEC sp_execute_external_script @language = N'Python',
    @script = N'OutputDataSet = InputDataSet.astype({"amount": "float"}).sum().to_frame().T',
    @input_data_1 = N'SELECT id, amount FROM sales_archive.old.orders'
WITH RESULT SETS ((ids int, total money))
GO
""").check()
    try:
        page.run("CREATE TABLE totals_of (ids bigint, total decimal(10, 2), taken date DEFAULT GETDATE())").check()
        page.run("INSERT INTO totals_of (ids, total) EXEC totals").check()
        assert [str(value) for value in page.run("SELECT ids, total FROM totals_of").rows[0]] == ["3", "19.75"]
        assert page.run("USE sales_archive; INSERT INTO manages.dbo.totals_of (ids, total) EXEC manages..totals").counts[-1] == 1
    finally:
        page.run("USE manages; DROP DATABASE sales_archive").check()


def test_an_error_in_a_script_is_caught_where_it_is_called(page):
    page.run("""
CREATE TABLE log_of_errors (at datetime2 DEFAULT SYSDATETIME(), number int, message nvarchar(max), inside sysname NULL)
GO
CREATE PROCEDURE divides (@by int) AS
EXEC sp_execute_external_script @language = N'Python', @script = N'OutputDataSet = pandas.DataFrame([10 / by])',
    @params = N'@by int', @by = @by
WITH RESULT SETS ((quotient float))
GO
CREATE PROCEDURE tries (@by int) AS
BEGIN TRY
    DECLARE @t TABLE (quotient float);
    INSERT INTO @t EXEC divides @by;
    SELECT quotient FROM @t;
END TRY
BEGIN CATCH
    INSERT INTO log_of_errors (number, message, inside) VALUES (ERROR_NUMBER(), ERROR_MESSAGE(), ERROR_PROCEDURE());
    SELECT CAST(NULL AS float) AS quotient;
END CATCH
GO
""").check()
    assert page.run("EXEC tries 4").value == 2.5
    assert page.run("EXEC tries 0").sets[-1].rows == [(None,)]
    ((number, message),) = page.run("SELECT number, message FROM log_of_errors").rows
    # CATCH sees the last of the call's errors: after the script's own, that its result is missing.
    assert number == 11536
    assert message.startswith("EXECUTE statement failed because its WITH RESULT SETS clause specified 1 result set(s)")
