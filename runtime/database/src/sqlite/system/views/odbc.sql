CREATE VIEW sys.spt_columns_odbc_view AS
SELECT c.object_id, c.number, c.name, c.is_parameter, c.is_output, c.is_identity, c.is_computed,
    c.definition,
    CAST(t.name + CASE c.is_identity WHEN 1 THEN ' identity' ELSE '' END AS sysname) AS TYPE_NAME,
    CAST(o.odbc2 AS smallint) AS DATA_TYPE_2, CAST(o.odbc3 AS smallint) AS DATA_TYPE_3,
    CASE WHEN c.system_type_id IN (231, 239) AND c.max_length > 0 THEN c.max_length / 2
        WHEN c.system_type_id IN (165, 167, 173, 175, 231) AND c.max_length > 0
            THEN CAST(c.max_length AS int)
        WHEN c.max_length = -1 THEN 0
        WHEN c.system_type_id IN (34, 35) THEN 2147483647
        WHEN c.system_type_id = 99 THEN 1073741823
        WHEN c.system_type_id = 36 THEN 36
        ELSE CAST(c.[precision] AS int) END AS [PRECISION],
    CASE c.system_type_id WHEN 62 THEN 15 WHEN 59 THEN 7 ELSE CAST(c.[precision] AS int) END
        AS FLOAT_DIGITS,
    CASE WHEN c.max_length = -1 THEN 0
        WHEN c.system_type_id IN (34, 35) THEN 2147483647
        WHEN c.system_type_id = 99 THEN 2147483646
        WHEN c.system_type_id IN (60, 106, 108, 122) THEN c.[precision] + 2
        WHEN o.transfer > 0 THEN o.transfer
        ELSE CAST(c.max_length AS int) END AS LENGTH,
    CASE WHEN c.system_type_id IN (48, 52, 56, 58, 127) THEN CAST(0 AS smallint)
        WHEN c.system_type_id IN (41, 42, 43, 60, 61, 106, 108, 122)
        THEN CAST(c.scale AS smallint) END AS SCALE,
    CAST(o.radix AS smallint) AS RADIX, CAST(c.is_nullable AS smallint) AS NULLABLE,
    CAST(CASE WHEN o.sub > 0 THEN 9 ELSE o.odbc3 END AS smallint) AS SQL_DATA_TYPE,
    CAST(NULLIF(o.sub, 0) AS smallint) AS SQL_DATETIME_SUB,
    CASE WHEN c.max_length = -1 THEN 0
        WHEN c.system_type_id IN (165, 167, 173, 175, 231, 239) THEN CAST(c.max_length AS int)
        WHEN c.system_type_id IN (34, 35) THEN 2147483647
        WHEN c.system_type_id = 99 THEN 2147483646 END AS CHAR_OCTET_LENGTH,
    CAST(CASE c.is_nullable WHEN 1 THEN 'YES' ELSE 'NO' END AS varchar(254)) AS IS_NULLABLE,
    CAST(CASE c.is_nullable WHEN 1 THEN o.token_null ELSE o.token END AS tinyint) AS SS_DATA_TYPE
FROM (SELECT a.object_id, a.column_id AS number, a.name, 0 AS is_parameter, 0 AS is_output,
        a.is_identity, a.is_computed, a.user_type_id, a.system_type_id, a.max_length, a.[precision], a.scale,
        a.is_nullable, CAST(d.definition AS nvarchar(4000)) AS definition
    FROM sys.all_columns a LEFT JOIN sys.default_constraints d ON d.object_id = a.default_object_id
    UNION ALL
    SELECT object_id, parameter_id, name, 1, CAST(is_output AS int), 0, 0, user_type_id,
        system_type_id, max_length, [precision], scale, 1, NULL
    FROM sys.all_parameters) c
JOIN sys.types t ON t.user_type_id = c.user_type_id
JOIN (VALUES (34, -4, -4, NULL, 0, 0, 34, 34), (35, -1, -1, NULL, 0, 0, 35, 35),
    (36, -11, -11, NULL, 0, 0, 37, 37), (40, 9, 91, NULL, 1, 6, 0, 0),
    (41, -154, -154, NULL, 0, 12, 0, 0), (42, 11, 93, NULL, 3, 16, 0, 0),
    (43, -155, -155, NULL, 0, 20, 0, 0), (48, -6, -6, 10, 0, 1, 48, 38), (52, 5, 5, 10, 0, 2, 52, 38),
    (56, 4, 4, 10, 0, 4, 56, 38), (58, 11, 93, NULL, 3, 16, 58, 111), (59, 7, 7, 2, 0, 4, 59, 109),
    (60, 3, 3, 10, 0, 0, 60, 110), (61, 11, 93, NULL, 3, 16, 61, 111), (62, 6, 6, 2, 0, 8, 62, 109),
    (99, -10, -10, NULL, 0, 0, 35, 35), (104, -7, -7, NULL, 0, 1, 50, 50), (106, 3, 3, 10, 0, 0, 106, 106),
    (108, 2, 2, 10, 0, 0, 108, 108), (122, 3, 3, 10, 0, 0, 122, 110), (127, -5, -5, 10, 0, 8, 63, 108),
    (165, -3, -3, NULL, 0, 0, 37, 37), (167, 12, 12, NULL, 0, 0, 39, 39), (173, -2, -2, NULL, 0, 0, 45, 37),
    (175, 1, 1, NULL, 0, 0, 47, 39), (231, -9, -9, NULL, 0, 0, 39, 39), (239, -8, -8, NULL, 0, 0, 39, 39),
    (98, -150, -150, NULL, 0, 0, 39, 39), (189, -2, -2, NULL, 0, 0, 45, 37), (241, -152, -152, NULL, 0, 0, 0, 0),
    (244, -10, -10, NULL, 0, 0, 0, 0)) o (id, odbc2, odbc3, radix, sub, transfer, token, token_null)
    ON o.id = c.system_type_id
GO
CREATE VIEW sys.spt_table_columns_odbc_view AS
SELECT c.*, s.name AS TABLE_OWNER, o.name AS TABLE_NAME,
    CASE WHEN c.RADIX = 2 THEN c.FLOAT_DIGITS ELSE c.[PRECISION] END AS PRECISION_2,
    CASE WHEN c.RADIX = 2 THEN CAST(10 AS smallint) ELSE c.RADIX END AS RADIX_2
FROM sys.spt_columns_odbc_view c JOIN sys.all_objects o ON o.object_id = c.object_id
JOIN sys.schemas s ON s.schema_id = o.schema_id
WHERE c.is_parameter = 0 AND o.type IN ('U', 'V')
GO
CREATE VIEW sys.spt_procedure_columns_odbc_view AS
SELECT o.name, s.name AS PROCEDURE_OWNER,
    CAST(o.name + CASE o.type WHEN 'P' THEN ';1' ELSE ';0' END AS nvarchar(134)) AS PROCEDURE_NAME,
    c.COLUMN_NAME, c.COLUMN_TYPE, c.DATA_TYPE_2, c.DATA_TYPE_3, c.TYPE_NAME, c.[PRECISION], c.LENGTH,
    c.SCALE, c.RADIX, c.NULLABLE, c.SQL_DATA_TYPE, c.SQL_DATETIME_SUB, c.CHAR_OCTET_LENGTH,
    c.ORDINAL_POSITION, c.IS_NULLABLE, c.SS_DATA_TYPE
FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id
JOIN (SELECT object_id, CASE number WHEN 0 THEN CAST('@TABLE_RETURN_VALUE' AS sysname) ELSE name END
            AS COLUMN_NAME,
        CAST(CASE WHEN number = 0 THEN 5 WHEN is_output = 1 THEN 2 ELSE 1 END AS smallint)
            AS COLUMN_TYPE,
        DATA_TYPE_2, DATA_TYPE_3, TYPE_NAME, [PRECISION], LENGTH, SCALE, RADIX, NULLABLE,
        SQL_DATA_TYPE, SQL_DATETIME_SUB, CHAR_OCTET_LENGTH, number AS ORDINAL_POSITION, IS_NULLABLE,
        SS_DATA_TYPE
    FROM sys.spt_columns_odbc_view WHERE is_parameter = 1
    UNION ALL
    SELECT object_id, '@RETURN_VALUE', 5, 4, 4, 'int', 10, 4, 0, 10, 0, 4, NULL, NULL, 0, 'NO', 56
    FROM sys.procedures) c ON c.object_id = o.object_id
