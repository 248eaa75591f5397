//! Scripts in real containers. Needs a Docker engine, and `LAUNCHPOD_TEST_IMAGE`: the name or ID
//! of a built worker image.

#![allow(clippy::unwrap_used)] // A step that fails is a failed test.

mod faults;
mod scripts;
mod streams;
mod support;
mod values;
