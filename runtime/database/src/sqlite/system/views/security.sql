CREATE VIEW sys.server_principals AS
SELECT p.name, p.principal_id, CAST(p.principal_id AS varbinary(85)) AS sid,
    CAST(p.type AS char(1)) AS type,
    CAST(CASE p.type WHEN 'S' THEN 'SQL_LOGIN' ELSE 'SERVER_ROLE' END AS nvarchar(60)) AS type_desc,
    CAST(0 AS bit) AS is_disabled, CAST('20221008' AS datetime) AS create_date,
    CAST('20221008' AS datetime) AS modify_date,
    CASE p.type WHEN 'S' THEN CAST('master' AS sysname) END AS default_database_name,
    CASE p.type WHEN 'S' THEN CAST('us_english' AS sysname) END AS default_language_name,
    CAST(NULL AS int) AS credential_id,
    CASE p.type WHEN 'R' THEN 1 END AS owning_principal_id,
    CAST(CASE p.type WHEN 'R' THEN 1 ELSE 0 END AS bit) AS is_fixed_role
FROM (SELECT name, principal_id, 'S' AS type FROM catalog.logins
    UNION ALL SELECT CAST(r.name AS sysname), r.id, 'R' FROM (VALUES ('public', 2),
        ('sysadmin', 3), ('securityadmin', 4), ('serveradmin', 5), ('setupadmin', 6),
        ('processadmin', 7), ('diskadmin', 8), ('dbcreator', 9), ('bulkadmin', 10)) r (name, id)) p
GO
CREATE VIEW sys.sql_logins AS
SELECT name, principal_id, sid, type, type_desc, is_disabled, create_date, modify_date,
    default_database_name, default_language_name, credential_id, CAST(0 AS bit) AS is_policy_checked,
    CAST(0 AS bit) AS is_expiration_checked, CAST(NULL AS varbinary(256)) AS password_hash
FROM sys.server_principals WHERE type = 'S'
GO
CREATE VIEW sys.server_role_members AS
SELECT 3 AS role_principal_id, principal_id AS member_principal_id FROM catalog.logins
GO
CREATE VIEW sys.database_principals AS
SELECT CAST(p.name AS sysname) AS name, p.id AS principal_id, CAST(p.type AS char(1)) AS type,
    CAST(CASE p.type WHEN 'S' THEN 'SQL_USER' ELSE 'DATABASE_ROLE' END AS nvarchar(60))
        AS type_desc,
    CASE p.id WHEN 1 THEN CAST('dbo' AS sysname) WHEN 2 THEN CAST('guest' AS sysname) END
        AS default_schema_name,
    CAST('20221008' AS datetime) AS create_date, CAST('20221008' AS datetime) AS modify_date,
    CASE p.type WHEN 'R' THEN 1 END AS owning_principal_id,
    CASE WHEN p.id < 3 THEN CAST(p.id AS varbinary(85)) END AS sid,
    CAST(CASE WHEN p.id >= 16384 THEN 1 ELSE 0 END AS bit) AS is_fixed_role,
    CASE p.id WHEN 1 THEN 1 ELSE 0 END AS authentication_type,
    CAST(CASE p.id WHEN 1 THEN 'INSTANCE' ELSE 'NONE' END AS nvarchar(60))
        AS authentication_type_desc,
    CAST(NULL AS sysname) AS default_language_name, CAST(NULL AS int) AS default_language_lcid,
    CAST(0 AS bit) AS allow_encrypted_value_modifications
FROM (VALUES ('public', 0, 'R'), ('dbo', 1, 'S'), ('guest', 2, 'S'),
    ('INFORMATION_SCHEMA', 3, 'S'), ('sys', 4, 'S'), ('db_owner', 16384, 'R'),
    ('db_accessadmin', 16385, 'R'), ('db_securityadmin', 16386, 'R'), ('db_ddladmin', 16387, 'R'),
    ('db_backupoperator', 16389, 'R'), ('db_datareader', 16390, 'R'), ('db_datawriter', 16391, 'R'),
    ('db_denydatareader', 16392, 'R'), ('db_denydatawriter', 16393, 'R')) p (name, id, type)
GO
CREATE VIEW sys.database_role_members AS
SELECT 16384 AS role_principal_id, 1 AS member_principal_id
GO
CREATE VIEW sys.database_permissions AS
SELECT CAST(0 AS tinyint) AS class, CAST('DATABASE' AS nvarchar(60)) AS class_desc, 0 AS major_id,
    0 AS minor_id, 1 AS grantee_principal_id, 1 AS grantor_principal_id,
    CAST('CO' AS char(4)) AS type, CAST('CONNECT' AS nvarchar(128)) AS permission_name,
    CAST('G' AS char(1)) AS state, CAST('GRANT' AS nvarchar(60)) AS state_desc
