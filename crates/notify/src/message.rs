//! A notice in the words of each way. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{Notice, Occasion};

/// A message for a WeCom robot: Markdown.
#[must_use]
pub fn wecom(notice: &Notice) -> Value {
    let colour = if notice.occasion == Occasion::Cleared { "info" } else { "warning" };
    let content = format!(
        "<font color=\"{colour}\">{}</font>\n{}\n> 时间：{}\n> [打开预警]({})",
        plain(&notice.headline()),
        plain(&notice.text),
        notice.time_text(),
        notice.link
    );
    json!({ "msgtype": "markdown", "markdown": { "content": content } })
}

/// A message for a DingTalk robot: Markdown.
#[must_use]
pub fn dingtalk(notice: &Notice) -> Value {
    let text = format!(
        "#### {}\n\n{}\n\n时间：{}\n\n[打开预警]({})",
        plain(&notice.headline()),
        plain(&notice.text),
        notice.time_text(),
        notice.link
    );
    json!({ "msgtype": "markdown", "markdown": { "title": notice.headline(), "text": text } })
}

/// The notice as JSON, for any receiver.
#[must_use]
pub fn generic(notice: &Notice) -> Value {
    json!({
        "about": notice.about,
        "occasion": notice.occasion,
        "grade": notice.grade,
        "title": notice.title,
        "text": notice.text,
        "place": notice.place,
        "at": notice.at.to_string(),
        "link": notice.link,
    })
}

/// What the browser shows; it must be short (RFC 8030 allows services to refuse more than 4 KB).
#[must_use]
pub fn push(notice: &Notice) -> Value {
    let body: String = notice.text.chars().take(300).collect();
    json!({ "title": notice.headline(), "body": body, "link": notice.link, "tag": notice.about })
}

/// Body of an e-mail in plain text.
#[must_use]
pub fn email(notice: &Notice) -> String {
    format!(
        "{}\n\n站点：{}\n时间：{}\n详情：{}\n\n本邮件由碧蓝平台自动发出。\n",
        notice.text,
        notice.place,
        notice.time_text(),
        notice.link
    )
}

/// What a DingTalk robot with signatures wants behind its address: `timestamp` in milliseconds and `sign`.
#[must_use]
pub fn dingtalk_signature(secret: &str, at: Timestamp) -> String {
    let milliseconds = at.as_millisecond();
    let signed = STANDARD.encode(authentic(secret, format!("{milliseconds}\n{secret}").as_bytes()));
    let signed = signed.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    format!("timestamp={milliseconds}&sign={signed}")
}

/// The header of a generic webhook with a secret.
#[must_use]
pub fn body_signature(secret: &str, body: &[u8]) -> String {
    let digits: String = authentic(secret, body).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={digits}")
}

fn authentic(secret: &str, content: &[u8]) -> Vec<u8> {
    // HMAC takes keys of any length: there is no error to tell.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return Vec::new() };
    mac.update(content);
    mac.finalize().into_bytes().to_vec()
}

/// Text that cannot be mistaken for Markdown: names of stations come from people.
fn plain(text: &str) -> String {
    text.chars().map(|c| if matches!(c, '<' | '>' | '[' | ']' | '*' | '_' | '`' | '#') { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
    use super::*;
    use crate::Grade;

    fn notice() -> Notice {
        Notice {
            about: "dissolved_oxygen_crash@ZD1@1".into(),
            occasion: Occasion::Opened,
            grade: Grade::Alarm,
            title: "溶解氧骤降".into(),
            text: "圭塘河站溶解氧 1.2 mg/L，低于 2 mg/L".into(),
            place: "圭塘河[站](http://evil)".into(),
            at: "2026-11-24T00:30:00Z".parse().unwrap(),
            link: "https://bilan.example.cn/records/warning/YJ202600001".into(),
        }
    }

    #[test]
    fn robots_are_told_in_their_words() {
        let wecom = wecom(&notice());
        let content = wecom["markdown"]["content"].as_str().unwrap();
        assert!(content.starts_with("<font color=\"warning\">【报警】溶解氧骤降 圭塘河"), "{content}");
        assert!(content.contains("2026-11-24 08:30:00"), "Beijing time: {content}");
        assert!(!content.contains("](http://evil)"), "a name is no link: {content}");
        let dingtalk = dingtalk(&notice());
        assert!(dingtalk["markdown"]["text"].as_str().unwrap().contains("[打开预警](https://bilan.example.cn/"));
        assert_eq!(generic(&notice())["occasion"], "opened");
    }

    #[test]
    fn signatures_are_those_of_the_receivers() {
        // Reckoned apart with OpenSSL.
        let at = Timestamp::from_millisecond(1_700_000_000_000).unwrap();
        assert_eq!(
            dingtalk_signature("SECabc", at),
            "timestamp=1700000000000&sign=jcUpW0QmtKduN03n4JqQ0PBosVjqnM8gU7fIIvsDmCM%3D"
        );
        // RFC 4231, test case 2.
        assert_eq!(
            body_signature("Jefe", b"what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
