CREATE FUNCTION sys.COL_NAME (@table_id int, @column_id int) RETURNS sysname AS
BEGIN
    RETURN CASE WHEN @table_id < -1000000000
        THEN (SELECT name FROM sys.system_columns WHERE object_id = @table_id AND column_id = @column_id)
        ELSE (SELECT name FROM sys.columns WHERE object_id = @table_id AND column_id = @column_id) END
END
GO
CREATE FUNCTION sys.COL_LENGTH (@table nvarchar(776), @column sysname) RETURNS smallint AS
BEGIN
    RETURN (SELECT max_length FROM sys.all_columns
        WHERE object_id = OBJECT_ID(@table) AND name = @column)
END
GO
CREATE FUNCTION sys.TYPE_NAME (@type_id int) RETURNS sysname AS
BEGIN
    RETURN (SELECT name FROM sys.types WHERE user_type_id = @type_id)
END
GO
CREATE FUNCTION sys.TYPE_ID (@name nvarchar(517)) RETURNS int AS
BEGIN
    RETURN (SELECT MIN(t.user_type_id) FROM sys.types t
        JOIN sys.schemas s ON s.schema_id = t.schema_id
        WHERE t.name = PARSENAME(@name, 1) AND (s.name = PARSENAME(@name, 2)
            OR PARSENAME(@name, 2) IS NULL AND s.name IN ('sys', 'dbo', SCHEMA_NAME())))
END
GO
CREATE FUNCTION sys.TYPEPROPERTY (@type nvarchar(517), @property varchar(128)) RETURNS int AS
BEGIN
    RETURN (SELECT CASE @property
            WHEN 'AllowsNull' THEN CAST(is_nullable AS int)
            WHEN 'OwnerId' THEN schema_id
            WHEN 'Precision' THEN CASE WHEN system_type_id IN (165, 167, 173, 175)
                THEN CAST(max_length AS int) WHEN system_type_id IN (231, 239) THEN max_length / 2
                ELSE CAST([precision] AS int) END
            WHEN 'Scale' THEN CASE WHEN system_type_id IN (34, 35, 36, 99, 165, 167, 173, 175, 231,
                239, 241, 244) THEN NULL ELSE CAST(scale AS int) END
            WHEN 'UsesAnsiTrim' THEN CASE WHEN system_type_id IN (165, 167, 173, 175) THEN 1 ELSE 0 END
        END FROM sys.types WHERE user_type_id = TYPE_ID(@type))
END
GO
CREATE FUNCTION sys.OBJECT_SCHEMA_NAME (@object_id int, @database_id int = NULL) RETURNS sysname AS
BEGIN
    RETURN (SELECT s.name FROM sys.all_objects o JOIN sys.schemas s ON s.schema_id = o.schema_id
        WHERE o.object_id = @object_id)
END
GO
CREATE FUNCTION sys.OBJECTPROPERTY (@id int, @property varchar(128)) RETURNS int AS
BEGIN
    RETURN (SELECT CASE @property
            WHEN 'OwnerId' THEN 1
            WHEN 'SchemaId' THEN o.schema_id
            WHEN 'IsMSShipped' THEN CAST(o.is_ms_shipped AS int)
            WHEN 'IsTable' THEN CASE WHEN o.type IN ('U', 'S') THEN 1 ELSE 0 END
            WHEN 'IsUserTable' THEN CASE o.type WHEN 'U' THEN 1 ELSE 0 END
            WHEN 'IsSystemTable' THEN 0
            WHEN 'IsView' THEN CASE o.type WHEN 'V' THEN 1 ELSE 0 END
            WHEN 'IsProcedure' THEN CASE o.type WHEN 'P' THEN 1 ELSE 0 END
            WHEN 'IsExecuted' THEN CASE WHEN o.type IN ('P', 'V', 'FN', 'IF', 'TF') THEN 1 ELSE 0 END
            WHEN 'IsScalarFunction' THEN CASE o.type WHEN 'FN' THEN 1 ELSE 0 END
            WHEN 'IsInlineFunction' THEN CASE o.type WHEN 'IF' THEN 1 ELSE 0 END
            WHEN 'IsTableFunction' THEN CASE WHEN o.type IN ('IF', 'TF') THEN 1 ELSE 0 END
            WHEN 'IsTrigger' THEN 0
            WHEN 'IsConstraint' THEN CASE WHEN o.type IN ('PK', 'UQ', 'F', 'C', 'D') THEN 1 ELSE 0 END
            WHEN 'IsPrimaryKey' THEN CASE o.type WHEN 'PK' THEN 1 ELSE 0 END
            WHEN 'IsUniqueCnst' THEN CASE o.type WHEN 'UQ' THEN 1 ELSE 0 END
            WHEN 'IsForeignKey' THEN CASE o.type WHEN 'F' THEN 1 ELSE 0 END
            WHEN 'IsCheckCnst' THEN CASE o.type WHEN 'C' THEN 1 ELSE 0 END
            WHEN 'IsDefaultCnst' THEN CASE o.type WHEN 'D' THEN 1 ELSE 0 END
            WHEN 'IsSchemaBound' THEN 0
            WHEN 'IsEncrypted' THEN 0
            WHEN 'IsDeterministic' THEN 0
            WHEN 'ExecIsAnsiNullsOn' THEN (SELECT CAST(m.uses_ansi_nulls AS int)
                FROM sys.sql_modules m WHERE m.object_id = o.object_id)
            WHEN 'ExecIsQuotedIdentOn' THEN (SELECT CAST(m.uses_quoted_identifier AS int)
                FROM sys.sql_modules m WHERE m.object_id = o.object_id)
            WHEN 'IsAnsiNullsOn' THEN CASE o.type WHEN 'U' THEN 1
                ELSE (SELECT CAST(m.uses_ansi_nulls AS int)
                FROM sys.sql_modules m WHERE m.object_id = o.object_id) END
            WHEN 'IsQuotedIdentOn' THEN CASE o.type WHEN 'U' THEN 1
                ELSE (SELECT CAST(m.uses_quoted_identifier AS int)
                FROM sys.sql_modules m WHERE m.object_id = o.object_id) END
            WHEN 'TableHasIdentity' THEN CASE o.type WHEN 'U' THEN CASE WHEN EXISTS (SELECT 1
                FROM sys.columns c WHERE c.object_id = o.object_id AND c.is_identity = 1)
                THEN 1 ELSE 0 END END
            WHEN 'TableHasPrimaryKey' THEN CASE o.type WHEN 'U' THEN CASE WHEN EXISTS (SELECT 1
                FROM sys.key_constraints k WHERE k.parent_object_id = o.object_id AND k.type = 'PK')
                THEN 1 ELSE 0 END END
            WHEN 'TableHasUniqueCnst' THEN CASE o.type WHEN 'U' THEN CASE WHEN EXISTS (SELECT 1
                FROM sys.key_constraints k WHERE k.parent_object_id = o.object_id AND k.type = 'UQ')
                THEN 1 ELSE 0 END END
            WHEN 'TableHasForeignKey' THEN CASE o.type WHEN 'U' THEN CASE WHEN EXISTS (SELECT 1
                FROM sys.foreign_keys k WHERE k.parent_object_id = o.object_id)
                THEN 1 ELSE 0 END END
            WHEN 'TableHasForeignRef' THEN CASE o.type WHEN 'U' THEN CASE WHEN EXISTS (SELECT 1
                FROM sys.foreign_keys k WHERE k.referenced_object_id = o.object_id)
                THEN 1 ELSE 0 END END
            WHEN 'TableHasIndex' THEN CASE o.type WHEN 'U' THEN CASE WHEN EXISTS (SELECT 1
                FROM sys.indexes i WHERE i.object_id = o.object_id AND i.index_id > 0)
                THEN 1 ELSE 0 END END
            WHEN 'IsIndexed' THEN CASE WHEN o.type IN ('U', 'V') THEN CASE WHEN EXISTS (SELECT 1
                FROM sys.indexes i WHERE i.object_id = o.object_id AND i.index_id > 0)
                THEN 1 ELSE 0 END END
            WHEN 'IsIndexable' THEN CASE WHEN o.type = 'U' THEN 1 WHEN o.type = 'V' THEN 0 END
            WHEN 'TableHasClustIndex' THEN CASE o.type WHEN 'U' THEN CASE WHEN EXISTS (SELECT 1
                FROM sys.indexes i WHERE i.object_id = o.object_id AND i.index_id = 1)
                THEN 1 ELSE 0 END END
            WHEN 'TableIsFake' THEN CASE o.type WHEN 'U' THEN 0 END
            WHEN 'TableTemporalType' THEN CASE o.type WHEN 'U' THEN 0 END
            WHEN 'TableIsMemoryOptimized' THEN CASE o.type WHEN 'U' THEN 0 END
        END FROM sys.all_objects o WHERE o.object_id = @id)
END
GO
CREATE FUNCTION sys.OBJECTPROPERTYEX (@id int, @property varchar(128)) RETURNS nvarchar(128) AS
BEGIN
    RETURN CASE @property
        WHEN 'BaseType' THEN (SELECT RTRIM(CASE o.type WHEN 'SN' THEN s.base_type ELSE o.type END)
            FROM sys.all_objects o LEFT JOIN catalog.synonyms s ON s.object_id = o.object_id
            WHERE o.object_id = @id)
        WHEN 'Cardinality' THEN CAST((SELECT SUM(row_count) FROM sys.dm_db_partition_stats
            WHERE object_id = @id AND index_id < 2) AS nvarchar(128))
        ELSE CAST(OBJECTPROPERTY(@id, @property) AS nvarchar(128)) END
END
GO
CREATE FUNCTION sys.COLUMNPROPERTY (@id int, @column sysname, @property varchar(128)) RETURNS int AS
BEGIN
    RETURN COALESCE((SELECT CASE @property
            WHEN 'AllowsNull' THEN CAST(is_nullable AS int)
            WHEN 'CharMaxLen' THEN CASE WHEN system_type_id IN (231, 239) AND max_length > 0
                THEN max_length / 2 WHEN system_type_id IN (165, 167, 173, 175, 231)
                THEN CAST(max_length AS int) END
            WHEN 'ColumnId' THEN column_id
            WHEN 'Ordinal' THEN column_id
            WHEN 'GeneratedAlwaysType' THEN 0
            WHEN 'IsColumnSet' THEN 0
            WHEN 'IsComputed' THEN CAST(is_computed AS int)
            WHEN 'IsCursorType' THEN 0
            WHEN 'IsDeterministic' THEN CASE is_computed WHEN 1 THEN 0 END
            WHEN 'IsFulltextIndexed' THEN 0
            WHEN 'IsHidden' THEN 0
            WHEN 'IsIdentity' THEN CAST(is_identity AS int)
            WHEN 'IsIdNotForRepl' THEN 0
            WHEN 'IsIndexable' THEN CASE WHEN max_length = -1 OR system_type_id IN (34, 35, 99)
                THEN 0 ELSE 1 END
            WHEN 'IsOutParam' THEN 0
            WHEN 'IsRowGuidCol' THEN 0
            WHEN 'IsSparse' THEN 0
            WHEN 'IsSystemVerified' THEN 0
            WHEN 'IsXmlIndexable' THEN CASE system_type_id WHEN 241 THEN 1 ELSE 0 END
            WHEN 'Precision' THEN CASE WHEN system_type_id IN (231, 239) AND max_length > 0
                THEN max_length / 2 WHEN system_type_id IN (165, 167, 173, 175, 231)
                THEN CAST(max_length AS int) ELSE CAST([precision] AS int) END
            WHEN 'Scale' THEN CASE WHEN system_type_id IN (34, 35, 36, 99, 165, 167, 173, 175, 231,
                239, 241, 244) THEN NULL ELSE CAST(scale AS int) END
            WHEN 'UsesAnsiTrim' THEN CASE WHEN system_type_id IN (165, 167, 173, 175) THEN 1 END
        END FROM sys.columns WHERE object_id = @id AND name = @column),
        (SELECT CASE @property WHEN 'AllowsNull' THEN 1 WHEN 'IsOutParam' THEN CAST(is_output AS int)
            WHEN 'Precision' THEN CAST([precision] AS int) WHEN 'Scale' THEN CAST(scale AS int) END
        FROM sys.parameters WHERE object_id = @id AND name = @column))
END
GO
CREATE FUNCTION sys.INDEXPROPERTY (@id int, @index sysname, @property varchar(128)) RETURNS int AS
BEGIN
    RETURN (SELECT CASE @property
            WHEN 'IndexDepth' THEN 1
            WHEN 'IndexFillFactor' THEN 0
            WHEN 'IndexID' THEN index_id
            WHEN 'IsAutoStatistics' THEN 0
            WHEN 'IsClustered' THEN CASE index_id WHEN 1 THEN 1 ELSE 0 END
            WHEN 'IsColumnstore' THEN 0
            WHEN 'IsDisabled' THEN 0
            WHEN 'IsFulltextKey' THEN 0
            WHEN 'IsHypothetical' THEN 0
            WHEN 'IsPadIndex' THEN 0
            WHEN 'IsPageLockDisallowed' THEN 0
            WHEN 'IsRowLockDisallowed' THEN 0
            WHEN 'IsStatistics' THEN 0
            WHEN 'IsUnique' THEN CAST(is_unique AS int)
        END FROM sys.indexes WHERE object_id = @id AND name = @index)
END
GO
CREATE FUNCTION sys.OBJECT_ID (@name nvarchar(776), @type varchar(2) = NULL) RETURNS int AS
BEGIN
    RETURN CASE WHEN COALESCE(PARSENAME(@name, 3), DB_NAME()) = DB_NAME() THEN (SELECT o.object_id
        FROM sys.all_objects o JOIN sys.schemas s ON s.schema_id = o.schema_id
        WHERE o.name = PARSENAME(@name, 1) AND s.name = COALESCE(PARSENAME(@name, 2), SCHEMA_NAME())
        AND o.type = COALESCE(@type, o.type)) END
END
GO
CREATE FUNCTION sys.DB_ID (@name sysname) RETURNS int AS
BEGIN
    RETURN (SELECT database_id FROM sys.databases WHERE name = @name)
END
GO
CREATE FUNCTION sys.DATABASEPROPERTYEX (@name sysname, @property varchar(128)) RETURNS nvarchar(128) AS
BEGIN
    RETURN (SELECT CASE @property
            WHEN 'Collation' THEN collation_name
            WHEN 'Recovery' THEN recovery_model_desc
            WHEN 'Status' THEN state_desc
            WHEN 'Updateability' THEN CASE is_read_only WHEN 1 THEN 'READ_ONLY' ELSE 'READ_WRITE' END
            WHEN 'UserAccess' THEN user_access_desc
            WHEN 'IsAutoClose' THEN CAST(is_auto_close_on AS nvarchar(128))
            WHEN 'IsAutoShrink' THEN CAST(is_auto_shrink_on AS nvarchar(128))
            WHEN 'IsFulltextEnabled' THEN CAST(is_fulltext_enabled AS nvarchar(128))
        END FROM sys.databases WHERE name = @name)
END
GO
CREATE FUNCTION sys.SCHEMA_ID (@name sysname) RETURNS int AS
BEGIN
    RETURN (SELECT schema_id FROM sys.schemas WHERE name = @name)
END
GO
CREATE FUNCTION sys.IDENT_CURRENT (@table nvarchar(776)) RETURNS numeric(38, 0) AS
BEGIN
    RETURN (SELECT COALESCE(last_value, seed_value) FROM sys.identity_columns
        WHERE object_id = OBJECT_ID(@table))
END
GO
CREATE FUNCTION sys.IDENT_SEED (@table nvarchar(776)) RETURNS numeric(38, 0) AS
BEGIN
    RETURN (SELECT seed_value FROM sys.identity_columns WHERE object_id = OBJECT_ID(@table))
END
GO
CREATE FUNCTION sys.IDENT_INCR (@table nvarchar(776)) RETURNS numeric(38, 0) AS
BEGIN
    RETURN (SELECT increment_value FROM sys.identity_columns WHERE object_id = OBJECT_ID(@table))
END
GO
CREATE FUNCTION sys.INDEXKEY_PROPERTY (@id int, @index_id int, @key_id int, @property varchar(128)) RETURNS int AS
BEGIN
    RETURN (SELECT CASE @property WHEN 'ColumnId' THEN column_id
            WHEN 'IsDescending' THEN CAST(is_descending_key AS int) END
        FROM sys.index_columns
        WHERE object_id = @id AND index_id = @index_id AND key_ordinal = @key_id)
END
GO
CREATE FUNCTION sys.INDEX_COL (@table nvarchar(776), @index_id int, @key_id int) RETURNS sysname AS
BEGIN
    RETURN (SELECT c.name FROM sys.index_columns i
        JOIN sys.columns c ON c.object_id = i.object_id AND c.column_id = i.column_id
        WHERE i.object_id = OBJECT_ID(@table) AND i.index_id = @index_id AND i.key_ordinal = @key_id)
END
GO
CREATE FUNCTION sys.USER_NAME (@id int) RETURNS sysname AS
BEGIN
    RETURN (SELECT name FROM catalog.principals WHERE principal_id = @id)
END
GO
CREATE FUNCTION sys.USER_ID (@name sysname) RETURNS int AS
BEGIN
    RETURN (SELECT principal_id FROM catalog.principals WHERE name = @name)
END
GO
CREATE FUNCTION sys.DATABASE_PRINCIPAL_ID (@name sysname) RETURNS int AS
BEGIN
    RETURN (SELECT principal_id FROM catalog.principals WHERE name = @name)
END
GO
CREATE FUNCTION sys.SUSER_NAME (@id int) RETURNS sysname AS
BEGIN
    RETURN (SELECT name FROM catalog.server_principals WHERE principal_id = @id)
END
GO
CREATE FUNCTION sys.SUSER_SNAME (@sid varbinary(85)) RETURNS sysname AS
BEGIN
    RETURN (SELECT name FROM catalog.server_principals WHERE sid = @sid)
END
GO
CREATE FUNCTION sys.SUSER_ID (@login sysname) RETURNS int AS
BEGIN
    RETURN (SELECT principal_id FROM catalog.server_principals WHERE name = @login)
END
GO
CREATE FUNCTION sys.SUSER_SID (@login sysname) RETURNS varbinary(85) AS
BEGIN
    RETURN (SELECT sid FROM catalog.server_principals WHERE name = @login)
END
GO
CREATE FUNCTION sys.FULLTEXTSERVICEPROPERTY (@property varchar(128)) RETURNS int AS
BEGIN
    RETURN CASE @property WHEN 'IsFullTextInstalled' THEN 0 END
END
GO
CREATE FUNCTION sys.COLLATIONPROPERTY (@name varchar(128), @property varchar(128)) RETURNS int AS
BEGIN
    RETURN CASE WHEN @name = 'SQL_Latin1_General_CP1_CI_AS' THEN CASE @property
        WHEN 'CodePage' THEN 1252 WHEN 'LCID' THEN 1033 WHEN 'ComparisonStyle' THEN 196609
        WHEN 'Version' THEN 0 END END
END
