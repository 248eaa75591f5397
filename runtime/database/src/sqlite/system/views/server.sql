CREATE VIEW sys.databases AS
SELECT d.name, d.database_id, CAST(NULL AS int) AS source_database_id,
    ISNULL(w.sid, 0x01) AS owner_sid, created AS create_date,
    CAST(160 AS tinyint) AS compatibility_level,
    CAST('SQL_Latin1_General_CP1_CI_AS' AS sysname) AS collation_name,
    CAST(0 AS tinyint) AS user_access, CAST('MULTI_USER' AS nvarchar(60)) AS user_access_desc,
    CAST(0 AS bit) AS is_read_only, CAST(0 AS bit) AS is_auto_close_on,
    CAST(0 AS bit) AS is_auto_shrink_on, CAST(0 AS tinyint) AS state,
    CAST('ONLINE' AS nvarchar(60)) AS state_desc, CAST(0 AS bit) AS is_in_standby,
    CAST(0 AS bit) AS is_cleanly_shutdown, CAST(0 AS bit) AS is_supplemental_logging_enabled,
    CAST(0 AS tinyint) AS snapshot_isolation_state,
    CAST('OFF' AS nvarchar(60)) AS snapshot_isolation_state_desc,
    CAST(1 AS bit) AS is_read_committed_snapshot_on, CAST(3 AS tinyint) AS recovery_model,
    CAST('SIMPLE' AS nvarchar(60)) AS recovery_model_desc,
    CAST(2 AS tinyint) AS page_verify_option,
    CAST('CHECKSUM' AS nvarchar(60)) AS page_verify_option_desc,
    CAST(1 AS bit) AS is_auto_create_stats_on,
    CAST(0 AS bit) AS is_auto_create_stats_incremental_on,
    CAST(1 AS bit) AS is_auto_update_stats_on, CAST(0 AS bit) AS is_auto_update_stats_async_on,
    CAST(0 AS bit) AS is_ansi_null_default_on, CAST(0 AS bit) AS is_ansi_nulls_on,
    CAST(0 AS bit) AS is_ansi_padding_on, CAST(0 AS bit) AS is_ansi_warnings_on,
    CAST(0 AS bit) AS is_arithabort_on, CAST(0 AS bit) AS is_concat_null_yields_null_on,
    CAST(0 AS bit) AS is_numeric_roundabort_on, CAST(0 AS bit) AS is_quoted_identifier_on,
    CAST(0 AS bit) AS is_recursive_triggers_on, CAST(0 AS bit) AS is_cursor_close_on_commit_on,
    CAST(0 AS bit) AS is_local_cursor_default, CAST(0 AS bit) AS is_fulltext_enabled,
    CAST(1 AS bit) AS is_trustworthy_on, CAST(0 AS bit) AS is_db_chaining_on,
    CAST(0 AS bit) AS is_parameterization_forced,
    CAST(0 AS bit) AS is_master_key_encrypted_by_server, CAST(0 AS bit) AS is_query_store_on,
    CAST(0 AS bit) AS is_published, CAST(0 AS bit) AS is_subscribed,
    CAST(0 AS bit) AS is_merge_published, CAST(0 AS bit) AS is_distributor,
    CAST(0 AS bit) AS is_sync_with_backup,
    CAST('00000000-0000-0000-0000-000000000000' AS uniqueidentifier) AS service_broker_guid,
    CAST(0 AS bit) AS is_broker_enabled, CAST(0 AS tinyint) AS log_reuse_wait,
    CAST('NOTHING' AS nvarchar(60)) AS log_reuse_wait_desc,
    CAST(0 AS bit) AS is_date_correlation_on, CAST(0 AS bit) AS is_cdc_enabled,
    CAST(0 AS bit) AS is_encrypted, CAST(0 AS bit) AS is_honor_broker_priority_on,
    CAST(NULL AS uniqueidentifier) AS replica_id,
    CAST(NULL AS uniqueidentifier) AS group_database_id, CAST(NULL AS int) AS resource_pool_id,
    CAST(NULL AS smallint) AS default_language_lcid,
    CAST(NULL AS sysname) AS default_language_name,
    CAST(NULL AS int) AS default_fulltext_language_lcid,
    CAST(NULL AS sysname) AS default_fulltext_language_name,
    CAST(NULL AS bit) AS is_nested_triggers_on, CAST(NULL AS bit) AS is_transform_noise_words_on,
    CAST(NULL AS smallint) AS two_digit_year_cutoff, CAST(0 AS tinyint) AS containment,
    CAST('NONE' AS nvarchar(60)) AS containment_desc, 60 AS target_recovery_time_in_seconds,
    0 AS delayed_durability, CAST('DISABLED' AS nvarchar(60)) AS delayed_durability_desc,
    CAST(0 AS bit) AS is_memory_optimized_elevate_to_snapshot_on,
    CAST(0 AS bit) AS is_federation_member, CAST(0 AS bit) AS is_remote_data_archive_enabled,
    CAST(0 AS bit) AS is_mixed_page_allocation_on, CAST(0 AS bit) AS is_temporal_history_retention_enabled,
    0 AS catalog_collation_type,
    CAST('DATABASE_DEFAULT' AS nvarchar(60)) AS catalog_collation_type_desc,
    CAST(NULL AS nvarchar(128)) AS physical_database_name,
    CAST(0 AS bit) AS is_result_set_caching_on, CAST(0 AS bit) AS is_accelerated_database_recovery_on,
    CAST(0 AS bit) AS is_tempdb_spill_to_remote_store, CAST(0 AS bit) AS is_stale_page_detection_on,
    CAST(0 AS bit) AS is_memory_optimized_enabled, CAST(0 AS bit) AS is_data_retention_enabled,
    CAST(0 AS bit) AS is_ledger_on, CAST(0 AS bit) AS is_change_feed_enabled
FROM catalog.databases d LEFT JOIN catalog.database_owners w ON w.database_id = d.database_id
GO
CREATE VIEW sys.master_files AS
SELECT database_id, 1 AS file_id, CAST(NULL AS uniqueidentifier) AS file_guid,
    CAST(0 AS tinyint) AS type, CAST('ROWS' AS nvarchar(60)) AS type_desc, 1 AS data_space_id,
    name, CAST('launchpod.sqlite' AS nvarchar(260)) AS physical_name, CAST(0 AS tinyint) AS state,
    CAST('ONLINE' AS nvarchar(60)) AS state_desc, 0 AS size, -1 AS max_size, 1 AS growth,
    CAST(0 AS bit) AS is_media_read_only, CAST(0 AS bit) AS is_read_only,
    CAST(0 AS bit) AS is_sparse, CAST(0 AS bit) AS is_percent_growth,
    CAST(0 AS bit) AS is_name_reserved, CAST(0 AS bit) AS is_persistent_log_buffer,
    CAST(NULL AS decimal(25, 0)) AS create_lsn, CAST(NULL AS decimal(25, 0)) AS drop_lsn,
    CAST(NULL AS decimal(25, 0)) AS read_only_lsn, CAST(NULL AS decimal(25, 0)) AS read_write_lsn,
    CAST(NULL AS decimal(25, 0)) AS differential_base_lsn,
    CAST(NULL AS uniqueidentifier) AS differential_base_guid,
    CAST(NULL AS datetime) AS differential_base_time,
    CAST(NULL AS decimal(25, 0)) AS redo_start_lsn,
    CAST(NULL AS uniqueidentifier) AS redo_start_fork_guid,
    CAST(NULL AS decimal(25, 0)) AS redo_target_lsn,
    CAST(NULL AS uniqueidentifier) AS redo_target_fork_guid,
    CAST(NULL AS decimal(25, 0)) AS backup_lsn,
    CAST(NULL AS int) AS credential_id
FROM catalog.databases
GO
CREATE VIEW sys.database_files AS
SELECT file_id, file_guid, type, type_desc, data_space_id, name, physical_name, state, state_desc,
    CAST((SELECT COALESCE(SUM(pages), 0) FROM catalog.sizes) AS int) AS size, max_size, growth,
    is_media_read_only, is_read_only, is_sparse, is_percent_growth, is_name_reserved,
    is_persistent_log_buffer, create_lsn, drop_lsn, read_only_lsn, read_write_lsn,
    differential_base_lsn, differential_base_guid, differential_base_time, redo_start_lsn,
    redo_start_fork_guid, redo_target_lsn, redo_target_fork_guid, backup_lsn
FROM sys.master_files WHERE database_id = DB_ID()
GO
CREATE VIEW sys.servers AS
SELECT 0 AS server_id, CAST(@@SERVERNAME AS sysname) AS name,
    CAST('SQL Server' AS sysname) AS product, CAST('SQLNCLI' AS sysname) AS provider,
    CAST(@@SERVERNAME AS nvarchar(4000)) AS data_source, CAST(NULL AS nvarchar(4000)) AS location,
    CAST(NULL AS nvarchar(4000)) AS provider_string, CAST(NULL AS sysname) AS catalog,
    0 AS connect_timeout, 0 AS query_timeout, CAST(0 AS bit) AS is_linked,
    CAST(0 AS bit) AS is_remote_login_enabled, CAST(0 AS bit) AS is_rpc_out_enabled,
    CAST(1 AS bit) AS is_data_access_enabled, CAST(0 AS bit) AS is_collation_compatible,
    CAST(1 AS bit) AS uses_remote_collation, CAST(NULL AS sysname) AS collation_name,
    CAST(0 AS bit) AS lazy_schema_validation, CAST(0 AS bit) AS is_system,
    CAST(0 AS bit) AS is_publisher, CAST(0 AS bit) AS is_subscriber,
    CAST(0 AS bit) AS is_distributor, CAST(0 AS bit) AS is_nonsql_subscriber,
    CAST(0 AS bit) AS is_remote_proc_transaction_promotion_enabled,
    CAST('20221008' AS datetime) AS modify_date, CAST(0 AS bit) AS is_rda_server
GO
CREATE VIEW sys.dm_os_host_info AS
SELECT CAST('Linux' AS nvarchar(256)) AS host_platform, CAST('Linux' AS nvarchar(256)) AS host_distribution,
    CAST('' AS nvarchar(256)) AS host_release, CAST('' AS nvarchar(256)) AS host_service_pack_level,
    CAST(NULL AS int) AS host_sku, 1033 AS os_language_version,
    CAST('X64' AS nvarchar(256)) AS host_architecture
GO
CREATE VIEW sys.fulltext_languages AS
SELECT 1033 AS lcid, CAST('English' AS sysname) AS name WHERE 1 = 0
GO
CREATE VIEW sys.fulltext_catalogs AS
SELECT 1 AS fulltext_catalog_id, CAST('' AS sysname) AS name, CAST(NULL AS nvarchar(260)) AS path,
    CAST(0 AS bit) AS is_default, CAST(0 AS bit) AS is_accent_sensitivity_on,
    CAST(NULL AS int) AS data_space_id, CAST(NULL AS int) AS file_id,
    CAST(NULL AS int) AS principal_id, CAST(0 AS bit) AS is_importing
WHERE 1 = 0
GO
CREATE VIEW sys.fulltext_indexes AS
SELECT 0 AS object_id, 0 AS unique_index_id, 0 AS fulltext_catalog_id, CAST(0 AS bit) AS is_enabled,
    CAST('' AS char(1)) AS change_tracking_state,
    CAST(NULL AS nvarchar(60)) AS change_tracking_state_desc, CAST(0 AS bit) AS has_crawl_completed,
    CAST('' AS char(1)) AS crawl_type, CAST(NULL AS nvarchar(60)) AS crawl_type_desc,
    CAST(NULL AS datetime) AS crawl_start_date, CAST(NULL AS datetime) AS crawl_end_date,
    CAST(NULL AS binary(8)) AS incremental_timestamp, CAST(NULL AS int) AS stoplist_id,
    0 AS data_space_id, CAST(NULL AS int) AS property_list_id
WHERE 1 = 0
GO
CREATE VIEW sys.messages AS
SELECT message_id, CAST(1033 AS smallint) AS language_id, severity, is_logged AS is_event_logged,
    text FROM catalog.system_messages UNION ALL
SELECT message_id, CAST(1033 AS smallint), severity, is_logged, text FROM catalog.user_messages
