CREATE VIEW sys.key_constraints AS
SELECT o.*, i.index_id AS unique_index_id, d.is_system_named, CAST(1 AS bit) AS is_enforced
FROM sys.objects o JOIN catalog.objects d ON d.object_id = o.object_id
JOIN catalog.indexes i ON i.constraint_id = o.object_id
GO
CREATE VIEW sys.check_constraints AS
SELECT o.*, CAST(0 AS bit) AS is_disabled, CAST(0 AS bit) AS is_not_for_replication,
    CAST(0 AS bit) AS is_not_trusted, d.parent_column_id, t.definition,
    CAST(1 AS bit) AS uses_database_collation, d.is_system_named
FROM sys.objects o JOIN catalog.objects d ON d.object_id = o.object_id
LEFT JOIN catalog.definitions t ON t.object_id = o.object_id WHERE o.type = 'C'
GO
CREATE VIEW sys.default_constraints AS
SELECT o.*, d.parent_column_id, t.definition, d.is_system_named
FROM sys.objects o JOIN catalog.objects d ON d.object_id = o.object_id
LEFT JOIN catalog.definitions t ON t.object_id = o.object_id WHERE o.type = 'D'
GO
CREATE VIEW sys.foreign_key_columns AS
SELECT constraint_id AS constraint_object_id, ordinal AS constraint_column_id,
    object_id AS parent_object_id, column_id AS parent_column_id, referenced_object_id,
    referenced_column_id
FROM catalog.foreign_key_columns
GO
CREATE VIEW sys.foreign_keys AS
SELECT o.*, f.referenced_object_id,
    (SELECT MIN(c.index_id) FROM catalog.index_columns c JOIN catalog.indexes i
        ON i.object_id = c.object_id AND i.index_id = c.index_id AND i.is_unique = 1
        WHERE c.object_id = f.referenced_object_id AND c.column_id = f.referenced_column_id
            AND c.key_ordinal = 1) AS key_index_id,
    CAST(0 AS bit) AS is_disabled, CAST(0 AS bit) AS is_not_for_replication,
    CAST(0 AS bit) AS is_not_trusted,
    f.on_delete AS delete_referential_action,
    CAST(CHOOSE(f.on_delete + 1, 'NO_ACTION', 'CASCADE', 'SET_NULL', 'SET_DEFAULT') AS nvarchar(60))
        AS delete_referential_action_desc,
    f.on_update AS update_referential_action,
    CAST(CHOOSE(f.on_update + 1, 'NO_ACTION', 'CASCADE', 'SET_NULL', 'SET_DEFAULT') AS nvarchar(60))
        AS update_referential_action_desc,
    d.is_system_named
FROM sys.objects o JOIN catalog.objects d ON d.object_id = o.object_id
JOIN catalog.foreign_key_columns f ON f.constraint_id = o.object_id AND f.ordinal = 1
GO
CREATE VIEW sys.indexes AS
SELECT object_id, CASE WHEN index_id > 0 THEN name END AS name, index_id,
    CAST(CASE index_id WHEN 0 THEN 0 WHEN 1 THEN 1 ELSE 2 END AS tinyint) AS type,
    CAST(CASE index_id WHEN 0 THEN 'HEAP' WHEN 1 THEN 'CLUSTERED' ELSE 'NONCLUSTERED' END
        AS nvarchar(60)) AS type_desc,
    is_unique, 1 AS data_space_id, CAST(0 AS bit) AS ignore_dup_key,
    CAST(CASE key_type WHEN 'PK' THEN 1 ELSE 0 END AS bit) AS is_primary_key,
    CAST(CASE key_type WHEN 'UQ' THEN 1 ELSE 0 END AS bit) AS is_unique_constraint,
    CAST(0 AS tinyint) AS fill_factor, CAST(0 AS bit) AS is_padded, CAST(0 AS bit) AS is_disabled,
    CAST(0 AS bit) AS is_hypothetical, CAST(0 AS bit) AS is_ignored_in_optimization,
    CAST(1 AS bit) AS allow_row_locks, CAST(1 AS bit) AS allow_page_locks,
    is_filtered AS has_filter, CAST(NULL AS nvarchar(max)) AS filter_definition,
    CAST(NULL AS int) AS compression_delay, CAST(0 AS bit) AS suppress_dup_key_messages,
    CAST(0 AS bit) AS auto_created, CAST(0 AS bit) AS optimize_for_sequential_key
FROM catalog.indexes
GO
CREATE VIEW sys.index_columns AS
SELECT object_id, index_id, CAST(key_ordinal AS int) AS index_column_id, column_id, key_ordinal,
    CAST(0 AS tinyint) AS partition_ordinal, is_descending AS is_descending_key,
    CAST(0 AS bit) AS is_included_column, CAST(0 AS tinyint) AS column_store_order_ordinal
FROM catalog.index_columns
GO
CREATE VIEW sys.stats AS
SELECT object_id, name, index_id AS stats_id, CAST(0 AS bit) AS auto_created,
    CAST(0 AS bit) AS user_created, CAST(0 AS bit) AS no_recompute, CAST(0 AS bit) AS has_filter,
    CAST(NULL AS nvarchar(max)) AS filter_definition, CAST(0 AS bit) AS is_temporary,
    CAST(0 AS bit) AS is_incremental, CAST(0 AS bit) AS has_persisted_sample,
    CAST(0 AS int) AS stats_generation_method,
    CAST('Sort based statistics' AS varchar(80)) AS stats_generation_method_desc,
    CAST(0 AS bit) AS auto_drop
FROM catalog.indexes WHERE index_id > 0
GO
CREATE VIEW sys.stats_columns AS
SELECT object_id, index_id AS stats_id, CAST(key_ordinal AS int) AS stats_column_id, column_id
FROM catalog.index_columns
GO
CREATE VIEW sys.partitions AS
SELECT CAST(object_id AS bigint) * 65536 + index_id AS partition_id, object_id, index_id,
    1 AS partition_number, CAST(object_id AS bigint) * 65536 + index_id AS hobt_id,
    row_count AS rows, CAST(0 AS smallint) AS filestream_filegroup_id,
    CAST(0 AS tinyint) AS data_compression,
    CAST('NONE' AS nvarchar(60)) AS data_compression_desc, CAST(0 AS bit) AS xml_compression,
    CAST('OFF' AS varchar(3)) AS xml_compression_desc
FROM catalog.sizes
GO
CREATE VIEW sys.dm_db_partition_stats AS
SELECT CAST(object_id AS bigint) * 65536 + index_id AS partition_id, object_id, index_id,
    1 AS partition_number, pages AS in_row_data_page_count, pages AS in_row_used_page_count,
    pages AS in_row_reserved_page_count, CAST(0 AS bigint) AS lob_used_page_count,
    CAST(0 AS bigint) AS lob_reserved_page_count, CAST(0 AS bigint) AS row_overflow_used_page_count,
    CAST(0 AS bigint) AS row_overflow_reserved_page_count, pages AS used_page_count,
    pages AS reserved_page_count, row_count
FROM catalog.sizes
GO
CREATE VIEW sys.allocation_units AS
SELECT CAST(object_id AS bigint) * 65536 + index_id AS allocation_unit_id,
    CAST(1 AS tinyint) AS type, CAST('IN_ROW_DATA' AS nvarchar(60)) AS type_desc,
    CAST(object_id AS bigint) * 65536 + index_id AS container_id, 1 AS data_space_id,
    pages AS total_pages, pages AS used_pages, pages AS data_pages
FROM catalog.sizes
GO
CREATE VIEW sys.partition_schemes AS
SELECT CAST('' AS sysname) AS name, 0 AS data_space_id, CAST('PS' AS char(2)) AS type,
    CAST('PARTITION_SCHEME' AS nvarchar(60)) AS type_desc, CAST(0 AS bit) AS is_default,
    CAST(0 AS bit) AS is_system, 0 AS function_id
WHERE 1 = 0
GO
CREATE VIEW sys.data_spaces AS
SELECT CAST('PRIMARY' AS sysname) AS name, 1 AS data_space_id, CAST('FG' AS char(2)) AS type,
    CAST('ROWS_FILEGROUP' AS nvarchar(60)) AS type_desc, CAST(1 AS bit) AS is_default,
    CAST(0 AS bit) AS is_system
GO
CREATE VIEW sys.filegroups AS
SELECT *, CAST(NULL AS uniqueidentifier) AS filegroup_guid, CAST(NULL AS int) AS log_filegroup_id,
    CAST(0 AS bit) AS is_read_only, CAST(0 AS bit) AS is_autogrow_all_files
FROM sys.data_spaces
