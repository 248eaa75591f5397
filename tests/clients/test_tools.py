"""What tools and drivers ask of the catalog when they connect or list what there is."""

import pytest

from harness.drivers import MssqlPython, Pyodbc

# SQL Tools Service (Visual Studio Code, Azure Data Studio): it doesn't open a connection whose
# first answer is missing. The batches are what it sends, one after the other.
SQL_TOOLS_SERVICE = {
    "engine": """SELECT SERVERPROPERTY('EngineEdition'), SERVERPROPERTY('productversion'),
        SERVERPROPERTY ('productlevel'), SERVERPROPERTY ('edition'), SERVERPROPERTY ('MachineName'),
        SERVERPROPERTY ('ServerName'), (SELECT CASE WHEN EXISTS (SELECT TOP 1 1
        from [sys].[all_columns] WITH (NOLOCK) WHERE name = N'xml_index_type'
        AND OBJECT_ID(N'sys.xml_indexes') = object_id) THEN 1 ELSE 0 END AS SXI_PRESENT)""",
    "options": """SELECT ISNULL(SESSIONPROPERTY ('ANSI_NULLS'), 0), ISNULL(SESSIONPROPERTY ('QUOTED_IDENTIFIER'), 1)""",
    "context": "SELECT CONVERT(NVARCHAR(36), CONTEXT_INFO())",
    "set": """SET LOCK_TIMEOUT 30000
        SET QUOTED_IDENTIFIER, ANSI_NULLS, ANSI_WARNINGS, ANSI_PADDING, CONCAT_NULL_YIELDS_NULL, ARITHABORT ON""",
    "edition": """DECLARE @edition sysname; SET @edition = cast(SERVERPROPERTY(N'EDITION') as sysname);
        SELECT case when @edition = N'SQL Azure' then 2 else 1 end as 'DatabaseEngineType',
        SERVERPROPERTY('EngineEdition') AS DatabaseEngineEdition, SERVERPROPERTY('ProductVersion') AS ProductVersion,
        @@MICROSOFTVERSION AS MicrosoftVersion;
        select host_platform from sys.dm_os_host_info
        if @edition = N'SQL Azure' select 'TCP' as ConnectionProtocol
        else exec ('select CONVERT(nvarchar(40),CONNECTIONPROPERTY(''net_transport'')) as ConnectionProtocol')""",
    "databases": """SELECT dtb.name AS [Name], dtb.database_id AS [ID], dtb.state AS [Status],
        CAST(has_dbaccess(dtb.name) AS bit) AS [IsAccessible], dtb.create_date AS [CreateDate]
        FROM master.sys.databases AS dtb
        WHERE (CAST(case when dtb.name in ('master','model','msdb','tempdb') then 1 else dtb.is_distributor end AS bit)=0)
        ORDER BY [Name] ASC""",
    "tables": """SELECT SCHEMA_NAME(tbl.schema_id) AS [Schema], tbl.name AS [Name], tbl.object_id AS [ID],
        CAST(CASE WHEN tbl.is_ms_shipped = 1 THEN 1 ELSE 0 END AS bit) AS [IsSystemObject], tbl.temporal_type,
        ISNULL((select top 1 value from sys.extended_properties where major_id = tbl.object_id and minor_id = 0
            and class = 1 and name = N'microsoft_database_tools_support'), 0) AS tools
        FROM sys.tables AS tbl ORDER BY [Schema] ASC, [Name] ASC""",
    "columns": """SELECT clmns.name AS [Name], ISNULL(baset.name, N'') AS [SystemType], clmns.is_nullable,
        CAST(CASE WHEN baset.name IN (N'nchar', N'nvarchar') AND clmns.max_length <> -1
            THEN clmns.max_length/2 ELSE clmns.max_length END AS int) AS [Length],
        CAST(ISNULL(cik.index_column_id, 0) AS bit) AS [InPrimaryKey]
        FROM sys.tables AS tbl INNER JOIN sys.all_columns AS clmns ON clmns.object_id=tbl.object_id
        LEFT OUTER JOIN sys.indexes AS ik ON ik.object_id = clmns.object_id and 1=ik.is_primary_key
        LEFT OUTER JOIN sys.index_columns AS cik ON cik.index_id = ik.index_id
            and cik.column_id = clmns.column_id and cik.object_id = clmns.object_id and 0 = cik.is_included_column
        LEFT OUTER JOIN sys.types AS baset ON (baset.user_type_id = clmns.system_type_id
            and baset.user_type_id = baset.system_type_id)
        WHERE (tbl.name=N'tool_parent' and SCHEMA_NAME(tbl.schema_id)=N'dbo') ORDER BY clmns.column_id ASC""",
}

# SQL Server Management Studio, when it connects.
MANAGEMENT_STUDIO = {
    "session": "SET ROWCOUNT 0 SET TEXTSIZE 2147483647 SET NOCOUNT OFF SET CONCAT_NULL_YIELDS_NULL ON "
    "SET ARITHABORT ON SET LOCK_TIMEOUT -1 SET QUERY_GOVERNOR_COST_LIMIT 0 SET DEADLOCK_PRIORITY NORMAL "
    "SET TRANSACTION ISOLATION LEVEL READ COMMITTED SET ANSI_NULLS ON SET ANSI_NULL_DFLT_ON ON "
    "SET ANSI_PADDING ON SET ANSI_WARNINGS ON SET CURSOR_CLOSE_ON_COMMIT OFF SET IMPLICIT_TRANSACTIONS OFF "
    "SET QUOTED_IDENTIFIER ON",
    "spid": "select @@spid; select SERVERPROPERTY('ProductLevel');",
    "login": "SELECT SYSTEM_USER, CAST(SERVERPROPERTY(N'IsSingleUser') AS bit), ISNULL(SUSER_SNAME(), '')",
    "properties": """SELECT CAST(serverproperty(N'Servername') AS sysname) AS [Server_Name],
        'Server[@Name=' + quotename(CAST(serverproperty(N'Servername') AS sysname),'''') + ']' AS [Urn],
        CAST(SERVERPROPERTY('IsHadrEnabled') AS bit), CAST(FULLTEXTSERVICEPROPERTY('IsFullTextInstalled') AS bit),
        @@MAX_PRECISION AS [MaxPrecision]""",
    "sessions": """SELECT s.session_id, s.login_name, s.status, r.command, c.client_net_address
        FROM sys.dm_exec_sessions s LEFT JOIN sys.dm_exec_requests r ON r.session_id = s.session_id
        LEFT JOIN sys.dm_exec_connections c ON c.session_id = s.session_id WHERE s.is_user_process = 1""",
}

# DBeaver, over JDBC: the driver's metadata methods call procedures, the rest is selects.
DBEAVER = {
    "current": "SELECT db_name(), schema_name(), original_login()",
    "databases": "SELECT db.* FROM sys.databases db ORDER BY db.name",
    "schemas": "SELECT s.*, ep.value as description FROM sys.schemas s LEFT OUTER JOIN sys.extended_properties ep "
    "ON ep.class = 3 AND ep.major_id = s.schema_id AND ep.minor_id = 0 AND ep.name = 'MS_Description' ORDER BY s.name",
    "types": "SELECT * FROM sys.types WHERE is_user_defined = 0 ORDER BY name",
    "objects": "SELECT o.*, ep.value as description FROM sys.all_objects o LEFT OUTER JOIN sys.extended_properties ep "
    "ON ep.class = 1 AND ep.major_id = o.object_id AND ep.minor_id = 0 AND ep.name = 'MS_Description' "
    "WHERE o.type IN ('U','S','V','TT') AND o.schema_id = 1 ORDER BY o.name",
    "columns": "SELECT c.*, t.name as table_name, dc.definition as default_definition, ep.value as description "
    "FROM sys.all_columns c JOIN sys.all_objects t ON t.object_id = c.object_id "
    "LEFT OUTER JOIN sys.default_constraints dc ON dc.parent_object_id = t.object_id AND dc.parent_column_id = c.column_id "
    "LEFT OUTER JOIN sys.extended_properties ep ON ep.class = 1 AND ep.major_id = t.object_id "
    "AND ep.minor_id = c.column_id AND ep.name = 'MS_Description' WHERE t.object_id = OBJECT_ID('tool_parent')",
    "getTables": "EXEC sp_tables @table_name = N'tool%', @table_owner = N'dbo', @table_qualifier = N'master', "
    "@table_type = N'''TABLE'',''VIEW''', @fUsePattern = 1",
    "getColumns": "EXEC sp_columns_100 N'tool[_]parent', N'dbo', N'master', N'%', @NameScope = 0, @ODBCVer = 3, @fUsePattern = 1",
    "getPrimaryKeys": "EXEC sp_pkeys N'tool_parent', N'dbo', N'master'",
    "getImportedKeys": "EXEC sp_fkeys @pktable_name = NULL, @pktable_owner = NULL, @pktable_qualifier = NULL, "
    "@fktable_name = N'tool_child', @fktable_owner = N'dbo', @fktable_qualifier = N'master'",
    "getProcedures": "EXEC sp_stored_procedures N'tool%', N'dbo', N'master'",
    "getProcedureColumns": "EXEC sp_sproc_columns_100 N'tool_procedure', N'dbo', N'master', N'%', @ODBCVer = 3",
    "getIndexInfo": "EXEC sp_statistics N'tool_parent', N'dbo', N'master', N'%', N'N', N'Q'",
    "getBestRowIdentifier": "EXEC sp_special_columns @table_name = N'tool_parent', @table_owner = N'dbo', "
    "@table_qualifier = N'master', @col_type = 'R', @scope = 'T', @nullable = 'U', @ODBCVer = 3",
    "getTypeInfo": "EXEC sp_datatype_info_100 @ODBCVer = 3",
}

TABLES = """
CREATE TABLE tool_parent (id int IDENTITY CONSTRAINT tool_pk PRIMARY KEY, name nvarchar(20) NOT NULL, price money)
CREATE TABLE tool_child (parent int CONSTRAINT tool_fk REFERENCES tool_parent (id), at datetime2(3))
"""


@pytest.fixture
def tables(sql):
    sql.run(TABLES).check()
    sql.run("CREATE PROCEDURE tool_procedure @a int, @b varchar(10) OUTPUT AS SELECT @a").check()
    yield
    sql.run("DROP PROCEDURE tool_procedure; DROP TABLE tool_child, tool_parent").check()


@pytest.mark.parametrize("tool", [SQL_TOOLS_SERVICE, MANAGEMENT_STUDIO, DBEAVER], ids=["vscode", "ssms", "dbeaver"])
def test_a_tools_batches_are_answered(sql, tables, tool):
    wrong = {}
    for name, batch in tool.items():
        outcome = sql.run(batch)
        if outcome.errors:
            wrong[name] = [(error.number, error.text) for error in outcome.errors]
        elif any(not result.rows and name not in ("databases",) for result in outcome.sets):
            wrong[name] = "no rows"
    assert wrong == {}


@pytest.mark.parametrize("client", [Pyodbc, MssqlPython], ids=["pyodbc", "mssql-python"])
def test_odbc_catalog_functions(server, tables, client):
    connection = client(server).connection
    cursor = connection.cursor()

    def names(rows, column):
        return [row[column] for row in rows.fetchall()]

    assert names(cursor.tables(table="tool%"), 2) == ["tool_child", "tool_parent"]
    assert names(cursor.columns(table="tool_parent"), 3) == ["id", "name", "price"]
    assert names(cursor.primaryKeys("tool_parent"), 3) == ["id"]
    # mssql-python hands the two tables to SQLForeignKeys the other way round.
    table = {"foreignTable" if client is Pyodbc else "table": "tool_child"}
    [key] = cursor.foreignKeys(**table).fetchall()
    assert (key[2], key[3], key[6], key[7], key[11]) == ("tool_parent", "id", "tool_child", "parent", "tool_fk")
    assert "tool_pk" in names(cursor.statistics("tool_parent"), 5)
    assert names(cursor.procedures(procedure="tool%"), 2) == ["tool_procedure;1"]
    assert names(cursor.rowIdColumns("tool_parent"), 1) == ["id"]
    assert cursor.rowVerColumns("tool_parent").fetchall() == []
    if client is Pyodbc:
        assert names(cursor.procedureColumns(procedure="tool_procedure"), 3) == ["@RETURN_VALUE", "@a", "@b"]
        assert "nvarchar" in names(cursor.getTypeInfo(), 0)
    connection.close()


def test_null_parameters_take_the_type_of_their_column(server, tables):
    connection = MssqlPython(server).connection
    cursor = connection.cursor()
    cursor.execute("INSERT INTO tool_child VALUES (?, ?)", (None, None))
    cursor.execute("SELECT parent, at FROM tool_child")
    assert [tuple(row) for row in cursor.fetchall()] == [(None, None)]
    connection.close()
