CREATE PROCEDURE sys.sp_server_info (@attribute_id int = NULL) AS
SELECT a.id AS attribute_id, CAST(a.name AS varchar(60)) AS attribute_name,
    CAST(a.value AS varchar(255)) AS attribute_value
FROM (VALUES (1, 'DBMS_NAME', 'Microsoft SQL Server'),
    (2, 'DBMS_VER', CAST(@@VERSION AS varchar(255))), (10, 'OWNER_TERM', 'owner'),
    (11, 'TABLE_TERM', 'table'), (12, 'MAX_OWNER_NAME_LENGTH', '128'),
    (13, 'TABLE_LENGTH', '128'), (14, 'MAX_QUAL_LENGTH', '128'), (15, 'COLUMN_LENGTH', '128'),
    (16, 'IDENTIFIER_CASE', 'MIXED'), (17, 'TX_ISOLATION', '2'),
    (18, 'COLLATION_SEQ', 'charset=iso_1 sort_order=nocase_iso charset_num=1 sort_order_num=52'),
    (19, 'SAVEPOINT_SUPPORT', 'Y'), (20, 'MULTI_RESULT_SETS', 'Y'), (22, 'ACCESSIBLE_TABLES', 'Y'),
    (100, 'USERID_LENGTH', '128'), (101, 'QUALIFIER_TERM', 'database'),
    (102, 'NAMED_TRANSACTIONS', 'Y'), (103, 'SPROC_AS_LANGUAGE', 'Y'),
    (104, 'ACCESSIBLE_SPROC', 'Y'), (105, 'MAX_INDEX_COLS', '16'), (106, 'RENAME_TABLE', 'N'),
    (107, 'RENAME_COLUMN', 'N'), (108, 'DROP_COLUMN', 'Y'), (109, 'INCREASE_COLUMN_LENGTH', 'Y'),
    (110, 'DDL_IN_TRANSACTION', 'Y'), (111, 'DESCENDING_INDEXES', 'Y'), (112, 'SP_RENAME', 'N'),
    (113, 'REMOTE_SPROC', 'N'), (500, 'SYS_SPROC_VERSION', '16.00.4003')) a (id, name, value)
WHERE @attribute_id IS NULL OR a.id = @attribute_id ORDER BY 1
GO
CREATE PROCEDURE sys.sp_tablecollations_100 (@object nvarchar(4000)) AS
SELECT column_id AS colid, name,
    CASE WHEN collation_name IS NOT NULL THEN CAST(0x0904D00034 AS binary(5)) END AS tds_collation,
    collation_name AS collation
FROM sys.columns WHERE object_id = OBJECT_ID(@object) ORDER BY column_id
GO
CREATE PROCEDURE sys.sp_who (@loginame sysname = NULL) AS
SELECT p.spid, p.ecid, p.status, p.loginame, p.hostname, CAST('0' AS char(5)) AS blk,
    DB_NAME(p.dbid) AS dbname, CAST(p.cmd AS nchar(26)) AS cmd, p.request_id
FROM sys.sysprocesses p
WHERE @loginame IS NULL OR p.loginame = @loginame OR CAST(p.spid AS nvarchar(10)) = @loginame
    OR @loginame = N'active' AND p.cmd <> 'AWAITING COMMAND'
ORDER BY p.spid, p.ecid
GO
CREATE PROCEDURE sys.sp_who2 (@loginame sysname = NULL) AS
SELECT CAST(p.spid AS char(5)) AS SPID, RTRIM(p.status) AS Status, RTRIM(p.loginame) AS Login,
    CAST(CASE p.hostname WHEN '' THEN '  .' ELSE RTRIM(p.hostname) END AS nvarchar(128)) AS HostName,
    CAST('  .' AS char(5)) AS BlkBy, DB_NAME(p.dbid) AS DBName, CAST(RTRIM(p.cmd) AS nvarchar(26)) AS Command,
    CAST(p.cpu AS varchar(11)) AS CPUTime, CAST(p.physical_io AS varchar(20)) AS DiskIO,
    CAST(SUBSTRING(CONVERT(varchar(20), p.last_batch, 111), 6, 5) + ' '
        + CONVERT(varchar(20), p.last_batch, 108) AS varchar(14)) AS LastBatch,
    RTRIM(p.program_name) AS ProgramName, CAST(p.spid AS char(5)) AS SPID,
    CAST(p.request_id AS char(5)) AS REQUESTID
FROM sys.sysprocesses p
WHERE @loginame IS NULL OR p.loginame = @loginame OR CAST(p.spid AS nvarchar(10)) = @loginame
    OR @loginame = N'active' AND p.cmd <> 'AWAITING COMMAND'
ORDER BY p.spid
GO
CREATE PROCEDURE sys.sp_describe_first_result_set (@tsql nvarchar(max), @params nvarchar(max) = NULL,
    @browse_information_mode tinyint = 0) AS
IF @browse_information_mode > 2 RAISERROR (11552, -1, -1)
SELECT is_hidden, column_ordinal, name, is_nullable, system_type_id, system_type_name, max_length,
    precision, scale, collation_name, user_type_id, user_type_database, user_type_schema,
    user_type_name, assembly_qualified_type_name, xml_collection_id, xml_collection_database,
    xml_collection_schema, xml_collection_name, is_xml_document, is_case_sensitive,
    is_fixed_length_clr_type, source_server, source_database, source_schema, source_table,
    source_column, is_identity_column, is_part_of_unique_key, is_updateable, is_computed_column,
    is_sparse_column_set, ordinal_in_order_by_list, order_by_list_length, order_by_is_descending,
    tds_type_id, tds_length, tds_collation_id, tds_collation_sort_id
FROM sys.dm_exec_describe_first_result_set(@tsql, @params, @browse_information_mode)
ORDER BY column_ordinal
GO
CREATE PROCEDURE sys.sp_describe_undeclared_parameters (@tsql nvarchar(max),
    @params nvarchar(max) = NULL) AS
SELECT parameter_ordinal, name, system_type_id AS suggested_system_type_id,
    system_type_name AS suggested_system_type_name, max_length AS suggested_max_length,
    precision AS suggested_precision, scale AS suggested_scale,
    CAST(NULL AS int) AS suggested_user_type_id,
    CAST(NULL AS sysname) AS suggested_user_type_database,
    CAST(NULL AS sysname) AS suggested_user_type_schema, CAST(NULL AS sysname) AS suggested_user_type_name,
    CAST(NULL AS nvarchar(4000)) AS suggested_assembly_qualified_type_name,
    CAST(NULL AS int) AS suggested_xml_collection_id,
    CAST(NULL AS sysname) AS suggested_xml_collection_database,
    CAST(NULL AS sysname) AS suggested_xml_collection_schema,
    CAST(NULL AS sysname) AS suggested_xml_collection_name,
    CAST(0 AS bit) AS suggested_is_xml_document, CAST(0 AS bit) AS suggested_is_case_sensitive,
    CAST(0 AS bit) AS suggested_is_fixed_length_clr_type, is_input AS suggested_is_input,
    is_output AS suggested_is_output, formal_parameter_name, tds_type_id AS suggested_tds_type_id,
    tds_length AS suggested_tds_length
FROM catalog.undeclared_parameters(@tsql, @params) ORDER BY parameter_ordinal
