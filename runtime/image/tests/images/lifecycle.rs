//! A small environment from its first build to a mirror that has moved on.

use crate::support::{self, Bench};
use bollard::query_parameters::BuildImageOptionsBuilder;
use futures_util::TryStreamExt;
use launchpod_image::{BuildOptions, Difference, Error, Lock, Match};

#[tokio::test]
async fn a_build_is_found_again_and_verified_and_what_changed_is_named() {
    let bench = Bench::new("test-found", &support::small_lock()).await;
    let missing = bench.images.resolve(bench.name).await.unwrap_err();
    assert!(missing.to_string().contains("run `launchpod image build test-found`"), "{missing}");

    // Two at once: the second waits for the first.
    let options = BuildOptions::default();
    let (one, two) = tokio::join!(bench.build(options), bench.build(options));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert!(one.fresh != two.fresh, "{one:?} {two:?}");
    let built = if one.fresh { one } else { two };
    let found = bench.build(options).await.unwrap();
    assert!(!found.fresh);
    assert_eq!(found.id, built.id);
    assert_eq!(bench.images.resolve(bench.name).await.unwrap(), found);
    let listed = bench.images.list().await.unwrap();
    let listed = listed.iter().find(|image| image.id == built.id).unwrap();
    assert_eq!(listed.matches, Match::Current);
    assert!(listed.tags.contains(&"launchpod/test-found:latest".to_owned()), "{:?}", listed.tags);

    let verification = bench.images.verify(bench.name).await.unwrap();
    assert!(verification.is_good(), "{:#?}", verification.differences);
    assert!(verification.from_program.is_empty());
    assert_eq!(verification.packages, support::small_lock().debian.len() + 3);
    names_what_was_changed(&bench).await;
    bench.clear().await;
}

/// Verifies an image that someone has put another layer on.
async fn names_what_was_changed(bench: &Bench) {
    let tag = "launchpod/test-found:tampered";
    let site = "/usr/local/lib/python3.11/dist-packages";
    let dockerfile = format!(
        "FROM launchpod/test-found:latest\nUSER 0:0\n\
         RUN echo >> {site}/wheel/__init__.py && rm -r {site}/packaging-*.dist-info \
         && echo >> /opt/launchpod/worker/main.py && touch /usr/bin/extra\n"
    );
    build(bench, tag, &dockerfile).await;

    let verification = bench.images.verify(tag).await.unwrap();
    let lines: Vec<String> = verification.differences.iter().map(ToString::to_string).collect();
    let expected = [
        "package packaging ",
        "wheel/__init__.py differs",
        "wheel/__init__.py is not what wheel installed",
        "file usr/bin/extra is not in the manifest",
        "file opt/launchpod/worker/main.py is not this program's worker layer",
    ];
    for part in expected {
        assert!(lines.iter().any(|line| line.contains(part)), "{part}: {lines:#?}");
    }
}

#[tokio::test]
async fn a_mirror_that_moved_on_is_an_error_or_a_warning() {
    let old = locked_to_a_tzdata_of_old();
    let mut bench = Bench::new("test-drift", &old).await;
    let locked = BuildOptions { locked: true, ..BuildOptions::default() };
    match bench.build(locked).await.unwrap_err() {
        Error::Drift { name, changes } => {
            assert_eq!(name, bench.name);
            assert_eq!(changes.len(), 1, "{changes:?}");
            assert_eq!(changes[0].name, "tzdata");
            assert_eq!(changes[0].old.as_deref(), Some("2020a-1"));
        }
        other => panic!("{other}"),
    }

    let built = bench.build(BuildOptions::default()).await.unwrap();
    let warnings = bench.warnings.lock().unwrap().join("\n");
    assert!(warnings.contains("tzdata 2020a-1 -> 20"), "{warnings}");
    assert_ne!(built.lock_hash, old.hash(), "the label names the lock of what is inside");
    let listed = bench.images.list().await.unwrap();
    let listed = listed.iter().find(|image| image.id == built.id).unwrap();
    assert_eq!(listed.matches, Match::Drifted);
    assert!(!bench.build(BuildOptions::default()).await.unwrap().fresh);

    let verification = bench.images.verify(bench.name).await.unwrap();
    assert!(verification.is_good(), "{:#?}", verification.differences);
    let changes: Vec<&str> = verification.from_program.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(changes, ["tzdata"]);

    // A new lock makes the image stale.
    bench.relock(&support::small_lock());
    assert!(matches!(bench.images.resolve(bench.name).await, Err(Error::Stale { .. })));
    bench.clear().await;
}

#[tokio::test]
async fn a_wheel_of_another_hash_is_refused() {
    let mut lock = support::small_lock();
    lock.wheels[0].sha256 = "0".repeat(64);
    let bench = Bench::new("test-hash", &lock).await;
    let error = bench.build(BuildOptions::default()).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::Host(_) | Error::Hash { .. }), "{text}");
    assert!(text.contains(&lock.wheels[0].name), "{text}");
    bench.clear().await;
}

#[test]
fn a_difference_is_one_line() {
    let difference = Difference::Missing("lock");
    assert_eq!(difference.to_string(), "the image has no lock inside");
}

fn locked_to_a_tzdata_of_old() -> Lock {
    let mut lock = support::small_lock();
    let package = lock.debian.iter_mut().find(|package| package.name == "tzdata").unwrap();
    package.version = "2020a-1".to_owned();
    package.sha256 = "0".repeat(64);
    lock
}

async fn build(bench: &Bench, tag: &str, dockerfile: &str) {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(dockerfile.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, "Dockerfile", dockerfile.as_bytes()).unwrap();
    let context = bollard::body_full(tar.into_inner().unwrap().into());
    let options = BuildImageOptionsBuilder::new().t(tag).rm(true).networkmode("none").build();
    let _: Vec<_> =
        bench.docker.build_image(options, None, Some(context)).try_collect().await.unwrap();
}
