//! `sys.fn_builtin_permissions` and `sys.fn_my_permissions`.

use launchpod_tsql::ast::{Expr, ExprKind};
use launchpod_types::{Length, SqlError, SqlType, Value};

use super::Binder;
use super::rowset::{column, element};
use super::scope::SourceColumn;
use super::tree::{Bound, SourceId};
use crate::sqlite::errors;
use crate::sqlite::security::grants::OF_COLUMNS;
use crate::sqlite::security::permission::{Class, Permission};

const NAME: SqlType = SqlType::NVarChar(Length::Limited(60));
const CODE: SqlType = SqlType::VarChar(Length::Limited(4));

// === impl Binder ===

impl Binder<'_> {
    /// The permissions that there are, of one class or of all.
    pub(super) fn builtin_permissions(
        &mut self,
        list: &[Expr],
        id: SourceId,
    ) -> Result<(Bound, Vec<SourceColumn>), SqlError> {
        let [class] = list else {
            return Err(errors::argument_count("fn_builtin_permissions", "1"));
        };
        let class = self.constant_text(class)?.filter(|class| !class.is_empty());
        let wanted = class.map(|class| class.to_ascii_uppercase());
        let rows = Permission::all()
            .filter(|permission| wanted.as_deref().is_none_or(|w| w == permission.class().name()))
            .map(|permission| {
                let of = |own: bool| {
                    let mut implied = permission.implied_by();
                    implied.find(|by| (by.class() == permission.class()) == own)
                };
                let (covering, parent) = (of(true), of(false));
                [
                    Some(permission.class().name()),
                    Some(permission.name()),
                    Some(permission.code()),
                    covering.map(Permission::name),
                    parent.map(|parent| parent.class().name()),
                    parent.map(Permission::name),
                ]
            });
        let names = [
            ("class_desc", NAME),
            ("permission_name", NAME),
            ("type", CODE),
            ("covering_permission_name", NAME),
            ("parent_class_desc", NAME),
            ("parent_covering_permission_name", NAME),
        ];
        rows_of(&rows.collect::<Vec<_>>(), &names, id)
    }

    /// The permissions that the caller has on something.
    pub(super) fn my_permissions(
        &mut self,
        list: &[Expr],
        id: SourceId,
    ) -> Result<(Bound, Vec<SourceColumn>), SqlError> {
        let [securable, class] = list else {
            return Err(errors::argument_count("fn_my_permissions", "2"));
        };
        let (securable, class) = (self.constant_text(securable)?, self.constant_text(class)?);
        let class = class.map_or("SERVER".to_owned(), |class| class.to_ascii_uppercase());
        let shown = securable.clone().unwrap_or_else(|| class.to_ascii_lowercase());
        let mut rows = Vec::new();
        let mut columns = Vec::new();
        if let (Some(object), "OBJECT") = (securable.as_deref(), class.as_str()) {
            columns = self.columns_of_object(object)?;
        }
        for permission in Class::named(&class).into_iter().flat_map(Permission::of) {
            let (on, name) = (securable.as_deref(), permission.name());
            if self.has_permission(on, Some(&class), Some(name))? == Some(true) {
                rows.push([Some(shown.as_str()), Some(""), Some(name)]);
            }
        }
        let securable = securable.as_deref();
        for column in &columns {
            for permission in OF_COLUMNS {
                let sub = (Some(column.as_str()), Some("COLUMN"));
                let held =
                    self.has_column_permission(securable, Some(&class), Some(permission), sub)?;
                if held == Some(true) {
                    rows.push([Some(shown.as_str()), Some(column), Some(permission)]);
                }
            }
        }
        let names = [
            ("entity_name", SqlType::SYSNAME),
            ("subentity_name", SqlType::SYSNAME),
            ("permission_name", NAME),
        ];
        rows_of(&rows, &names, id)
    }

    fn constant_text(&mut self, value: &Expr) -> Result<Option<String>, SqlError> {
        if matches!(value.kind, ExprKind::Default) {
            return Ok(None);
        }
        let value = self.value(value)?;
        Ok(match self.environment.evaluate(&value)? {
            Value::Text(text) => Some(text),
            _ => None,
        })
    }
}

/// Rows as a JSON array of arrays, and their columns.
fn rows_of<const N: usize>(
    rows: &[[Option<&str>; N]],
    names: &[(&str, SqlType); N],
    id: SourceId,
) -> Result<(Bound, Vec<SourceColumn>), SqlError> {
    let rows: Vec<&[Option<&str>]> = rows.iter().map(<[_; N]>::as_slice).collect();
    let text = serde_json::to_string(&rows).map_err(errors::internal)?;
    let columns = names.iter().enumerate();
    let columns =
        columns.map(|(index, (name, sql_type))| column(name, element(id, index, *sql_type)));
    Ok((Bound::constant(Value::Text(text), SqlType::NVARCHAR_MAX), columns.collect()))
}
