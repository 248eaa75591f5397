CREATE PROCEDURE sys.sp_server_info (@attribute_id int = NULL) AS
SELECT a.id AS attribute_id, CAST(a.name AS varchar(60)) AS attribute_name,
    CAST(a.value AS varchar(255)) AS attribute_value
FROM (VALUES (1, 'DBMS_NAME', 'Microsoft SQL Server')) a (id, name, value)
WHERE @attribute_id IS NULL OR a.id = @attribute_id
