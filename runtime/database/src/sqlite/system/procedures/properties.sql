CREATE PROCEDURE sys.sp_addextendedproperty (@name sysname, @value nvarchar(max) = NULL,
    @level0type varchar(128) = NULL, @level0name sysname = NULL, @level1type varchar(128) = NULL,
    @level1name sysname = NULL, @level2type varchar(128) = NULL, @level2name sysname = NULL) AS
DECLARE @class int = 0, @major int = 0, @minor int = 0, @owner nvarchar(400) = N'object specified'
IF @name IS NULL RAISERROR (15600, -1, -1, 'sp_addextendedproperty')
IF @level0type IS NOT NULL
BEGIN
    SET @class = 3
    SET @major = SCHEMA_ID(@level0name)
    SET @owner = @level0name
    IF UPPER(@level0type) NOT IN ('SCHEMA', 'USER') RAISERROR (15600, -1, -1, 'sp_addextendedproperty')
    IF @major IS NULL RAISERROR (15135, -1, -1, @owner)
END
IF @level1type IS NOT NULL
BEGIN
    SET @class = 1
    SET @owner = @level0name + N'.' + @level1name
    SET @major = (SELECT object_id FROM sys.objects WHERE schema_id = @major AND name = @level1name
        AND type IN ('U', 'V', 'P', 'FN', 'IF', 'TF')
        AND CASE type WHEN 'U' THEN 'TABLE' WHEN 'V' THEN 'VIEW' WHEN 'P' THEN 'PROCEDURE'
            ELSE 'FUNCTION' END = UPPER(@level1type))
    IF @major IS NULL RAISERROR (15135, -1, -1, @owner)
END
IF @level2type IS NOT NULL
BEGIN
    SET @owner = @owner + N'.' + @level2name
    IF UPPER(@level2type) = 'COLUMN'
        SET @minor = (SELECT column_id FROM sys.columns WHERE object_id = @major AND name = @level2name)
    ELSE IF UPPER(@level2type) = 'INDEX'
    BEGIN
        SET @class = 7
        SET @minor = (SELECT index_id FROM sys.indexes WHERE object_id = @major AND name = @level2name)
    END
    ELSE IF UPPER(@level2type) = 'PARAMETER'
    BEGIN
        SET @class = 2
        SET @minor = (SELECT parameter_id FROM sys.parameters
            WHERE object_id = @major AND name = @level2name)
    END
    ELSE IF UPPER(@level2type) = 'CONSTRAINT'
    BEGIN
        SET @major = (SELECT object_id FROM sys.objects WHERE parent_object_id = @major AND name = @level2name)
        IF @major IS NULL RAISERROR (15135, -1, -1, @owner)
    END
    ELSE RAISERROR (15600, -1, -1, 'sp_addextendedproperty')
    IF @minor IS NULL RAISERROR (15135, -1, -1, @owner)
END
IF ISNULL(CASE
        WHEN @level1type IS NOT NULL
            THEN HAS_PERMS_BY_NAME(QUOTENAME(@level0name) + N'.' + QUOTENAME(@level1name), 'OBJECT', 'ALTER')
        WHEN @level0type IS NOT NULL THEN HAS_PERMS_BY_NAME(QUOTENAME(@level0name), 'SCHEMA', 'ALTER')
        ELSE HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'ALTER')
    END, 0) = 0
    RAISERROR (15135, -1, -1, @owner)
GO
CREATE PROCEDURE sys.sp_rename (@objname nvarchar(1035), @newname sysname, @objtype varchar(13) = NULL) AS
IF @newname IS NULL RAISERROR (15223, -1, -1, 'NewName')
IF UPPER(@objtype) NOT IN ('COLUMN', 'DATABASE', 'INDEX', 'OBJECT', 'STATISTICS', 'USERDATATYPE')
    RAISERROR (15249, -1, -1, @objtype)
