CREATE FUNCTION sys.dm_exec_describe_first_result_set (@tsql nvarchar(max),
    @params nvarchar(max) = NULL, @include_browse_information tinyint = 0) RETURNS TABLE AS
RETURN SELECT CAST(0 AS bit) AS is_hidden, column_ordinal, name, is_nullable, system_type_id,
    system_type_name, max_length, precision, scale, collation_name, CAST(NULL AS int) AS user_type_id,
    CAST(NULL AS sysname) AS user_type_database, CAST(NULL AS sysname) AS user_type_schema,
    CAST(NULL AS sysname) AS user_type_name,
    CAST(NULL AS nvarchar(4000)) AS assembly_qualified_type_name, CAST(NULL AS int) AS xml_collection_id,
    CAST(NULL AS sysname) AS xml_collection_database, CAST(NULL AS sysname) AS xml_collection_schema,
    CAST(NULL AS sysname) AS xml_collection_name, CAST(0 AS bit) AS is_xml_document,
    CAST(0 AS bit) AS is_case_sensitive, CAST(0 AS bit) AS is_fixed_length_clr_type,
    CAST(NULL AS sysname) AS source_server, CAST(NULL AS sysname) AS source_database,
    CAST(NULL AS sysname) AS source_schema, CAST(NULL AS sysname) AS source_table,
    CAST(NULL AS sysname) AS source_column, is_identity_column,
    CAST(NULL AS bit) AS is_part_of_unique_key, CAST(NULL AS bit) AS is_updateable,
    CAST(NULL AS bit) AS is_computed_column, CAST(0 AS bit) AS is_sparse_column_set,
    CAST(NULL AS smallint) AS ordinal_in_order_by_list, CAST(NULL AS smallint) AS order_by_list_length,
    CAST(NULL AS smallint) AS order_by_is_descending, tds_type_id, tds_length, tds_collation_id,
    tds_collation_sort_id, CAST(NULL AS int) AS error_number, CAST(NULL AS int) AS error_severity,
    CAST(NULL AS int) AS error_state, CAST(NULL AS nvarchar(4000)) AS error_message,
    CAST(NULL AS int) AS error_type, CAST(NULL AS nvarchar(60)) AS error_type_desc
FROM catalog.first_result_set(@tsql, @params)
GO
CREATE FUNCTION sys.fn_listextendedproperty (@name sysname = NULL, @level0type varchar(128) = NULL,
    @level0name sysname = NULL, @level1type varchar(128) = NULL, @level1name sysname = NULL,
    @level2type varchar(128) = NULL, @level2name sysname = NULL) RETURNS TABLE AS
RETURN SELECT o.objtype, o.objname, e.name, e.value
FROM sys.extended_properties e JOIN (
    SELECT CAST(0 AS tinyint) AS class, 0 AS major_id, 0 AS minor_id, CAST(NULL AS sysname) AS objtype,
        CAST(NULL AS sysname) AS objname, 0 AS level, CAST(NULL AS sysname) AS name0,
        CAST(NULL AS sysname) AS type1, CAST(NULL AS sysname) AS name1
    UNION ALL
    SELECT 3, schema_id, 0, 'SCHEMA', name, 1, NULL, NULL, NULL FROM sys.schemas
    UNION ALL
    SELECT 1, t.object_id, 0, t.type, t.name, 2, SCHEMA_NAME(t.schema_id), NULL, NULL
    FROM sys.property_owners t
    UNION ALL
    SELECT 1, c.object_id, c.column_id, 'COLUMN', c.name, 3, SCHEMA_NAME(t.schema_id), t.type, t.name
    FROM sys.columns c JOIN sys.property_owners t ON t.object_id = c.object_id
    UNION ALL
    SELECT 7, i.object_id, i.index_id, 'INDEX', i.name, 3, SCHEMA_NAME(t.schema_id), t.type, t.name
    FROM sys.indexes i JOIN sys.property_owners t ON t.object_id = i.object_id
    UNION ALL
    SELECT 2, p.object_id, p.parameter_id, 'PARAMETER', p.name, 3, SCHEMA_NAME(t.schema_id), t.type,
        t.name
    FROM sys.parameters p JOIN sys.property_owners t ON t.object_id = p.object_id
    UNION ALL
    SELECT 1, k.object_id, 0, 'CONSTRAINT', k.name, 3, SCHEMA_NAME(t.schema_id), t.type, t.name
    FROM sys.objects k JOIN sys.property_owners t ON t.object_id = k.parent_object_id) o
    ON o.class = e.class AND o.major_id = e.major_id AND o.minor_id = e.minor_id
WHERE (@name IS NULL OR e.name = @name)
    AND o.level = CASE WHEN @level0type IS NULL THEN 0 WHEN @level1type IS NULL THEN 1
        WHEN @level2type IS NULL THEN 2 ELSE 3 END
    AND (o.level <> 1 OR @level0name IS NULL OR o.objname = @level0name)
    AND (o.level < 2 OR o.name0 = @level0name)
    AND (o.level <> 2 OR o.objtype = @level1type AND (@level1name IS NULL OR o.objname = @level1name))
    AND (o.level <> 3 OR o.type1 = @level1type AND o.name1 = @level1name AND o.objtype = @level2type
        AND (@level2name IS NULL OR o.objname = @level2name))
