//! TABLESAMPLE: SQL Server takes whole pages, the embedded database single rows. Which ones
//! depends on the seed and the row's number alone, so that REPEATABLE repeats.

use launchpod_functions::{Body, Function};
use launchpod_tsql::ast::{ObjectName, TableSample};
use launchpod_types::{SqlError, SqlType, Value};

use super::origin::Object;
use super::tree::{
    Bound, BoundBody, BoundOrder, BoundQuery, BoundSelect, BoundSource, Kind, OrderValue,
    QueryColumn,
};
use super::{Binder, coerce};
use crate::sqlite::errors;

// === impl Binder ===

impl Binder<'_> {
    /// `name TABLESAMPLE (amount)`
    pub(crate) fn sample(
        &mut self,
        name: &ObjectName,
        alias: Option<&str>,
        sample: &TableSample,
    ) -> Result<BoundSource, SqlError> {
        let (table, access) = self.environment.read_table(name)?;
        let amount = self.value(&sample.amount)?;
        let amount = coerce::implicit(amount, SqlType::Float)?;
        let Value::Float(amount) = self.environment.evaluate(&amount)? else {
            return Err(errors::sample_amount());
        };
        if amount < 0.0 || (!sample.rows && amount > 100.0) {
            return Err(errors::sample_amount());
        }
        let seed = match &sample.repeatable {
            None => uuid::Uuid::new_v4().as_u128() as u64 as i64,
            Some(seed) => {
                let seed = coerce::implicit(self.value(seed)?, SqlType::BigInt)?;
                match self.environment.evaluate(&seed)? {
                    Value::Int(seed) => seed,
                    _ => return Err(errors::sample_amount()),
                }
            }
        };
        let inner = self.source_id();
        let rowid = Bound {
            kind: Kind::Column { source: inner, name: table.rowid()?.to_owned() },
            sql_type: SqlType::BigInt,
            nullable: false,
        };
        let seed = Bound::constant(Value::Int(seed), SqlType::BigInt);
        let chance = coerce::call(chance(), vec![rowid, seed], SqlType::Float, false);
        let mut columns = self.columns_of(&table, inner)?;
        let items: Vec<Bound> = columns
            .iter_mut()
            .map(|column| {
                let kind = Kind::Column { source: inner, name: column.storage.clone() };
                let (sql_type, nullable) = (column.sql_type, column.nullable);
                column.value.take().unwrap_or(Bound { kind, sql_type, nullable })
            })
            .collect();
        self.originates(inner, Object::Table(table.clone()));
        let limit = Bound::constant(Value::Float(amount), SqlType::Float);
        let (filter, order_by, limit) = if sample.rows {
            // As many rows, those with the least chance.
            let order = BoundOrder { value: OrderValue::Value(chance), descending: false };
            (None, vec![order], Some(coerce::implicit(limit, SqlType::BigInt)?))
        } else {
            let (left, right) = (Box::new(chance), Box::new(limit));
            let less = Kind::Infix { operator: "<", left, right, collate: false };
            (Some(Bound::predicate(less, false)), Vec::new(), None)
        };
        let select = BoundSelect {
            distinct: false,
            items,
            from: Some(BoundSource::Table {
                schema: table.attached,
                name: table.storage.clone(),
                id: inner,
            }),
            filter,
            group_by: Vec::new(),
            having: None,
        };
        let query = BoundQuery {
            ctes: Vec::new(),
            body: BoundBody::Select(Box::new(select)),
            order_by,
            limit,
            offset: None,
            columns: columns
                .iter()
                .map(|column| QueryColumn {
                    name: column.name.clone(),
                    sql_type: column.sql_type,
                    nullable: column.nullable,
                    identity: column.identity,
                })
                .collect(),
        };
        for (index, column) in columns.iter_mut().enumerate() {
            column.storage = format!("c{index}");
        }
        let id = self.source_id();
        let qualifier = alias.is_none().then(|| (table.database.clone(), table.schema.clone()));
        self.add_source(id, alias.unwrap_or(&name.name.text), qualifier, columns)?;
        self.limit_reads(access);
        Ok(BoundSource::Derived { query: Box::new(query), id })
    }
}

/// A row's place between 0 and 100, evenly spread (the finalizer of splitmix64).
fn chance() -> Function {
    Function {
        name: "sample".to_owned(),
        arguments: vec![SqlType::BigInt, SqlType::BigInt],
        strict: true,
        deterministic: true,
        body: Body::Values(Box::new(|values| {
            let (Value::Int(row), Value::Int(seed)) = (&values[0], &values[1]) else {
                return Ok(Value::Null);
            };
            let mut bits = (*row as u64)
                .wrapping_mul(0x9E37_79B9_7F4A_7C15)
                .wrapping_add((*seed as u64).wrapping_mul(0xD1B5_4A32_D192_ED03));
            bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            bits ^= bits >> 31;
            Ok(Value::Float((bits >> 11) as f64 / (1_u64 << 53) as f64 * 100.0))
        })),
    }
}
