CREATE VIEW sys.columns AS
SELECT c.object_id, c.name, c.column_id, c.system_type_id,
    c.user_type_id, c.max_length, c.precision, c.scale,
    CASE WHEN c.system_type_id IN (35, 99, 167, 175, 231, 239)
        THEN CAST('SQL_Latin1_General_CP1_CI_AS' AS sysname) END AS collation_name,
    c.is_nullable, CAST(1 AS bit) AS is_ansi_padded, CAST(0 AS bit) AS is_rowguidcol,
    c.is_identity, CAST(CASE WHEN c.computed IS NULL THEN 0 ELSE 1 END AS bit) AS is_computed,
    CAST(0 AS bit) AS is_filestream,
    CAST(0 AS bit) AS is_replicated, CAST(0 AS bit) AS is_non_sql_subscribed,
    CAST(0 AS bit) AS is_merge_published, CAST(0 AS bit) AS is_dts_replicated,
    CAST(0 AS bit) AS is_xml_document, 0 AS xml_collection_id, c.default_object_id,
    0 AS rule_object_id, CAST(0 AS bit) AS is_sparse, CAST(0 AS bit) AS is_column_set,
    CAST(0 AS tinyint) AS generated_always_type,
    CAST('NOT_APPLICABLE' AS nvarchar(60)) AS generated_always_type_desc,
    CAST(NULL AS int) AS encryption_type, CAST(NULL AS nvarchar(64)) AS encryption_type_desc,
    CAST(NULL AS sysname) AS encryption_algorithm_name,
    CAST(NULL AS int) AS column_encryption_key_id,
    CAST(NULL AS sysname) AS column_encryption_key_database_name, CAST(0 AS bit) AS is_hidden,
    CAST(0 AS bit) AS is_masked, CAST(NULL AS int) AS graph_type,
    CAST(NULL AS nvarchar(60)) AS graph_type_desc,
    CAST(0 AS bit) AS is_data_deletion_filter_column, CAST(NULL AS int) AS ledger_view_column_type,
    CAST(NULL AS nvarchar(60)) AS ledger_view_column_type_desc,
    CAST(0 AS bit) AS is_dropped_ledger_column
FROM catalog.columns c
GO
CREATE VIEW sys.system_columns AS
SELECT c.object_id, c.name, c.column_id, c.system_type_id,
    CAST(c.system_type_id AS int) AS user_type_id, c.max_length, c.precision, c.scale,
    CASE WHEN c.system_type_id IN (35, 99, 167, 175, 231, 239)
        THEN CAST('SQL_Latin1_General_CP1_CI_AS' AS sysname) END AS collation_name,
    c.is_nullable, CAST(1 AS bit) AS is_ansi_padded, CAST(0 AS bit) AS is_rowguidcol,
    CAST(0 AS bit) AS is_identity, CAST(0 AS bit) AS is_computed,
    CAST(0 AS bit) AS is_filestream,
    CAST(0 AS bit) AS is_replicated, CAST(0 AS bit) AS is_non_sql_subscribed,
    CAST(0 AS bit) AS is_merge_published, CAST(0 AS bit) AS is_dts_replicated,
    CAST(0 AS bit) AS is_xml_document, 0 AS xml_collection_id, 0 AS default_object_id,
    0 AS rule_object_id, CAST(0 AS bit) AS is_sparse, CAST(0 AS bit) AS is_column_set,
    CAST(0 AS tinyint) AS generated_always_type,
    CAST('NOT_APPLICABLE' AS nvarchar(60)) AS generated_always_type_desc,
    CAST(NULL AS int) AS encryption_type, CAST(NULL AS nvarchar(64)) AS encryption_type_desc,
    CAST(NULL AS sysname) AS encryption_algorithm_name,
    CAST(NULL AS int) AS column_encryption_key_id,
    CAST(NULL AS sysname) AS column_encryption_key_database_name, CAST(0 AS bit) AS is_hidden,
    CAST(0 AS bit) AS is_masked, CAST(NULL AS int) AS graph_type,
    CAST(NULL AS nvarchar(60)) AS graph_type_desc,
    CAST(0 AS bit) AS is_data_deletion_filter_column, CAST(NULL AS int) AS ledger_view_column_type,
    CAST(NULL AS nvarchar(60)) AS ledger_view_column_type_desc,
    CAST(0 AS bit) AS is_dropped_ledger_column
FROM catalog.system_columns c
GO
CREATE VIEW sys.all_columns AS
SELECT * FROM sys.columns UNION ALL SELECT * FROM sys.system_columns
GO
CREATE VIEW sys.identity_columns AS
SELECT a.*, c.seed AS seed_value, c.increment AS increment_value, c.last AS last_value,
    CAST(0 AS bit) AS is_not_for_replication
FROM sys.columns a
JOIN catalog.columns c ON c.object_id = a.object_id AND c.column_id = a.column_id
WHERE a.is_identity = 1
GO
CREATE VIEW sys.computed_columns AS
SELECT a.*, CAST(N'(' + c.computed + N')' AS nvarchar(max)) AS definition,
    CAST(1 AS bit) AS uses_database_collation, c.is_persisted
FROM sys.columns a
JOIN catalog.columns c ON c.object_id = a.object_id AND c.column_id = a.column_id
WHERE a.is_computed = 1
GO
CREATE VIEW sys.types AS
SELECT name, system_type_id, user_type_id, schema_id, CAST(NULL AS int) AS principal_id,
    max_length, precision, scale,
    CASE WHEN system_type_id IN (35, 99, 167, 175, 231, 239)
        THEN CAST('SQL_Latin1_General_CP1_CI_AS' AS sysname) END AS collation_name,
    is_nullable, is_user_defined, CAST(0 AS bit) AS is_assembly_type,
    0 AS default_object_id, 0 AS rule_object_id,
    CAST(CASE system_type_id WHEN 243 THEN 1 ELSE 0 END AS bit) AS is_table_type
FROM catalog.types
GO
CREATE VIEW sys.table_types AS
SELECT *, 0 AS type_table_object_id, CAST(0 AS bit) AS is_memory_optimized
FROM sys.types WHERE is_table_type = 1
GO
CREATE VIEW sys.assembly_types AS
SELECT *, 0 AS assembly_id, CAST(NULL AS sysname) AS assembly_class,
    CAST(NULL AS bit) AS is_binary_ordered, CAST(NULL AS bit) AS is_fixed_length,
    CAST(NULL AS nvarchar(40)) AS prog_id, CAST(NULL AS nvarchar(4000)) AS assembly_qualified_name
FROM sys.types WHERE is_assembly_type = 1
GO
CREATE VIEW sys.parameters AS
SELECT object_id, name, parameter_id, system_type_id, user_type_id,
    max_length, precision, scale, is_output, CAST(0 AS bit) AS is_cursor_ref,
    CAST(0 AS bit) AS has_default_value, CAST(0 AS bit) AS is_xml_document,
    CAST(NULL AS nvarchar(4000)) AS default_value, 0 AS xml_collection_id,
    CAST(CASE system_type_id WHEN 243 THEN 1 ELSE 0 END AS bit) AS is_readonly, CAST(1 AS bit) AS is_nullable,
    CAST(NULL AS int) AS encryption_type, CAST(NULL AS nvarchar(64)) AS encryption_type_desc,
    CAST(NULL AS sysname) AS encryption_algorithm_name,
    CAST(NULL AS int) AS column_encryption_key_id,
    CAST(NULL AS sysname) AS column_encryption_key_database_name
FROM catalog.parameters
GO
CREATE VIEW sys.system_parameters AS
SELECT object_id, name, parameter_id, system_type_id, CAST(system_type_id AS int) AS user_type_id,
    max_length, precision, scale, is_output, CAST(0 AS bit) AS is_cursor_ref,
    CAST(0 AS bit) AS has_default_value, CAST(0 AS bit) AS is_xml_document,
    CAST(NULL AS nvarchar(4000)) AS default_value, 0 AS xml_collection_id,
    CAST(0 AS bit) AS is_readonly, CAST(1 AS bit) AS is_nullable,
    CAST(NULL AS int) AS encryption_type, CAST(NULL AS nvarchar(64)) AS encryption_type_desc,
    CAST(NULL AS sysname) AS encryption_algorithm_name,
    CAST(NULL AS int) AS column_encryption_key_id,
    CAST(NULL AS sysname) AS column_encryption_key_database_name
FROM catalog.system_parameters
GO
CREATE VIEW sys.all_parameters AS
SELECT * FROM sys.parameters UNION ALL SELECT * FROM sys.system_parameters
