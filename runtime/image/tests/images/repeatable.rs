//! The python environment, built once more from its lock: the same files as in the image that there
//! is, and the contract that every image keeps (images/README.md). Takes a build, a minute or more.

use crate::support::{self, Bench};
use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{
    CreateContainerOptions, LogsOptionsBuilder, RemoveContainerOptionsBuilder,
    StartContainerOptions, WaitContainerOptions,
};
use futures_util::{StreamExt, TryStreamExt};
use launchpod_image::{BuildOptions, Catalog, Images, Manifest};

/// What a data scientist's script imports.
const IMPORTS: &str = "import dill, joblib, matplotlib.pyplot as plt, numpy, pandas, pyarrow
import requests, scipy.stats, setuptools, sklearn.ensemble, sqlalchemy, statsmodels.api, wheel
import datetime, os, sys, pyarrow.compute
assert plt.get_backend().lower() == 'agg', plt.get_backend()
assert int(pandas.__version__.split('.')[0]) == 3, pandas.__version__
zone = pyarrow.compute.assume_timezone(pyarrow.array([datetime.datetime(2026, 1, 1)]), 'Europe/Berlin')
assert str(zone[0]) == '2026-01-01 00:00:00+01:00', zone[0]
from importlib.util import cache_from_source
pyc = open(cache_from_source(pandas.__file__), 'rb').read(8)
assert pyc[4] == 0b11, pyc  # PEP 552: by hash, and checked
assert os.getcwd() == '/tmp' and os.getuid() == 65534, (os.getcwd(), os.getuid())
import importlib.metadata
importlib.metadata.version('pip')  # importing it beside setuptools warns
print('all there')";

#[tokio::test]
async fn two_builds_hold_the_same_files_and_keep_the_contract() {
    let bench = Bench::new("test-repeatable", &support::python_lock()).await;
    // Made by another process, perhaps on another day.
    let one =
        Images::new(bench.docker.clone(), Catalog::embedded()).resolve("python").await.unwrap();
    let options = BuildOptions { rebuild: true, locked: true, ..BuildOptions::default() };
    let two = bench.build(options).await.unwrap();
    let first = bench.images.manifest(&one.id).await.unwrap();
    let second = bench.images.manifest(&two.id).await.unwrap();

    assert!(first.len() > 10_000, "{} files", first.len());
    assert_eq!(first.differences(&second), Vec::<String>::new());
    assert_eq!(one.manifest_hash, two.manifest_hash);
    assert_eq!(two.lock_hash, support::python_lock().hash());

    keeps_the_files_contract(&second);
    keeps_the_configuration_contract(&bench, &two.id).await;
    assert_eq!(run(&bench, &two.id, IMPORTS).await, (0, "all there\n".to_owned()));
    bench.clear().await;
}

fn keeps_the_files_contract(manifest: &Manifest) {
    let text = manifest.to_text();
    let mut supervisor = None;
    for line in text.lines() {
        let [path, kind, mode, owner, ..] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("not a line of a manifest: {line}");
        };
        let bits = u32::from_str_radix(mode, 8).unwrap();
        let closed = kind == "l" || path == "tmp" || bits & 0o6022 == 0;
        assert!(closed, "{path} has mode {mode}");
        assert!(owner.starts_with("0:"), "{path} belongs to {owner}");
        for gone in ["var/lib/apt/", "var/cache/apt/", "usr/share/man/", "var/log/"] {
            assert!(!path.starts_with(gone), "{path} is in the image");
        }
        if path == "opt/launchpod/supervisor" {
            supervisor = Some(mode.to_owned());
        }
    }
    assert_eq!(supervisor.as_deref(), Some("0555"));
    assert!(text.contains("\nopt/launchpod/worker/__pycache__/"), "the worker is not compiled");
}

async fn keeps_the_configuration_contract(bench: &Bench, id: &str) {
    let config = bench.docker.inspect_image(id).await.unwrap().config.unwrap();
    assert_eq!(config.user.as_deref(), Some("65534:65534"));
    assert_eq!(config.working_dir.as_deref(), Some("/tmp"));
    let entrypoint = config.entrypoint.unwrap();
    let main = "/opt/launchpod/worker/main.py";
    let expected =
        ["/opt/launchpod/supervisor", "--", "/usr/bin/python3", "-I", "-X", "utf8", main];
    assert_eq!(entrypoint, expected);
    let labels = config.labels.unwrap();
    assert_eq!(labels["launchpod.image"], bench.name);
    for label in ["launchpod.lock", "launchpod.worker"] {
        assert_eq!(labels[label].len(), 64, "{label}");
    }
}

/// Runs code as a worker's container would: no network, nothing to write to but a tmpfs.
async fn run(bench: &Bench, id: &str, code: &str) -> (i64, String) {
    let docker = &bench.docker;
    let host = HostConfig {
        network_mode: Some("none".to_owned()),
        readonly_rootfs: Some(true),
        tmpfs: Some([("/tmp".to_owned(), "size=64m,mode=1777".to_owned())].into()),
        ..HostConfig::default()
    };
    let body = ContainerCreateBody {
        image: Some(id.to_owned()),
        entrypoint: Some(
            ["/usr/bin/python3", "-I", "-X", "utf8", "-c", code].map(str::to_owned).into(),
        ),
        host_config: Some(host),
        ..ContainerCreateBody::default()
    };
    let id = docker.create_container(None::<CreateContainerOptions>, body).await.unwrap().id;
    docker.start_container(&id, None::<StartContainerOptions>).await.unwrap();
    let ended = docker.wait_container(&id, None::<WaitContainerOptions>).next().await;
    let status = match ended {
        Some(Ok(end)) => end.status_code,
        Some(Err(bollard::errors::Error::DockerContainerWaitError { code, .. })) => code,
        other => panic!("the container can't be waited for: {other:?}"),
    };
    let options = LogsOptionsBuilder::new().stdout(true).stderr(true).build();
    let logs: Vec<_> = docker.logs(&id, Some(options)).try_collect().await.unwrap();
    let options = RemoveContainerOptionsBuilder::new().force(true).build();
    docker.remove_container(&id, Some(options)).await.unwrap();
    (status, logs.iter().map(ToString::to_string).collect())
}
