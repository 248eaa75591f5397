CREATE PROCEDURE sys.sp_helptext (@objname nvarchar(776), @columnname sysname = NULL) AS
IF OBJECT_ID(@objname) IS NULL
BEGIN
    DECLARE @database sysname = DB_NAME()
    RAISERROR (15009, -1, -1, @objname, @database)
END
IF OBJECT_DEFINITION(OBJECT_ID(@objname)) IS NULL
    RAISERROR (15197, -1, -1, @objname)
DECLARE @text nvarchar(max) = OBJECT_DEFINITION(OBJECT_ID(@objname))
-- A line is cut after 255 characters, its line feed among them; the parts are numbered by the
-- commas of a text that has enough of them.
SELECT CAST(SUBSTRING(l.line, (p.ordinal - 1) * 255 + 1, 255) AS nvarchar(255)) AS Text
FROM (SELECT ordinal, value + CASE WHEN ordinal < COUNT(*) OVER () THEN NCHAR(10) ELSE N'' END AS line
    FROM STRING_SPLIT(@text, NCHAR(10), 1)) l
CROSS JOIN STRING_SPLIT(REPLICATE(CAST(N',' AS nvarchar(max)), LEN(@text) / 255), N',', 1) p
WHERE p.ordinal = 1 OR (p.ordinal - 1) * 255 < DATALENGTH(l.line) / 2
ORDER BY l.ordinal, p.ordinal
GO
CREATE PROCEDURE sys.sp_helpindex (@objname nvarchar(776)) AS
DECLARE @id int = OBJECT_ID(@objname), @database sysname = DB_NAME()
IF @id IS NULL RAISERROR (15009, -1, -1, @objname, @database)
IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE object_id = @id AND index_id > 0)
BEGIN
    RAISERROR (15472, -1, -1, @objname)
    RETURN 0
END
SELECT i.name AS index_name,
    CAST(CASE i.index_id WHEN 1 THEN 'clustered' ELSE 'nonclustered' END
        + CASE i.is_unique WHEN 1 THEN ', unique' ELSE '' END
        + CASE i.is_primary_key WHEN 1 THEN ', primary key' ELSE '' END
        + CASE i.is_unique_constraint WHEN 1 THEN ', unique key' ELSE '' END
        + ' located on PRIMARY' AS varchar(210)) AS index_description,
    CAST((SELECT STRING_AGG(COL_NAME(k.object_id, k.column_id)
            + CASE k.is_descending_key WHEN 1 THEN N'(-)' ELSE N'' END, N', ')
            WITHIN GROUP (ORDER BY k.key_ordinal)
        FROM sys.index_columns k WHERE k.object_id = i.object_id AND k.index_id = i.index_id)
        AS nvarchar(2126)) AS index_keys
FROM sys.indexes i WHERE i.object_id = @id AND i.index_id > 0 ORDER BY i.name
GO
CREATE PROCEDURE sys.sp_helpconstraint (@objname nvarchar(776), @nomsg varchar(5) = 'msg') AS
DECLARE @id int = OBJECT_ID(@objname), @database sysname = DB_NAME()
IF @id IS NULL RAISERROR (15009, -1, -1, @objname, @database)
IF @nomsg <> 'nomsg' SELECT @objname AS [Object Name]
IF EXISTS (SELECT 1 FROM sys.objects WHERE parent_object_id = @id)
    SELECT CAST(CASE o.type WHEN 'PK' THEN 'PRIMARY KEY (clustered)'
            WHEN 'UQ' THEN 'UNIQUE (non-clustered)' WHEN 'F' THEN 'FOREIGN KEY'
            WHEN 'C' THEN 'CHECK Table Level'
            ELSE 'DEFAULT on column ' + COL_NAME(@id, d.parent_column_id) END AS nvarchar(146))
            AS constraint_type,
        o.name AS constraint_name,
        COALESCE(CAST(REPLACE(LOWER(f.delete_referential_action_desc), '_', ' ') AS nvarchar(11)),
            N'(n/a)') AS delete_action,
        COALESCE(CAST(REPLACE(LOWER(f.update_referential_action_desc), '_', ' ') AS nvarchar(11)),
            N'(n/a)') AS update_action,
        CAST(CASE WHEN o.type IN ('F', 'C') THEN 'Enabled' ELSE '(n/a)' END AS varchar(8))
            AS status_enabled,
        CAST(CASE WHEN o.type IN ('F', 'C') THEN 'Is_For_Replication' ELSE '(n/a)' END
            AS varchar(19)) AS status_for_replication,
        CAST(COALESCE(d.definition, c.definition,
            (SELECT STRING_AGG(u.COLUMN_NAME, N', ') WITHIN GROUP (ORDER BY u.ORDINAL_POSITION)
            FROM INFORMATION_SCHEMA.KEY_COLUMN_USAGE u WHERE u.CONSTRAINT_NAME = o.name
                AND u.TABLE_SCHEMA = SCHEMA_NAME(o.schema_id))) AS nvarchar(2126)) AS constraint_keys
    FROM sys.objects o LEFT JOIN sys.foreign_keys f ON f.object_id = o.object_id
    LEFT JOIN sys.default_constraints d ON d.object_id = o.object_id
    LEFT JOIN sys.check_constraints c ON c.object_id = o.object_id
    WHERE o.parent_object_id = @id ORDER BY 1, 2
ELSE IF @nomsg <> 'nomsg' RAISERROR (15469, -1, -1, @objname)
IF EXISTS (SELECT 1 FROM sys.foreign_keys WHERE referenced_object_id = @id)
    SELECT CAST(DB_NAME() + N'.' + SCHEMA_NAME(f.schema_id) + N'.' + OBJECT_NAME(f.parent_object_id)
        + N': ' + f.name AS nvarchar(516)) AS [Table is referenced by foreign key]
    FROM sys.foreign_keys f WHERE f.referenced_object_id = @id ORDER BY 1
ELSE IF @nomsg <> 'nomsg' RAISERROR (15470, -1, -1, @objname)
GO
CREATE PROCEDURE sys.sp_help (@objname nvarchar(776) = NULL) AS
IF @objname IS NULL
BEGIN
    SELECT o.name AS Name, CAST('dbo' AS sysname) AS Owner,
        CAST(LOWER(REPLACE(o.type_desc, '_', ' ')) AS nvarchar(31)) AS Object_type
    FROM sys.all_objects o WHERE o.type IN ('U', 'V', 'P', 'FN', 'IF', 'TF') ORDER BY 2, 3 DESC, 1
    SELECT name AS User_type, TYPE_NAME(system_type_id) AS Storage_type, CAST(max_length AS int) AS Length,
        CAST([precision] AS int) AS Prec, CAST(scale AS int) AS Scale, CAST('yes' AS varchar(35)) AS Nullable,
        CAST('none' AS sysname) AS Default_name, CAST('none' AS sysname) AS Rule_name,
        collation_name AS Collation
    FROM sys.types WHERE is_user_defined = 1
    RETURN 0
END
DECLARE @id int = OBJECT_ID(@objname), @database sysname = DB_NAME()
IF @id IS NULL RAISERROR (15009, -1, -1, @objname, @database)
DECLARE @type char(2) = (SELECT type FROM sys.all_objects WHERE object_id = @id)
SELECT o.name AS Name, CAST('dbo' AS sysname) AS Owner,
    CAST(LOWER(REPLACE(REPLACE(o.type_desc, 'SQL_', ''), '_', ' ')) AS nvarchar(31)) AS Type,
    o.create_date AS Created_datetime
FROM sys.all_objects o WHERE o.object_id = @id
IF EXISTS (SELECT 1 FROM sys.all_columns WHERE object_id = @id)
    SELECT c.name AS Column_name, TYPE_NAME(c.user_type_id) AS Type,
        CAST(CASE c.is_computed WHEN 1 THEN 'yes' ELSE 'no' END AS varchar(35)) AS Computed,
        CAST(c.max_length AS int) AS Length,
        CAST(CASE WHEN c.[precision] > 0 AND c.collation_name IS NULL THEN CAST(c.[precision] AS varchar(5))
            ELSE '' END AS char(5)) AS Prec,
        CAST(CASE WHEN c.[precision] > 0 AND c.collation_name IS NULL THEN CAST(c.scale AS varchar(5))
            ELSE '' END AS char(5)) AS Scale,
        CAST(CASE c.is_nullable WHEN 1 THEN 'yes' ELSE 'no' END AS varchar(35)) AS Nullable,
        CAST(CASE WHEN c.system_type_id IN (165, 167, 173, 175) THEN 'no' ELSE '(n/a)' END
            AS varchar(35)) AS TrimTrailingBlanks,
        CAST(CASE WHEN c.system_type_id IN (165, 167, 173, 175) THEN CASE c.is_nullable WHEN 1 THEN 'yes'
            ELSE 'no' END ELSE '(n/a)' END AS varchar(35)) AS FixedLenNullInSource,
        c.collation_name AS Collation
    FROM sys.all_columns c WHERE c.object_id = @id ORDER BY c.column_id
IF @type IN ('U', 'V')
BEGIN
    IF EXISTS (SELECT 1 FROM sys.identity_columns WHERE object_id = @id)
        SELECT name AS [Identity], seed_value AS Seed, increment_value AS Increment,
            0 AS [Not For Replication]
        FROM sys.identity_columns WHERE object_id = @id
    ELSE
        SELECT CAST('No identity column defined.' AS sysname) AS [Identity],
            CAST(NULL AS bigint) AS Seed, CAST(NULL AS bigint) AS Increment,
            CAST(NULL AS int) AS [Not For Replication]
    SELECT CAST('No rowguidcol column defined.' AS sysname) AS [RowGuidCol]
END
IF EXISTS (SELECT 1 FROM sys.all_parameters WHERE object_id = @id)
    SELECT p.name AS Parameter_name, TYPE_NAME(p.user_type_id) AS Type,
        CAST(p.max_length AS int) AS Length, CAST(p.[precision] AS int) AS Prec,
        CASE WHEN p.system_type_id IN (41, 42, 43, 48, 52, 56, 60, 61, 106, 122, 127)
            THEN CAST(p.scale AS int) END AS Scale,
        p.parameter_id AS Param_order,
        CASE WHEN p.system_type_id IN (35, 99, 167, 175, 231, 239)
            THEN CAST('SQL_Latin1_General_CP1_CI_AS' AS sysname) END AS Collation
    FROM sys.all_parameters p WHERE p.object_id = @id ORDER BY p.parameter_id
IF @type = 'U'
BEGIN
    SELECT CAST('PRIMARY' AS sysname) AS Data_located_on_filegroup
    EXEC sys.sp_helpindex @objname
    EXEC sys.sp_helpconstraint @objname, 'nomsg'
END
GO
CREATE PROCEDURE sys.sp_helpdb (@dbname sysname = NULL) AS
IF @dbname IS NOT NULL AND DB_ID(@dbname) IS NULL RAISERROR (15010, -1, -1, @dbname)
SELECT name, CAST(NULL AS nvarchar(13)) AS db_size, CAST('sa' AS sysname) AS owner,
    CAST(database_id AS smallint) AS dbid, CAST(CONVERT(nvarchar(11), create_date) AS nvarchar(11)) AS created,
    CAST('Status=ONLINE, Updateability=READ_WRITE, UserAccess=MULTI_USER, Recovery=SIMPLE, Version=957, Collation=SQL_Latin1_General_CP1_CI_AS, SQLSortOrder=52'
        AS nvarchar(600)) AS status,
    compatibility_level
FROM sys.databases WHERE @dbname IS NULL OR name = @dbname ORDER BY name
GO
CREATE PROCEDURE sys.sp_spaceused (@objname nvarchar(776) = NULL, @updateusage varchar(5) = 'false') AS
DECLARE @id int = OBJECT_ID(@objname), @database sysname = DB_NAME()
IF @objname IS NOT NULL AND @id IS NULL RAISERROR (15009, -1, -1, @objname, @database)
DECLARE @data bigint = 4 * (SELECT COALESCE(SUM(used_page_count), 0) FROM sys.dm_db_partition_stats
    WHERE (@id IS NULL OR object_id = @id) AND index_id < 2)
DECLARE @index bigint = 4 * (SELECT COALESCE(SUM(used_page_count), 0) FROM sys.dm_db_partition_stats
    WHERE (@id IS NULL OR object_id = @id) AND index_id > 1)
IF @id IS NULL
BEGIN
    SELECT @database AS database_name,
        CAST(CAST(CAST((@data + @index) / 1024.0 AS decimal(15, 2)) AS varchar(15)) + ' MB'
            AS varchar(18)) AS database_size,
        CAST('0.00 MB' AS varchar(18)) AS [unallocated space]
    SELECT CAST(CAST(@data + @index AS varchar(15)) + ' KB' AS varchar(18)) AS reserved,
        CAST(CAST(@data AS varchar(15)) + ' KB' AS varchar(18)) AS data,
        CAST(CAST(@index AS varchar(15)) + ' KB' AS varchar(18)) AS index_size,
        CAST('0 KB' AS varchar(18)) AS unused
    RETURN 0
END
SELECT OBJECT_NAME(@id) AS name,
    CAST((SELECT SUM(row_count) FROM sys.dm_db_partition_stats WHERE object_id = @id AND index_id < 2)
        AS char(20)) AS rows,
    CAST(CAST(@data + @index AS varchar(15)) + ' KB' AS varchar(18)) AS reserved,
    CAST(CAST(@data AS varchar(15)) + ' KB' AS varchar(18)) AS data,
    CAST(CAST(@index AS varchar(15)) + ' KB' AS varchar(18)) AS index_size,
    CAST('0 KB' AS varchar(18)) AS unused
GO
CREATE PROCEDURE sys.sp_depends (@objname nvarchar(776)) AS
DECLARE @id int = OBJECT_ID(@objname), @database sysname = DB_NAME()
IF @id IS NULL RAISERROR (15009, -1, -1, @objname, @database)
IF EXISTS (SELECT 1 FROM sys.sql_expression_dependencies WHERE referencing_id = @id)
    SELECT CAST(SCHEMA_NAME(o.schema_id) + N'.' + o.name AS nvarchar(257)) AS name,
        CAST(LOWER(REPLACE(REPLACE(o.type_desc, 'SQL_', ''), '_', ' ')) AS nvarchar(16)) AS type,
        CAST('no' AS nvarchar(7)) AS updated, CAST('yes' AS nvarchar(8)) AS selected,
        CAST(NULL AS sysname) AS [column]
    FROM sys.sql_expression_dependencies d JOIN sys.objects o ON o.object_id = d.referenced_id
    WHERE d.referencing_id = @id ORDER BY 1
IF EXISTS (SELECT 1 FROM sys.sql_expression_dependencies WHERE referenced_id = @id)
    SELECT CAST(SCHEMA_NAME(o.schema_id) + N'.' + o.name AS nvarchar(257)) AS name,
        CAST(LOWER(REPLACE(REPLACE(o.type_desc, 'SQL_', ''), '_', ' ')) AS nvarchar(16)) AS type
    FROM sys.sql_expression_dependencies d JOIN sys.objects o ON o.object_id = d.referencing_id
    WHERE d.referenced_id = @id ORDER BY 1
IF NOT EXISTS (SELECT 1 FROM sys.sql_expression_dependencies
        WHERE referencing_id = @id OR referenced_id = @id)
    RAISERROR (15461, -1, -1)
GO
-- A query is bound anew each time: there is nothing to recompile.
CREATE PROCEDURE sys.sp_recompile (@objname nvarchar(776)) AS
IF OBJECT_ID(@objname) IS NULL OR HAS_PERMS_BY_NAME(@objname, 'OBJECT', 'ALTER') = 0
    RAISERROR (15165, -1, -1, @objname)
RAISERROR (15070, -1, -1, @objname)
GO
CREATE PROCEDURE sys.sp_refreshview (@viewname nvarchar(776)) AS
DECLARE @id int = OBJECT_ID(@viewname, 'V')
IF @id IS NULL OR HAS_PERMS_BY_NAME(@viewname, 'OBJECT', 'ALTER') = 0
    RAISERROR (15165, -1, -1, @viewname)
GO
CREATE PROCEDURE sys.sp_refreshsqlmodule (@name nvarchar(776)) AS
DECLARE @id int = OBJECT_ID(@name)
IF OBJECT_DEFINITION(@id) IS NULL OR HAS_PERMS_BY_NAME(@name, 'OBJECT', 'ALTER') = 0
    RAISERROR (15165, -1, -1, @name)
