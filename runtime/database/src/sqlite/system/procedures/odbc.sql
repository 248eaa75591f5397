CREATE PROCEDURE sys.sp_databases AS
SELECT d.name AS DATABASE_NAME, CAST(NULL AS int) AS DATABASE_SIZE,
    CAST(NULL AS varchar(254)) AS REMARKS
FROM sys.databases d ORDER BY d.name
GO
CREATE PROCEDURE sys.sp_tables (@table_name nvarchar(384) = NULL, @table_owner nvarchar(384) = NULL,
    @table_qualifier sysname = NULL, @table_type varchar(100) = NULL, @fUsePattern bit = 1) AS
IF @table_qualifier = N'%' AND @table_owner = N'' AND @table_name = N''
BEGIN
    SELECT name AS TABLE_QUALIFIER, CAST(NULL AS sysname) AS TABLE_OWNER,
        CAST(NULL AS sysname) AS TABLE_NAME, CAST(NULL AS varchar(32)) AS TABLE_TYPE,
        CAST(NULL AS varchar(254)) AS REMARKS
    FROM sys.databases ORDER BY name
    RETURN 0
END
IF @table_owner = N'%' AND @table_qualifier = N'' AND @table_name = N''
BEGIN
    SELECT CAST(NULL AS sysname) AS TABLE_QUALIFIER, name AS TABLE_OWNER,
        CAST(NULL AS sysname) AS TABLE_NAME, CAST(NULL AS varchar(32)) AS TABLE_TYPE,
        CAST(NULL AS varchar(254)) AS REMARKS
    FROM sys.schemas ORDER BY name
    RETURN 0
END
IF @table_type = '%' AND @table_qualifier = N'' AND @table_owner = N'' AND @table_name = N''
BEGIN
    SELECT CAST(NULL AS sysname) AS TABLE_QUALIFIER, CAST(NULL AS sysname) AS TABLE_OWNER,
        CAST(NULL AS sysname) AS TABLE_NAME, CAST(t.name AS varchar(32)) AS TABLE_TYPE,
        CAST(NULL AS varchar(254)) AS REMARKS
    FROM (VALUES ('SYSTEM TABLE'), ('TABLE'), ('VIEW')) t (name)
    RETURN 0
END
IF @table_qualifier <> DB_NAME() AND @table_qualifier <> N'%' AND @table_qualifier <> N''
    RAISERROR (15250, -1, -1)
SELECT DB_NAME() AS TABLE_QUALIFIER, s.name AS TABLE_OWNER, o.name AS TABLE_NAME,
    CAST(CASE o.type WHEN 'V' THEN 'VIEW' ELSE 'TABLE' END AS varchar(32)) AS TABLE_TYPE,
    CAST(NULL AS varchar(254)) AS REMARKS
FROM sys.all_objects o JOIN sys.schemas s ON s.schema_id = o.schema_id
WHERE o.type IN ('U', 'V')
    AND (@table_name IS NULL OR @table_name = N'' OR o.name = @table_name
        OR @fUsePattern = 1 AND o.name LIKE @table_name)
    AND (@table_owner IS NULL OR @table_owner = N'' OR s.name = @table_owner
        OR @fUsePattern = 1 AND s.name LIKE @table_owner)
    AND (@table_type IS NULL OR @table_type = '%' OR CHARINDEX(CASE o.type WHEN 'V' THEN '''VIEW'''
        ELSE '''TABLE''' END, UPPER(@table_type)) > 0)
ORDER BY 4, 1, 2, 3
GO
CREATE PROCEDURE sys.sp_columns (@table_name nvarchar(384), @table_owner nvarchar(384) = NULL,
    @table_qualifier sysname = NULL, @column_name nvarchar(384) = NULL, @ODBCVer int = 2) AS
IF @table_qualifier <> DB_NAME() RAISERROR (15250, -1, -1)
SELECT DB_NAME() AS TABLE_QUALIFIER, c.TABLE_OWNER, c.TABLE_NAME, c.name AS COLUMN_NAME,
    CASE @ODBCVer WHEN 3 THEN c.DATA_TYPE_3 ELSE c.DATA_TYPE_2 END AS DATA_TYPE, c.TYPE_NAME,
    CASE @ODBCVer WHEN 3 THEN c.[PRECISION] ELSE c.PRECISION_2 END AS [PRECISION], c.LENGTH, c.SCALE,
    CASE @ODBCVer WHEN 3 THEN c.RADIX ELSE c.RADIX_2 END AS RADIX, c.NULLABLE,
    CAST(NULL AS varchar(254)) AS REMARKS, c.definition AS COLUMN_DEF, c.SQL_DATA_TYPE,
    c.SQL_DATETIME_SUB, c.CHAR_OCTET_LENGTH, c.number AS ORDINAL_POSITION, c.IS_NULLABLE,
    c.SS_DATA_TYPE
FROM sys.spt_table_columns_odbc_view c
WHERE (c.TABLE_NAME = @table_name OR c.TABLE_NAME LIKE @table_name)
    AND (@table_owner IS NULL OR c.TABLE_OWNER = @table_owner
        OR c.TABLE_OWNER LIKE @table_owner)
    AND (@column_name IS NULL OR c.name = @column_name OR c.name LIKE @column_name)
ORDER BY 1, 2, 3, 17
GO
CREATE PROCEDURE sys.sp_columns_90 (@table_name nvarchar(384), @table_owner nvarchar(384) = NULL,
    @table_qualifier sysname = NULL, @column_name nvarchar(384) = NULL, @NameScope int = 0,
    @ODBCVer int = 2, @fUsePattern bit = 1) AS
IF @table_qualifier <> DB_NAME() RAISERROR (15250, -1, -1)
SELECT DB_NAME() AS TABLE_QUALIFIER, c.TABLE_OWNER, c.TABLE_NAME, c.name AS COLUMN_NAME,
    CASE @ODBCVer WHEN 3 THEN c.DATA_TYPE_3 ELSE c.DATA_TYPE_2 END AS DATA_TYPE, c.TYPE_NAME,
    CASE @ODBCVer WHEN 3 THEN c.[PRECISION] ELSE c.PRECISION_2 END AS [PRECISION], c.LENGTH, c.SCALE,
    CASE @ODBCVer WHEN 3 THEN c.RADIX ELSE c.RADIX_2 END AS RADIX, c.NULLABLE,
    CAST(NULL AS varchar(254)) AS REMARKS, c.definition AS COLUMN_DEF, c.SQL_DATA_TYPE,
    c.SQL_DATETIME_SUB, c.CHAR_OCTET_LENGTH, c.number AS ORDINAL_POSITION, c.IS_NULLABLE,
    CAST(NULL AS sysname) AS SS_UDT_CATALOG_NAME, CAST(NULL AS sysname) AS SS_UDT_SCHEMA_NAME,
    CAST(NULL AS nvarchar(4000)) AS SS_UDT_ASSEMBLY_TYPE_NAME,
    CAST(NULL AS sysname) AS SS_XML_SCHEMACOLLECTION_CATALOG_NAME,
    CAST(NULL AS sysname) AS SS_XML_SCHEMACOLLECTION_SCHEMA_NAME,
    CAST(NULL AS sysname) AS SS_XML_SCHEMACOLLECTION_NAME, c.SS_DATA_TYPE
FROM sys.spt_table_columns_odbc_view c
WHERE (c.TABLE_NAME = @table_name OR @fUsePattern = 1 AND c.TABLE_NAME LIKE @table_name)
    AND (@table_owner IS NULL OR c.TABLE_OWNER = @table_owner
        OR @fUsePattern = 1 AND c.TABLE_OWNER LIKE @table_owner)
    AND (@column_name IS NULL OR c.name = @column_name OR @fUsePattern = 1 AND c.name LIKE @column_name)
ORDER BY 1, 2, 3, 17
GO
CREATE PROCEDURE sys.sp_columns_100 (@table_name nvarchar(384), @table_owner nvarchar(384) = NULL,
    @table_qualifier sysname = NULL, @column_name nvarchar(384) = NULL, @NameScope int = 0,
    @ODBCVer int = 2, @fUsePattern bit = 1) AS
IF @table_qualifier <> DB_NAME() RAISERROR (15250, -1, -1)
SELECT DB_NAME() AS TABLE_QUALIFIER, c.TABLE_OWNER, c.TABLE_NAME, c.name AS COLUMN_NAME,
    CASE @ODBCVer WHEN 3 THEN c.DATA_TYPE_3 ELSE c.DATA_TYPE_2 END AS DATA_TYPE, c.TYPE_NAME,
    CASE @ODBCVer WHEN 3 THEN c.[PRECISION] ELSE c.PRECISION_2 END AS [PRECISION], c.LENGTH, c.SCALE,
    CASE @ODBCVer WHEN 3 THEN c.RADIX ELSE c.RADIX_2 END AS RADIX, c.NULLABLE,
    CAST(NULL AS varchar(254)) AS REMARKS, c.definition AS COLUMN_DEF, c.SQL_DATA_TYPE,
    c.SQL_DATETIME_SUB, c.CHAR_OCTET_LENGTH, c.number AS ORDINAL_POSITION, c.IS_NULLABLE,
    CAST(0 AS smallint) AS SS_IS_SPARSE, CAST(0 AS smallint) AS SS_IS_COLUMN_SET,
    CAST(c.is_computed AS smallint) AS SS_IS_COMPUTED,
    CAST(c.is_identity AS smallint) AS SS_IS_IDENTITY,
    CAST(NULL AS sysname) AS SS_UDT_CATALOG_NAME, CAST(NULL AS sysname) AS SS_UDT_SCHEMA_NAME,
    CAST(NULL AS nvarchar(4000)) AS SS_UDT_ASSEMBLY_TYPE_NAME,
    CAST(NULL AS sysname) AS SS_XML_SCHEMACOLLECTION_CATALOG_NAME,
    CAST(NULL AS sysname) AS SS_XML_SCHEMACOLLECTION_SCHEMA_NAME,
    CAST(NULL AS sysname) AS SS_XML_SCHEMACOLLECTION_NAME, c.SS_DATA_TYPE
FROM sys.spt_table_columns_odbc_view c
WHERE (c.TABLE_NAME = @table_name OR @fUsePattern = 1 AND c.TABLE_NAME LIKE @table_name)
    AND (@table_owner IS NULL OR c.TABLE_OWNER = @table_owner
        OR @fUsePattern = 1 AND c.TABLE_OWNER LIKE @table_owner)
    AND (@column_name IS NULL OR c.name = @column_name OR @fUsePattern = 1 AND c.name LIKE @column_name)
ORDER BY 1, 2, 3, 17
GO
CREATE PROCEDURE sys.sp_pkeys (@table_name sysname, @table_owner sysname = NULL,
    @table_qualifier sysname = NULL) AS
IF @table_qualifier <> DB_NAME() RAISERROR (15250, -1, -1)
SELECT DB_NAME() AS TABLE_QUALIFIER, s.name AS TABLE_OWNER, o.name AS TABLE_NAME,
    c.name AS COLUMN_NAME, CAST(i.key_ordinal AS smallint) AS KEY_SEQ, k.name AS PK_NAME
FROM sys.key_constraints k JOIN sys.tables o ON o.object_id = k.parent_object_id
JOIN sys.schemas s ON s.schema_id = o.schema_id
JOIN sys.index_columns i ON i.object_id = o.object_id AND i.index_id = k.unique_index_id
JOIN sys.columns c ON c.object_id = o.object_id AND c.column_id = i.column_id
WHERE k.type = 'PK' AND o.name = @table_name AND (@table_owner IS NULL OR s.name = @table_owner)
ORDER BY 1, 2, 3, 5
GO
CREATE PROCEDURE sys.sp_fkeys (@pktable_name sysname = NULL, @pktable_owner sysname = NULL,
    @pktable_qualifier sysname = NULL, @fktable_name sysname = NULL, @fktable_owner sysname = NULL,
    @fktable_qualifier sysname = NULL) AS
IF @pktable_qualifier <> DB_NAME() OR @fktable_qualifier <> DB_NAME() RAISERROR (15250, -1, -1)
SELECT DB_NAME() AS PKTABLE_QUALIFIER, ps.name AS PKTABLE_OWNER, p.name AS PKTABLE_NAME,
    pc.name AS PKCOLUMN_NAME, DB_NAME() AS FKTABLE_QUALIFIER, fs.name AS FKTABLE_OWNER,
    f.name AS FKTABLE_NAME, fc.name AS FKCOLUMN_NAME, CAST(c.constraint_column_id AS smallint) AS KEY_SEQ,
    CAST(CASE k.update_referential_action WHEN 1 THEN 0 WHEN 0 THEN 1 ELSE k.update_referential_action END
        AS smallint) AS UPDATE_RULE,
    CAST(CASE k.delete_referential_action WHEN 1 THEN 0 WHEN 0 THEN 1 ELSE k.delete_referential_action END
        AS smallint) AS DELETE_RULE,
    k.name AS FK_NAME, i.name AS PK_NAME, CAST(7 AS smallint) AS DEFERRABILITY
FROM sys.foreign_keys k
JOIN sys.foreign_key_columns c ON c.constraint_object_id = k.object_id
JOIN sys.tables p ON p.object_id = k.referenced_object_id
JOIN sys.schemas ps ON ps.schema_id = p.schema_id
JOIN sys.columns pc ON pc.object_id = p.object_id AND pc.column_id = c.referenced_column_id
JOIN sys.tables f ON f.object_id = k.parent_object_id
JOIN sys.schemas fs ON fs.schema_id = f.schema_id
JOIN sys.columns fc ON fc.object_id = f.object_id AND fc.column_id = c.parent_column_id
LEFT JOIN sys.indexes i ON i.object_id = p.object_id AND i.index_id = k.key_index_id
WHERE (@pktable_name IS NULL OR p.name = @pktable_name)
    AND (@pktable_owner IS NULL OR ps.name = @pktable_owner)
    AND (@fktable_name IS NULL OR f.name = @fktable_name)
    AND (@fktable_owner IS NULL OR fs.name = @fktable_owner)
ORDER BY 5, 6, 7, 12, 9
GO
CREATE PROCEDURE sys.sp_statistics (@table_name sysname, @table_owner sysname = NULL,
    @table_qualifier sysname = NULL, @index_name sysname = N'%', @is_unique char(1) = 'N',
    @accuracy char(1) = 'Q') AS
IF @table_qualifier <> DB_NAME() RAISERROR (15250, -1, -1)
SELECT DB_NAME() AS TABLE_QUALIFIER, s.name AS TABLE_OWNER, o.name AS TABLE_NAME,
    CAST(NULL AS smallint) AS NON_UNIQUE, CAST(NULL AS sysname) AS INDEX_QUALIFIER,
    CAST(NULL AS sysname) AS INDEX_NAME, CAST(0 AS smallint) AS TYPE,
    CAST(NULL AS smallint) AS SEQ_IN_INDEX, CAST(NULL AS sysname) AS COLUMN_NAME,
    CAST(NULL AS char(1)) AS COLLATION, CAST(p.row_count AS int) AS CARDINALITY,
    CAST(p.used_page_count AS int) AS PAGES, CAST(NULL AS varchar(128)) AS FILTER_CONDITION
FROM sys.tables o JOIN sys.schemas s ON s.schema_id = o.schema_id
JOIN sys.dm_db_partition_stats p ON p.object_id = o.object_id AND p.index_id < 2
WHERE o.name = @table_name AND (@table_owner IS NULL OR s.name = @table_owner)
UNION ALL
SELECT DB_NAME(), s.name, o.name, CAST(CASE i.is_unique WHEN 1 THEN 0 ELSE 1 END AS smallint), o.name,
    i.name, CAST(CASE i.index_id WHEN 1 THEN 1 ELSE 3 END AS smallint),
    CAST(k.key_ordinal AS smallint), c.name,
    CAST(CASE k.is_descending_key WHEN 1 THEN 'D' ELSE 'A' END AS char(1)), NULL, NULL, NULL
FROM sys.tables o JOIN sys.schemas s ON s.schema_id = o.schema_id
JOIN sys.indexes i ON i.object_id = o.object_id AND i.index_id > 0
JOIN sys.index_columns k ON k.object_id = i.object_id AND k.index_id = i.index_id
JOIN sys.columns c ON c.object_id = o.object_id AND c.column_id = k.column_id
WHERE o.name = @table_name AND (@table_owner IS NULL OR s.name = @table_owner)
    AND i.name LIKE @index_name AND (@is_unique <> 'Y' OR i.is_unique = 1)
ORDER BY 4, 7, 6, 8
GO
CREATE PROCEDURE sys.sp_special_columns (@table_name sysname, @table_owner sysname = NULL,
    @table_qualifier sysname = NULL, @col_type char(1) = 'R', @scope char(1) = 'T',
    @nullable char(1) = 'U', @ODBCVer int = 2) AS
IF @table_qualifier <> DB_NAME() RAISERROR (15250, -1, -1)
SELECT CAST(CASE @scope WHEN 'C' THEN 0 ELSE 1 END AS smallint) AS SCOPE, c.name AS COLUMN_NAME,
    CASE @ODBCVer WHEN 3 THEN c.DATA_TYPE_3 ELSE c.DATA_TYPE_2 END AS DATA_TYPE, c.TYPE_NAME,
    c.[PRECISION], c.LENGTH, c.SCALE, CAST(1 AS smallint) AS PSEUDO_COLUMN
FROM sys.tables o JOIN sys.schemas s ON s.schema_id = o.schema_id
JOIN sys.index_columns k ON k.object_id = o.object_id
    AND k.index_id = (SELECT MIN(i.index_id) FROM sys.indexes i
        WHERE i.object_id = o.object_id AND i.is_unique = 1)
JOIN sys.spt_columns_odbc_view c ON c.object_id = o.object_id AND c.number = k.column_id
WHERE @col_type = 'R' AND o.name = @table_name AND (@table_owner IS NULL OR s.name = @table_owner)
    AND (@nullable = 'U' OR c.NULLABLE = 0)
ORDER BY k.key_ordinal
GO
CREATE PROCEDURE sys.sp_stored_procedures (@sp_name nvarchar(390) = NULL,
    @sp_owner nvarchar(384) = NULL, @sp_qualifier sysname = NULL, @fUsePattern bit = 1) AS
IF @sp_qualifier <> DB_NAME() RAISERROR (15250, -1, -1)
SELECT DB_NAME() AS PROCEDURE_QUALIFIER, s.name AS PROCEDURE_OWNER,
    CAST(o.name + CASE o.type WHEN 'P' THEN ';1' ELSE ';0' END AS nvarchar(134)) AS PROCEDURE_NAME,
    -1 AS NUM_INPUT_PARAMS, -1 AS NUM_OUTPUT_PARAMS, -1 AS NUM_RESULT_SETS,
    CAST(NULL AS varchar(254)) AS REMARKS, CAST(2 AS smallint) AS PROCEDURE_TYPE
FROM sys.all_objects o JOIN sys.schemas s ON s.schema_id = o.schema_id
WHERE o.type IN ('P', 'FN', 'IF', 'TF')
    AND (@sp_name IS NULL OR o.name = @sp_name OR @fUsePattern = 1 AND o.name LIKE @sp_name)
    AND (@sp_owner IS NULL OR s.name = @sp_owner OR @fUsePattern = 1 AND s.name LIKE @sp_owner)
ORDER BY 1, 2, 3
GO
CREATE PROCEDURE sys.sp_sproc_columns (@procedure_name nvarchar(390) = N'%',
    @procedure_owner nvarchar(384) = NULL, @procedure_qualifier sysname = NULL,
    @column_name nvarchar(384) = NULL, @ODBCVer int = 2, @fUsePattern bit = 1) AS
IF @procedure_qualifier <> DB_NAME() RAISERROR (15250, -1, -1)
SELECT DB_NAME() AS PROCEDURE_QUALIFIER, c.PROCEDURE_OWNER, c.PROCEDURE_NAME, c.COLUMN_NAME,
    c.COLUMN_TYPE, CASE @ODBCVer WHEN 3 THEN c.DATA_TYPE_3 ELSE c.DATA_TYPE_2 END AS DATA_TYPE,
    c.TYPE_NAME, c.[PRECISION], c.LENGTH, c.SCALE, c.RADIX, c.NULLABLE,
    CAST(NULL AS varchar(254)) AS REMARKS, CAST(NULL AS nvarchar(4000)) AS COLUMN_DEF,
    c.SQL_DATA_TYPE, c.SQL_DATETIME_SUB, c.CHAR_OCTET_LENGTH, c.ORDINAL_POSITION, c.IS_NULLABLE,
    c.SS_DATA_TYPE
FROM sys.spt_procedure_columns_odbc_view c
WHERE (c.name = @procedure_name OR @fUsePattern = 1 AND c.name LIKE @procedure_name)
    AND (@procedure_owner IS NULL OR c.PROCEDURE_OWNER = @procedure_owner
        OR @fUsePattern = 1 AND c.PROCEDURE_OWNER LIKE @procedure_owner)
    AND (@column_name IS NULL OR c.COLUMN_NAME = @column_name
        OR @fUsePattern = 1 AND c.COLUMN_NAME LIKE @column_name)
ORDER BY 1, 2, 3, 18
GO
CREATE PROCEDURE sys.sp_sproc_columns_100 (@procedure_name nvarchar(390) = N'%',
    @procedure_owner nvarchar(384) = NULL, @procedure_qualifier sysname = NULL,
    @column_name nvarchar(384) = NULL, @ODBCVer int = 2, @fUsePattern bit = 1) AS
IF @procedure_qualifier <> DB_NAME() RAISERROR (15250, -1, -1)
SELECT DB_NAME() AS PROCEDURE_QUALIFIER, c.PROCEDURE_OWNER, c.PROCEDURE_NAME, c.COLUMN_NAME,
    c.COLUMN_TYPE, CASE @ODBCVer WHEN 3 THEN c.DATA_TYPE_3 ELSE c.DATA_TYPE_2 END AS DATA_TYPE,
    c.TYPE_NAME, c.[PRECISION], c.LENGTH, c.SCALE, c.RADIX, c.NULLABLE,
    CAST(NULL AS varchar(254)) AS REMARKS, CAST(NULL AS nvarchar(4000)) AS COLUMN_DEF,
    c.SQL_DATA_TYPE, c.SQL_DATETIME_SUB, c.CHAR_OCTET_LENGTH, c.ORDINAL_POSITION, c.IS_NULLABLE,
    CAST(NULL AS sysname) AS SS_UDT_CATALOG_NAME, CAST(NULL AS sysname) AS SS_UDT_SCHEMA_NAME,
    CAST(NULL AS nvarchar(4000)) AS SS_UDT_ASSEMBLY_TYPE_NAME,
    CAST(NULL AS sysname) AS SS_XML_SCHEMACOLLECTION_CATALOG_NAME,
    CAST(NULL AS sysname) AS SS_XML_SCHEMACOLLECTION_SCHEMA_NAME,
    CAST(NULL AS sysname) AS SS_XML_SCHEMACOLLECTION_NAME, c.SS_DATA_TYPE
FROM sys.spt_procedure_columns_odbc_view c
WHERE (c.name = @procedure_name OR @fUsePattern = 1 AND c.name LIKE @procedure_name)
    AND (@procedure_owner IS NULL OR c.PROCEDURE_OWNER = @procedure_owner
        OR @fUsePattern = 1 AND c.PROCEDURE_OWNER LIKE @procedure_owner)
    AND (@column_name IS NULL OR c.COLUMN_NAME = @column_name
        OR @fUsePattern = 1 AND c.COLUMN_NAME LIKE @column_name)
ORDER BY 1, 2, 3, 18
GO
CREATE PROCEDURE sys.sp_table_privileges (@table_name nvarchar(384),
    @table_owner nvarchar(384) = NULL, @table_qualifier sysname = NULL, @fUsePattern bit = 1) AS
IF @table_qualifier <> DB_NAME() RAISERROR (15250, -1, -1)
SELECT DB_NAME() AS TABLE_QUALIFIER, s.name AS TABLE_OWNER, o.name AS TABLE_NAME,
    CAST('dbo' AS sysname) AS GRANTOR, CAST('dbo' AS sysname) AS GRANTEE,
    CAST(p.name AS varchar(32)) AS PRIVILEGE, CAST('YES' AS varchar(3)) AS IS_GRANTABLE
FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id
CROSS JOIN (VALUES ('DELETE'), ('INSERT'), ('REFERENCES'), ('SELECT'), ('UPDATE')) p (name)
WHERE o.type IN ('U', 'V')
    AND (o.name = @table_name OR @fUsePattern = 1 AND o.name LIKE @table_name)
    AND (@table_owner IS NULL OR s.name = @table_owner OR @fUsePattern = 1 AND s.name LIKE @table_owner)
ORDER BY 1, 2, 3, 6
GO
CREATE PROCEDURE sys.sp_column_privileges (@table_name sysname, @table_owner sysname = NULL,
    @table_qualifier sysname = NULL, @column_name nvarchar(384) = NULL) AS
IF @table_qualifier <> DB_NAME() RAISERROR (15250, -1, -1)
SELECT p.TABLE_CATALOG AS TABLE_QUALIFIER, p.TABLE_SCHEMA AS TABLE_OWNER, p.TABLE_NAME,
    p.COLUMN_NAME, p.GRANTOR, p.GRANTEE, CAST(p.PRIVILEGE_TYPE AS varchar(32)) AS PRIVILEGE,
    p.IS_GRANTABLE
FROM INFORMATION_SCHEMA.COLUMN_PRIVILEGES p
JOIN sys.objects o ON o.name = p.TABLE_NAME AND SCHEMA_NAME(o.schema_id) = p.TABLE_SCHEMA
JOIN sys.columns c ON c.object_id = o.object_id AND c.name = p.COLUMN_NAME
WHERE p.TABLE_NAME = @table_name AND (@table_owner IS NULL OR p.TABLE_SCHEMA = @table_owner)
    AND (@column_name IS NULL OR p.COLUMN_NAME LIKE @column_name)
ORDER BY 1, 2, 3, c.column_id, 7, 6
