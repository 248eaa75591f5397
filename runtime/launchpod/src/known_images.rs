//! The images of languages, asked after beside the requests that want them: the engine takes as long
//! to answer as a whole script that finds a worker ready.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use launchpod_controller::{Image, Images};
use launchpod_image::Error as ImageError;
use tokio::sync::Mutex;
use tokio::time::sleep;
use tracing::warn;

/// How long an image that was built anew may wait to be noticed.
const RENEWAL: Duration = Duration::from_secs(5);
/// An image that no request has wanted for so long is not asked after any more.
const FORGOTTEN: Duration = Duration::from_secs(600);

/// The images that requests have wanted lately.
pub struct KnownImages {
    shared: Arc<Shared>,
}

struct Shared {
    images: launchpod_image::Images,
    known: Mutex<HashMap<String, Known>>,
}

struct Known {
    image: Image,
    /// When a request wanted it last.
    wanted: Instant,
}

// === impl KnownImages ===

impl KnownImages {
    /// None yet.
    pub fn new(images: launchpod_image::Images) -> Self {
        KnownImages { shared: Arc::new(Shared { images, known: Mutex::default() }) }
    }
}

#[async_trait]
impl Images for KnownImages {
    async fn find(&self, environment: &str) -> Result<Image, Box<dyn StdError + Send + Sync>> {
        let shared = &self.shared;
        let wanted = Instant::now();
        let mut known = shared.known.lock().await;
        if let Some(known) = known.get_mut(environment) {
            known.wanted = wanted;
            return Ok(known.image.clone());
        }
        let image = shared.ask(environment).await?;
        known.insert(environment.to_owned(), Known { image: image.clone(), wanted });
        tokio::spawn(renew(Arc::downgrade(shared), environment.to_owned()));
        Ok(image)
    }
}

// === impl Shared ===

impl Shared {
    async fn ask(&self, environment: &str) -> Result<Image, ImageError> {
        let built = self.images.resolve(environment).await?;
        Ok(Image { id: built.id, lock_hash: built.lock_hash })
    }

    /// Asks after an image again; false when it is known no more.
    async fn renew(&self, environment: &str) -> bool {
        let answer = self.ask(environment).await;
        let mut known = self.known.lock().await;
        let Some(entry) = known.get_mut(environment) else { return false };
        if entry.wanted.elapsed() >= FORGOTTEN {
            known.remove(environment);
            return false;
        }
        match answer {
            Ok(image) => entry.image = image,
            // The next request is told what it is.
            Err(ImageError::NotBuilt { .. } | ImageError::Stale { .. }) => {
                known.remove(environment);
                return false;
            }
            // The engine is away: what was true goes on to be.
            Err(error) => warn!(environment, %error, "can't ask after the image"),
        }
        true
    }
}

async fn renew(shared: Weak<Shared>, environment: String) {
    loop {
        sleep(RENEWAL).await;
        match shared.upgrade() {
            Some(shared) if shared.renew(&environment).await => {}
            _ => return,
        }
    }
}
