CREATE VIEW sys.dm_exec_sessions AS
SELECT session_id, login_time, host_name, program_name, host_process_id, 7 AS client_version,
    client_interface_name, CAST(SUSER_SID(login_name) AS varbinary(85)) AS security_id, login_name,
    CAST(NULL AS nvarchar(128)) AS nt_domain, CAST(NULL AS nvarchar(128)) AS nt_user_name,
    CAST(CASE WHEN ended IS NULL OR script_request IS NOT NULL THEN 'running' ELSE 'sleeping' END AS nvarchar(30)) AS status,
    CAST(NULL AS varbinary(128)) AS context_info, 0 AS cpu_time, 0 AS memory_usage,
    0 AS total_scheduled_time, 0 AS total_elapsed_time, 4 AS endpoint_id,
    started AS last_request_start_time, ended AS last_request_end_time, CAST(0 AS bigint) AS reads,
    CAST(0 AS bigint) AS writes, CAST(0 AS bigint) AS logical_reads,
    CAST(1 AS bit) AS is_user_process,
    CAST(2147483647 AS int) AS text_size, CAST('us_english' AS nvarchar(128)) AS language,
    CAST('mdy' AS nvarchar(3)) AS date_format, CAST(7 AS smallint) AS date_first,
    CAST(1 AS bit) AS quoted_identifier, CAST(0 AS bit) AS arithabort,
    CAST(1 AS bit) AS ansi_null_dflt_on, CAST(0 AS bit) AS ansi_defaults,
    CAST(1 AS bit) AS ansi_warnings, CAST(1 AS bit) AS ansi_padding, CAST(1 AS bit) AS ansi_nulls,
    CAST(1 AS bit) AS concat_null_yields_null, CAST(2 AS smallint) AS transaction_isolation_level,
    CASE session_id WHEN @@SPID THEN @@LOCK_TIMEOUT ELSE -1 END AS lock_timeout,
    0 AS deadlock_priority, CAST(0 AS bigint) AS row_count, 0 AS prev_error,
    CAST(SUSER_SID(login_name) AS varbinary(85)) AS original_security_id,
    login_name AS original_login_name, CAST(NULL AS datetime) AS last_successful_logon,
    CAST(NULL AS datetime) AS last_unsuccessful_logon, CAST(NULL AS bigint) AS unsuccessful_logons,
    group_id, database_id, 1 AS authenticating_database_id,
    transactions AS open_transaction_count, CAST(0 AS bigint) AS page_server_reads
FROM catalog.sessions
GO
CREATE VIEW sys.dm_exec_connections AS
SELECT CAST(session_id AS int) AS session_id, CAST(session_id AS int) AS most_recent_session_id,
    login_time AS connect_time, CAST('TCP' AS nvarchar(40)) AS net_transport,
    CAST('TSQL' AS nvarchar(40)) AS protocol_type, protocol_version, 4 AS endpoint_id,
    CAST(CASE encrypted WHEN 1 THEN 'TRUE' ELSE 'FALSE' END AS nvarchar(40)) AS encrypt_option,
    CAST('SQL' AS nvarchar(40)) AS auth_scheme, CAST(0 AS smallint) AS node_affinity,
    CAST(NULL AS int) AS num_reads, CAST(NULL AS int) AS num_writes, started AS last_read,
    ended AS last_write, packet_size AS net_packet_size, client_address AS client_net_address,
    client_port AS client_tcp_port, local_address AS local_net_address,
    local_port AS local_tcp_port, CAST(NULL AS uniqueidentifier) AS connection_id,
    CAST(NULL AS uniqueidentifier) AS parent_connection_id,
    CAST(NULL AS varbinary(64)) AS most_recent_sql_handle
FROM catalog.sessions WHERE client_address IS NOT NULL
GO
CREATE VIEW sys.dm_exec_requests AS
SELECT session_id, 0 AS request_id, started AS start_time,
    CAST('running' AS nvarchar(30)) AS status, command, CAST(NULL AS varbinary(64)) AS sql_handle,
    CAST(NULL AS int) AS statement_start_offset, CAST(NULL AS int) AS statement_end_offset,
    CAST(NULL AS varbinary(64)) AS plan_handle, database_id, 1 AS user_id,
    CAST(NULL AS uniqueidentifier) AS connection_id, CAST(0 AS smallint) AS blocking_session_id,
    CAST(NULL AS nvarchar(60)) AS wait_type, 0 AS wait_time,
    CAST('MISCELLANEOUS' AS nvarchar(60)) AS last_wait_type,
    CAST('' AS nvarchar(256)) AS wait_resource, transactions AS open_transaction_count,
    1 AS open_resultset_count, CAST(0 AS bigint) AS transaction_id,
    CAST(NULL AS varbinary(128)) AS context_info, CAST(0 AS real) AS percent_complete,
    CAST(0 AS bigint) AS estimated_completion_time, 0 AS cpu_time,
    DATEDIFF(millisecond, started, GETDATE()) AS total_elapsed_time,
    CAST(NULL AS int) AS scheduler_id, CAST(NULL AS varbinary(8)) AS task_address,
    CAST(0 AS bigint) AS reads, CAST(0 AS bigint) AS writes, CAST(0 AS bigint) AS logical_reads,
    CAST(2147483647 AS int) AS text_size, CAST('us_english' AS nvarchar(128)) AS language,
    CAST('mdy' AS nvarchar(3)) AS date_format, CAST(7 AS smallint) AS date_first,
    CAST(1 AS bit) AS quoted_identifier, CAST(0 AS bit) AS arithabort,
    CAST(1 AS bit) AS ansi_null_dflt_on, CAST(0 AS bit) AS ansi_defaults,
    CAST(1 AS bit) AS ansi_warnings, CAST(1 AS bit) AS ansi_padding, CAST(1 AS bit) AS ansi_nulls,
    CAST(1 AS bit) AS concat_null_yields_null, CAST(2 AS smallint) AS transaction_isolation_level,
    CASE session_id WHEN @@SPID THEN @@LOCK_TIMEOUT ELSE -1 END AS lock_timeout,
    0 AS deadlock_priority, CAST(0 AS bigint) AS row_count, 0 AS prev_error,
    0 AS nest_level, 0 AS granted_query_memory, CAST(0 AS bit) AS executing_managed_code,
    group_id, CAST(NULL AS binary(8)) AS query_hash, CAST(NULL AS binary(8)) AS query_plan_hash,
    CAST(NULL AS varbinary(64)) AS statement_sql_handle,
    CAST(NULL AS bigint) AS statement_context_id, 1 AS dop,
    CAST(NULL AS int) AS parallel_worker_count,
    CAST(script_request AS uniqueidentifier) AS external_script_request_id, CAST(0 AS bit) AS is_resumable,
    CAST(NULL AS binary(8)) AS page_resource, CAST(0 AS bigint) AS page_server_reads
FROM catalog.sessions WHERE ended IS NULL OR script_request IS NOT NULL
GO
CREATE VIEW sys.sysprocesses AS
SELECT session_id AS spid, CAST(0 AS smallint) AS kpid, CAST(0 AS smallint) AS blocked,
    CAST(0x0000 AS binary(2)) AS waittype, CAST(0 AS bigint) AS waittime,
    CAST('MISCELLANEOUS' AS nchar(32)) AS lastwaittype, CAST('' AS nchar(256)) AS waitresource,
    database_id AS dbid, CAST(1 AS smallint) AS uid, 0 AS cpu, CAST(0 AS bigint) AS physical_io,
    0 AS memusage, login_time, started AS last_batch, CAST(0 AS smallint) AS ecid,
    CAST(transactions AS smallint) AS open_tran,
    CAST(CASE WHEN ended IS NULL THEN 'runnable' ELSE 'sleeping' END AS nchar(30)) AS status,
    CAST(SUSER_SID(login_name) AS binary(86)) AS sid, CAST(host_name AS nchar(128)) AS hostname,
    CAST(program_name AS nchar(128)) AS program_name,
    CAST(CAST(host_process_id AS varchar(10)) AS nchar(10)) AS hostprocess,
    CAST(CASE WHEN ended IS NULL THEN command ELSE 'AWAITING COMMAND' END AS nchar(52)) AS cmd,
    CAST('' AS nchar(128)) AS nt_domain, CAST('' AS nchar(128)) AS nt_username,
    CAST('' AS nchar(12)) AS net_address, CAST('TCP/IP' AS nchar(12)) AS net_library,
    CAST(login_name AS nchar(128)) AS loginame, CAST(0x00 AS binary(128)) AS context_info,
    CAST(0x00 AS binary(20)) AS sql_handle, 0 AS stmt_start, 0 AS stmt_end, 0 AS request_id,
    CAST(NULL AS binary(8)) AS page_resource
FROM catalog.sessions
GO
CREATE VIEW sys.configurations AS
SELECT configuration_id, name, value, minimum, maximum, value_in_use, description,
    CAST(1 AS bit) AS is_dynamic, CAST(0 AS bit) AS is_advanced
FROM catalog.configurations
GO
CREATE VIEW sys.time_zone_info AS
SELECT name, current_utc_offset, is_currently_dst FROM catalog.time_zones
