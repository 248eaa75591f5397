//! The types of variables that users have made ("CREATE TYPE", alias data types).

use launchpod_tsql::ast::{TypeKind, TypeName};
use launchpod_types::{SqlType, Value};

use crate::run::{Run, Stop};
use crate::variables::declared_type;

/// What a type is based on, as it is declared; `{}` is its name as a constant.
const BASE: &str = "(SELECT b.name + CASE
        WHEN b.name IN ('char', 'varchar', 'binary', 'varbinary', 'nchar', 'nvarchar')
            THEN '(' + CASE WHEN t.max_length = -1 THEN 'max' WHEN b.name LIKE 'n%'
                THEN CAST(t.max_length / 2 AS varchar(9)) ELSE CAST(t.max_length AS varchar(9)) END + ')'
        WHEN b.name IN ('decimal', 'numeric') THEN '(' + CAST(t.precision AS varchar(9)) + ','
            + CAST(t.scale AS varchar(9)) + ')'
        WHEN b.name IN ('time', 'datetime2', 'datetimeoffset')
            THEN '(' + CAST(t.scale AS varchar(9)) + ')'
        ELSE '' END
    FROM sys.types t JOIN sys.types b ON b.user_type_id = t.system_type_id
    WHERE t.user_type_id = TYPE_ID({}) AND t.is_user_defined = 1 AND t.is_table_type = 0)";

// === impl Run ===

impl Run<'_> {
    /// The type of a declaration in `source`; what a user's type is based on, the database says.
    ///
    /// # Errors
    /// 2715 when there is no such type.
    pub async fn type_of(&mut self, type_name: &TypeName, source: &str) -> Result<SqlType, Stop> {
        let TypeKind::Named(name) = &type_name.kind else {
            return Ok(declared_type(type_name, source)?);
        };
        let constant = format!("N'{}'", name.to_string().replace('\'', "''"));
        let base = self.value_of(&BASE.replace("{}", &constant), SqlType::SYSNAME).await?;
        let declared = match base {
            Value::Text(base) => launchpod_tsql::parse_parameters(&format!("@v {base}")).ok(),
            _ => None,
        };
        let based = declared.and_then(|declared| declared.first()?.type_name.declared());
        Ok(based.map_or_else(|| declared_type(type_name, source), Ok)?)
    }
}
