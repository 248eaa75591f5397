CREATE VIEW sys.server_principals AS
SELECT name, principal_id, sid, CAST(type AS char(1)) AS type,
    CAST(CASE type WHEN 'S' THEN 'SQL_LOGIN' ELSE 'SERVER_ROLE' END AS nvarchar(60)) AS type_desc,
    is_disabled, created AS create_date, modified AS modify_date,
    default_database AS default_database_name,
    CASE type WHEN 'S' THEN CAST('us_english' AS sysname) END AS default_language_name,
    CAST(NULL AS int) AS credential_id, owner AS owning_principal_id,
    CAST(CASE WHEN type = 'R' AND principal_id < 257 THEN 1 ELSE 0 END AS bit) AS is_fixed_role
FROM catalog.server_principals
GO
CREATE VIEW sys.sql_logins AS
SELECT p.name, p.principal_id, p.sid, CAST(p.type AS char(1)) AS type,
    CAST('SQL_LOGIN' AS nvarchar(60)) AS type_desc, p.is_disabled, p.created AS create_date,
    p.modified AS modify_date, p.default_database AS default_database_name,
    CAST('us_english' AS sysname) AS default_language_name, CAST(NULL AS int) AS credential_id,
    p.is_policy_checked, p.is_expiration_checked,
    CASE HAS_PERMS_BY_NAME(NULL, NULL, 'CONTROL SERVER') WHEN 1 THEN p.password_hash END
        AS password_hash
FROM catalog.server_principals p WHERE p.type = 'S'
GO
CREATE VIEW sys.server_role_members AS
SELECT role_id AS role_principal_id, member_id AS member_principal_id
FROM catalog.server_role_members
GO
CREATE VIEW sys.server_permissions AS
SELECT p.class, CAST(CASE p.class WHEN 100 THEN 'SERVER' ELSE 'SERVER_PRINCIPAL' END
        AS nvarchar(60)) AS class_desc,
    p.major_id, 0 AS minor_id, p.grantee AS grantee_principal_id, p.grantor AS grantor_principal_id,
    p.type, b.permission_name, p.state, CAST(CASE p.state WHEN 'G' THEN 'GRANT'
        WHEN 'W' THEN 'GRANT_WITH_GRANT_OPTION' ELSE 'DENY' END AS nvarchar(60)) AS state_desc
FROM catalog.server_permissions p JOIN (SELECT DISTINCT type, permission_name,
        CASE class_desc WHEN 'SERVER' THEN 100 ELSE 101 END AS class
    FROM sys.fn_builtin_permissions(NULL) WHERE class_desc IN ('SERVER', 'LOGIN', 'SERVER ROLE')) b
ON b.type = p.type AND b.class = p.class
GO
CREATE VIEW sys.database_principals AS
SELECT name, principal_id, CAST(type AS char(1)) AS type,
    CAST(CASE type WHEN 'S' THEN 'SQL_USER' ELSE 'DATABASE_ROLE' END AS nvarchar(60))
        AS type_desc,
    default_schema AS default_schema_name, created AS create_date, modified AS modify_date,
    owner AS owning_principal_id, sid,
    CAST(CASE WHEN principal_id >= 16384 THEN 1 ELSE 0 END AS bit) AS is_fixed_role,
    CASE has_login WHEN 1 THEN 1 ELSE 0 END AS authentication_type,
    CAST(CASE has_login WHEN 1 THEN 'INSTANCE' ELSE 'NONE' END AS nvarchar(60))
        AS authentication_type_desc,
    CAST(NULL AS sysname) AS default_language_name, CAST(NULL AS int) AS default_language_lcid,
    CAST(0 AS bit) AS allow_encrypted_value_modifications
FROM catalog.principals
GO
CREATE VIEW sys.database_role_members AS
SELECT role_id AS role_principal_id, member_id AS member_principal_id FROM catalog.role_members
GO
CREATE VIEW sys.database_permissions AS
SELECT p.class, CAST(CASE p.class WHEN 0 THEN 'DATABASE' WHEN 1 THEN 'OBJECT_OR_COLUMN'
        WHEN 3 THEN 'SCHEMA' WHEN 4 THEN 'DATABASE_PRINCIPAL' ELSE 'EXTERNAL_LANGUAGE' END
        AS nvarchar(60)) AS class_desc,
    p.major_id, p.minor_id, p.grantee AS grantee_principal_id, p.grantor AS grantor_principal_id,
    p.type, b.permission_name, p.state, CAST(CASE p.state WHEN 'G' THEN 'GRANT'
        WHEN 'W' THEN 'GRANT_WITH_GRANT_OPTION' WHEN 'R' THEN 'REVOKE' ELSE 'DENY' END
        AS nvarchar(60)) AS state_desc
FROM catalog.permissions p JOIN (SELECT DISTINCT type, permission_name, CASE class_desc
        WHEN 'DATABASE' THEN 0 WHEN 'OBJECT' THEN 1 WHEN 'SCHEMA' THEN 3
        WHEN 'EXTERNAL LANGUAGE' THEN 27 ELSE 4 END AS class
    FROM sys.fn_builtin_permissions(NULL)
    WHERE class_desc NOT IN ('SERVER', 'LOGIN', 'SERVER ROLE')) b
ON b.type = p.type AND b.class = p.class
GO
CREATE VIEW sys.login_token AS
SELECT principal_id, sid, name, CAST(CASE type WHEN 'S' THEN 'SQL LOGIN' ELSE 'SERVER ROLE' END
        AS nvarchar(128)) AS type, CAST('GRANT OR DENY' AS nvarchar(128)) AS usage
FROM catalog.login_token
GO
CREATE VIEW sys.user_token AS
SELECT principal_id, sid, name, CAST(CASE type WHEN 'S' THEN 'SQL USER' ELSE 'ROLE' END
        AS nvarchar(128)) AS type, CAST('GRANT OR DENY' AS nvarchar(128)) AS usage
FROM catalog.user_token
