-- What drivers and tools send when they connect.
SET ARITHABORT ON;SET CONCAT_NULL_YIELDS_NULL ON;SET ANSI_NULLS ON;SET ANSI_NULL_DFLT_ON ON;SET ANSI_PADDING ON;SET ANSI_WARNINGS ON;SET CURSOR_CLOSE_ON_COMMIT ON;SET QUOTED_IDENTIFIER ON;SET TEXTSIZE 2147483647
GO
use [master]
GO
BEGIN TRAN
GO
IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION; SELECT 1
GO
SET IMPLICIT_TRANSACTIONS ON
GO
set transaction isolation level read committed
set implicit_transactions off
set language us_english
set dateformat mdy
set datefirst 7
set textsize 2147483647
set quoted_identifier on
set arithabort on
set ansi_null_dflt_on on
set ansi_defaults on
set ansi_nulls on
set ansi_padding on
set ansi_warnings on
set concat_null_yields_null on
set cursor_close_on_commit off
GO
exec [sys].sp_datatype_info_100 12, @ODBCVer = 4
exec sp_datatype_info_100 -9, @ODBCVer = 3
GO
SET ANSI_NULLS, ANSI_NULL_DFLT_ON, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON
SET LOCK_TIMEOUT -1
SET ROWCOUNT 0 SET NOEXEC, PARSEONLY OFF
set LOCK_TIMEOUT 30000
SET DEADLOCK_PRIORITY LOW
SET STATISTICS IO, TIME OFF
SET IDENTITY_INSERT dbo.t ON
SET CONTEXT_INFO 0x1256698456
SET TRANSACTION ISOLATION LEVEL SNAPSHOT
SET LANGUAGE N'us_english'
SET ROWCOUNT @n
SET FMTONLY ON
GO
select @@version
GO
SELECT CAST(SERVERPROPERTY('ProductVersion') AS VARCHAR)
GO
SELECT schema_name()
GO
SELECT CAST('test max support' AS NVARCHAR(max))
GO
SELECT name FROM sys.system_views WHERE name IN (N'dm_exec_sessions', N'dm_pdw_nodes_exec_sessions')
GO
SELECT CAST(serverproperty(N'EngineEdition') AS int) AS [EngineEdition], SERVERPROPERTY('productversion'),
  SERVERPROPERTY('productlevel'), SERVERPROPERTY('edition'), SERVERPROPERTY('MachineName'),
  (SELECT CASE WHEN EXISTS (SELECT TOP 1 1 FROM [sys].[all_columns] WITH (NOLOCK) WHERE name = N'xml_index_type' AND OBJECT_ID(N'sys.xml_indexes') = object_id) THEN 1 ELSE 0 END AS SXI_PRESENT)
GO
SELECT ISNULL(SESSIONPROPERTY ('ANSI_NULLS'), 0), ISNULL(SESSIONPROPERTY ('QUOTED_IDENTIFIER'), 1)
GO
SELECT CONVERT(NVARCHAR(36), CONTEXT_INFO())
GO
DECLARE @edition sysname;
SET @edition = cast(SERVERPROPERTY(N'EDITION') as sysname);
SELECT case when @edition = N'SQL Azure' then 2 else 1 end as 'DatabaseEngineType',
SERVERPROPERTY('EngineEdition') AS DatabaseEngineEdition,
@@MICROSOFTVERSION AS MicrosoftVersion;
select N'Windows' as host_platform
if @edition = N'SQL Azure'
  select 'TCP' as ConnectionProtocol
else
  exec ('select CONVERT(nvarchar(40),CONNECTIONPROPERTY(''net_transport'')) as ConnectionProtocol')
GO
declare @cols nvarchar(max); declare @collation sysname = N''
if (object_id(N'tempdb..#t') is not null) set @cols = (select string_agg(quotename(name), ',') within group (order by column_id) from tempdb.sys.all_columns where object_id = object_id(N'tempdb..#t'))
exec sp_executesql N'select @c = collation_name from sys.databases', N'@c sysname output', @c = @collation output
SET FMTONLY ON select * from [#t] SET FMTONLY OFF
exec tempdb..sp_tablecollations_100 N'..[#t]'
GO
EXEC dbo.p @P0, @P1 OUT
GO
SELECT [t].[name] AS [x] FROM [sys].[tables] AS [t] INNER JOIN [sys].[schemas] AS [s] ON [t].[schema_id] = [s].[schema_id] WHERE [s].[name] = CAST(@P1 AS NVARCHAR(max)) AND ([t].[is_ms_shipped] <> 1) ORDER BY [t].[name] OFFSET 0 ROWS FETCH FIRST 10 ROWS ONLY
GO
SELECT {fn CONCAT('a', 'b')}, {d '2026-01-01'}, {ts '2026-01-01 00:00:00'}, {t '10:00:00'}
GO
sp_configure 'show advanced options', 1;
RECONFIGURE WITH OVERRIDE
GO
KILL 53
GO
sp_who2
GO
insert bulk t (a int, b nvarchar(50) COLLATE SQL_Latin1_General_CP1_CI_AS, [c d] decimal(9,3))
GO
INSERT BULK [tempdb]..[#t] ([a] NVarChar(max) NULL, [b] UniqueIdentifier NOT NULL) WITH (TABLOCK, CHECK_CONSTRAINTS, ROWS_PER_BATCH = 1000, ORDER(a ASC, [b] DESC), KEEP_NULLS)
GO
INSERT BULK dbo.t with (KILOBYTES_PER_BATCH = 64 FIRE_TRIGGERS)
