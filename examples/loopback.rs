//! An HTTP server on this machine, for examples that fetch: so that they run where there is no network.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::get;

/// Serves pages of a size, some of them slowly, in a thread that ends with the program.
pub(crate) fn serve() -> io::Result<SocketAddr> {
    let router = Router::new()
        .route("/page/{kilobytes}", get(page))
        .route("/slow/{kilobytes}", get(slow_page))
        .route("/forbidden", get(|| async { StatusCode::FORBIDDEN }));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
    let address = listener.local_addr()?;
    thread::Builder::new().name("server".into()).spawn(move || {
        if let Err(error) = runtime.block_on(async { axum::serve(listener, router).await }) {
            eprintln!("server: {error}");
        }
    })?;
    Ok(address)
}

async fn page(Path(kilobytes): Path<u16>) -> String {
    "All work and no play makes Jack a dull boy.\n".repeat(usize::from(kilobytes) * 1024 / 44)
}

async fn slow_page(path: Path<u16>) -> String {
    tokio::time::sleep(Duration::from_millis(300)).await;
    page(path).await
}
