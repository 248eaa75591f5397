CREATE PROCEDURE sys.sp_helpfile (@filename sysname = NULL) AS
IF @filename IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sys.database_files WHERE name = @filename)
    RAISERROR (15325, -1, -1, 'file', @filename)
SELECT name, CAST(file_id AS smallint) AS fileid, CAST(physical_name AS nchar(260)) AS filename,
    CAST(FILEGROUP_NAME(data_space_id) AS sysname) AS filegroup,
    CAST(CONCAT(CAST(size AS bigint) * 8, N' KB') AS nvarchar(15)) AS size,
    CAST(CASE max_size WHEN -1 THEN N'Unlimited' ELSE CONCAT(CAST(max_size AS bigint) * 8, N' KB') END
        AS nvarchar(15)) AS maxsize,
    CAST(CASE is_percent_growth WHEN 1 THEN CONCAT(growth, N'%') ELSE CONCAT(growth * 8, N' KB') END
        AS nvarchar(15)) AS growth,
    CAST(CASE type WHEN 1 THEN 'log only' ELSE 'data only' END AS varchar(9)) AS usage
FROM sys.database_files WHERE @filename IS NULL OR name = @filename ORDER BY file_id
