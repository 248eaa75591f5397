//! What result sets pass on their way to the client, or end in.

use launchpod_types::Message;

use crate::procedures::Shape;
use crate::reply::Reply;
use crate::run::{Run, Stop};
use crate::spool::Spool;

/// What result sets pass, or end in.
pub(crate) enum Diversion {
    /// The rows of an INSERT … EXEC end in it.
    Spool(Spool),
    /// `WITH RESULT SETS` converts them.
    Shape(Shape),
}

// === impl Run ===

impl Run<'_> {
    /// What a reply becomes by the diversion at a place.
    ///
    /// # Errors
    /// What the diversion refuses ends whatever has set it up.
    pub async fn divert(&mut self, place: usize, reply: Reply) -> Result<Vec<Reply>, Stop> {
        let aborted = |error: launchpod_types::SqlError| Stop::Aborted {
            place,
            errors: vec![Message::from(error)],
        };
        match &mut self.diversions[place] {
            Diversion::Spool(spool) => {
                let passed = spool.take(reply).await.map_err(aborted)?;
                Ok(passed.into_iter().collect())
            }
            Diversion::Shape(shape) => match reply {
                Reply::Columns(columns) => {
                    Ok(vec![Reply::Columns(shape.begin(columns).map_err(aborted)?)])
                }
                Reply::Batch(batch) => {
                    let shaping = shape.shaping();
                    match self.shaped(shaping, batch).await {
                        Err(Stop::Failed(errors)) => Err(Stop::Aborted { place, errors }),
                        shaped => Ok(vec![Reply::Batch(shaped?)]),
                    }
                }
                other => Ok(vec![other]),
            },
        }
    }

    /// Whether an INSERT … EXEC is around what runs.
    pub fn spool(&self) -> Option<&Spool> {
        self.diversions.iter().find_map(|diversion| match diversion {
            Diversion::Spool(spool) => Some(spool),
            Diversion::Shape(_) => None,
        })
    }

    /// The errors of a stop that a diversion at this place has brought about are those of the
    /// statement that has set it up.
    pub fn own_abort(&self, at: usize, stop: Stop) -> Stop {
        match stop {
            Stop::Aborted { place, errors } if place == at => Stop::Failed(errors),
            other => other,
        }
    }
}
