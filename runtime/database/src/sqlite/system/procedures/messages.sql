CREATE PROCEDURE sys.sp_addmessage (@msgnum int = NULL, @severity smallint = NULL,
    @msgtext nvarchar(255) = NULL, @lang sysname = NULL, @with_log varchar(5) = 'FALSE',
    @replace varchar(7) = NULL) AS
IF ISNULL(IS_SRVROLEMEMBER('sysadmin'), 0) = 0 AND ISNULL(IS_SRVROLEMEMBER('serveradmin'), 0) = 0
    RAISERROR (15247, -1, -1)
IF @msgnum IS NULL OR @severity IS NULL OR @msgtext IS NULL RAISERROR (15071, -1, -1)
IF @msgnum <= 50000 RAISERROR (15040, -1, -1)
IF @severity NOT BETWEEN 1 AND 25 RAISERROR (15041, -1, -1)
IF LOWER(@with_log) NOT IN ('true', 'false') RAISERROR (15271, -1, -1)
IF LOWER(@replace) <> 'replace' RAISERROR (15043, -1, -1)
IF LOWER(@lang) NOT IN ('us_english', 'english') RAISERROR (15033, -1, -1, @lang)
IF @replace IS NULL AND EXISTS (SELECT 1 FROM sys.messages WHERE message_id = @msgnum)
    RAISERROR (15043, -1, -1)
GO
CREATE PROCEDURE sys.sp_dropmessage (@msgnum int = NULL, @lang sysname = NULL) AS
IF ISNULL(IS_SRVROLEMEMBER('sysadmin'), 0) = 0 AND ISNULL(IS_SRVROLEMEMBER('serveradmin'), 0) = 0
    RAISERROR (15247, -1, -1)
IF @msgnum IS NULL RAISERROR (15177, -1, -1)
IF @msgnum <= 50000 RAISERROR (15178, -1, -1)
IF LOWER(@lang) NOT IN ('us_english', 'english', 'all') RAISERROR (15033, -1, -1, @lang)
IF NOT EXISTS (SELECT 1 FROM sys.messages WHERE message_id = @msgnum)
    RAISERROR (15179, -1, -1, @msgnum)
GO
CREATE PROCEDURE sys.sp_altermessage (@message_id int, @parameter sysname, @parameter_value varchar(5)) AS
IF ISNULL(IS_SRVROLEMEMBER('sysadmin'), 0) = 0 AND ISNULL(IS_SRVROLEMEMBER('serveradmin'), 0) = 0
    RAISERROR (15247, -1, -1)
IF UPPER(@parameter) <> 'WITH_LOG' RAISERROR (15176, -1, -1)
IF LOWER(@parameter_value) NOT IN ('true', 'false') RAISERROR (15277, -1, -1)
IF @message_id <= 50000 OR NOT EXISTS (SELECT 1 FROM sys.messages WHERE message_id = @message_id)
    RAISERROR (15179, -1, -1, @message_id)
