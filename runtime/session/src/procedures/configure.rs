//! `sp_configure [name [, value]]`

use launchpod_database::{Action, ConfigurationOption};
use launchpod_types::call_errors::{not_a_parameter, too_many_arguments};
use launchpod_types::{Column, Length, Message, SqlType, Value};

use super::{Argument, Completion};
use crate::run::{Run, Stop};

const PROCEDURE: &str = "sp_configure";

impl Run<'_> {
    /// Lists the options, shows one, or sets one.
    pub async fn configure(&mut self, arguments: Vec<Argument>) -> Result<Completion, Stop> {
        let mut name = None;
        let mut value = None;
        for (place, argument) in arguments.into_iter().enumerate() {
            let parameter = argument.name.as_deref().map(str::to_lowercase);
            match (parameter.as_deref(), place) {
                (Some("@configname"), _) | (None, 0) => name = Some(argument),
                (Some("@configvalue"), _) | (None, 1) => value = Some(argument),
                (Some(other), _) => return Err(not_a_parameter(other, PROCEDURE).into()),
                (None, _) => return Err(too_many_arguments(PROCEDURE).into()),
            }
        }
        let name = match name {
            Some(Argument { value, sql_type, .. }) => {
                self.convert(value, sql_type, SqlType::SYSNAME).await?
            }
            None => Value::Null,
        };
        let value = match value {
            Some(Argument { value, sql_type, .. }) => {
                self.convert(value, sql_type, SqlType::Int).await?
            }
            None => Value::Null,
        };
        let instance = std::sync::Arc::clone(&self.session.instance);
        let configuration = &instance.configuration;
        match (name, value) {
            (Value::Text(name), Value::Int(value)) => {
                self.session.database.permit(Action::Configure).await?;
                // The value was converted to int.
                let value = value as i32;
                let before = configuration.set(&name, value)?;
                self.message(changed(&before, value)).await?;
            }
            (Value::Text(name), _) => self.list(vec![configuration.find(&name)?]).await?,
            _ => self.list(configuration.options()).await?,
        }
        Ok(Completion::default())
    }

    async fn list(&mut self, options: Vec<ConfigurationOption>) -> Result<(), Stop> {
        let column = |name: &str| Column::new(name, SqlType::Int);
        let columns = vec![
            Column::new("name", SqlType::NVarChar(Length::Limited(35))).not_null(),
            column("minimum"),
            column("maximum"),
            column("config_value"),
            column("run_value"),
        ];
        let row = |option: ConfigurationOption| {
            let numbers = [option.minimum, option.maximum, option.config_value, option.run_value];
            let mut row = vec![Value::from(option.name)];
            row.extend(numbers.map(|number| Value::Int(number.into())));
            row
        };
        self.result_set(columns, options.into_iter().map(row).collect()).await
    }
}

fn changed(before: &ConfigurationOption, value: i32) -> Message {
    let text = format!(
        "Configuration option '{}' changed from {} to {value}. Run the RECONFIGURE statement to install.",
        before.name, before.config_value
    );
    Message { line: 1, procedure: PROCEDURE.to_owned(), ..Message::info(15457, text) }
}
