//! The road of machines that reach an image registry: the environment is built by the engine
//! from its Dockerfile, on a public base image pinned by digest.

use std::collections::HashMap;
use std::fs;

use bytes::Bytes;
use tar::Builder;

use crate::archive;
use crate::cache;
use crate::engine::Build;
use crate::error::Error;
use crate::lock::DebianPackage;
use crate::pip;
use crate::plan::EnvironmentBuild;
use crate::progress::{Progress, stage};

/// Builds the environment's image under its tag.
pub(crate) async fn build(build: &EnvironmentBuild<'_>) -> Result<(), Error> {
    let EnvironmentBuild { engine, environment, architecture, cache, reporter, .. } = *build;
    let definition = &environment.definition;
    let writing = Error::io("making the build's context");
    let epoch = definition.source_date_epoch;
    let mut context = Builder::new(Vec::new());
    let mut add =
        |path: &str, bytes: &[u8]| archive::append(&mut context, path, 0o644, epoch, bytes);
    add("Dockerfile", &environment.dockerfile).map_err(&writing)?;
    add("finish.py", &environment.finish).map_err(&writing)?;

    let base = if let Some(conda) = &definition.conda {
        let packages = if let Some(lock) = &environment.lock {
            lines(lock.conda.iter().map(|p| format!("{}={}={}", p.name, p.version, p.build)))
        } else {
            let name = &environment.name;
            reporter(Progress::Warning(&format!(
                "image {name} has no lock: conda chooses the versions; keep its choice with `launchpod image lock {name}`"
            )));
            lines(conda.packages.iter().cloned())
        };
        add("packages.txt", packages.as_bytes()).map_err(&writing)?;
        &conda.base
    } else if let Some(debian) = &definition.debian {
        let lock = environment.locked()?;
        let packages = lines(lock.debian.iter().map(DebianPackage::specification));
        add("packages.txt", packages.as_bytes()).map_err(&writing)?;
        add("requirements.txt", pip::requirements(&lock.wheels).as_bytes()).map_err(&writing)?;
        let scratch = cache::scratch(cache).map_err(&writing)?;
        let folder = cache.join("wheels");
        pip::fetch(definition, architecture, &lock.wheels, &folder, scratch.path(), reporter)
            .await?;
        for wheel in &lock.wheels {
            let bytes = fs::read(folder.join(&wheel.file)).map_err(&writing)?;
            add(&format!("wheels/{}", wheel.file), &bytes).map_err(&writing)?;
        }
        &debian.base
    } else {
        return Err(Error::Definition {
            name: environment.name.clone(),
            file: "image.toml",
            reason: "it has neither a [debian] nor a [conda] part".to_owned(),
        });
    };

    stage(reporter, "bootstrap", &format!("building on {base}"));
    let context = context.into_inner().map_err(&writing)?;
    let mut arguments = HashMap::from([("BASE", base.as_str())]);
    if build.locked {
        arguments.insert("LOCKED", "yes");
    }
    let tags = [build.tag];
    let build = Build {
        name: &environment.name,
        stage: "bootstrap",
        tags: &tags,
        arguments,
        network: None,
    };
    engine.build(build, Bytes::from(context), reporter).await
}

fn lines(items: impl Iterator<Item = String>) -> String {
    items.map(|item| item + "\n").collect()
}
