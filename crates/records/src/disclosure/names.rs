//! What looks like the name of a private person: a surname with a form of address, after a word for a person, before
//! 投诉 or 反映, or beside a telephone or identity number.
//!
//! This is a guess, made so that it errs on the side of asking a person: a text that is held back in vain costs a
//! clerk a glance, a name that is published cannot be called back.

use std::ops::Range;

use super::numbers::numbers;

/// The surnames of about nine in ten people (百家姓 by frequency, census of 2020), then those of two characters.
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓冯韩曹曾彭萧肖蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢\
     傅钟姜崔谭廖范汪陆金石戴贾韦夏邱丘方侯邹熊孟秦白江阎闫薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严覃武戚莫孔向汤易乔常\
     赖文施洪颜倪柯欧尤牛殷俞聂庞章樊邢岳翟詹葛关申舒鲁祝柴焦毕蒲游瞿饶蓝季宁屈阮柳单齐左涂骆管齐裴路谷卓甘鲍霍\
     凌温辛梅盛车温童苗费解褚娄窦戚桂冉喻练麻粟匡皮危晏米";
const DOUBLE: [&str; 14] =
    ["欧阳", "上官", "司马", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "司徒", "端木", "夏侯", "长孙"];

/// Forms of address behind a name.
const ADDRESS: [&str; 21] = [
    "先生", "女士", "小姐", "同志", "太太", "师傅", "老师", "大爷", "大妈", "大娘", "大姐", "大哥", "大叔", "阿姨",
    "奶奶", "爷爷", "婆婆", "娭毑", "爹爹", "老板", "业主",
];

/// Words for a person that a name follows, after a colon or directly.
const LABELS: [&str; 26] = [
    "联系人",
    "投诉人",
    "举报人",
    "反映人",
    "信访人",
    "上访人",
    "来电人",
    "来访人",
    "来信人",
    "申请人",
    "当事人",
    "报警人",
    "报料人",
    "受害人",
    "姓名",
    "法定代表人",
    "法人代表",
    "负责人",
    "患者",
    "家属",
    "户主",
    "本人",
    "经营者",
    "申诉人",
    "署名",
    "我叫",
];
/// Words for many people: a name follows only where what comes behind it says so.
const CROWDS: [&str; 8] = ["居民", "市民", "村民", "群众", "业主", "住户", "网友", "租户"];

/// What people do who complain; a name may stand before it where a sentence begins.
const ACTS: [&str; 13] =
    ["投诉", "反映", "举报", "来电", "来信", "来访", "信访", "您好", "你好", "致电", "称其", "表示", "诉求"];

/// What a place or a thing ends with, so that 金星路投诉 is no name.
const PLACES: &str =
    "路街区村组镇巷厂店司院校园栋楼苑城桥江河湖港湾坪冲塘岭山铺场站所局部馆吧城庭府庄社县市省乡线段口水气声尘烟味";

/// Bytes of everything that looks like the name of a private person, in order.
#[must_use]
pub fn names(text: &str) -> Vec<Range<usize>> {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let numbers = numbers(text);
    let mut found: Vec<Range<usize>> = Vec::new();
    for (index, (at, _)) in chars.iter().enumerate() {
        let rest = &text[*at..];
        let surname = surname(rest);
        if surname == 0 {
            continue;
        }
        let ends: Vec<usize> = (surname..=surname + 2)
            .filter_map(|length| end_of(&chars, text, index, length))
            .take_while(|end| text[*at..*end].chars().skip(surname).all(is_of_a_name))
            .collect();
        let addressed = ends.iter().find(|end| ADDRESS.iter().any(|form| text[**end..].starts_with(form)));
        // A given name has one or two characters; the longer reading first.
        let named = ends.iter().skip(1).rev().find(|end| is_named(text, *at..**end, &numbers));
        if let Some(end) = addressed.or(named) {
            found.push(*at..*end);
        }
    }
    found
}

/// Characters of the surname that a text begins with; 0 without one.
fn surname(text: &str) -> usize {
    if DOUBLE.iter().any(|double| text.starts_with(double)) {
        return 2;
    }
    usize::from(text.chars().next().is_some_and(|first| SURNAMES.contains(first)))
}

fn end_of(chars: &[(usize, char)], text: &str, from: usize, length: usize) -> Option<usize> {
    match chars.len().cmp(&(from + length)) {
        std::cmp::Ordering::Less => None,
        std::cmp::Ordering::Equal => Some(text.len()),
        std::cmp::Ordering::Greater => Some(chars[from + length].0),
    }
}

/// Whether a character may stand in a given name.
fn is_of_a_name(character: char) -> bool {
    const NEVER: &str = "的了和与及在是有为于对从到被把让向等等也都很不没请电话手机号码投诉反映举报称说";
    matches!(character, '\u{4e00}'..='\u{9fff}' | '*' | '×') && !NEVER.contains(character)
}

/// Whether what stands around a surname with a given name makes it a name.
fn is_named(text: &str, name: Range<usize>, numbers: &[Range<usize>]) -> bool {
    let (before, after) = (&text[..name.start], &text[name.end..]);
    if text[name.clone()].chars().next_back().is_some_and(|last| PLACES.contains(last)) {
        return false;
    }
    let lead = before.trim_end_matches(is_filler);
    let ends = ends_here(after);
    let labelled = LABELS.iter().any(|label| lead.ends_with(label)) && (ends || lead.len() < before.len());
    let crowd = ends && CROWDS.iter().any(|label| lead.ends_with(label));
    let acts = ACTS.iter().any(|act| after.starts_with(act)) && begins_here(before);
    labelled || crowd || acts || beside_number(before, after, numbers, name.end)
}

/// What stands between a word for a person and the name.
fn is_filler(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, ':' | '：' | '为' | '是' | '系' | '叫' | '（' | '(' | '-' | '—' | '“' | '"')
}

/// A name ends here: the text does, or a mark or an act follows.
fn ends_here(after: &str) -> bool {
    let next = after.chars().next();
    next.is_none_or(|next| !matches!(next, '\u{4e00}'..='\u{9fff}')) || ACTS.iter().any(|act| after.starts_with(act))
}

/// A sentence begins here.
fn begins_here(before: &str) -> bool {
    before
        .chars()
        .next_back()
        .is_none_or(|last| !matches!(last, '\u{4e00}'..='\u{9fff}') && !last.is_ascii_alphanumeric())
}

/// Words that stand between a name and its number.
const BETWEEN: [&str; 12] = [
    "的",
    "联系电话",
    "电话号码",
    "手机号码",
    "手机号",
    "电话",
    "手机",
    "身份证号",
    "身份证",
    "微信",
    "联系方式",
    "号码",
];

fn is_mark(character: char) -> bool {
    character.is_whitespace() || (!character.is_alphanumeric() && !matches!(character, '。' | '；' | ';'))
}

/// The text without the words and marks that join a name and a number, taken from its beginning.
fn behind_joints(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches(is_mark);
        match BETWEEN.iter().find_map(|word| text.strip_prefix(word)) {
            Some(rest) => text = rest,
            None => return text,
        }
    }
}

/// The same, taken from its end.
fn before_joints(mut text: &str) -> &str {
    loop {
        text = text.trim_end_matches(is_mark);
        match BETWEEN.iter().find_map(|word| text.strip_suffix(word)) {
            Some(rest) => text = rest,
            None => return text,
        }
    }
}

/// Whether a number stands directly before or behind, with nothing between but words and marks that join the two.
fn beside_number(before: &str, after: &str, numbers: &[Range<usize>], end: usize) -> bool {
    let next = end + after.len() - behind_joints(after).len();
    let last = before_joints(before).len();
    numbers.iter().any(|number| number.start == next || number.end == last || number.end == before.len())
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    fn found(text: &str) -> Vec<&str> {
        names(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test_case("李小红13900000000投诉楼下夜间施工", "李小红"; "directly before a number")]
    #[test_case("李小红女士（13900000000）您好", "李小红"; "with a form of address")]
    #[test_case("张先生来电反映油烟", "张"; "a surname with a form of address")]
    #[test_case("经与欧阳女士核实", "欧阳"; "a surname of two characters")]
    #[test_case("联系人 王某某", "王某某"; "after a word for a person")]
    #[test_case("投诉人：赵敏，住3栋", "赵敏"; "after a word for a person and a colon")]
    #[test_case("联系人王伟 电话13900000000", "王伟"; "between a word and a number")]
    #[test_case("13900000000（陈静）", "陈静"; "behind a number")]
    #[test_case("市民刘洋反映", "刘洋"; "after a word for many people, with an act behind")]
    #[test_case("周杰投诉楼上噪声", "周杰"; "where a sentence begins, with an act behind")]
    #[test_case("姓名：孙丽", "孙丽"; "in a list")]
    #[test_case("何某，身份证430103199001011234", "何某"; "beside an identity number")]
    fn a_name_waits_for_a_persons_eye(text: &str, name: &str) {
        assert!(found(text).contains(&name), "{:?}", found(text));
    }

    #[test_case("夜间施工噪声扰民"; "a subject")]
    #[test_case("金星路投诉多发路段"; "a street")]
    #[test_case("市民高度关注的餐饮油烟问题"; "a word that begins like a surname")]
    #[test_case("经现场核查，该工地已取得夜间施工许可，噪声昼间62.1 dB(A)，未超标。"; "a reply")]
    #[test_case("当事人已停止违法行为，责任单位正在整改"; "a party without a name")]
    #[test_case("请拨打12345反映"; "a line that serves everybody")]
    #[test_case("长沙某印刷有限公司向雨污水管排放废水"; "an enterprise")]
    #[test_case("您好，您反映的问题已交办雨花亭街道处理"; "a greeting without a name")]
    fn a_text_without_a_name_is_published(text: &str) {
        assert_eq!(found(text), Vec::<&str>::new());
    }
}
