//! Notices on their way: to robots, mailboxes and browsers that are played here.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use bilan_notify::{
    EmailSettings, Grade, Message, Notice, NotifySettings, Occasion, Outbox, PushKey, PushSettings, SendFault, Sender,
    Subscription, Way, Webhook, WebhookKind, dispatch,
};
use jiff::{SignedDuration, Timestamp};

fn now() -> Timestamp {
    "2026-11-24T00:30:00Z".parse().unwrap()
}

fn notice() -> Notice {
    Notice {
        about: "dissolved_oxygen_crash@ZD1@1".into(),
        occasion: Occasion::Opened,
        grade: Grade::Alarm,
        title: "溶解氧骤降".into(),
        text: "圭塘河站溶解氧 1.2 mg/L，低于 2 mg/L".into(),
        place: "圭塘河站".into(),
        at: now(),
        link: "https://bilan.example.cn/records/warning/YJ202600001".into(),
    }
}

/// A request as it came: first line, headers in lower case, body.
type Came = (String, Vec<String>, Vec<u8>);

/// Answers every request with the next of these answers (the last one again and again) and tells what came.
fn receiver(answers: Vec<&'static str>) -> (String, Receiver<Came>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for number in 0.. {
            let Ok((mut stream, _)) = listener.accept() else { return };
            let came = request(&stream);
            let answer = answers[number.min(answers.len() - 1)];
            let _ = stream.write_all(answer.as_bytes());
            if tell.send(came).is_err() {
                return;
            }
        }
    });
    (address, told)
}

fn request(stream: &TcpStream) -> Came {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).unwrap();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.trim_end() {
            "" => break,
            line => headers.push(line.to_ascii_lowercase()),
        }
    }
    let length = headers.iter().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (first, headers, body)
}

const TAKEN: &str = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\n{\"errcode\":0}";
const BUSY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 48\r\nConnection: close\r\n\r\n{\"errcode\":45009,\"errmsg\":\"too many, slow down\"}";
const GONE: &str = "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

fn hook(kind: WebhookKind, url: String, secret: Option<&str>) -> NotifySettings {
    let hook =
        Webhook { name: "值班群".into(), kind, url, secret: secret.map(str::to_owned), grade: Grade::Warning };
    NotifySettings { webhooks: vec![hook], ..NotifySettings::default() }
}

fn sender(folder: &Path, settings: NotifySettings) -> Sender {
    Sender::new(settings, PushKey::open_or_create(&folder.join("push.key")).unwrap())
}

/// Puts the notice in for these places and tries what is due once.
fn try_once(outbox: &Outbox, sender: &Sender, at: Timestamp) -> Message {
    for message in outbox.due(at, 10).unwrap() {
        match sender.send(outbox, &message, at) {
            Ok(()) => outbox.sent(message.id, at).unwrap(),
            Err(why) => outbox.failed(&message, &why.fault, why.for_good, at).unwrap(),
        }
    }
    outbox.newest(1).unwrap().remove(0)
}

#[test]
fn a_robot_that_is_busy_is_told_again_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(&folder.path().join("notices.db")).unwrap();
    let (url, told) = receiver(vec![BUSY, TAKEN]);
    let sender = sender(folder.path(), hook(WebhookKind::Wecom, format!("{url}/send?key=geheim"), None));
    assert_eq!(outbox.put(&notice(), &sender.places(Grade::Alarm), now()).unwrap(), 1);
    assert_eq!(outbox.put(&notice(), &sender.places(Grade::Alarm), now()).unwrap(), 0, "the same notice goes once");

    let message = try_once(&outbox, &sender, now());
    assert_eq!((message.tries, message.sent_at), (1, None));
    let busy = SendFault::Robot { code: 45009, said: "too many, slow down".into() };
    assert_eq!(message.fault, Some(busy));
    assert!(outbox.due(now(), 10).unwrap().is_empty(), "there is a pause first");
    let later = now() + SignedDuration::from_secs(10);
    let message = try_once(&outbox, &sender, later);
    assert_eq!((message.tries, message.sent_at, message.fault), (2, Some(later), None));

    let (first, _, body) = told.recv().unwrap();
    assert_eq!(first, "POST /send?key=geheim HTTP/1.1\r\n");
    assert!(String::from_utf8(body).unwrap().contains("溶解氧骤降"));
}

#[test]
fn receivers_can_tell_who_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(&folder.path().join("notices.db")).unwrap();
    let (url, told) = receiver(vec![TAKEN]);
    let ding =
        sender(folder.path(), hook(WebhookKind::Dingtalk, format!("{url}/robot?access_token=t"), Some("SECabc")));
    outbox.put(&notice(), &ding.places(Grade::Alarm), now()).unwrap();
    try_once(&outbox, &ding, now());
    let (first, ..) = told.recv().unwrap();
    assert!(first.starts_with("POST /robot?access_token=t&timestamp=1795480200000&sign="), "{first}");

    let plain = sender(folder.path(), hook(WebhookKind::Generic, url, Some("Jefe")));
    outbox.put(&Notice { occasion: Occasion::Cleared, ..notice() }, &plain.places(Grade::Alarm), now()).unwrap();
    try_once(&outbox, &plain, now());
    let (_, headers, body) = told.recv().unwrap();
    let expected = format!("x-bilan-signature: {}", bilan_notify::message::body_signature("Jefe", &body));
    assert!(headers.contains(&expected), "{headers:?}");
}

#[test]
fn a_notice_below_the_wanted_grade_goes_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let sender = sender(folder.path(), hook(WebhookKind::Generic, "http://127.0.0.1:9".into(), None));
    assert!(sender.places(Grade::Info).is_empty());
    assert_eq!(sender.places(Grade::Warning), [(Way::Webhook, "值班群".to_owned())]);
}

#[test]
fn what_cannot_arrive_for_a_day_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(&folder.path().join("notices.db")).unwrap();
    let sender = sender(folder.path(), hook(WebhookKind::Generic, "http://127.0.0.1:9/secret".into(), None));
    outbox.put(&notice(), &sender.places(Grade::Alarm), now()).unwrap();
    let mut at = now();
    let mut tries = 0;
    while let Some(due) = outbox.next_due().unwrap() {
        at = due.max(at);
        let message = try_once(&outbox, &sender, at);
        assert_eq!(message.fault, Some(SendFault::Unreachable), "an address is a secret, and is not told");
        tries += 1;
    }
    let message = outbox.newest(1).unwrap().remove(0);
    assert_eq!((message.sent_at, message.next_at), (None, None));
    assert!((25..40).contains(&tries), "{tries} tries in a day");
}

#[test]
fn a_browser_that_is_gone_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(&folder.path().join("notices.db")).unwrap();
    let (url, told) = receiver(vec![TAKEN, GONE]);
    // A host on another port than that of HTTPS is named with it.
    let named = url.trim_start_matches("http://").to_owned();
    let push = PushSettings { hosts: vec![named.clone()], ..PushSettings::default() };
    let sender = sender(folder.path(), NotifySettings { push, ..NotifySettings::default() });
    let endpoint = format!("{url}/browser");
    // A point of P-256 (its generator) and sixteen bytes.
    let subscription = Subscription {
        endpoint: endpoint.clone(),
        p256dh: "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU".into(),
        auth: "AAAAAAAAAAAAAAAAAAAAAA".into(),
    };
    subscription.check(&["127.0.0.1".to_owned()]).unwrap_err();
    subscription.check(&[named]).unwrap();
    outbox.subscribe("duty", &subscription, now()).unwrap();
    outbox.put(&notice(), &[(Way::Push, endpoint.clone())], now()).unwrap();
    assert!(try_once(&outbox, &sender, now()).sent_at.is_some());
    let (_, headers, body) = told.recv().unwrap();
    for header in ["content-encoding: aes128gcm", "urgency: high", "ttl: 43200"] {
        assert!(headers.iter().any(|line| line == header), "{header}: {headers:?}");
    }
    assert!(headers.iter().any(|line| line.starts_with("authorization: vapid t=")));
    assert!(!body.windows(9).any(|part| part == "圭塘河".as_bytes()), "nothing is readable on the way");

    outbox.put(&Notice { occasion: Occasion::Cleared, ..notice() }, &[(Way::Push, endpoint.clone())], now()).unwrap();
    let message = try_once(&outbox, &sender, now());
    assert_eq!((message.sent_at, message.next_at), (None, None), "not tried again");
    assert_eq!(outbox.subscription(&endpoint).unwrap(), None);
}

#[test]
fn an_account_has_a_bounded_number_of_browsers_and_the_newest_count() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(&folder.path().join("notices.db")).unwrap();
    let browser = |number: i64| Subscription {
        endpoint: format!("https://fcm.googleapis.com/{number}"),
        p256dh: "BGsX".into(),
        auth: "AAAA".into(),
    };
    outbox.subscribe("head", &browser(1000), now()).unwrap();
    for number in 0..300 {
        outbox.subscribe("duty", &browser(number), now() + SignedDuration::from_secs(number)).unwrap();
    }
    let kept = outbox.subscriptions().unwrap();
    let of = |name: &str| kept.iter().filter(|(account, _)| account == name).count();
    assert_eq!((of("duty"), of("head")), (20, 1));
    assert!(kept.iter().any(|(_, kept)| *kept == browser(299)), "the newest");
}

/// A mail server that takes one mail.
fn mail_server() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("smtp://{}", listener.local_addr().unwrap());
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut out = stream.try_clone().unwrap();
        let mut reader = BufReader::new(stream);
        out.write_all(b"220 here\r\n").unwrap();
        let (mut all, mut in_mail) = (String::new(), false);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                break;
            }
            all.push_str(&line);
            let answer: &[u8] = match line.trim_end() {
                "." if in_mail => {
                    in_mail = false;
                    b"250 taken\r\n"
                }
                _ if in_mail => continue,
                "DATA" => {
                    in_mail = true;
                    b"354 go on\r\n"
                }
                "QUIT" => b"221 bye\r\n",
                _ => b"250 yes\r\n",
            };
            out.write_all(answer).unwrap();
        }
        tell.send(all).unwrap();
    });
    (address, told)
}

#[test]
fn a_mail_arrives_with_a_chinese_subject() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(&folder.path().join("notices.db")).unwrap();
    let (server, told) = mail_server();
    let email = EmailSettings {
        server,
        from: "碧蓝 <bilan@example.cn>".into(),
        to: vec!["duty@example.cn".into()],
        grade: Grade::Warning,
    };
    let sender = sender(folder.path(), NotifySettings { email: Some(email), ..NotifySettings::default() });
    outbox.put(&notice(), &sender.places(Grade::Alarm), now()).unwrap();
    let message = try_once(&outbox, &sender, now());
    assert!(message.sent_at.is_some(), "{message:?}");
    let mail = told.recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(mail.contains("RCPT TO:<duty@example.cn>"), "{mail}");
    assert!(mail.contains("Subject: =?utf-8?"), "{mail}");
}

#[tokio::test]
async fn what_was_put_in_before_a_stop_is_sent_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notices.db");
    let (url, told) = receiver(vec![TAKEN]);
    let sender = Arc::new(sender(folder.path(), hook(WebhookKind::Wecom, url, None)));
    Outbox::open(&path).unwrap().put(&notice(), &sender.places(Grade::Alarm), now()).unwrap();

    let outbox = Arc::new(Outbox::open(&path).unwrap());
    let running = tokio::spawn(dispatch(Arc::clone(&outbox), sender, Arc::new(now)));
    let came = tokio::task::spawn_blocking(move || told.recv_timeout(Duration::from_secs(60))).await.unwrap();
    assert!(came.is_ok());
    is_sent(&outbox).await;
    running.abort();
}

/// Waits until the newest message that can be read is sent.
async fn is_sent(outbox: &Outbox) {
    let sent = tokio::time::timeout(Duration::from_secs(60), async {
        while outbox.newest(1).unwrap()[0].sent_at.is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    sent.await.expect("within a minute");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_given_up_with_its_fault_and_holds_up_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notices.db");
    let (url, _told) = receiver(vec![TAKEN]);
    let sender = Arc::new(sender(folder.path(), hook(WebhookKind::Wecom, url, None)));
    let outbox = Arc::new(Outbox::open(&path).unwrap());
    // More of them than are sent at the same time, and all of them before the good one.
    for number in 0..20 {
        let about = format!("x@ZD1@{number}");
        outbox.put(&Notice { about, ..notice() }, &sender.places(Grade::Alarm), now()).unwrap();
    }
    let beside = rusqlite::Connection::open(&path).unwrap();
    beside.execute("UPDATE message SET notice = '{' WHERE id % 2 = 0", []).unwrap();
    beside.execute("UPDATE message SET way = 'pigeon' WHERE id % 2 = 1", []).unwrap();
    outbox.put(&notice(), &sender.places(Grade::Alarm), now()).unwrap();

    let running = tokio::spawn(dispatch(Arc::clone(&outbox), sender, Arc::new(now)));
    is_sent(&outbox).await;
    running.abort();
    let given_up = "SELECT count(*) FROM message WHERE next_at IS NULL AND sent_at IS NULL AND fault LIKE ?1";
    let count = |fault: &str| beside.query_row(given_up, [fault], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!((count("%"), count("%pigeon%")), (20, 10));
}

#[test]
fn a_subscription_that_cannot_be_read_shuts_out_no_other_browser() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notices.db");
    let outbox = Outbox::open(&path).unwrap();
    for account in ["duty", "head"] {
        let endpoint = format!("https://fcm.googleapis.com/{account}");
        let subscription = Subscription { endpoint, p256dh: "BGsX".into(), auth: "AAAA".into() };
        outbox.subscribe(account, &subscription, now()).unwrap();
    }
    let beside = rusqlite::Connection::open(&path).unwrap();
    beside.execute("UPDATE subscription SET auth = x'FF' WHERE account = 'duty'", []).unwrap();
    let kept = outbox.subscriptions().unwrap();
    assert_eq!(kept.iter().map(|(account, _)| account.as_str()).collect::<Vec<_>>(), ["head"]);
}
