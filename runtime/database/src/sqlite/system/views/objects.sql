CREATE VIEW sys.objects AS
SELECT o.name, o.object_id, w.owner AS principal_id, o.schema_id, o.parent_object_id,
    o.type, CAST(t.type_desc AS nvarchar(60)) AS type_desc, o.created AS create_date,
    o.modified AS modify_date, CAST(0 AS bit) AS is_ms_shipped, CAST(0 AS bit) AS is_published,
    CAST(0 AS bit) AS is_schema_published
FROM catalog.objects o
LEFT JOIN catalog.owners w ON w.class = 1 AND w.id = o.object_id
LEFT JOIN (VALUES ('U ', 'USER_TABLE'), ('V ', 'VIEW'), ('P ', 'SQL_STORED_PROCEDURE'),
    ('FN', 'SQL_SCALAR_FUNCTION'), ('IF', 'SQL_INLINE_TABLE_VALUED_FUNCTION'),
    ('TF', 'SQL_TABLE_VALUED_FUNCTION'), ('PK', 'PRIMARY_KEY_CONSTRAINT'),
    ('UQ', 'UNIQUE_CONSTRAINT'), ('C ', 'CHECK_CONSTRAINT'), ('D ', 'DEFAULT_CONSTRAINT'),
    ('F ', 'FOREIGN_KEY_CONSTRAINT'), ('SO', 'SEQUENCE_OBJECT'),
    ('SN', 'SYNONYM')) t (type, type_desc) ON t.type = o.type
GO
CREATE VIEW sys.system_objects AS
SELECT name, object_id, CAST(NULL AS int) AS principal_id, schema_id, 0 AS parent_object_id, type,
    CAST(CASE type WHEN 'V ' THEN 'VIEW' ELSE 'SQL_STORED_PROCEDURE' END AS nvarchar(60))
        AS type_desc,
    CAST('20221008' AS datetime) AS create_date, CAST('20221008' AS datetime) AS modify_date,
    CAST(1 AS bit) AS is_ms_shipped, CAST(0 AS bit) AS is_published,
    CAST(0 AS bit) AS is_schema_published
FROM catalog.system_objects
GO
CREATE VIEW sys.all_objects AS
SELECT * FROM sys.objects UNION ALL SELECT * FROM sys.system_objects
GO
CREATE VIEW sys.tables AS
SELECT o.*, 0 AS lob_data_space_id, CAST(NULL AS int) AS filestream_data_space_id,
    (SELECT MAX(c.column_id) FROM catalog.columns c WHERE c.object_id = o.object_id)
        AS max_column_id_used,
    CAST(0 AS bit) AS lock_on_bulk_load, CAST(1 AS bit) AS uses_ansi_nulls,
    CAST(0 AS bit) AS is_replicated, CAST(0 AS bit) AS has_replication_filter,
    CAST(0 AS bit) AS is_merge_published, CAST(0 AS bit) AS is_sync_tran_subscribed,
    CAST(0 AS bit) AS has_unchecked_assembly_data, 0 AS text_in_row_limit,
    CAST(0 AS bit) AS large_value_types_out_of_row, CAST(0 AS bit) AS is_tracked_by_cdc,
    CAST(0 AS tinyint) AS lock_escalation, CAST('TABLE' AS nvarchar(60)) AS lock_escalation_desc,
    CAST(0 AS bit) AS is_filetable, CAST(0 AS bit) AS is_memory_optimized,
    CAST(0 AS tinyint) AS durability, CAST('SCHEMA_AND_DATA' AS nvarchar(60)) AS durability_desc,
    CAST(0 AS tinyint) AS temporal_type,
    CAST('NON_TEMPORAL_TABLE' AS nvarchar(60)) AS temporal_type_desc,
    CAST(NULL AS int) AS history_table_id, CAST(0 AS bit) AS is_remote_data_archive_enabled,
    CAST(0 AS bit) AS is_external, CAST(NULL AS int) AS history_retention_period,
    CAST(NULL AS int) AS history_retention_period_unit,
    CAST(NULL AS nvarchar(10)) AS history_retention_period_unit_desc,
    CAST(0 AS bit) AS is_node, CAST(0 AS bit) AS is_edge, CAST(NULL AS int) AS data_retention_period,
    CAST(NULL AS int) AS data_retention_period_unit,
    CAST(NULL AS nvarchar(10)) AS data_retention_period_unit_desc,
    CAST(0 AS tinyint) AS ledger_type,
    CAST('NON_LEDGER_TABLE' AS nvarchar(60)) AS ledger_type_desc,
    CAST(NULL AS int) AS ledger_view_id, CAST(0 AS bit) AS is_dropped_ledger_table
FROM sys.objects o WHERE o.type = 'U'
GO
CREATE VIEW sys.all_views AS
SELECT o.*, CAST(0 AS bit) AS is_replicated, CAST(0 AS bit) AS has_replication_filter,
    CAST(0 AS bit) AS has_opaque_metadata, CAST(0 AS bit) AS has_unchecked_assembly_data,
    CAST(0 AS bit) AS with_check_option, CAST(0 AS bit) AS is_date_correlation_view,
    CAST(0 AS bit) AS is_tracked_by_cdc, CAST(0 AS bit) AS has_snapshot,
    CAST(0 AS tinyint) AS ledger_view_type,
    CAST('NON_LEDGER_VIEW' AS nvarchar(60)) AS ledger_view_type_desc,
    CAST(0 AS bit) AS is_dropped_ledger_view
FROM sys.all_objects o WHERE o.type = 'V'
GO
CREATE VIEW sys.views AS
SELECT * FROM sys.all_views WHERE is_ms_shipped = 0
GO
CREATE VIEW sys.system_views AS
SELECT * FROM sys.all_views WHERE is_ms_shipped = 1
GO
CREATE VIEW sys.procedures AS
SELECT o.*, CAST(0 AS bit) AS is_auto_executed, CAST(0 AS bit) AS is_execution_replicated,
    CAST(0 AS bit) AS is_repl_serializable_only, CAST(0 AS bit) AS skips_repl_constraints
FROM sys.objects o WHERE o.type = 'P'
GO
CREATE VIEW sys.sql_modules AS
SELECT o.object_id, d.definition, ISNULL(s.ansi_nulls, 1) AS uses_ansi_nulls,
    ISNULL(s.quoted_identifier, 1) AS uses_quoted_identifier, CAST(0 AS bit) AS is_schema_bound,
    CAST(0 AS bit) AS uses_database_collation, CAST(0 AS bit) AS is_recompiled,
    CAST(0 AS bit) AS null_on_null_input, e.principal_id AS execute_as_principal_id,
    CAST(0 AS bit) AS uses_native_compilation, CAST(0 AS bit) AS inline_type,
    CAST(0 AS bit) AS is_inlineable
FROM catalog.objects o LEFT JOIN catalog.definitions d ON d.object_id = o.object_id
LEFT JOIN catalog.execution_contexts e ON e.object_id = o.object_id
LEFT JOIN catalog.module_options s ON s.object_id = o.object_id
WHERE o.type IN ('V', 'P', 'FN', 'IF', 'TF')
GO
CREATE VIEW sys.all_sql_modules AS
SELECT * FROM sys.sql_modules
GO
CREATE VIEW sys.system_sql_modules AS
SELECT * FROM sys.sql_modules WHERE 1 = 0
GO
CREATE VIEW sys.schemas AS
SELECT name, schema_id, principal_id FROM catalog.schemas
GO
CREATE VIEW sys.triggers AS
SELECT name, object_id, CAST(1 AS tinyint) AS parent_class,
    CAST('OBJECT_OR_COLUMN' AS nvarchar(60)) AS parent_class_desc, parent_object_id AS parent_id,
    type, type_desc, create_date, modify_date, is_ms_shipped, CAST(0 AS bit) AS is_disabled,
    CAST(0 AS bit) AS is_not_for_replication, CAST(0 AS bit) AS is_instead_of_trigger
FROM sys.objects WHERE type = 'TR'
GO
CREATE VIEW sys.synonyms AS
SELECT o.*, s.base_object_name
FROM sys.objects o JOIN catalog.synonyms s ON s.object_id = o.object_id WHERE o.type = 'SN'
GO
CREATE VIEW sys.sequences AS
SELECT o.*, s.start_value, s.increment, s.minimum_value, s.maximum_value, s.is_cycling,
    s.is_cached, s.cache_size, s.system_type_id, CAST(s.system_type_id AS int) AS user_type_id,
    s.precision, CAST(0 AS tinyint) AS scale, s.current_value, s.is_exhausted, s.last_used_value
FROM sys.objects o JOIN catalog.sequences s ON s.object_id = o.object_id WHERE o.type = 'SO'
GO
CREATE VIEW sys.extended_properties AS
SELECT class, CAST(CASE class WHEN 0 THEN 'DATABASE' WHEN 1 THEN 'OBJECT_OR_COLUMN'
        WHEN 2 THEN 'PARAMETER' WHEN 3 THEN 'SCHEMA' WHEN 7 THEN 'INDEX' END AS nvarchar(60))
        AS class_desc,
    major_id, minor_id, name, CAST(value AS nvarchar(4000)) AS value
FROM catalog.extended_properties
GO
CREATE VIEW sys.sql_expression_dependencies AS
SELECT referencing_id, 0 AS referencing_minor_id, CAST(1 AS tinyint) AS referencing_class,
    CAST('OBJECT_OR_COLUMN' AS nvarchar(60)) AS referencing_class_desc,
    CAST(0 AS bit) AS is_schema_bound_reference, CAST(1 AS tinyint) AS referenced_class,
    CAST('OBJECT_OR_COLUMN' AS nvarchar(60)) AS referenced_class_desc,
    CAST(NULL AS sysname) AS referenced_server_name, database_name AS referenced_database_name,
    schema_name AS referenced_schema_name, entity_name AS referenced_entity_name, referenced_id,
    0 AS referenced_minor_id, is_caller_dependent, CAST(0 AS bit) AS is_ambiguous
FROM catalog.dependencies
GO
CREATE VIEW sys.sql_dependencies AS
SELECT CAST(0 AS tinyint) AS class, CAST('OBJECT_OR_COLUMN_REFERENCE_NON_SCHEMA_BOUND'
        AS nvarchar(60)) AS class_desc, referencing_id AS object_id, 0 AS column_id,
    referenced_id AS referenced_major_id, 0 AS referenced_minor_id, CAST(0 AS bit) AS is_selected,
    CAST(0 AS bit) AS is_updated, CAST(0 AS bit) AS is_select_all
FROM catalog.dependencies WHERE referenced_id IS NOT NULL
GO
CREATE VIEW sys.property_owners AS
SELECT object_id, schema_id, name, CAST(CASE type WHEN 'U' THEN 'TABLE' WHEN 'V' THEN 'VIEW'
    WHEN 'P' THEN 'PROCEDURE' ELSE 'FUNCTION' END AS sysname) AS type
FROM sys.objects WHERE type IN ('U', 'V', 'P', 'FN', 'IF', 'TF')
