CREATE VIEW INFORMATION_SCHEMA.SCHEMATA AS
SELECT DB_NAME() AS CATALOG_NAME, s.name AS SCHEMA_NAME,
    CAST(COALESCE(p.name, 'dbo') AS sysname) AS SCHEMA_OWNER,
    CAST(NULL AS varchar(6)) AS DEFAULT_CHARACTER_SET_CATALOG,
    CAST(NULL AS varchar(3)) AS DEFAULT_CHARACTER_SET_SCHEMA,
    CAST('iso_1' AS sysname) AS DEFAULT_CHARACTER_SET_NAME
FROM sys.schemas s LEFT JOIN sys.database_principals p ON p.principal_id = s.principal_id
GO
CREATE VIEW INFORMATION_SCHEMA.TABLES AS
SELECT DB_NAME() AS TABLE_CATALOG, s.name AS TABLE_SCHEMA, o.name AS TABLE_NAME,
    CAST(CASE o.type WHEN 'V' THEN 'VIEW' WHEN 'U' THEN 'BASE TABLE' END AS varchar(10)) AS TABLE_TYPE
FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id WHERE o.type IN ('U', 'V')
GO
CREATE VIEW INFORMATION_SCHEMA.VIEWS AS
SELECT DB_NAME() AS TABLE_CATALOG, s.name AS TABLE_SCHEMA, o.name AS TABLE_NAME,
    CAST(m.definition AS nvarchar(4000)) AS VIEW_DEFINITION, CAST('NONE' AS varchar(7)) AS CHECK_OPTION,
    CAST('NO' AS varchar(2)) AS IS_UPDATABLE
FROM sys.views o JOIN sys.schemas s ON s.schema_id = o.schema_id
JOIN sys.sql_modules m ON m.object_id = o.object_id
GO
CREATE VIEW INFORMATION_SCHEMA.COLUMNS AS
SELECT DB_NAME() AS TABLE_CATALOG, s.name AS TABLE_SCHEMA, o.name AS TABLE_NAME,
    c.name AS COLUMN_NAME, c.column_id AS ORDINAL_POSITION,
    CAST(d.definition AS nvarchar(4000)) AS COLUMN_DEFAULT,
    CAST(CASE c.is_nullable WHEN 1 THEN 'YES' WHEN 0 THEN 'NO' END AS varchar(3)) AS IS_NULLABLE,
    b.name AS DATA_TYPE,
    CASE WHEN c.system_type_id IN (34, 35) THEN 2147483647 WHEN c.system_type_id = 99 THEN 1073741823
        WHEN c.system_type_id IN (231, 239) AND c.max_length > 0 THEN c.max_length / 2
        WHEN c.system_type_id IN (165, 167, 173, 175, 231, 241, 244) THEN CAST(c.max_length AS int) END
        AS CHARACTER_MAXIMUM_LENGTH,
    CASE WHEN c.system_type_id IN (34, 35) THEN 2147483647 WHEN c.system_type_id = 99 THEN 2147483646
        WHEN c.system_type_id IN (165, 167, 173, 175, 231, 239, 241, 244) THEN CAST(c.max_length AS int)
        END AS CHARACTER_OCTET_LENGTH,
    CASE WHEN c.system_type_id IN (48, 52, 56, 59, 60, 62, 106, 108, 122, 127) THEN c.precision END
        AS NUMERIC_PRECISION,
    CAST(CASE WHEN c.system_type_id IN (59, 62) THEN 2
        WHEN c.system_type_id IN (48, 52, 56, 60, 106, 108, 122, 127) THEN 10 END AS smallint)
        AS NUMERIC_PRECISION_RADIX,
    CASE WHEN c.system_type_id IN (48, 52, 56, 60, 106, 108, 122, 127) THEN CAST(c.scale AS int) END
        AS NUMERIC_SCALE,
    CASE WHEN c.system_type_id IN (40, 41, 42, 43, 58, 61) THEN CAST(c.scale AS smallint) END
        AS DATETIME_PRECISION,
    CAST(NULL AS sysname) AS CHARACTER_SET_CATALOG, CAST(NULL AS sysname) AS CHARACTER_SET_SCHEMA,
    CAST(CASE WHEN c.system_type_id IN (35, 167, 175) THEN 'iso_1'
        WHEN c.system_type_id IN (99, 231, 239) THEN 'UNICODE' END AS sysname) AS CHARACTER_SET_NAME,
    CAST(NULL AS sysname) AS COLLATION_CATALOG, CAST(NULL AS sysname) AS COLLATION_SCHEMA,
    c.collation_name AS COLLATION_NAME, CASE t.is_user_defined WHEN 1 THEN DB_NAME() END AS DOMAIN_CATALOG,
    CASE t.is_user_defined WHEN 1 THEN h.name END AS DOMAIN_SCHEMA,
    CASE t.is_user_defined WHEN 1 THEN t.name END AS DOMAIN_NAME
FROM sys.columns c JOIN sys.objects o ON o.object_id = c.object_id AND o.type IN ('U', 'V')
JOIN sys.schemas s ON s.schema_id = o.schema_id
LEFT JOIN sys.types t ON t.user_type_id = c.user_type_id
LEFT JOIN sys.types b ON b.user_type_id = c.system_type_id
LEFT JOIN sys.schemas h ON h.schema_id = t.schema_id
LEFT JOIN sys.default_constraints d ON d.object_id = c.default_object_id
GO
CREATE VIEW INFORMATION_SCHEMA.ROUTINES AS
SELECT DB_NAME() AS SPECIFIC_CATALOG, s.name AS SPECIFIC_SCHEMA, o.name AS SPECIFIC_NAME,
    DB_NAME() AS ROUTINE_CATALOG, s.name AS ROUTINE_SCHEMA, o.name AS ROUTINE_NAME,
    CAST(CASE o.type WHEN 'P' THEN 'PROCEDURE' ELSE 'FUNCTION' END AS nvarchar(20)) AS ROUTINE_TYPE,
    CAST(NULL AS sysname) AS MODULE_CATALOG, CAST(NULL AS sysname) AS MODULE_SCHEMA,
    CAST(NULL AS sysname) AS MODULE_NAME, CAST(NULL AS sysname) AS UDT_CATALOG,
    CAST(NULL AS sysname) AS UDT_SCHEMA, CAST(NULL AS sysname) AS UDT_NAME,
    CASE WHEN o.type IN ('IF', 'TF') THEN CAST('TABLE' AS sysname) ELSE p.DATA_TYPE END AS DATA_TYPE,
    p.CHARACTER_MAXIMUM_LENGTH, p.CHARACTER_OCTET_LENGTH,
    p.COLLATION_CATALOG, p.COLLATION_SCHEMA, p.COLLATION_NAME, p.CHARACTER_SET_CATALOG,
    p.CHARACTER_SET_SCHEMA, p.CHARACTER_SET_NAME,
    CAST(p.NUMERIC_PRECISION AS smallint) AS NUMERIC_PRECISION, p.NUMERIC_PRECISION_RADIX,
    CAST(p.NUMERIC_SCALE AS smallint) AS NUMERIC_SCALE, p.DATETIME_PRECISION,
    CAST(NULL AS nvarchar(30)) AS INTERVAL_TYPE, CAST(NULL AS smallint) AS INTERVAL_PRECISION,
    CAST(NULL AS sysname) AS TYPE_UDT_CATALOG, CAST(NULL AS sysname) AS TYPE_UDT_SCHEMA,
    CAST(NULL AS sysname) AS TYPE_UDT_NAME, CAST(NULL AS sysname) AS SCOPE_CATALOG,
    CAST(NULL AS sysname) AS SCOPE_SCHEMA, CAST(NULL AS sysname) AS SCOPE_NAME,
    CAST(NULL AS bigint) AS MAXIMUM_CARDINALITY, CAST(NULL AS sysname) AS DTD_IDENTIFIER,
    CAST('SQL' AS nvarchar(30)) AS ROUTINE_BODY,
    CAST(m.definition AS nvarchar(4000)) AS ROUTINE_DEFINITION,
    CAST(NULL AS sysname) AS EXTERNAL_NAME, CAST(NULL AS nvarchar(30)) AS EXTERNAL_LANGUAGE,
    CAST(NULL AS nvarchar(30)) AS PARAMETER_STYLE, CAST('NO' AS nvarchar(10)) AS IS_DETERMINISTIC,
    CAST(CASE o.type WHEN 'P' THEN 'MODIFIES' ELSE 'READS' END AS nvarchar(30)) AS SQL_DATA_ACCESS,
    CAST(CASE o.type WHEN 'P' THEN NULL ELSE 'NO' END AS nvarchar(10)) AS IS_NULL_CALL,
    CAST(NULL AS sysname) AS SQL_PATH, CAST('YES' AS nvarchar(10)) AS SCHEMA_LEVEL_ROUTINE,
    CAST(CASE o.type WHEN 'P' THEN -1 ELSE 0 END AS smallint) AS MAX_DYNAMIC_RESULT_SETS,
    CAST('NO' AS nvarchar(10)) AS IS_USER_DEFINED_CAST,
    CAST('NO' AS nvarchar(10)) AS IS_IMPLICITLY_INVOCABLE, o.create_date AS CREATED,
    o.modify_date AS LAST_ALTERED
FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id
JOIN sys.sql_modules m ON m.object_id = o.object_id
LEFT JOIN INFORMATION_SCHEMA.PARAMETERS p ON p.SPECIFIC_SCHEMA = s.name
    AND p.SPECIFIC_NAME = o.name AND p.ORDINAL_POSITION = 0
WHERE o.type IN ('P', 'FN', 'IF', 'TF')
GO
CREATE VIEW INFORMATION_SCHEMA.ROUTINE_COLUMNS AS
SELECT DB_NAME() AS TABLE_CATALOG, s.name AS TABLE_SCHEMA, o.name AS TABLE_NAME,
    c.name AS COLUMN_NAME, c.column_id AS ORDINAL_POSITION,
    CAST(d.definition AS nvarchar(4000)) AS COLUMN_DEFAULT,
    CAST(CASE c.is_nullable WHEN 1 THEN 'YES' WHEN 0 THEN 'NO' END AS varchar(3)) AS IS_NULLABLE,
    t.name AS DATA_TYPE,
    CASE WHEN c.system_type_id IN (34, 35) THEN 2147483647 WHEN c.system_type_id = 99 THEN 1073741823
        WHEN c.system_type_id IN (231, 239) AND c.max_length > 0 THEN c.max_length / 2
        WHEN c.system_type_id IN (165, 167, 173, 175, 231, 241, 244) THEN CAST(c.max_length AS int) END
        AS CHARACTER_MAXIMUM_LENGTH,
    CASE WHEN c.system_type_id IN (34, 35) THEN 2147483647 WHEN c.system_type_id = 99 THEN 2147483646
        WHEN c.system_type_id IN (165, 167, 173, 175, 231, 239, 241, 244) THEN CAST(c.max_length AS int)
        END AS CHARACTER_OCTET_LENGTH,
    CASE WHEN c.system_type_id IN (48, 52, 56, 59, 60, 62, 106, 108, 122, 127) THEN c.precision END
        AS NUMERIC_PRECISION,
    CAST(CASE WHEN c.system_type_id IN (59, 62) THEN 2
        WHEN c.system_type_id IN (48, 52, 56, 60, 106, 108, 122, 127) THEN 10 END AS smallint)
        AS NUMERIC_PRECISION_RADIX,
    CASE WHEN c.system_type_id IN (48, 52, 56, 60, 106, 108, 122, 127) THEN c.scale END
        AS NUMERIC_SCALE,
    CASE WHEN c.system_type_id IN (40, 41, 42, 43, 58, 61) THEN CAST(c.scale AS smallint) END
        AS DATETIME_PRECISION,
    CAST(NULL AS varchar(6)) AS CHARACTER_SET_CATALOG, CAST(NULL AS varchar(3)) AS CHARACTER_SET_SCHEMA,
    CAST(CASE WHEN c.system_type_id IN (35, 167, 175) THEN 'iso_1'
        WHEN c.system_type_id IN (99, 231, 239) THEN 'UNICODE' END AS sysname) AS CHARACTER_SET_NAME,
    CAST(NULL AS varchar(6)) AS COLLATION_CATALOG, CAST(NULL AS varchar(3)) AS COLLATION_SCHEMA,
    c.collation_name AS COLLATION_NAME, CAST(NULL AS sysname) AS DOMAIN_CATALOG,
    CAST(NULL AS sysname) AS DOMAIN_SCHEMA, CAST(NULL AS sysname) AS DOMAIN_NAME
FROM sys.columns c JOIN sys.objects o ON o.object_id = c.object_id AND o.type IN ('IF', 'TF')
JOIN sys.schemas s ON s.schema_id = o.schema_id
LEFT JOIN sys.types t ON t.user_type_id = c.system_type_id
LEFT JOIN sys.default_constraints d ON d.object_id = c.default_object_id
GO
CREATE VIEW INFORMATION_SCHEMA.PARAMETERS AS
SELECT DB_NAME() AS SPECIFIC_CATALOG, s.name AS SPECIFIC_SCHEMA, o.name AS SPECIFIC_NAME,
    p.parameter_id AS ORDINAL_POSITION,
    CAST(CASE WHEN p.parameter_id = 0 THEN 'OUT' WHEN p.is_output = 1 THEN 'INOUT' ELSE 'IN' END
        AS nvarchar(10)) AS PARAMETER_MODE,
    CAST(CASE p.parameter_id WHEN 0 THEN 'YES' ELSE 'NO' END AS nvarchar(10)) AS IS_RESULT,
    CAST('NO' AS nvarchar(10)) AS AS_LOCATOR, p.name AS PARAMETER_NAME, b.name AS DATA_TYPE,
    CASE WHEN p.system_type_id IN (231, 239) AND p.max_length > 0 THEN p.max_length / 2
        WHEN p.system_type_id IN (165, 167, 173, 175, 231) THEN CAST(p.max_length AS int) END
        AS CHARACTER_MAXIMUM_LENGTH,
    CASE WHEN p.system_type_id IN (165, 167, 173, 175, 231, 239) THEN CAST(p.max_length AS int) END
        AS CHARACTER_OCTET_LENGTH,
    CAST(NULL AS sysname) AS COLLATION_CATALOG, CAST(NULL AS sysname) AS COLLATION_SCHEMA,
    CAST(CASE WHEN p.system_type_id IN (35, 99, 167, 175, 231, 239)
        THEN 'SQL_Latin1_General_CP1_CI_AS' END AS sysname) AS COLLATION_NAME,
    CAST(NULL AS sysname) AS CHARACTER_SET_CATALOG, CAST(NULL AS sysname) AS CHARACTER_SET_SCHEMA,
    CAST(CASE WHEN p.system_type_id IN (35, 167, 175) THEN 'iso_1'
        WHEN p.system_type_id IN (99, 231, 239) THEN 'UNICODE' END AS sysname) AS CHARACTER_SET_NAME,
    CASE WHEN p.system_type_id IN (48, 52, 56, 59, 60, 62, 106, 108, 122, 127) THEN p.precision END
        AS NUMERIC_PRECISION,
    CAST(CASE WHEN p.system_type_id IN (59, 62) THEN 2
        WHEN p.system_type_id IN (48, 52, 56, 60, 106, 108, 122, 127) THEN 10 END AS smallint)
        AS NUMERIC_PRECISION_RADIX,
    CASE WHEN p.system_type_id IN (48, 52, 56, 60, 106, 108, 122, 127) THEN p.scale END
        AS NUMERIC_SCALE,
    CASE WHEN p.system_type_id IN (40, 41, 42, 43, 58, 61) THEN CAST(p.scale AS smallint) END
        AS DATETIME_PRECISION,
    CAST(NULL AS nvarchar(30)) AS INTERVAL_TYPE, CAST(NULL AS smallint) AS INTERVAL_PRECISION,
    CASE t.is_user_defined WHEN 1 THEN DB_NAME() END AS USER_DEFINED_TYPE_CATALOG,
    CASE t.is_user_defined WHEN 1 THEN h.name END AS USER_DEFINED_TYPE_SCHEMA,
    CASE t.is_user_defined WHEN 1 THEN t.name END AS USER_DEFINED_TYPE_NAME, CAST(NULL AS sysname) AS SCOPE_CATALOG,
    CAST(NULL AS sysname) AS SCOPE_SCHEMA, CAST(NULL AS sysname) AS SCOPE_NAME
FROM sys.parameters p JOIN sys.objects o ON o.object_id = p.object_id
JOIN sys.schemas s ON s.schema_id = o.schema_id
JOIN sys.types t ON t.user_type_id = p.user_type_id
LEFT JOIN sys.types b ON b.user_type_id = p.system_type_id
LEFT JOIN sys.schemas h ON h.schema_id = t.schema_id
GO
CREATE VIEW INFORMATION_SCHEMA.TABLE_CONSTRAINTS AS
SELECT DB_NAME() AS CONSTRAINT_CATALOG, s.name AS CONSTRAINT_SCHEMA, k.name AS CONSTRAINT_NAME,
    DB_NAME() AS TABLE_CATALOG, s.name AS TABLE_SCHEMA, o.name AS TABLE_NAME,
    CAST(CASE k.type WHEN 'PK' THEN 'PRIMARY KEY' WHEN 'UQ' THEN 'UNIQUE' WHEN 'F' THEN 'FOREIGN KEY'
        ELSE 'CHECK' END AS varchar(11)) AS CONSTRAINT_TYPE,
    CAST('NO' AS varchar(2)) AS IS_DEFERRABLE, CAST('NO' AS varchar(2)) AS INITIALLY_DEFERRED
FROM sys.objects k JOIN sys.tables o ON o.object_id = k.parent_object_id
JOIN sys.schemas s ON s.schema_id = o.schema_id WHERE k.type IN ('PK', 'UQ', 'F', 'C')
GO
CREATE VIEW INFORMATION_SCHEMA.KEY_COLUMN_USAGE AS
SELECT DB_NAME() AS CONSTRAINT_CATALOG, s.name AS CONSTRAINT_SCHEMA, u.name AS CONSTRAINT_NAME,
    DB_NAME() AS TABLE_CATALOG, s.name AS TABLE_SCHEMA, o.name AS TABLE_NAME,
    c.name AS COLUMN_NAME, u.ordinal AS ORDINAL_POSITION
FROM (SELECT k.name, k.parent_object_id, i.column_id, CAST(i.key_ordinal AS int) AS ordinal
        FROM sys.key_constraints k JOIN sys.index_columns i
            ON i.object_id = k.parent_object_id AND i.index_id = k.unique_index_id
    UNION ALL SELECT k.name, k.parent_object_id, f.parent_column_id, f.constraint_column_id
        FROM sys.foreign_keys k JOIN sys.foreign_key_columns f
            ON f.constraint_object_id = k.object_id) u
JOIN sys.tables o ON o.object_id = u.parent_object_id
JOIN sys.schemas s ON s.schema_id = o.schema_id
JOIN sys.columns c ON c.object_id = u.parent_object_id AND c.column_id = u.column_id
GO
CREATE VIEW INFORMATION_SCHEMA.CONSTRAINT_COLUMN_USAGE AS
SELECT TABLE_CATALOG, TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, CONSTRAINT_CATALOG, CONSTRAINT_SCHEMA,
    CONSTRAINT_NAME
FROM INFORMATION_SCHEMA.KEY_COLUMN_USAGE
GO
CREATE VIEW INFORMATION_SCHEMA.CONSTRAINT_TABLE_USAGE AS
SELECT TABLE_CATALOG, TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_CATALOG, CONSTRAINT_SCHEMA, CONSTRAINT_NAME
FROM INFORMATION_SCHEMA.TABLE_CONSTRAINTS
GO
CREATE VIEW INFORMATION_SCHEMA.CHECK_CONSTRAINTS AS
SELECT DB_NAME() AS CONSTRAINT_CATALOG, s.name AS CONSTRAINT_SCHEMA, k.name AS CONSTRAINT_NAME,
    CAST(k.definition AS nvarchar(4000)) AS CHECK_CLAUSE
FROM sys.check_constraints k JOIN sys.schemas s ON s.schema_id = k.schema_id
GO
CREATE VIEW INFORMATION_SCHEMA.REFERENTIAL_CONSTRAINTS AS
SELECT DB_NAME() AS CONSTRAINT_CATALOG, s.name AS CONSTRAINT_SCHEMA, f.name AS CONSTRAINT_NAME,
    DB_NAME() AS UNIQUE_CONSTRAINT_CATALOG, rs.name AS UNIQUE_CONSTRAINT_SCHEMA,
    i.name AS UNIQUE_CONSTRAINT_NAME, CAST('SIMPLE' AS varchar(7)) AS MATCH_OPTION,
    CAST(REPLACE(f.update_referential_action_desc, '_', ' ') AS varchar(11)) AS UPDATE_RULE,
    CAST(REPLACE(f.delete_referential_action_desc, '_', ' ') AS varchar(11)) AS DELETE_RULE
FROM sys.foreign_keys f JOIN sys.schemas s ON s.schema_id = f.schema_id
JOIN sys.objects r ON r.object_id = f.referenced_object_id
JOIN sys.schemas rs ON rs.schema_id = r.schema_id
LEFT JOIN sys.indexes i ON i.object_id = f.referenced_object_id AND i.index_id = f.key_index_id
GO
CREATE VIEW INFORMATION_SCHEMA.DOMAINS AS
SELECT DB_NAME() AS DOMAIN_CATALOG, SCHEMA_NAME(schema_id) AS DOMAIN_SCHEMA, name AS DOMAIN_NAME,
    TYPE_NAME(system_type_id) AS DATA_TYPE, CAST(max_length AS int) AS CHARACTER_MAXIMUM_LENGTH,
    CAST(max_length AS int) AS CHARACTER_OCTET_LENGTH, CAST(NULL AS varchar(6)) AS COLLATION_CATALOG,
    CAST(NULL AS varchar(3)) AS COLLATION_SCHEMA, collation_name AS COLLATION_NAME,
    CAST(NULL AS varchar(6)) AS CHARACTER_SET_CATALOG,
    CAST(NULL AS varchar(3)) AS CHARACTER_SET_SCHEMA, CAST(NULL AS sysname) AS CHARACTER_SET_NAME,
    precision AS NUMERIC_PRECISION, CAST(10 AS smallint) AS NUMERIC_PRECISION_RADIX,
    scale AS NUMERIC_SCALE, CAST(NULL AS smallint) AS DATETIME_PRECISION,
    CAST(NULL AS nvarchar(4000)) AS DOMAIN_DEFAULT
FROM sys.types WHERE is_user_defined = 1
GO
CREATE VIEW INFORMATION_SCHEMA.DOMAIN_CONSTRAINTS AS
SELECT DB_NAME() AS CONSTRAINT_CATALOG, CAST('' AS sysname) AS CONSTRAINT_SCHEMA,
    CAST('' AS sysname) AS CONSTRAINT_NAME, DB_NAME() AS DOMAIN_CATALOG,
    CAST('' AS sysname) AS DOMAIN_SCHEMA, name AS DOMAIN_NAME, CAST('NO' AS varchar(2)) AS IS_DEFERRABLE,
    CAST('NO' AS varchar(2)) AS INITIALLY_DEFERRED
FROM sys.types WHERE is_user_defined = 1
GO
CREATE VIEW INFORMATION_SCHEMA.COLUMN_DOMAIN_USAGE AS
SELECT DB_NAME() AS DOMAIN_CATALOG, DOMAIN_SCHEMA, DOMAIN_NAME, TABLE_CATALOG, TABLE_SCHEMA,
    TABLE_NAME, COLUMN_NAME
FROM INFORMATION_SCHEMA.COLUMNS WHERE DOMAIN_NAME IS NOT NULL
GO
CREATE VIEW INFORMATION_SCHEMA.TABLE_PRIVILEGES AS
SELECT CAST('dbo' AS sysname) AS GRANTOR, CAST('dbo' AS sysname) AS GRANTEE, DB_NAME() AS TABLE_CATALOG,
    s.name AS TABLE_SCHEMA, o.name AS TABLE_NAME, CAST(p.name AS varchar(10)) AS PRIVILEGE_TYPE,
    CAST('YES' AS varchar(3)) AS IS_GRANTABLE
FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id
CROSS JOIN (VALUES ('DELETE'), ('INSERT'), ('REFERENCES'), ('SELECT'), ('UPDATE')) p (name)
WHERE o.type IN ('U', 'V')
GO
CREATE VIEW INFORMATION_SCHEMA.COLUMN_PRIVILEGES AS
SELECT CAST('dbo' AS sysname) AS GRANTOR, CAST('dbo' AS sysname) AS GRANTEE, DB_NAME() AS TABLE_CATALOG,
    s.name AS TABLE_SCHEMA, o.name AS TABLE_NAME, c.name AS COLUMN_NAME,
    CAST(p.name AS varchar(10)) AS PRIVILEGE_TYPE, CAST('YES' AS varchar(3)) AS IS_GRANTABLE
FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id
JOIN sys.columns c ON c.object_id = o.object_id
CROSS JOIN (VALUES ('INSERT'), ('REFERENCES'), ('SELECT'), ('UPDATE')) p (name)
WHERE o.type IN ('U', 'V')
UNION ALL
SELECT w.name, g.name, DB_NAME(), s.name, o.name, c.name, CAST(p.permission_name AS varchar(10)),
    CAST(CASE p.state WHEN 'W' THEN 'YES' ELSE 'NO' END AS varchar(3))
FROM sys.database_permissions p
JOIN sys.database_principals w ON w.principal_id = p.grantor_principal_id
JOIN sys.database_principals g ON g.principal_id = p.grantee_principal_id
JOIN sys.objects o ON o.object_id = p.major_id JOIN sys.schemas s ON s.schema_id = o.schema_id
JOIN sys.columns c ON c.object_id = o.object_id
WHERE p.class = 1 AND p.state IN ('G', 'W') AND p.type IN ('IN', 'RF', 'SL', 'UP')
    AND o.type IN ('U', 'V') AND (p.minor_id = c.column_id OR p.minor_id = 0 AND NOT EXISTS (
        SELECT 1 FROM sys.database_permissions x WHERE x.class = 1 AND x.major_id = p.major_id
            AND x.minor_id = c.column_id AND x.type = p.type
            AND x.grantee_principal_id = p.grantee_principal_id))
GO
CREATE VIEW INFORMATION_SCHEMA.VIEW_TABLE_USAGE AS
SELECT DISTINCT DB_NAME() AS VIEW_CATALOG, SCHEMA_NAME(v.schema_id) AS VIEW_SCHEMA, v.name AS VIEW_NAME,
    DB_NAME() AS TABLE_CATALOG, SCHEMA_NAME(t.schema_id) AS TABLE_SCHEMA, t.name AS TABLE_NAME
FROM sys.views v JOIN sys.sql_expression_dependencies d ON d.referencing_id = v.object_id
JOIN sys.objects t ON t.object_id = d.referenced_id WHERE t.type IN ('U', 'V')
GO
CREATE VIEW INFORMATION_SCHEMA.SEQUENCES AS
SELECT CAST(DB_NAME() AS nvarchar(128)) AS SEQUENCE_CATALOG,
    CAST(h.name AS nvarchar(128)) AS SEQUENCE_SCHEMA, s.name AS SEQUENCE_NAME,
    CAST(TYPE_NAME(s.system_type_id) AS nvarchar(128)) AS DATA_TYPE,
    s.precision AS NUMERIC_PRECISION, CAST(10 AS smallint) AS NUMERIC_PRECISION_RADIX,
    CAST(s.scale AS int) AS NUMERIC_SCALE, s.start_value AS START_VALUE,
    s.minimum_value AS MINIMUM_VALUE, s.maximum_value AS MAXIMUM_VALUE, s.increment AS INCREMENT,
    CAST(s.is_cycling AS int) AS CYCLE_OPTION, CAST(NULL AS nvarchar(128)) AS DECLARED_DATA_TYPE,
    CAST(NULL AS tinyint) AS DECLARED_NUMERIC_PRECISION,
    CAST(NULL AS int) AS DECLARED_NUMERIC_SCALE
FROM sys.sequences s LEFT JOIN sys.schemas h ON h.schema_id = s.schema_id
