//! The seccomp profile, compiled: what the engine's runtime does for a container.
//!
//! The profile is Docker's JSON; seccompiler reads another one, so it is translated. A filter of
//! seccompiler knows two actions, the profile has three (allow, EPERM, another errno for clone3):
//! the first filter refuses what has an errno of its own. The kernel takes the stricter answer of
//! all filters (seccomp(2)).

use std::collections::BTreeMap;

use seccompiler::{BpfProgram, TargetArch};
use serde::Deserialize;
use serde_json::{Value, json};

/// The profile can't be compiled.
#[derive(Debug, thiserror::Error)]
pub enum SeccompError {
    /// It isn't what Docker reads.
    #[error("can't read the seccomp profile: {0}")]
    Read(#[from] serde_json::Error),
    /// It uses what is not translated.
    #[error("seccomp profile: {0} is not supported")]
    Unsupported(String),
    /// The machine, or a system call on it, is not known to the compiler.
    #[error("can't compile the seccomp profile: {0}")]
    Compile(String),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    default_action: String,
    default_errno_ret: u32,
    syscalls: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    names: Vec<String>,
    action: String,
    errno_ret: Option<u32>,
    #[serde(default)]
    args: Vec<Condition>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Condition {
    index: u8,
    value: u64,
    #[serde(default)]
    value_two: u64,
    op: String,
}

/// The programs of a profile, each behind its number of instructions (`u16` little-endian), in
/// the order in which they are to be installed.
///
/// # Errors
/// See [`SeccompError`].
pub(crate) fn compile(profile: &str) -> Result<Vec<u8>, SeccompError> {
    let arch = TargetArch::try_from(std::env::consts::ARCH)
        .map_err(|error| SeccompError::Compile(error.to_string()))?;
    let mut bytes = Vec::new();
    for filter in translate(&serde_json::from_str(profile)?)? {
        let filter = json!({ "filter": filter }).to_string();
        let programs = seccompiler::compile_from_json(filter.as_bytes(), arch)
            .map_err(|error| SeccompError::Compile(error.to_string()))?;
        programs.values().for_each(|program| write(program, &mut bytes));
    }
    Ok(bytes)
}

fn write(program: &BpfProgram, bytes: &mut Vec<u8>) {
    // A program has at most 4,096 instructions (BPF_MAXINSNS).
    bytes.extend((program.len() as u16).to_le_bytes());
    for instruction in program {
        // struct sock_filter, as the kernel of this machine reads it.
        bytes.extend(instruction.code.to_ne_bytes());
        bytes.extend([instruction.jt, instruction.jf]);
        bytes.extend(instruction.k.to_ne_bytes());
    }
}

/// One filter for each errno that isn't the default's, and the allow-list.
fn translate(profile: &Profile) -> Result<Vec<Value>, SeccompError> {
    if profile.default_action != "SCMP_ACT_ERRNO" {
        return Err(SeccompError::Unsupported(profile.default_action.clone()));
    }
    let mut allowed = Vec::new();
    let mut refused: BTreeMap<u32, Vec<Value>> = BTreeMap::new();
    for rule in &profile.syscalls {
        let conditions = rule.args.iter().map(condition).collect::<Result<Vec<_>, _>>()?;
        for name in &rule.names {
            let mut entry = json!({ "syscall": name });
            if !conditions.is_empty() {
                entry["args"] = conditions.clone().into();
            }
            match (rule.action.as_str(), rule.errno_ret) {
                ("SCMP_ACT_ALLOW", None) => allowed.push(entry),
                ("SCMP_ACT_ERRNO", Some(errno)) if rule.args.is_empty() => {
                    allowed.push(entry.clone());
                    refused.entry(errno).or_default().push(entry);
                }
                (action, _) => return Err(SeccompError::Unsupported(action.to_owned())),
            }
        }
    }
    let errno = |errno: u32| json!({ "errno": errno });
    let refusing =
        refused.into_iter().map(|(number, rules)| filter("allow".into(), errno(number), rules));
    // Last: under the allow-list no further filter can be installed.
    let allowing = filter(errno(profile.default_errno_ret), "allow".into(), allowed);
    Ok(refusing.chain([allowing]).collect())
}

fn filter(otherwise: Value, action: Value, rules: Vec<Value>) -> Value {
    json!({ "mismatch_action": otherwise, "match_action": action, "filter": rules })
}

fn condition(condition: &Condition) -> Result<Value, SeccompError> {
    let Condition { index, value, value_two, op } = condition;
    let (operator, value) = match op.as_str() {
        "SCMP_CMP_EQ" => (json!("eq"), value),
        // `value` is the mask there.
        "SCMP_CMP_MASKED_EQ" => (json!({ "masked_eq": value }), value_two),
        other => return Err(SeccompError::Unsupported(other.to_owned())),
    };
    Ok(json!({ "index": index, "type": "qword", "op": operator, "val": value }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILE: &str = include_str!("../../sandbox/src/seccomp.json");

    #[test]
    fn the_workers_profile_compiles_to_two_programs() {
        let bytes = compile(PROFILE).unwrap();
        let mut rest = &bytes[..];
        let mut programs = 0;
        while let [low, high, tail @ ..] = rest {
            let length = usize::from(u16::from_le_bytes([*low, *high])) * 8;
            rest = &tail[length..];
            programs += 1;
        }
        assert_eq!(programs, 2);
    }

    #[test]
    fn what_is_not_translated_is_named() {
        let other = PROFILE.replace("SCMP_CMP_MASKED_EQ", "SCMP_CMP_GE");
        assert!(compile(&other).unwrap_err().to_string().contains("SCMP_CMP_GE"));
        let other = PROFILE.replace("\"uname\"", "\"no_such_call\"");
        assert!(compile(&other).unwrap_err().to_string().contains("no_such_call"));
    }
}
