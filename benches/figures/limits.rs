//! What the machine gives at best: each limit is the bare operation, with as little around it as there can be.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256};
use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{get, post};
use rusqlite::{Connection, params};
use tokio::net::TcpListener;

use crate::cpu;
use crate::deployment::{Server, free_address};
use crate::people::{Invented, SOURCE};

/// What a number of passwords cost, hashed on `threads` threads with memory that each keeps: time on cores, and time.
pub(crate) fn argon2id(params: &Params, threads: u32, each: u32) -> (Duration, Duration) {
    cpu::watch(|| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                let params = params.clone();
                thread::spawn(move || hash(params, each))
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    })
}

fn hash(params: Params, count: u32) -> Duration {
    let mut memory = vec![Block::default(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut output = [0; 32];
    cpu::cost(|| {
        for number in 0..count {
            let salt = [u8::try_from(number % 256).unwrap(); 16];
            let hashed =
                argon2.hash_password_into_with_memory(b"Chat-noir7", &salt, &mut output, &mut memory);
            hashed.unwrap();
        }
    })
}

/// Keys that sign messages of the length of an ID token.
pub(crate) struct Signers {
    rsa: RsaKeyPair,
    p256: EcdsaKeyPair,
    message: Vec<u8>,
}

impl Signers {
    pub(crate) fn new() -> Self {
        Self {
            rsa: RsaKeyPair::generate(KeySize::Rsa2048).unwrap(),
            p256: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            message: vec![b'a'; 600],
        }
    }

    /// What `count` signatures cost.
    pub(crate) fn rs256(&self, count: u32) -> Duration {
        let mut signature = vec![0; self.rsa.public_modulus_len()];
        cpu::cost(|| {
            for _ in 0..count {
                self.rsa
                    .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &self.message, &mut signature)
                    .unwrap();
            }
        })
    }

    /// What `count` signatures cost.
    pub(crate) fn es256(&self, count: u32) -> Duration {
        cpu::cost(|| {
            for _ in 0..count {
                self.p256.sign(&SystemRandom::new(), &self.message).unwrap();
            }
        })
    }
}

/// What `count` reads of one row by its key cost, on one connection without anything around it.
pub(crate) fn read_rows(database: &Path, keys: &[String], count: u32) -> Duration {
    let connection = Connection::open(database).unwrap();
    let mut read = connection.prepare("SELECT source, updated_at FROM account WHERE id = $1").unwrap();
    cpu::cost(|| {
        for key in keys.iter().cycle().take(count as usize) {
            let row = read.query_row([key], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)));
            row.unwrap();
        }
    })
}

/// What `count` rows cost that are committed durably, `group` of them with each commit.
pub(crate) fn commit_rows(directory: &Path, count: u32, group: u32) -> Duration {
    let file = directory.join("commits.sqlite3");
    let connection = Connection::open(&file).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", "FULL").unwrap();
    connection.execute("CREATE TABLE token (hash TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT", []).unwrap();
    let mut insert = connection.prepare("INSERT INTO token (hash, at) VALUES ($1, $2)").unwrap();
    let cost = cpu::cost(|| {
        for number in 0..count {
            if number % group == 0 {
                connection.execute_batch("BEGIN IMMEDIATE").unwrap();
            }
            // As a hash is: 43 characters that come in no order.
            let hash = format!("{:043x}", u128::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_0C83));
            insert.execute(params![hash, number]).unwrap();
            if number % group == group - 1 || number == count - 1 {
                connection.execute_batch("COMMIT").unwrap();
            }
        }
    });
    drop(insert);
    drop(connection);
    fs::remove_file(file).unwrap();
    cost
}

/// Puts the same people into an empty database of the same schema, as fast as it takes them: prepared statements in one
/// transaction, without a question or a check. Returns time on the core, and time.
pub(crate) fn bulk_insert(database: &Path, people: u32) -> (Duration, Duration) {
    let connection = Connection::open(database).unwrap();
    let mut account = connection
        .prepare(
            "INSERT INTO account (id, source, source_key, login, login_name, given_name, family_name, email, way_in,
                 number, code_issue, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $4, $5, $6, $7, 'local', 1, 1, $8, $8)",
        )
        .unwrap();
    let mut place = connection
        .prepare("INSERT INTO affiliation (account_id, path, profile, began) VALUES ($1, $2, $3, 0)")
        .unwrap();
    let mut guardian =
        connection.prepare("INSERT INTO guardianship (guardian_id, pupil_id) VALUES ($1, $2)").unwrap();
    // In the order of the file, as an import makes them.
    let id = |key: &str| format!("019ab000-0000-7000-8000-{:0>12}", &key[1..]);
    cpu::watch(|| {
        cpu::cost(|| {
            connection.execute_batch("BEGIN IMMEDIATE").unwrap();
            for number in 0..people {
                let Invented {
                    key,
                    login,
                    given_name,
                    family_name,
                    profile,
                    departement,
                    uai,
                    class,
                    email,
                    pupils,
                } = Invented::new(number);
                let email = (!email.is_empty()).then_some(email);
                let me = id(&key);
                account
                    .execute(params![
                        me,
                        SOURCE,
                        key,
                        login,
                        given_name,
                        family_name,
                        email,
                        1_800_000_000_000_000_i64
                    ])
                    .unwrap();
                let path = format!(
                    "ministry:fr>academie:13>departement:{departement}>uai:{uai}>class:{uai}/{class}"
                );
                place.execute(params![me, path, profile]).unwrap();
                for pupil in pupils {
                    guardian.execute(params![me, id(&pupil)]).unwrap();
                }
            }
            connection.execute_batch("COMMIT").unwrap();
        })
    })
}

/// Starts this program again, as a server of bare routes whose answers have these lengths.
pub(crate) fn serve_bare(lengths: &[usize]) -> Server {
    let address = free_address();
    let lengths: Vec<_> = lengths.iter().map(ToString::to_string).collect();
    let mut program = Command::new(std::env::current_exe().unwrap());
    program.args(["--bench", "--bare", &address.to_string(), "--lengths", &lengths.join(",")]);
    let child = program.stdout(Stdio::null()).spawn().unwrap();
    let server = Server { child, address };
    server.wait_until_ready(cpu::now());
    server
}

/// The bare routes: `/N` takes a form or nothing and answers JSON of N bytes.
pub(crate) async fn bare(address: SocketAddr, lengths: Vec<usize>) {
    let mut router = Router::new().route("/readyz", get(|| async {}));
    for length in lengths {
        let answer = move |body: Bytes| async move {
            assert!(body.len() < 65_536);
            ([(CONTENT_TYPE, "application/json")], "x".repeat(length))
        };
        router = router.route(&format!("/{length}"), post(answer).get(answer));
    }
    let listener = TcpListener::bind(address).await.unwrap();
    axum::serve(listener, router).await.unwrap();
}
