//! Redis servers of one's own, on ports that were free, gone with the test.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::super::*;
use crate::store::clock::Clock;

/// One server.
pub(super) struct Server {
    child: Child,
    pub(super) port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill(); // it may have ended by itself
        let _ = self.child.wait();
    }
}

impl Server {
    pub(super) fn start(directory: &Path, more: &[&str]) -> Self {
        Self::start_on(free_port(), directory, more)
    }

    pub(super) fn start_on(port: u16, directory: &Path, more: &[&str]) -> Self {
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--save", ""]).args(more);
        Self { child: run_in(directory, &mut command), port }
    }

    /// A sentinel that watches the server of this port and is enough to decide alone.
    pub(super) fn sentinel(directory: &Path, master: u16) -> Self {
        let (port, file) = (free_port(), directory.join("sentinel.conf"));
        let text = format!(
            "port {port}\nsentinel monitor school 127.0.0.1 {master} 1\n\
             sentinel down-after-milliseconds school 300\nsentinel failover-timeout school 2000\n"
        );
        fs::create_dir_all(directory).unwrap();
        fs::write(&file, text).unwrap();
        let child = run_in(directory, Command::new("redis-sentinel").arg(&file));
        Self { child, port }
    }

    pub(super) fn store(&self, clock: &Clock) -> Ephemeral {
        store(&settings(self.port), clock)
    }
}

fn run_in(directory: &Path, command: &mut Command) -> Child {
    fs::create_dir_all(directory).unwrap();
    let command = command.current_dir(directory).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("redis-server and redis-sentinel are installed")
}

pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// What leads to one server without secrets.
pub(super) fn settings(port: u16) -> RedisSettings {
    RedisSettings {
        topology: Topology::Standalone,
        nodes: vec![("127.0.0.1".to_owned(), port)],
        tls: false,
        root_certificate: None,
        login: Login::default(),
        key_prefix: "test".to_owned(),
    }
}

pub(super) fn store(settings: &RedisSettings, clock: &Clock) -> Ephemeral {
    Ephemeral::in_redis(Redis::new(settings, clock.clone()).unwrap())
}

pub(super) async fn until_up(store: &Ephemeral) {
    while store.check().await.is_err() {
        tokio::task::yield_now().await;
    }
}
