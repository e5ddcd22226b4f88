//! The folder of a running demo, and the ports it answers on.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use ::ecluse::cli::printer::Failure;
use ::ecluse::config::Config;
use ::ecluse::config::layers::Layers;
use ::ecluse::config::private_file;
use ::ecluse::domain::secret::Secret;
use ::ecluse::flows::random::Random;

/// Locked as long as a demo runs. A folder without it was not made by a demo, and is not removed by one.
const LOCK: &str = "running";

/// The demo's files, as they are in the repository.
const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/demo");

/// Where each program listens, on 127.0.0.1.
#[derive(Clone, Copy)]
pub struct Ports {
    /// The provider.
    pub provider: u16,
    /// The portal.
    pub portal: u16,
    /// The gradebook.
    pub gradebook: u16,
    /// Of the client that tries doors. It reads addresses; nobody listens there.
    tester: u16,
}

impl Ports {
    /// Those of `config/demo/ecluse.toml`.
    const USUAL: Self = Self { provider: 8080, portal: 9001, gradebook: 9002, tester: 9003 };

    /// The usual ports, or four in a row.
    pub fn new(base: Option<u16>) -> Self {
        match base {
            None => Self::USUAL,
            Some(base) => Self {
                provider: base,
                portal: base.saturating_add(1),
                gradebook: base.saturating_add(2),
                tester: base.saturating_add(3),
            },
        }
    }

    fn pairs(self, other: Self) -> [(u16, u16); 4] {
        [
            (self.provider, other.provider),
            (self.portal, other.portal),
            (self.gradebook, other.gradebook),
            (self.tester, other.tester),
        ]
    }

    /// Fails if somebody listens on one of them, and says on which.
    pub fn check_free(self) -> Result<(), Failure> {
        let programs =
            [("the provider", self.provider), ("the portal", self.portal), ("the gradebook", self.gradebook)];
        let taken: Vec<_> = programs
            .into_iter()
            .filter(|(_, port)| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_err())
            .map(|(program, port)| format!("port {port} of 127.0.0.1, for {program}, is taken"))
            .collect();
        if taken.is_empty() {
            return Ok(());
        }
        Err(Failure::failed(taken.join("; "))
            .hint("stop what listens there, or move the demo: DEMO_PORT_BASE=7000 make demo"))
    }
}

/// The folder of a demo.
pub struct Place {
    folder: PathBuf,
    // Held for its lock, which ends with the process however that ends.
    _lock: Option<File>,
}

impl Place {
    /// Makes the folder anew, with the configuration for these ports and a secret for each client.
    pub fn make(folder: &Path, ports: Ports) -> Result<Self, Failure> {
        if folder.exists() {
            Self::remove(folder)?;
        }
        fs::create_dir_all(folder)?;
        let lock = File::create(folder.join(LOCK))?;
        lock.try_lock()?;
        let place = Self { folder: folder.canonicalize()?, _lock: Some(lock) };
        let mut settings = fs::read_to_string(model("ecluse.toml"))?;
        for (usual, port) in Ports::USUAL.pairs(ports) {
            settings = settings.replace(&format!("127.0.0.1:{usual}"), &format!("127.0.0.1:{port}"));
        }
        fs::write(place.settings(), settings)?;
        place.make_client_secrets()?;
        Ok(place)
    }

    /// Completes the folder of a demo whose programs others start: the settings are those of the repository with more
    /// behind them, and no secret that is there is made anew.
    pub fn complete(folder: &Path, more: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(folder)?;
        let place = Self { folder: folder.canonicalize()?, _lock: None };
        let settings = [fs::read_to_string(model("ecluse.toml"))?, fs::read_to_string(more)?];
        fs::write(place.settings(), settings.join("\n"))?;
        place.make_client_secrets()?;
        Ok(place)
    }

    /// The folder of a demo that was made.
    pub fn of_made(folder: &Path) -> Result<Self, Failure> {
        let folder = folder.canonicalize().map_err(|error| {
            Failure::failed(format_args!("{}: {error}", folder.display()))
                .hint("start a demo in another terminal: make demo")
        })?;
        Ok(Self { folder, _lock: None })
    }

    fn make_client_secrets(&self) -> Result<(), Failure> {
        let random = Random::system();
        for file in self.config()?.client.into_iter().filter_map(|client| client.secret_file) {
            if !file.exists() {
                private_file::create(&file, &Secret::from_random(random.bytes()))?;
            }
        }
        Ok(())
    }

    fn remove(folder: &Path) -> Result<(), Failure> {
        let Ok(lock) = File::open(folder.join(LOCK)) else {
            if fs::read_dir(folder)?.next().is_none() {
                return Ok(());
            }
            return Err(Failure::refused(format_args!("{} was not made by a demo", folder.display()))
                .hint("name another one with --folder, or remove it yourself"));
        };
        lock.try_lock().map_err(|_| {
            Failure::refused(format_args!("a demo runs in {}", folder.display()))
                .hint("stop it first, with Ctrl-C")
        })?;
        Ok(fs::remove_dir_all(folder)?)
    }

    /// A file of the demo.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The provider's configuration file.
    pub fn settings(&self) -> PathBuf {
        self.file("ecluse.toml")
    }

    /// The provider's settings, from that file alone: what this shell's environment holds is meant for another provider.
    pub fn config(&self) -> Result<Config, Failure> {
        let layers = Layers { file: Some(self.settings()), ..Layers::default() };
        Ok(layers.load()?.config)
    }
}

/// A file of `config/demo`.
pub fn model(name: &str) -> PathBuf {
    Path::new(MODEL).join(name)
}
