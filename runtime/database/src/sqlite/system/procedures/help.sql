CREATE PROCEDURE sys.sp_helptext (@objname nvarchar(776), @columnname sysname = NULL) AS
IF OBJECT_ID(@objname) IS NULL
BEGIN
    DECLARE @database sysname = DB_NAME()
    RAISERROR (15009, -1, -1, @objname, @database)
END
IF OBJECT_DEFINITION(OBJECT_ID(@objname)) IS NULL
    RAISERROR (15197, -1, -1, @objname)
SELECT CAST(l.value + CASE WHEN l.ordinal < COUNT(*) OVER () THEN NCHAR(10) ELSE N'' END
    AS nvarchar(255)) AS Text
FROM STRING_SPLIT(OBJECT_DEFINITION(OBJECT_ID(@objname)), NCHAR(10), 1) l ORDER BY l.ordinal
