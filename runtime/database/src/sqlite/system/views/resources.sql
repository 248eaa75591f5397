CREATE VIEW sys.dm_os_sys_info AS
SELECT CAST(NULL AS bigint) AS cpu_ticks, uptime_ms AS ms_ticks, processors AS cpu_count,
    CAST(NULL AS int) AS hyperthread_ratio, memory_kb AS physical_memory_kb,
    CAST(137438953472 AS bigint) AS virtual_memory_kb, resident_kb AS committed_kb,
    memory_kb AS committed_target_kb, memory_kb AS visible_target_kb,
    CAST(NULL AS int) AS stack_size_in_bytes, CAST(NULL AS bigint) AS os_quantum,
    CAST(NULL AS int) AS os_error_mode, CAST(NULL AS int) AS os_priority_class,
    CAST(NULL AS int) AS max_workers_count, processors AS scheduler_count,
    processors AS scheduler_total_count, CAST(NULL AS int) AS deadlock_monitor_serial_number,
    started_ms AS sqlserver_start_time_ms_ticks, started AS sqlserver_start_time,
    2 AS affinity_type, CAST('AUTO' AS varchar(60)) AS affinity_type_desc,
    kernel_ms AS process_kernel_time_ms, user_ms AS process_user_time_ms,
    CAST(NULL AS int) AS time_source, CAST(NULL AS nvarchar(60)) AS time_source_desc,
    CAST(NULL AS int) AS virtual_machine_type,
    CAST(NULL AS nvarchar(60)) AS virtual_machine_type_desc, 0 AS softnuma_configuration,
    CAST('OFF' AS nvarchar(60)) AS softnuma_configuration_desc,
    CAST(NULL AS nvarchar(3072)) AS process_physical_affinity, 1 AS sql_memory_model,
    CAST('CONVENTIONAL' AS nvarchar(120)) AS sql_memory_model_desc,
    CAST(NULL AS int) AS socket_count, CAST(NULL AS int) AS cores_per_socket,
    CAST(NULL AS int) AS numa_node_count, CAST(NULL AS int) AS container_type,
    CAST(NULL AS nvarchar(60)) AS container_type_desc
FROM catalog.machine
GO
CREATE VIEW sys.dm_server_registry AS
SELECT
    CAST(N'HKLM\Software\Microsoft\Microsoft SQL Server\MSSQL16.MSSQLSERVER\MSSQLServer\SuperSocketNetLib\Tcp' AS nvarchar(256)) AS registry_key,
    CAST('Enabled' AS nvarchar(256)) AS value_name, 1 AS value_data
GO
CREATE VIEW sys.resource_governor_configuration AS
SELECT ISNULL(classifier, 0) AS classifier_function_id, is_enabled,
    max_io AS max_outstanding_io_per_volume
FROM catalog.governor WHERE is_running = 0
GO
CREATE VIEW sys.dm_resource_governor_configuration AS
SELECT ISNULL(classifier, 0) AS classifier_function_id, is_pending AS is_reconfiguration_pending,
    max_io AS max_outstanding_io_per_volume
FROM catalog.governor WHERE is_running = 1
GO
CREATE VIEW sys.resource_governor_external_resource_pools AS
SELECT pool_id AS external_pool_id, name, max_cpu AS max_cpu_percent,
    max_memory AS max_memory_percent, max_processes, version
FROM catalog.resource_pools WHERE is_running = 0 AND is_external = 1
GO
CREATE VIEW sys.dm_resource_governor_external_resource_pools AS
SELECT pool_id AS external_pool_id, name, CAST(version AS int) AS pool_version,
    max_cpu AS max_cpu_percent, max_processes, max_memory AS max_memory_percent,
    ISNULL(since, 0) AS statistics_start_time,
    ISNULL((SELECT MAX(peak_memory) FROM catalog.script_requests r
        WHERE r.pool = p.name AND r.started >= p.since), 0) / 1024 AS peak_memory_kb,
    0 AS write_io_count, 0 AS read_io_count, CAST(0 AS bigint) AS total_cpu_kernel_ms,
    ISNULL((SELECT SUM(cpu_us) FROM catalog.script_requests r
        WHERE r.pool = p.name AND r.started >= p.since), 0) / 1000 AS total_cpu_user_ms,
    ISNULL((SELECT SUM(workers) FROM catalog.script_requests r
        WHERE r.pool = p.name AND r.outcome IS NULL AND r.account IS NOT NULL), 0)
        AS active_processes_count
FROM catalog.resource_pools p WHERE is_running = 1 AND is_external = 1
GO
CREATE VIEW sys.resource_governor_external_resource_pool_affinity AS
SELECT 0 AS external_pool_id, CAST(0 AS smallint) AS processor_group, CAST(0 AS bigint) AS cpu_mask
WHERE 1 = 0
GO
CREATE VIEW sys.dm_resource_governor_external_resource_pool_affinity AS
SELECT 0 AS pool_id, CAST(0 AS smallint) AS processor_group, CAST(0 AS bigint) AS cpu_mask
WHERE 1 = 0
GO
CREATE VIEW sys.resource_governor_resource_pools AS
SELECT pool_id, name, min_cpu AS min_cpu_percent, max_cpu AS max_cpu_percent,
    min_memory AS min_memory_percent, max_memory AS max_memory_percent,
    cap_cpu AS cap_cpu_percent, min_iops AS min_iops_per_volume, max_iops AS max_iops_per_volume
FROM catalog.resource_pools WHERE is_running = 0 AND is_external = 0
GO
CREATE VIEW sys.resource_governor_workload_groups AS
SELECT group_id, name, importance, CAST(memory_grant AS int) AS request_max_memory_grant_percent,
    cpu_time AS request_max_cpu_time_sec, grant_timeout AS request_memory_grant_timeout_sec,
    max_dop, max_requests AS group_max_requests, pool_id, external_pool_id,
    memory_grant AS request_max_memory_grant_percent_numeric
FROM catalog.workload_groups WHERE is_running = 0
GO
CREATE VIEW sys.dm_resource_governor_resource_pools AS
SELECT pool_id, name, since AS statistics_start_time,
    CAST(0 AS bigint) AS total_cpu_usage_ms, CAST(0 AS bigint) AS cache_memory_kb,
    CAST(0 AS bigint) AS compile_memory_kb, CAST(0 AS bigint) AS used_memgrant_kb,
    CAST(0 AS bigint) AS total_memgrant_count, CAST(0 AS bigint) AS total_memgrant_timeout_count,
    0 AS active_memgrant_count, CAST(0 AS bigint) AS active_memgrant_kb,
    0 AS memgrant_waiter_count, CAST(0 AS bigint) AS max_memory_kb,
    CAST(0 AS bigint) AS used_memory_kb, CAST(0 AS bigint) AS target_memory_kb,
    CAST(0 AS bigint) AS out_of_memory_count, min_cpu AS min_cpu_percent,
    max_cpu AS max_cpu_percent, min_memory AS min_memory_percent,
    max_memory AS max_memory_percent, cap_cpu AS cap_cpu_percent,
    min_iops AS min_iops_per_volume, max_iops AS max_iops_per_volume,
    CAST(NULL AS int) AS read_io_queued_total,
    CAST(NULL AS int) AS read_io_issued_total, CAST(NULL AS int) AS read_io_completed_total,
    CAST(NULL AS int) AS read_io_throttled_total, CAST(NULL AS bigint) AS read_bytes_total,
    CAST(NULL AS bigint) AS read_io_stall_total_ms,
    CAST(NULL AS bigint) AS read_io_stall_queued_ms, CAST(NULL AS int) AS write_io_queued_total,
    CAST(NULL AS int) AS write_io_issued_total, CAST(NULL AS int) AS write_io_completed_total,
    CAST(NULL AS int) AS write_io_throttled_total, CAST(NULL AS bigint) AS write_bytes_total,
    CAST(NULL AS bigint) AS write_io_stall_total_ms,
    CAST(NULL AS bigint) AS write_io_stall_queued_ms,
    CAST(NULL AS int) AS io_issue_violations_total,
    CAST(NULL AS bigint) AS io_issue_delay_total_ms
FROM catalog.resource_pools WHERE is_running = 1 AND is_external = 0
GO
CREATE VIEW sys.dm_resource_governor_workload_groups AS
SELECT group_id, name, pool_id, external_pool_id, since AS statistics_start_time,
    CAST(0 AS bigint) AS total_request_count, CAST(0 AS bigint) AS total_queued_request_count,
    ISNULL((SELECT COUNT(*) FROM catalog.sessions s WHERE s.group_id = g.group_id
        AND (s.ended IS NULL OR s.script_request IS NOT NULL)), 0) AS active_request_count,
    0 AS queued_request_count, CAST(0 AS bigint) AS total_cpu_limit_violation_count,
    CAST(0 AS bigint) AS total_cpu_usage_ms, CAST(0 AS bigint) AS max_request_cpu_time_ms,
    0 AS blocked_task_count, CAST(0 AS bigint) AS total_lock_wait_count,
    CAST(0 AS bigint) AS total_lock_wait_time_ms,
    CAST(0 AS bigint) AS total_query_optimization_count,
    CAST(0 AS bigint) AS total_suboptimal_plan_generation_count,
    CAST(0 AS bigint) AS total_reduced_memgrant_count,
    CAST(0 AS bigint) AS max_request_grant_memory_kb,
    CAST(0 AS bigint) AS active_parallel_thread_count, importance,
    CAST(memory_grant AS int) AS request_max_memory_grant_percent,
    cpu_time AS request_max_cpu_time_sec, grant_timeout AS request_memory_grant_timeout_sec,
    max_requests AS group_max_requests, max_dop, max_dop AS effective_max_dop,
    CAST(0 AS bigint) AS total_cpu_usage_preemptive_ms,
    memory_grant AS request_max_memory_grant_percent_numeric
FROM catalog.workload_groups g WHERE is_running = 1
GO
CREATE VIEW sys.external_languages AS
SELECT 0 AS external_language_id, CAST('' AS sysname) AS language,
    CAST(NULL AS datetime2(7)) AS create_date, CAST(NULL AS int) AS principal_id
WHERE 1 = 0
GO
CREATE VIEW sys.external_language_files AS
SELECT 0 AS external_language_id, CAST(NULL AS varbinary(max)) AS content,
    CAST(NULL AS nvarchar(266)) AS file_name, CAST(NULL AS tinyint) AS platform,
    CAST(NULL AS nvarchar(60)) AS platform_desc, CAST(NULL AS nvarchar(4000)) AS parameters,
    CAST(NULL AS nvarchar(4000)) AS environment_variables
WHERE 1 = 0
GO
CREATE VIEW sys.external_libraries AS
SELECT 0 AS external_library_id, CAST('' AS sysname) AS name, CAST(NULL AS int) AS principal_id,
    CAST(NULL AS sysname) AS language, CAST(NULL AS int) AS scope,
    CAST(NULL AS varchar(7)) AS scope_desc
WHERE 1 = 0
GO
CREATE VIEW sys.external_library_files AS
SELECT 0 AS external_library_id, CAST(NULL AS varbinary(max)) AS content,
    CAST(NULL AS tinyint) AS platform, CAST(NULL AS nvarchar(60)) AS platform_desc
WHERE 1 = 0
GO
CREATE VIEW sys.external_libraries_installed AS
SELECT 0 AS db_id, 0 AS principal_id, 0 AS language_id, 0 AS external_library_id,
    CAST('' AS nvarchar(260)) AS name, CAST(NULL AS uniqueidentifier) AS mdversion
WHERE 1 = 0
GO
CREATE VIEW sys.external_library_setup_errors AS
SELECT 0 AS db_id, 0 AS principal_id, 0 AS external_library_id, 0 AS error_code,
    CAST(NULL AS datetime2(7)) AS error_timestamp, CAST(NULL AS nvarchar(1024)) AS error_message
WHERE 1 = 0
