//! What looks like an account of a private person: a bank card, a name or number of QQ or WeChat behind its word.
//!
//! A card is known by its length, its issuer and its check digit (ISO/IEC 7812), which one in ten numbers of another kind
//! fulfils; an account of a service has no form of its own. So neither is taken out: the text waits for a person's eye.

use std::ops::Range;

use super::digits;

/// Words for an account that stands behind.
const WORDS: [&str; 12] =
    ["qq", "扣扣", "企鹅号", "微信", "威信", "薇信", "wechat", "weixin", "vx", "wx", "支付宝", "alipay"];
/// What may stand between the word and the account.
const BETWEEN: [&str; 9] = ["号码", "号", "群", "账号", "帐号", "是", "为", "id", "加"];
/// Words for a bank account.
const OF_BANKS: [&str; 6] = ["卡号", "银行卡", "账号", "帐号", "账户", "汇款"];

/// Bytes of everything that looks like an account, in order.
#[must_use]
pub fn accounts(text: &str) -> Vec<Range<usize>> {
    let mut found = cards(text);
    found.extend(of_services(text));
    found.sort_by_key(|range| range.start);
    found
}

/// Numbers of bank cards: sixteen to nineteen digits, in groups of four or in one.
fn cards(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut run: Vec<(usize, usize, u8)> = Vec::new();
    let mut apart = 0;
    let read = digits::read(text);
    let ends = read.iter().skip(1).map(|next| next.at).chain([text.len()]);
    for (it, end) in read.iter().zip(ends) {
        match it.digit {
            Some((value, _)) => {
                run.push((it.at, end, value));
                apart = 0;
            }
            None if apart == 0 && !run.is_empty() && (it.character.is_whitespace() || it.character == '-') => apart = 1,
            None => {
                found.extend(card(text, &std::mem::take(&mut run)));
                apart = 0;
            }
        }
    }
    found.extend(card(text, &run));
    found
}

/// A run of digits, if it is the number of a card.
fn card(text: &str, run: &[(usize, usize, u8)]) -> Option<Range<usize>> {
    let (first, last) = (run.first()?, run.last()?);
    let digits: Vec<u8> = run.iter().map(|(.., value)| *value).collect();
    let issuer = match digits[..] {
        [6, 2, ..] | [6, 0, ..] | [8, 1, ..] => true,
        // Cards of other issuers begin as numbers of regions and documents do.
        _ => is_said(&text[..first.0], &OF_BANKS),
    };
    let is_one = (16..=19).contains(&digits.len()) && issuer && fulfils_check(&digits);
    is_one.then_some(first.0..last.1)
}

/// The check of Luhn: every second digit from the right doubled.
fn fulfils_check(digits: &[u8]) -> bool {
    let doubled = |digit: u8| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let weighed = digits.iter().rev().enumerate();
    let sum: u32 = weighed.map(|(at, digit)| u32::from(if at % 2 == 1 { doubled(*digit) } else { *digit })).sum();
    sum.is_multiple_of(10)
}

/// Whether one of these words stands just before.
fn is_said(before: &str, words: &[&str]) -> bool {
    let near: String = before.chars().rev().take(8).collect::<Vec<_>>().into_iter().rev().collect();
    words.iter().any(|word| near.contains(word))
}

/// Accounts behind the word of their service.
fn of_services(text: &str) -> Vec<Range<usize>> {
    // Letters of one byte alone change their case here, so that places stay what they are.
    let lower = text.to_ascii_lowercase();
    let mut found: Vec<Range<usize>> = Vec::new();
    for word in WORDS {
        for (at, _) in lower.match_indices(word) {
            let is_whole = !lower[..at].ends_with(|before: char| before.is_ascii_alphanumeric());
            let behind = behind_joints(&lower[at + word.len()..]);
            let from = text.len() - behind.len();
            let length = behind.find(|next: char| !is_of_an_account(next)).unwrap_or(behind.len());
            let account = &behind[..length];
            let digits = account.bytes().filter(u8::is_ascii_digit).count();
            if is_whole && (5..=20).contains(&length) && (digits >= 5 || (digits > 0 && length >= 6)) {
                found.push(from..from + length);
            }
        }
    }
    found.sort_by_key(|range| range.start);
    found.dedup_by(|next, last| next.start < last.end);
    found
}

/// A text without the words and marks that join a service and an account.
fn behind_joints(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches(|mark: char| {
            mark.is_whitespace() || matches!(mark, ':' | '：' | '（' | '(' | '=' | '-')
        });
        match BETWEEN.iter().find_map(|word| text.strip_prefix(word)) {
            Some(rest) => text = rest,
            None => return text,
        }
    }
}

fn is_of_an_account(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    fn found(text: &str) -> Vec<&str> {
        accounts(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test_case("请汇款至6222021234567890128", "6222021234567890128"; "a bank card")]
    #[test_case("卡号 6222 0212 3456 7890 128。", "6222 0212 3456 7890 128"; "a bank card in groups")]
    #[test_case("账号4111-1111-1111-1111", "4111-1111-1111-1111"; "a card of another issuer behind its word")]
    #[test_case("６２２２０２１２３４５６７８９０１２８", "６２２２０２１２３４５６７８９０１２８"; "in full width")]
    #[test_case("QQ 123456789联系", "123456789"; "a number of QQ")]
    #[test_case("加QQ群：1234567", "1234567"; "a group of QQ")]
    #[test_case("qq号码12345", "12345"; "in small letters")]
    #[test_case("微信号：wang_2020", "wang_2020"; "an account of WeChat")]
    #[test_case("微信 wxid_13812345678", "wxid_13812345678"; "an account by number")]
    #[test_case("VX:lihong88", "lihong88"; "by its short word")]
    fn an_account_waits_for_a_persons_eye(text: &str, account: &str) {
        assert_eq!(found(text), [account]);
    }

    #[test_case("微信公众号“长沙环保”已发布"; "a channel for everybody")]
    #[test_case("通过微信、QQ等方式反映，共12345件"; "services without an account")]
    #[test_case("工单202007150001234567"; "a work order")]
    #[test_case("914301030558132456"; "a credit code")]
    #[test_case("转移联单20204301000012345678"; "a manifest")]
    #[test_case("6222021234567890123"; "a number that does not fulfil the check")]
    #[test_case("4111111111111111"; "a number of another kind without a word")]
    #[test_case("2020-07-15 22:40 2020-07-16 06:00"; "moments")]
    #[test_case("112.987654 28.123456"; "coordinates")]
    #[test_case("VX2型监测仪"; "a model")]
    fn what_is_no_account_is_published(text: &str) {
        assert_eq!(found(text), Vec::<&str>::new());
    }
}
