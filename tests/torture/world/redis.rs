//! A Redis of the run's own, that is killed and comes back empty.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::home::Home;
use crate::ports::free_port;

/// The server.
pub(crate) struct Redis {
    room: PathBuf,
    pub(crate) port: u16,
    process: Option<Child>,
}

impl Redis {
    pub(crate) async fn start(home: &Home) -> Self {
        let mut redis = Self { room: home.room("redis"), port: free_port(), process: None };
        redis.start_again().await;
        redis
    }

    pub(crate) fn kill(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Starts it empty, and returns when it answers.
    pub(crate) async fn start_again(&mut self) {
        let mut process = Command::new("redis-server")
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .current_dir(&self.room)
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|_| panic!("needs Redis: scripts/redis.sh true"));
        while tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            assert_eq!(process.try_wait().unwrap(), None, "Redis ended by itself");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.process = Some(process);
    }
}
