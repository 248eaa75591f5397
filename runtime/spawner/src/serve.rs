//! The loop: orders in, workers out, and what they leave behind away.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{RecvFlags, recv};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Signal, kill_process};

use crate::cgroup::{Member, Parent};
use crate::lines::Lines;
use crate::message::{Event, Left, Order, Spawn};
use crate::template::Template;

/// Between two attempts to remove the cgroups of workers that have ended.
const RETRY: Timespec = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };

/// A running spawner.
pub(crate) struct Spawner {
    pub(crate) controller: Lines<UnixStream>,
    pub(crate) template: Template,
    pub(crate) cgroup: Parent,
    /// The live workers.
    pub(crate) workers: BTreeMap<String, Live>,
    /// Workers whose cgroups are still to be removed, and what those have counted.
    pub(crate) leaving: BTreeMap<String, Left>,
}

/// A live worker.
pub(crate) struct Live {
    /// Hangs up when the worker's first process has ended, and with it all others.
    alive: OwnedFd,
    member: Member,
}

// === impl Spawner ===

impl Spawner {
    /// Serves until the controller or the template is gone; then every worker is killed.
    pub(crate) fn serve(&mut self) -> io::Result<()> {
        let served = self.serve_orders();
        // With the first process of its pid namespace, all workers end.
        let _ = kill_process(self.template.pid, Signal::KILL);
        served
    }

    fn serve_orders(&mut self) -> io::Result<()> {
        loop {
            let ended = {
                let mut fds = vec![
                    PollFd::new(self.controller.stream(), PollFlags::IN),
                    PollFd::new(&self.template.control, PollFlags::IN),
                ];
                fds.extend(
                    self.workers.values().map(|live| PollFd::new(&live.alive, PollFlags::IN)),
                );
                let retry = (!self.leaving.is_empty()).then_some(&RETRY);
                match poll(&mut fds, retry) {
                    Ok(_) | Err(rustix::io::Errno::INTR) => {}
                    Err(error) => return Err(error.into()),
                }
                let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
                let ended: Vec<String> = self
                    .workers
                    .keys()
                    .zip(&ready[2..])
                    .filter(|(_, ready)| **ready)
                    .map(|(name, _)| name.clone())
                    .collect();
                (ready[0], ready[1], ended)
            };
            let (ordered, template_spoke, ended) = ended;
            if template_spoke && !self.hear_template()? {
                return Ok(());
            }
            for name in ended {
                if let Some(live) = self.workers.remove(&name) {
                    self.leaving.insert(name, live.member.left());
                }
            }
            self.remove_left()?;
            if ordered && !self.hear_controller()? {
                return Ok(());
            }
        }
    }

    /// The template says once that it is there; false when it is gone.
    fn hear_template(&mut self) -> io::Result<bool> {
        let mut bytes = [0; 64];
        match recv(&self.template.control, &mut bytes, RecvFlags::empty()) {
            Ok((_, 0)) | Err(rustix::io::Errno::CONNRESET) => Ok(false),
            Ok(_) => self.say(&Event::Ready).map(|()| true),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes the controller's orders; false when it is gone.
    fn hear_controller(&mut self) -> io::Result<bool> {
        let open = self.controller.fill()?;
        while let Some(order) = self.controller.next::<Order>()? {
            match order {
                Order::Spawn(spawn) => self.spawn(spawn)?,
                Order::Throttle { worker, millicpus } => self.throttle(&worker, millicpus),
                Order::Kill { worker } => self.cgroup.kill(&worker),
            }
        }
        Ok(open)
    }

    /// Makes a worker; one that can't be made has ended.
    fn spawn(&mut self, spawn: Spawn) -> io::Result<()> {
        let (alive, held) = pipe_with(PipeFlags::CLOEXEC)?;
        let made = self.cgroup.add(&spawn).map_err(io::Error::other).and_then(|member| {
            self.template.spawn(&spawn, &member, held)?;
            Ok(member)
        });
        match made {
            Ok(member) => {
                self.workers.insert(spawn.worker, Live { alive, member });
            }
            Err(error) => {
                eprintln!("launchpod spawner: can't make worker {}: {error}", spawn.worker);
                self.leaving.insert(spawn.worker, Left::default());
            }
        }
        Ok(())
    }

    /// Changes how many processors a worker has, while it lives.
    fn throttle(&self, worker: &str, millicpus: u32) {
        if self.workers.contains_key(worker)
            && let Err(error) = self.cgroup.throttle(worker, millicpus)
        {
            eprintln!("launchpod spawner: can't change the processors of {worker}: {error}");
        }
    }

    /// Removes what ended workers have left, and says so.
    fn remove_left(&mut self) -> io::Result<()> {
        let names: Vec<String> = self.leaving.keys().cloned().collect();
        for worker in names {
            if self.cgroup.remove(&worker) {
                let left = self.leaving.remove(&worker).unwrap_or_default();
                self.say(&Event::Ended { worker, left })?;
            }
        }
        Ok(())
    }

    fn say(&mut self, event: &Event) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        self.controller.stream().write_all(&line)
    }
}
