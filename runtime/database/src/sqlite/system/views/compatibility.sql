CREATE VIEW sys.sysobjects AS
SELECT name, object_id AS id, CAST(CASE type WHEN 'UQ' THEN 'K' WHEN 'PK' THEN 'PK' ELSE type END
    AS char(2)) AS xtype, CAST(schema_id AS smallint) AS uid, CAST(0 AS smallint) AS info,
    0 AS status, 0 AS base_schema_ver, 0 AS replinfo, parent_object_id AS parent_obj,
    create_date AS crdate, CAST(0 AS smallint) AS ftcatid, 0 AS schema_ver, 0 AS stats_schema_ver,
    CAST(type AS char(2)) AS type, CAST(0 AS smallint) AS userstat,
    CAST(0 AS smallint) AS sysstat, CAST(0 AS smallint) AS indexdel, create_date AS refdate,
    0 AS version, 0 AS deltrig, 0 AS instrig, 0 AS updtrig, 0 AS seltrig, 0 AS category,
    CAST(0 AS smallint) AS cache
FROM sys.all_objects
GO
CREATE VIEW sys.syscolumns AS
SELECT c.name, c.object_id AS id, c.system_type_id AS xtype, CAST(0 AS tinyint) AS typestat,
    CAST(c.user_type_id AS smallint) AS xusertype, c.max_length AS length,
    CAST(c.precision AS tinyint) AS xprec, c.scale AS xscale, CAST(c.column_id AS smallint) AS colid,
    CAST(0 AS smallint) AS xoffset, CAST(0 AS tinyint) AS bitpos, CAST(0 AS tinyint) AS reserved,
    CAST(0 AS smallint) AS colstat, c.default_object_id AS cdefault, 0 AS domain,
    CAST(0 AS smallint) AS number, CAST(c.column_id AS smallint) AS colorder,
    CAST(NULL AS varbinary(8000)) AS autoval, CAST(0 AS smallint) AS offset,
    CASE WHEN c.collation_name IS NULL THEN NULL ELSE 872468488 END AS collationid,
    CAST(CASE c.is_identity WHEN 1 THEN 128 ELSE 0 END + CASE c.is_nullable WHEN 1 THEN 8 ELSE 0 END
        AS tinyint) AS status,
    c.system_type_id AS type, CAST(c.user_type_id AS smallint) AS usertype,
    CAST(NULL AS varchar(255)) AS printfmt, CAST(c.precision AS smallint) AS prec,
    CAST(c.scale AS int) AS scale, 0 AS iscomputed, 0 AS isoutparam,
    CAST(c.is_nullable AS int) AS isnullable, c.collation_name AS collation
FROM sys.columns c
GO
CREATE VIEW sys.sysdatabases AS
SELECT name, CAST(database_id AS smallint) AS dbid, owner_sid AS sid, CAST(0 AS smallint) AS mode,
    65544 AS status, 1627389952 AS status2, create_date AS crdate,
    CAST('19000101' AS datetime) AS reserved, 0 AS category, compatibility_level AS cmptlevel,
    CAST(NULL AS nvarchar(260)) AS filename, CAST(957 AS smallint) AS version
FROM sys.databases
GO
CREATE VIEW sys.systypes AS
SELECT name, system_type_id AS xtype, CAST(0 AS tinyint) AS status,
    CAST(user_type_id AS smallint) AS xusertype, max_length AS length, precision AS xprec,
    scale AS xscale, 0 AS tdefault, 0 AS domain, CAST(schema_id AS smallint) AS uid,
    CAST(0 AS smallint) AS reserved,
    CASE WHEN collation_name IS NULL THEN NULL ELSE 872468488 END AS collationid,
    CAST(user_type_id AS smallint) AS usertype, CAST(0 AS bit) AS variable,
    CAST(is_nullable AS bit) AS allownulls, system_type_id AS type,
    CAST(NULL AS varchar(255)) AS printfmt, CAST(precision AS smallint) AS prec, scale,
    collation_name AS collation
FROM sys.types
GO
CREATE VIEW sys.sysusers AS
SELECT CAST(principal_id AS smallint) AS uid, CAST(0 AS smallint) AS status, name, sid,
    CAST(NULL AS varbinary(2048)) AS roles, create_date AS createdate, modify_date AS updatedate,
    CAST(0 AS smallint) AS altuid, CAST(NULL AS varbinary(256)) AS password,
    CAST(0 AS smallint) AS gid, CAST(NULL AS varchar(255)) AS environ,
    CASE WHEN principal_id IN (1, 2) THEN 1 ELSE 0 END AS hasdbaccess, 1 AS islogin, 0 AS isntname,
    0 AS isntgroup, 0 AS isntuser, CASE type WHEN 'S' THEN 1 ELSE 0 END AS issqluser,
    0 AS isaliased, CASE type WHEN 'R' THEN 1 ELSE 0 END AS issqlrole, 0 AS isapprole
FROM sys.database_principals
GO
CREATE VIEW sys.sysindexes AS
SELECT i.object_id AS id, 0 AS status, CAST(NULL AS binary(6)) AS first,
    CAST(i.index_id AS smallint) AS indid, CAST(NULL AS binary(6)) AS root,
    CAST(0 AS smallint) AS minlen,
    CAST((SELECT COUNT(*) FROM catalog.index_columns c WHERE c.object_id = i.object_id
        AND c.index_id = i.index_id) AS smallint) AS keycnt,
    CAST(1 AS smallint) AS groupid, CAST(p.pages AS int) AS dpages, CAST(p.pages AS int) AS reserved,
    CAST(p.pages AS int) AS used, p.row_count AS rowcnt, 0 AS rowmodctr, 0 AS reserved3,
    0 AS reserved4, CAST(0 AS smallint) AS xmaxlen, CAST(0 AS smallint) AS maxirow,
    CAST(0 AS tinyint) AS OrigFillFactor, CAST(0 AS tinyint) AS StatVersion, 0 AS reserved2,
    CAST(NULL AS binary(6)) AS FirstIAM, CAST(0 AS smallint) AS impid,
    CAST(0 AS smallint) AS lockflags, 0 AS pgmodctr, CAST(NULL AS varbinary(1088)) AS keys,
    CAST(i.name AS sysname) AS name, CAST(NULL AS image) AS statblob, 8000 AS maxlen,
    CAST(p.row_count AS int) AS rows
FROM sys.indexes i LEFT JOIN catalog.sizes p ON p.object_id = i.object_id AND p.index_id = i.index_id
GO
CREATE VIEW sys.syscomments AS
SELECT object_id AS id, CAST(0 AS smallint) AS number, CAST(1 AS smallint) AS colid,
    CAST(0 AS smallint) AS status, CAST(NULL AS varbinary(8000)) AS ctext,
    CAST(2 AS smallint) AS texttype, CAST(0 AS smallint) AS language, CAST(0 AS bit) AS encrypted,
    CAST(0 AS bit) AS compressed, CAST(definition AS nvarchar(4000)) AS text
FROM catalog.definitions WHERE definition IS NOT NULL
GO
CREATE VIEW sys.syslanguages AS
SELECT CAST(0 AS smallint) AS langid, CAST('mdy' AS nchar(3)) AS dateformat,
    CAST(7 AS tinyint) AS datefirst, 0 AS upgrade, CAST('us_english' AS sysname) AS name,
    CAST('English' AS sysname) AS alias,
    CAST('January,February,March,April,May,June,July,August,September,October,November,December'
        AS nvarchar(372)) AS months,
    CAST('Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec' AS nvarchar(132)) AS shortmonths,
    CAST('Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday' AS nvarchar(217)) AS days,
    1033 AS lcid, CAST(1033 AS smallint) AS msglangid
GO
CREATE VIEW sys.sysmessages AS
SELECT message_id AS error, severity, CAST(CASE is_event_logged WHEN 1 THEN 128 ELSE 0 END AS smallint)
    AS dlevel, CAST(text AS nvarchar(255)) AS description, language_id AS msglangid FROM sys.messages
