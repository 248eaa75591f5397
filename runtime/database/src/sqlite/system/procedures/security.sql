CREATE PROCEDURE sys.sp_addlogin (@loginame sysname, @passwd sysname = NULL, @defdb sysname = 'master',
    @deflanguage sysname = NULL, @sid varbinary(16) = NULL, @encryptopt varchar(20) = NULL) AS
DECLARE @text nvarchar(max) = 'CREATE LOGIN ' + QUOTENAME(@loginame) + ' WITH PASSWORD = N'''
    + REPLACE(ISNULL(@passwd, ''), '''', '''''') + ''', DEFAULT_DATABASE = '
    + QUOTENAME(ISNULL(@defdb, 'master')) + ', CHECK_POLICY = OFF'
IF @sid IS NOT NULL SET @text = @text + ', SID = ' + CONVERT(varchar(40), @sid, 1)
EXEC (@text)
GO
CREATE PROCEDURE sys.sp_droplogin (@loginame sysname) AS
DECLARE @text nvarchar(max) = 'DROP LOGIN ' + QUOTENAME(@loginame)
EXEC (@text)
GO
CREATE PROCEDURE sys.sp_password (@old sysname = NULL, @new sysname, @loginame sysname = NULL) AS
DECLARE @text nvarchar(max) = 'ALTER LOGIN ' + QUOTENAME(ISNULL(@loginame, SUSER_SNAME()))
    + ' WITH PASSWORD = N''' + REPLACE(@new, '''', '''''') + ''''
IF @old IS NOT NULL SET @text = @text + ' OLD_PASSWORD = N''' + REPLACE(@old, '''', '''''') + ''''
EXEC (@text)
GO
CREATE PROCEDURE sys.sp_defaultdb (@loginame sysname, @defdb sysname) AS
DECLARE @text nvarchar(max) = 'ALTER LOGIN ' + QUOTENAME(@loginame) + ' WITH DEFAULT_DATABASE = '
    + QUOTENAME(@defdb)
EXEC (@text)
GO
CREATE PROCEDURE sys.sp_addsrvrolemember (@loginame sysname, @rolename sysname) AS
DECLARE @text nvarchar(max) = 'ALTER SERVER ROLE ' + QUOTENAME(@rolename) + ' ADD MEMBER '
    + QUOTENAME(@loginame)
EXEC (@text)
GO
CREATE PROCEDURE sys.sp_dropsrvrolemember (@loginame sysname, @rolename sysname) AS
DECLARE @text nvarchar(max) = 'ALTER SERVER ROLE ' + QUOTENAME(@rolename) + ' DROP MEMBER '
    + QUOTENAME(@loginame)
EXEC (@text)
GO
CREATE PROCEDURE sys.sp_grantdbaccess (@loginame sysname, @name_in_db sysname = NULL) AS
DECLARE @user nvarchar(300) = QUOTENAME(ISNULL(@name_in_db, @loginame))
DECLARE @text nvarchar(max) = 'CREATE USER ' + @user + ' FOR LOGIN ' + QUOTENAME(@loginame)
    + ' WITH DEFAULT_SCHEMA = ' + @user + '; CREATE SCHEMA ' + @user + ' AUTHORIZATION ' + @user
EXEC (@text)
GO
CREATE PROCEDURE sys.sp_adduser (@loginame sysname, @name_in_db sysname = NULL, @grpname sysname = NULL) AS
EXEC sys.sp_grantdbaccess @loginame, @name_in_db
IF @grpname IS NOT NULL
BEGIN
    DECLARE @text nvarchar(max) = 'ALTER ROLE ' + QUOTENAME(@grpname) + ' ADD MEMBER '
        + QUOTENAME(ISNULL(@name_in_db, @loginame))
    EXEC (@text)
END
GO
CREATE PROCEDURE sys.sp_revokedbaccess (@name_in_db sysname) AS
DECLARE @text nvarchar(max) = 'DROP USER ' + QUOTENAME(@name_in_db)
IF EXISTS (SELECT 1 FROM sys.schemas WHERE name = @name_in_db
        AND principal_id = DATABASE_PRINCIPAL_ID(@name_in_db))
    SET @text = 'DROP SCHEMA ' + QUOTENAME(@name_in_db) + '; ' + @text
EXEC (@text)
GO
CREATE PROCEDURE sys.sp_dropuser (@name_in_db sysname) AS
EXEC sys.sp_revokedbaccess @name_in_db
GO
CREATE PROCEDURE sys.sp_addrole (@rolename sysname, @ownername sysname = NULL) AS
DECLARE @text nvarchar(max) = 'CREATE ROLE ' + QUOTENAME(@rolename)
IF @ownername IS NOT NULL SET @text = @text + ' AUTHORIZATION ' + QUOTENAME(@ownername)
EXEC (@text)
GO
CREATE PROCEDURE sys.sp_droprole (@rolename sysname) AS
DECLARE @text nvarchar(max) = 'DROP ROLE ' + QUOTENAME(@rolename)
EXEC (@text)
GO
CREATE PROCEDURE sys.sp_addrolemember (@rolename sysname, @membername sysname) AS
IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE name = @rolename AND type = 'R')
    RAISERROR (15014, -1, -1, @rolename)
IF DATABASE_PRINCIPAL_ID(@membername) IS NULL RAISERROR (15410, -1, -1, @membername)
DECLARE @text nvarchar(max) = 'ALTER ROLE ' + QUOTENAME(@rolename) + ' ADD MEMBER '
    + QUOTENAME(@membername)
EXEC (@text)
GO
CREATE PROCEDURE sys.sp_droprolemember (@rolename sysname, @membername sysname) AS
IF NOT EXISTS (SELECT 1 FROM sys.database_principals WHERE name = @rolename AND type = 'R')
    RAISERROR (15014, -1, -1, @rolename)
IF DATABASE_PRINCIPAL_ID(@membername) IS NULL RAISERROR (15410, -1, -1, @membername)
DECLARE @text nvarchar(max) = 'ALTER ROLE ' + QUOTENAME(@rolename) + ' DROP MEMBER '
    + QUOTENAME(@membername)
EXEC (@text)
GO
CREATE PROCEDURE sys.sp_helplogins (@LoginNamePattern sysname = NULL) AS
SELECT l.name AS LoginName, l.sid AS SID, l.default_database_name AS DefDBName,
    l.default_language_name AS DefLangName, CAST(CASE WHEN EXISTS (SELECT 1 FROM
        sys.database_principals u WHERE u.sid = l.sid) THEN 'yes' ELSE 'NO' END AS char(5)) AS AUser,
    CAST('no' AS char(7)) AS ARemote
FROM sys.server_principals l
WHERE l.type = 'S' AND (@LoginNamePattern IS NULL OR l.name = @LoginNamePattern) ORDER BY 1
SELECT l.name AS LoginName, DB_NAME() AS DBName, u.name AS UserName,
    CAST('User' AS char(8)) AS UserOrAlias
FROM sys.server_principals l JOIN sys.database_principals u ON u.sid = l.sid
WHERE l.type = 'S' AND (@LoginNamePattern IS NULL OR l.name = @LoginNamePattern) ORDER BY 1, 3
GO
CREATE PROCEDURE sys.sp_helpuser (@name_in_db sysname = NULL) AS
IF @name_in_db IS NOT NULL AND DATABASE_PRINCIPAL_ID(@name_in_db) IS NULL
    RAISERROR (15198, -1, -1, @name_in_db)
SELECT u.name AS UserName, ISNULL(r.name, 'public') AS RoleName, l.name AS LoginName,
    l.default_database_name AS DefDBName, u.default_schema_name AS DefSchemaName,
    CAST(u.principal_id AS char(10)) AS UserID, u.sid AS SID
FROM sys.database_principals u
LEFT JOIN sys.database_role_members m ON m.member_principal_id = u.principal_id
LEFT JOIN sys.database_principals r ON r.principal_id = m.role_principal_id
LEFT JOIN sys.server_principals l ON l.sid = u.sid AND l.type = 'S'
WHERE u.type = 'S' AND (@name_in_db IS NULL OR u.name = @name_in_db) ORDER BY 1, 2
GO
CREATE PROCEDURE sys.sp_helprole (@rolename sysname = NULL) AS
IF @rolename IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sys.database_principals
        WHERE name = @rolename AND type = 'R') RAISERROR (15409, -1, -1, @rolename)
SELECT name AS RoleName, CAST(principal_id AS smallint) AS RoleId, 0 AS IsAppRole
FROM sys.database_principals WHERE type = 'R' AND (@rolename IS NULL OR name = @rolename)
ORDER BY principal_id
GO
CREATE PROCEDURE sys.sp_helprolemember (@rolename sysname = NULL) AS
IF @rolename IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sys.database_principals
        WHERE name = @rolename AND type = 'R') RAISERROR (15409, -1, -1, @rolename)
SELECT r.name AS DbRole, u.name AS MemberName, u.sid AS MemberSID
FROM sys.database_role_members m
JOIN sys.database_principals r ON r.principal_id = m.role_principal_id
JOIN sys.database_principals u ON u.principal_id = m.member_principal_id
WHERE @rolename IS NULL OR r.name = @rolename ORDER BY 1, 2
GO
CREATE PROCEDURE sys.sp_helpsrvrolemember (@srvrolename sysname = NULL) AS
SELECT r.name AS ServerRole, l.name AS MemberName, l.sid AS MemberSID
FROM sys.server_role_members m JOIN sys.server_principals r ON r.principal_id = m.role_principal_id
JOIN sys.server_principals l ON l.principal_id = m.member_principal_id
WHERE @srvrolename IS NULL OR r.name = @srvrolename ORDER BY 1, 2
GO
CREATE PROCEDURE sys.sp_helprotect (@name nvarchar(776) = NULL, @username sysname = NULL,
    @grantorname sysname = NULL, @permissionarea char(10) = 'o s') AS
SELECT CAST(ISNULL(s.name, '.') AS sysname) AS Owner, CAST(ISNULL(o.name, '.') AS sysname) AS Object,
    g.name AS Grantee, w.name AS Grantor,
    CAST(CASE p.state WHEN 'D' THEN 'Deny' WHEN 'W' THEN 'Grant_WGO' WHEN 'R' THEN 'Revoke'
        ELSE 'Grant' END AS char(10)) AS ProtectType,
    CAST(p.permission_name AS varchar(60)) AS Action,
    CAST(CASE WHEN p.minor_id > 0 THEN COL_NAME(p.major_id, p.minor_id)
        WHEN o.type IN ('U', 'V', 'IF', 'TF') AND p.type IN ('RF', 'SL', 'UP') THEN '(All+New)'
        ELSE '.' END AS sysname) AS [Column]
FROM sys.database_permissions p
JOIN sys.database_principals g ON g.principal_id = p.grantee_principal_id
JOIN sys.database_principals w ON w.principal_id = p.grantor_principal_id
LEFT JOIN sys.objects o ON o.object_id = p.major_id AND p.class = 1
LEFT JOIN sys.schemas s ON s.schema_id = o.schema_id
WHERE p.class IN (0, 1) AND (@name IS NULL OR o.object_id = OBJECT_ID(@name)
        OR p.permission_name = @name)
    AND (@username IS NULL OR g.name = @username) AND (@grantorname IS NULL OR w.name = @grantorname)
ORDER BY 1, 2, 3, 6, 7
