CREATE PROCEDURE sys.sp_getapplock (@Resource nvarchar(255) = NULL, @LockMode varchar(32),
    @LockOwner varchar(32) = 'Transaction', @LockTimeout int = NULL, @DbPrincipal sysname = N'public') AS
IF LOWER(@LockMode) NOT IN ('shared', 'update', 'intentshared', 'intentexclusive', 'exclusive')
BEGIN
    RAISERROR (15625, -1, -1, @LockMode, '@LockMode')
    RETURN -999
END
IF LOWER(@LockOwner) NOT IN ('transaction', 'session')
BEGIN
    RAISERROR (15625, -1, -1, @LockOwner, '@LockOwner')
    RETURN -999
END
IF LOWER(@LockOwner) = 'transaction' AND @@TRANCOUNT = 0
BEGIN
    RAISERROR (15626, -1, -1)
    RETURN -999
END
GO
CREATE PROCEDURE sys.sp_releaseapplock (@Resource nvarchar(255) = NULL,
    @LockOwner varchar(32) = 'Transaction', @DbPrincipal sysname = N'public') AS
IF LOWER(@LockOwner) NOT IN ('transaction', 'session')
BEGIN
    RAISERROR (15625, -1, -1, @LockOwner, '@LockOwner')
    RETURN -999
END
