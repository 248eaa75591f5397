//! CREATE, ALTER and DROP of resource pools and workload groups.

use launchpod_tsql::ast::{
    Affinity, Governor as Statement, GroupDefinition, Identifier, PoolDefinition, Setting,
    SettingValue,
};
use launchpod_types::SqlError;

use super::configuration::{Configuration, DEFAULT, FIRST, Group, INTERNAL, Pool};
use crate::sqlite::embedded::catalog::Catalog;
use crate::sqlite::embedded::thread::{Job, Stop, Worker};
use crate::sqlite::errors;
use crate::sqlite::security::permission::Class;

/// Pools of a kind, predefined ones included ("CREATE EXTERNAL RESOURCE POOL").
const MOST_POOLS: usize = 64;
/// The most that the catalog's columns hold.
const MOST: i64 = i32::MAX as i64;

// === impl Worker ===

impl Worker {
    /// Runs a statement about resource pools, workload groups or the Resource Governor.
    ///
    /// # Errors
    /// 10901 without CONTROL SERVER, and those of the statement.
    pub(crate) fn govern(&mut self, job: &Job, statement: &Statement) -> Result<(), Stop> {
        if !self.environment().context()?.may(Class::Server, "CONTROL SERVER") {
            return Err(errors::may_not_govern().into());
        }
        match statement {
            Statement::Reconfigure => self.reconfigure_governor(job),
            Statement::Disable => self.disable_governor(job),
            Statement::ResetStatistics => self.reset_governor_statistics(),
            _ => self.change(job, false, |worker, _| Ok(worker.change_governed(statement)?)),
        }
    }

    fn change_governed(&self, statement: &Statement) -> Result<(), SqlError> {
        let catalog = Catalog::new(&self.connection);
        let stored = catalog.governor()?;
        match statement {
            Statement::Pool(definition) if definition.alter => {
                catalog.keep_pool(&altered_pool(&stored, definition)?)
            }
            Statement::Pool(definition) => {
                let id = self.next_number(&stored, Some(definition.external));
                catalog.keep_pool(&new_pool(&stored, definition, id)?)
            }
            Statement::DropPool { external, name } => {
                catalog.drop_pool(pool_to_drop(&stored, *external, name)?)
            }
            Statement::Group(definition) if definition.alter => {
                catalog.keep_group(&altered_group(&stored, definition)?)
            }
            Statement::Group(definition) => {
                let id = self.next_number(&stored, None);
                catalog.keep_group(&new_group(&stored, definition, id)?)
            }
            Statement::DropGroup(name) => {
                let group = stored.group(&name.text).ok_or_else(|| no_group("drop", name))?;
                if group.id < FIRST {
                    return Err(errors::predefined_group());
                }
                catalog.drop_group(group.id)
            }
            Statement::Classifier(function) => {
                let function = function.as_ref().map(|name| self.future_classifier(name));
                catalog.set_classifier(function.transpose()?)
            }
            Statement::MaxOutstandingIo(setting) => {
                let requests = whole(setting, "ALTER RESOURCE GOVERNOR", 0, 100)?;
                catalog.set_max_io(requests)
            }
            Statement::Reconfigure | Statement::Disable | Statement::ResetStatistics => {
                Err(errors::internal("a statement that changes nothing in the catalog"))
            }
        }
    }

    /// A number that no pool of that kind, or no group, has or had a moment ago.
    fn next_number(&self, stored: &Configuration, external: Option<bool>) -> i64 {
        let highest = |configuration: &Configuration| match external {
            Some(external) => {
                let pools = configuration.pools.iter().filter(|pool| pool.external == external);
                pools.map(|pool| pool.id).max()
            }
            None => configuration.groups.iter().map(|group| group.id).max(),
        };
        let running = highest(&self.session.governor.lock().configuration);
        let highest = highest(stored).max(running).unwrap_or_default();
        (highest + 1).max(FIRST)
    }
}

fn new_pool(
    stored: &Configuration,
    definition: &PoolDefinition,
    id: i64,
) -> Result<Pool, SqlError> {
    let PoolDefinition { external, name, .. } = definition;
    if name.text.starts_with('#') {
        return Err(errors::temporary_pool(*external, &name.text));
    }
    if stored.pool(*external, &name.text).is_some() {
        return Err(errors::pool_exists(*external, &name.text));
    }
    if stored.pools.iter().filter(|pool| pool.external == *external).count() >= MOST_POOLS {
        return Err(errors::too_many_pools(MOST_POOLS));
    }
    let mut pool = Pool::new(*external, id, &name.text);
    set_pool(&mut pool, definition)?;
    Ok(pool)
}

fn altered_pool(stored: &Configuration, definition: &PoolDefinition) -> Result<Pool, SqlError> {
    let PoolDefinition { external, name, .. } = definition;
    let found = stored.pool(*external, &name.text);
    let mut pool = found.ok_or_else(|| errors::no_pool(*external, &name.text))?.clone();
    if pool.id == INTERNAL {
        return Err(errors::internal_pool(&pool.name));
    }
    set_pool(&mut pool, definition)?;
    pool.version += 1;
    Ok(pool)
}

/// Sets what stands in WITH (…).
fn set_pool(pool: &mut Pool, definition: &PoolDefinition) -> Result<(), SqlError> {
    let PoolDefinition { alter, external, settings, affinity, .. } = definition;
    let statement = format!(
        "{} {}RESOURCE POOL",
        if *alter { "ALTER" } else { "CREATE" },
        if *external { "EXTERNAL " } else { "" }
    );
    for setting in settings {
        let (place, least, most) = match setting.name.as_str() {
            "MIN_CPU_PERCENT" => (&mut pool.min_cpu, 0, 100),
            "MAX_CPU_PERCENT" => (&mut pool.max_cpu, 1, 100),
            "CAP_CPU_PERCENT" => (&mut pool.cap_cpu, 1, 100),
            "MIN_MEMORY_PERCENT" => (&mut pool.min_memory, 0, 100),
            "MAX_MEMORY_PERCENT" => (&mut pool.max_memory, 1, 100),
            "MIN_IOPS_PER_VOLUME" => (&mut pool.min_iops, 0, MOST),
            "MAX_IOPS_PER_VOLUME" => (&mut pool.max_iops, 0, MOST),
            "MAX_PROCESSES" => (&mut pool.max_processes, 0, MOST),
            other => return Err(errors::syntax_near(other)),
        };
        *place = whole(setting, &statement, least, most)?;
    }
    for (least, most, names) in [
        (pool.min_cpu, pool.max_cpu, ["min_cpu_percent", "max_cpu_percent"]),
        (pool.min_memory, pool.max_memory, ["min_memory_percent", "max_memory_percent"]),
    ] {
        if least > most {
            return Err(errors::setting_above(names[0], least, names[1], most));
        }
    }
    match affinity {
        None | Some(Affinity::Auto) => Ok(()),
        Some(Affinity::Processors(ranges) | Affinity::Nodes(ranges)) => {
            match ranges.iter().find(|(first, last)| first > last) {
                Some((first, last)) => Err(errors::affinity_backwards(*first, *last)),
                None => Err(errors::unsupported("AFFINITY but AUTO")),
            }
        }
    }
}

fn pool_to_drop<'a>(
    stored: &'a Configuration,
    external: bool,
    name: &Identifier,
) -> Result<&'a Pool, SqlError> {
    let pool = stored.pool(external, &name.text);
    let pool = pool.ok_or_else(|| errors::no_pool(external, &name.text))?;
    if pool.id < FIRST {
        return Err(errors::predefined_pool(external));
    }
    let of = |group: &&Group| if external { group.external_pool } else { group.pool };
    match stored.groups.iter().find(|group| of(group) == pool.id) {
        Some(group) => Err(errors::pool_in_use(&pool.name, &group.name)),
        None => Ok(pool),
    }
}

fn new_group(
    stored: &Configuration,
    definition: &GroupDefinition,
    id: i64,
) -> Result<Group, SqlError> {
    let name = &definition.name.text;
    if name.starts_with('#') {
        return Err(errors::temporary_group(name));
    }
    if stored.group(name).is_some() {
        return Err(errors::group_exists(name));
    }
    let mut group = Group::new(id, name);
    set_group(stored, &mut group, definition)?;
    Ok(group)
}

fn altered_group(stored: &Configuration, definition: &GroupDefinition) -> Result<Group, SqlError> {
    let GroupDefinition { name, settings, pool, external_pool, .. } = definition;
    let group = stored.group(&name.text).ok_or_else(|| no_group("alter", name))?;
    if group.id == INTERNAL {
        return Err(errors::internal_group(&group.name));
    }
    if settings.is_empty() && pool.is_none() && external_pool.is_none() {
        return Err(errors::group_unchanged());
    }
    let mut group = group.clone();
    set_group(stored, &mut group, definition)?;
    if group.id == DEFAULT && (group.pool, group.external_pool) != (DEFAULT, DEFAULT) {
        return Err(errors::default_group_stays());
    }
    Ok(group)
}

/// Sets what stands in WITH (…) and behind USING.
fn set_group(
    stored: &Configuration,
    group: &mut Group,
    definition: &GroupDefinition,
) -> Result<(), SqlError> {
    let GroupDefinition { alter, name, settings, pool, external_pool } = definition;
    let verb = if *alter { "ALTER" } else { "CREATE" };
    let statement = format!("{verb} WORKLOAD GROUP");
    for setting in settings {
        let (place, most) = match setting.name.as_str() {
            "IMPORTANCE" => {
                group.importance = importance(setting)?;
                continue;
            }
            "REQUEST_MAX_MEMORY_GRANT_PERCENT" => {
                group.memory_grant = fraction(setting, &statement, 0, 100)?;
                continue;
            }
            "REQUEST_MAX_CPU_TIME_SEC" => (&mut group.cpu_time, MOST),
            "REQUEST_MEMORY_GRANT_TIMEOUT_SEC" => (&mut group.grant_timeout, MOST),
            "MAX_DOP" => (&mut group.max_dop, 64),
            "GROUP_MAX_REQUESTS" => (&mut group.max_requests, MOST),
            other => return Err(errors::syntax_near(other)),
        };
        *place = whole(setting, &statement, 0, most)?;
    }
    let found = |external, name: &Identifier| {
        let pool = stored.pool(external, &name.text);
        pool.map(|pool| pool.id).ok_or_else(|| errors::no_pool(external, &name.text))
    };
    if let Some(pool) = pool {
        group.pool = found(false, pool)?;
        if group.pool == INTERNAL {
            let verb = verb.to_lowercase();
            return Err(errors::internal_pool_is_closed(&verb, &name.text, &pool.text));
        }
    }
    if let Some(pool) = external_pool {
        group.external_pool = found(true, pool)?;
    }
    Ok(())
}

fn no_group(verb: &str, name: &Identifier) -> SqlError {
    errors::cannot(verb, "workload group", &name.text)
}

/// How important a group is, as the views spell it.
fn importance(setting: &Setting) -> Result<String, SqlError> {
    let SettingValue::Word(word) = &setting.value else {
        return Err(errors::syntax_near(&setting.name));
    };
    Ok(match word.as_str() {
        "LOW" => "Low",
        "HIGH" => "High",
        _ => "Medium",
    }
    .to_owned())
}

/// The value of a setting that is a whole number within its range.
fn whole(setting: &Setting, statement: &str, least: i64, most: i64) -> Result<i64, SqlError> {
    let value = fraction(setting, statement, least, most)?;
    // Whole numbers within their ranges are exact, and fit.
    if value.fract() == 0.0 {
        Ok(value as i64)
    } else {
        let shown = value.to_string();
        Err(errors::setting_out_of_range(&setting.name, statement, &shown, least, most))
    }
}

/// The value of a setting within its range.
fn fraction(setting: &Setting, statement: &str, least: i64, most: i64) -> Result<f64, SqlError> {
    let SettingValue::Number(number) = &setting.value else {
        return Err(errors::syntax_near(&setting.name));
    };
    let value = number.to_f64();
    if (least as f64..=most as f64).contains(&value) {
        return Ok(value);
    }
    let shown = number.to_string();
    Err(errors::setting_out_of_range(&setting.name, statement, &shown, least, most))
}
