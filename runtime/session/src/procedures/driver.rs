//! Procedures that drivers call when they connect.

use launchpod_types::{Column, Length, SqlType};

use super::Completion;
use crate::run::{Run, Stop};

impl Run<'_> {
    /// `sp_datatype_info`: ODBC drivers ask it for the names of date types.
    ///
    /// The answer has no rows: Microsoft's driver and FreeTDS then use the names they know
    /// (measured). The columns are those of the documentation.
    pub async fn data_type_info(&mut self) -> Result<Completion, Stop> {
        let name = |name: &str| Column::new(name, SqlType::SYSNAME);
        let text = |name: &str| Column::new(name, SqlType::VarChar(Length::Limited(32)));
        let small = |name: &str| Column::new(name, SqlType::SmallInt);
        let int = |name: &str| Column::new(name, SqlType::Int);
        let columns = vec![
            name("TYPE_NAME"),
            small("DATA_TYPE"),
            int("PRECISION"),
            text("LITERAL_PREFIX"),
            text("LITERAL_SUFFIX"),
            text("CREATE_PARAMS"),
            small("NULLABLE"),
            small("CASE_SENSITIVE"),
            small("SEARCHABLE"),
            small("UNSIGNED_ATTRIBUTE"),
            small("MONEY"),
            small("AUTO_INCREMENT"),
            name("LOCAL_TYPE_NAME"),
            small("MINIMUM_SCALE"),
            small("MAXIMUM_SCALE"),
            small("SQL_DATA_TYPE"),
            small("SQL_DATETIME_SUB"),
            int("NUM_PREC_RADIX"),
            small("INTERVAL_PRECISION"),
            small("USERTYPE"),
        ];
        self.result_set(columns, Vec::new()).await?;
        Ok(Completion::default())
    }
}
