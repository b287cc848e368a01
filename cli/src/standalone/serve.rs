//! Server of the API on a port of this machine.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use axum::{
    extract::{ConnectInfo, Request, connect_info::Connected},
    middleware::map_request,
    serve::{IncomingStream, Listener},
};
use belfry_api::{ApiState, ArrivedAt};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

pub fn serve(
    listener: TcpListener,
    api: ApiState,
    shutdown: CancellationToken,
) -> JoinHandle<io::Result<()>> {
    let router = belfry_api::router(api).layer(map_request(arrived_at));
    let service = router.into_make_service_with_connect_info::<OwnAddress>();
    tokio::spawn(async move {
        axum::serve(Port(listener), service).with_graceful_shutdown(shutdown.cancelled_owned()).await
    })
}

struct Port(TcpListener);

impl Listener for Port {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.0).await;
        // Answers are small and complete: waiting to fill a packet only delays them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
        (stream, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Address of this machine in a connection. `None` where the connection has ended already.
#[derive(Clone, Copy)]
struct OwnAddress(Option<IpAddr>);

impl Connected<IncomingStream<'_, Port>> for OwnAddress {
    fn connect_info(stream: IncomingStream<'_, Port>) -> Self {
        Self(stream.io().local_addr().ok().map(|address| address.ip()))
    }
}

async fn arrived_at(ConnectInfo(own): ConnectInfo<OwnAddress>, mut request: Request) -> Request {
    if let Some(address) = own.0 {
        request.extensions_mut().insert(ArrivedAt(address));
    }
    request
}
