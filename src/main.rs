//! The `ecluse` program.

use ecluse::cli;
use ecluse::cli::printer::ExitStatus;

fn main() -> ExitStatus {
    // Before anything verifies a signature: it would have no library to do it with. A second start is no failure.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
    cli::run(std::env::args_os())
}
