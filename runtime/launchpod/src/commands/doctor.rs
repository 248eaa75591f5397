//! `launchpod doctor`
