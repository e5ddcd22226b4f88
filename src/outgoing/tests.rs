use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

fn outgoing(loopback: bool, timeout: Duration) -> Outgoing {
    Outgoing::new(Reach { networks: Vec::new(), loopback }, timeout).unwrap()
}

/// Answers each connection with these bytes, as often as `times`, and then lets go.
async fn answering(head: &'static str, body: &'static [u8], times: usize) -> Url {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(head.as_bytes()).await;
                for _ in 0..times {
                    if stream.write_all(body).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    Url::parse(&format!("http://localhost:{}/out", address.port())).unwrap()
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_not_connected_to() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://localhost:{}/out", listener.local_addr().unwrap().port());
    let sent = outgoing(false, Duration::from_secs(5)).post_form(&Url::parse(&url).unwrap(), &[]).await;
    assert_eq!(sent, Err(SendError::NotAllowed));
    let waiting = std::future::poll_fn(|context| std::task::Poll::Ready(listener.poll_accept(context))).await;
    assert!(waiting.is_pending(), "nobody knocked");
}

#[tokio::test]
async fn a_redirect_is_an_answer_like_any_other() {
    let url =
        answering("HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n", b"", 0).await;
    assert_eq!(outgoing(true, Duration::from_secs(5)).post_form(&url, &[]).await, Ok(302));
}

#[tokio::test]
async fn an_answer_without_end_is_not_read() {
    // Two hundred gigabytes, if anybody read them.
    let url = answering("HTTP/1.1 200 OK\r\n\r\n", &[b'x'; 8_192], 25_000_000).await;
    assert_eq!(outgoing(true, Duration::from_mins(10)).post_form(&url, &[]).await, Ok(200));
}

#[tokio::test]
async fn somebody_who_does_not_answer_is_not_waited_for() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = Url::parse(&format!("http://{}/out", listener.local_addr().unwrap())).unwrap();
    let sent = outgoing(true, Duration::from_millis(50)).post_form(&url, &[]).await;
    assert_eq!(sent, Err(SendError::TooSlow));
    drop(listener);
    let sent = outgoing(true, Duration::from_secs(5)).post_form(&url, &[]).await;
    assert_eq!(sent, Err(SendError::Unreachable));
}
