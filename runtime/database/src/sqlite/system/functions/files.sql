CREATE FUNCTION sys.FILE_NAME (@file_id int) RETURNS sysname AS
BEGIN
    RETURN (SELECT name FROM sys.database_files WHERE file_id = @file_id)
END
GO
CREATE FUNCTION sys.FILE_ID (@file_name sysname) RETURNS smallint AS
BEGIN
    RETURN (SELECT CAST(file_id AS smallint) FROM sys.database_files WHERE name = @file_name)
END
GO
CREATE FUNCTION sys.FILE_IDEX (@file_name sysname) RETURNS int AS
BEGIN
    RETURN (SELECT file_id FROM sys.database_files WHERE name = @file_name)
END
GO
CREATE FUNCTION sys.FILEPROPERTY (@file_name sysname, @property varchar(128)) RETURNS int AS
BEGIN
    RETURN (SELECT CASE @property
            WHEN 'IsReadOnly' THEN CAST(is_read_only AS int)
            WHEN 'IsPrimaryFile' THEN CASE file_id WHEN 1 THEN 1 ELSE 0 END
            WHEN 'IsLogFile' THEN CASE type WHEN 1 THEN 1 ELSE 0 END
            WHEN 'SpaceUsed' THEN size
        END FROM sys.database_files WHERE name = @file_name)
END
GO
CREATE FUNCTION sys.FILEGROUP_NAME (@filegroup_id smallint) RETURNS nvarchar(128) AS
BEGIN
    RETURN (SELECT name FROM sys.filegroups WHERE data_space_id = @filegroup_id)
END
GO
CREATE FUNCTION sys.FILEGROUP_ID (@filegroup_name sysname) RETURNS int AS
BEGIN
    RETURN (SELECT data_space_id FROM sys.filegroups WHERE name = @filegroup_name)
END
GO
CREATE FUNCTION sys.FILEGROUPPROPERTY (@filegroup_name sysname, @property varchar(128)) RETURNS int AS
BEGIN
    RETURN (SELECT CASE @property
            WHEN 'IsReadOnly' THEN CAST(is_read_only AS int)
            WHEN 'IsUserDefinedFG' THEN 0
            WHEN 'IsDefault' THEN CAST(is_default AS int)
        END FROM sys.filegroups WHERE name = @filegroup_name)
END
GO
CREATE FUNCTION sys.STATS_DATE (@object_id int, @stats_id int) RETURNS datetime AS
BEGIN
    -- Statistics are SQLite's own, which keeps no dates.
    RETURN NULL
END
