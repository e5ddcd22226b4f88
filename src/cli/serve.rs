//! `ecluse serve`: the provider, until it is told to stop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;

use crate::cli::printer::{ExitStatus, Failure};
use crate::cli::traces::Tracing;
use crate::cli::{instance, logging, open};
use crate::config::layers::Loaded;
use crate::flows::audit::seal::Sealer;
use crate::flows::declare_clients::declare_clients;
use crate::flows::notices::Courier;
use crate::flows::reset_order::roll_up;
use crate::outgoing::Outgoing;
use crate::store::db::DbError;
use crate::web::admin;
use crate::web::app::{App, Site};
use crate::web::serve::serve;

/// Serves until SIGTERM or Ctrl-C, then lets requests under way end; a second signal cuts them off.
pub(super) async fn run(loaded: &Loaded) -> Result<ExitStatus, Failure> {
    let config = &loaded.config;
    let clients = loaded.clients(|name| std::env::var_os(name))?;
    let slips = loaded.slip_words()?;
    let mailer = open::mailer(loaded)?;
    let ctx = open::context(config).await?;
    instance::renew(&config.keys.instance_file, &ctx.db).await?;
    let for_nobody = declare_clients(&ctx, &clients).await??;
    let listener = listen(config.server.listen, "server.listen").await?;
    let for_admin = match config.admin.listen {
        Some(address) => Some(listen(address, "admin.listen").await?),
        None => None,
    };
    let traced = Tracing::start(&config.traces)?;
    logging::start(&config.log, traced.as_ref());
    for client in &for_nobody {
        tracing::error!(
            client = client.id.0,
            "not declared: ecluse_operator is neither a login nor the id of an account"
        );
    }
    match ctx.ephemeral.check().await {
        // It may come back any moment; until then whoever needs it is told so.
        Err(error @ DbError::Unreachable { .. }) => tracing::error!(%error, "not ready yet"),
        checked => checked?,
    }
    let (mut first, mut second) = (Told::listen()?, Told::listen()?);
    let stop = async move {
        first.once().await;
        tracing::info!("stopping");
    };
    let insisted = async move {
        second.once().await;
        second.once().await;
    };
    let admin = for_admin.as_ref().map(TcpListener::local_addr).transpose()?.map(tracing::field::display);
    tracing::info!(issuer = config.server.issuer.as_str(), listen = %listener.local_addr()?, admin, "ready");
    let ctx = Arc::new(ctx);
    let outgoing = Outgoing::new(config.reach(), config.notices.timeout)?;
    let db = ctx.db.clone();
    let mut jobs = JoinSet::new();
    jobs.spawn(Courier::new(Arc::clone(&ctx), outgoing, mailer).run());
    jobs.spawn(Sealer::default().run(Arc::clone(&ctx)));
    jobs.spawn(roll_up::run(Arc::clone(&ctx)));
    let app = App::new(ctx, Site { slips, ..config.site() });
    let limits = config.limits();
    let watched =
        for_admin.map(|listener| tokio::spawn(admin::serve(app.clone(), listener, limits.request_timeout)));
    tokio::select! {
        served = serve(app, listener, limits, stop) => served?,
        () = insisted => tracing::warn!("told twice to stop: what is under way is cut off"),
        failure = instance::keep(config, &db) => {
            tracing::error!(reason = %failure, "the database was exchanged: what is under way is cut off");
            return Err(failure);
        }
    }
    drop(jobs); // what they were about is begun again by whoever claims it next
    if let Some(watched) = watched {
        watched.abort();
    }
    // A copy that was made while this ran is older than what it leaves behind.
    if let Err(reason) = instance::go_on(&config.keys.instance_file, &db).await {
        tracing::warn!(%reason, "the instance file was not renewed");
    }
    // Last: whoever kills what does not stop costs nothing but traces.
    if let Some(traced) = traced {
        traced.stop().await;
    }
    Ok(ExitStatus::Done)
}

/// The signals that mean "stop".
struct Told {
    terminate: Signal,
    interrupt: Signal,
}

impl Told {
    fn listen() -> io::Result<Self> {
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Self { terminate, interrupt })
    }

    async fn once(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

async fn listen(address: SocketAddr, key: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .await
        .map_err(|error| Failure::failed(format_args!("cannot listen on {address} ({key}): {error}")))
}
