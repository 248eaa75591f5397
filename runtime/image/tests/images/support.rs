//! Environments of a test's own: copies of the repository's, under another name, so that nothing
//! here takes the tags of the images that a user works with.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use bollard::Docker;
use bollard::errors::Error as DockerError;
use bollard::query_parameters::{ListImagesOptionsBuilder, RemoveImageOptionsBuilder};
use launchpod_image::{BuildOptions, BuiltImage, Catalog, Error, Images, Lock, Progress};
use tempfile::TempDir;

/// An environment named `name`, and the engine it is built in.
pub struct Bench {
    pub name: &'static str,
    pub docker: Docker,
    pub images: Images,
    /// What builds warned about.
    pub warnings: Mutex<Vec<String>>,
    folder: TempDir,
}

/// The repository's lock of the python environment.
pub fn python_lock() -> Lock {
    Lock::parse(&fs::read_to_string(repository().join("lock.toml")).unwrap()).unwrap()
}

/// That lock with no more wheels than an environment needs: it builds in seconds.
pub fn small_lock() -> Lock {
    let mut lock = python_lock();
    lock.wheels.retain(|wheel| ["pip", "wheel", "packaging"].contains(&wheel.name.as_str()));
    lock
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../images/python")
}

// === impl Bench ===

impl Bench {
    /// An environment like python's, with `lock`. Images of an earlier run are removed.
    pub async fn new(name: &'static str, lock: &Lock) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let environment = folder.path().join(name);
        fs::create_dir(&environment).unwrap();
        for file in ["image.toml", "Dockerfile"] {
            fs::copy(repository().join(file), environment.join(file)).unwrap();
        }
        fs::write(environment.join("lock.toml"), lock.to_text()).unwrap();
        let docker = Docker::connect_with_defaults().unwrap().negotiate_version().await.unwrap();
        let images = Images::new(docker.clone(), Catalog::with_folder(folder.path()).unwrap());
        let bench = Self { name, docker, images, warnings: Mutex::default(), folder };
        bench.clear().await;
        bench
    }

    /// Goes on with another lock.
    pub fn relock(&mut self, lock: &Lock) {
        let path = self.folder.path().join(self.name).join("lock.toml");
        fs::write(path, lock.to_text()).unwrap();
        let catalog = Catalog::with_folder(self.folder.path()).unwrap();
        self.images = Images::new(self.docker.clone(), catalog);
    }

    pub async fn build(&self, options: BuildOptions) -> Result<BuiltImage, Error> {
        let reporter = |progress: Progress<'_>| {
            if let Progress::Warning(text) = progress {
                self.warnings.lock().unwrap().push(text.to_owned());
            }
        };
        self.images.build(self.name, options, &reporter).await
    }

    /// Removes all images of this environment, and what a build that was cut left on top of them.
    pub async fn clear(&self) {
        let references = ["", "-env"].map(|suffix| format!("launchpod/{}{suffix}", self.name));
        let labels = vec![format!("launchpod.image={}", self.name)];
        let mut ours = HashSet::new();
        for filter in [("reference", references.to_vec()), ("label", labels)] {
            let filters = HashMap::from([filter]);
            let options = ListImagesOptionsBuilder::new().filters(&filters).build();
            let found = self.docker.list_images(Some(options)).await.unwrap();
            ours.extend(found.into_iter().map(|image| image.id));
        }
        let options = ListImagesOptionsBuilder::new().all(true).build();
        let all = self.docker.list_images(Some(options)).await.unwrap();
        let parents: HashMap<_, _> =
            all.into_iter().map(|image| (image.id, image.parent_id)).collect();
        let line = |id| std::iter::successors(Some(id), |id| parents.get(*id));
        let doomed = parents.keys().filter(|id| line(id).any(|ancestor| ours.contains(ancestor)));
        let mut doomed: Vec<_> = doomed.map(|id| (line(id).count(), id)).collect();
        // An image can't be removed before those that were made from it.
        doomed.sort_unstable();
        for (_, id) in doomed.iter().rev() {
            let options = RemoveImageOptionsBuilder::new().force(true).build();
            match self.docker.remove_image(id, Some(options), None).await {
                // It went with its last child.
                Err(DockerError::DockerResponseServerError { status_code: 404, .. }) => {}
                removed => {
                    removed.unwrap();
                }
            }
        }
    }
}
