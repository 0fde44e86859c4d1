use proptest::prelude::*;
use test_case::test_case;

use super::super::{MARK, redact};

#[test_case("李小红13900000000投诉楼下", "李小红#投诉楼下"; "a mobile number between characters")]
#[test_case("电话：139 0000 0000。", "电话：#。"; "with spaces")]
#[test_case("139-0000-0000", "#"; "with dashes")]
#[test_case("139.0000.0000", "#"; "with dots")]
#[test_case("１３９００００００００", "#"; "full width")]
#[test_case("１３９－００００－００００", "#"; "full width with dashes")]
#[test_case("+86 139 0000 0000", "+#"; "with the code of the country")]
#[test_case("86-13900000000", "#"; "with the code of the country and a dash")]
#[test_case("1 3 9 0 0 0 0 0 0 0 0", "#"; "each digit by itself")]
#[test_case("一三九零零零零零零零零", "#"; "in Chinese digits")]
#[test_case("139\u{200b}0000\u{200b}0000", "#"; "with characters that cannot be seen")]
#[test_case("微信13900000000/QQ", "微信#/QQ"; "behind a word")]
#[test_case("13900000000、13800000000", "#、#"; "two of them")]
#[test_case("1390000000013800000000", "#"; "two run together")]
#[test_case("0731-85140000", "#"; "a landline")]
#[test_case("（0731）8514 0000", "（#"; "a landline with brackets")]
#[test_case("0731-85140000转802", "#"; "a landline with an extension")]
#[test_case("073185140000", "#"; "a landline in one")]
#[test_case("联系电话85140000", "联系电话#"; "a local number that is said to be one")]
#[test_case("400-820-8820", "#"; "a service line")]
#[test_case("身份证430103199001011234", "身份证#"; "an identity number")]
#[test_case("43010319900101123X办理", "#办理"; "an identity number with its letter")]
#[test_case("430103 19900101 123x", "#"; "an identity number in groups")]
#[test_case("４３０１０３１９９００１０１１２３Ｘ", "#"; "an identity number in full width")]
#[test_case("430103900101123", "#"; "an identity number of fifteen digits")]
#[test_case("139 一二三四 5678", "#"; "one group in Chinese")]
#[test_case("一三九 一二三四 五六七八", "#"; "groups in Chinese")]
#[test_case("139一二三四5678", "#"; "Chinese in the middle")]
#[test_case("〇七三一 八五五五一二三四", "#"; "a landline in Chinese")]
#[test_case("手机号：139……1234……5678", "手机号：#"; "with dots of an omission")]
#[test_case("139点1234点5678", "#"; "with the word for a dot")]
#[test_case("139空1234空5678", "#"; "with the word for a gap")]
#[test_case("①③⑨①②③④⑤⑥⑦⑧", "#"; "in circles")]
#[test_case("⑴⑶⑼⑴⑵⑶⑷⑸⑹⑺⑻", "#"; "in brackets")]
#[test_case("㈠㈢㈨㈠㈡㈢㈣㈤㈥㈦㈧", "#"; "Chinese in brackets")]
#[test_case("壹叁玖壹贰叁肆伍陆柒捌", "#"; "as on a cheque")]
#[test_case("¹³⁹¹²³⁴⁵⁶⁷⁸", "#"; "above the line")]
#[test_case("𝟏𝟑𝟗𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖", "#"; "of mathematics")]
#[test_case("١٣٩١٢٣٤٥٦٧٨", "#"; "in Arabic digits")]
#[test_case("张三13900000000", "张三#"; "behind a name that is a digit")]
#[test_case("13900000000一楼", "#一楼"; "before a word that begins with a digit")]
#[test_case("护照E12345678", "护照#"; "a passport")]
#[test_case("护照号：EA1234567，", "护照号：#，"; "a passport with two letters")]
#[test_case("通行证H12345678", "通行证#"; "a permit of a traveller")]
#[test_case("联系电话：①13812345678，②13987654321", "联系电话：①#，②#"; "behind marks in circles")]
#[test_case("⑴13812345678 ⑵13987654321", "⑴# ⑵#"; "behind marks in brackets")]
#[test_case("⒈13812345678⒉13987654321", "⒈#⒉#"; "behind marks with a dot")]
#[test_case("㈠13812345678；㈡13987654321", "㈠#；㈡#"; "behind Chinese marks in brackets")]
#[test_case("❶13812345678", "❶#"; "behind a mark in a filled circle")]
#[test_case("⑩13812345678", "⑩#"; "behind a mark of ten")]
#[test_case("①0731-85140000", "①#"; "a landline behind a mark")]
#[test_case("①0731-85140000，②0731-85140001", "①#，②#"; "landlines behind marks")]
#[test_case("0731-85140000、0731-85140001", "#、#"; "two landlines")]
#[test_case("②400-820-8820", "②#"; "a service line behind a mark")]
#[test_case("电话①85140000", "电话①#"; "a local number behind a mark")]
#[test_case("①１３９００００００００", "①#"; "full width behind a mark")]
#[test_case("①一三九零零零零零零零零", "①#"; "Chinese digits behind a mark")]
#[test_case("13812345678①", "#①"; "before a mark")]
#[test_case("电话13812345678²", "电话#²"; "before a footnote")]
#[test_case("电话13812345678[2]", "电话#[2]"; "before a footnote in brackets")]
#[test_case("1.13812345678 2.13987654321", "1.# 2.#"; "behind numbers with a dot")]
#[test_case("(1)13812345678(2)13987654321", "(1)#(2)#"; "behind numbers in brackets")]
#[test_case("1)13812345678", "1)#"; "behind a number with a bracket")]
#[test_case("1、13812345678；2、13987654321", "1、#；2、#"; "behind numbers with a comma")]
#[test_case("一、13812345678", "一、#"; "behind a Chinese number")]
#[test_case("NO.1 13812345678", "NO.1 #"; "behind a number in words")]
#[test_case("Q1：13812345678", "Q1：#"; "behind the number of a question")]
#[test_case("①430103199001011234，②43010319900101123X", "①#，②#"; "identity numbers behind marks")]
#[test_case("430103199001011234²", "#²"; "an identity number before a footnote")]
#[test_case("1、430103199001011234", "1、#"; "an identity number behind a number")]
#[test_case("护照①E12345678，②EA1234567", "护照①#，②#"; "passports behind marks")]
#[test_case("联系电话85140000、85140001，85140002", "联系电话#、#，#"; "local numbers of a list")]
#[test_case("1️⃣3️⃣8️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8️⃣。", "#。"; "on keycaps")]
#[test_case("138\u{fe0f}1234\u{fe0f}5678", "#"; "with characters that change the look")]
#[test_case("138\u{3164}1234\u{3164}5678", "#"; "with fillers")]
#[test_case("138\u{2800}1234\u{2800}5678", "#"; "with empty braille")]
#[test_case("1\u{338}3\u{338}812345678", "#"; "struck through")]
#[test_case("1\u{332}3\u{332}812345678\u{332}处", "#处"; "underlined")]
#[test_case("\u{1fbf1}\u{1fbf3}\u{1fbf8}12345678", "#"; "of seven segments")]
#[test_case("幺三八幺二三四五六拐八", "#"; "as spoken over radio")]
#[test_case("幺三八洞洞两三四五六勾", "#"; "as spoken over radio, with holes")]
#[test_case("1380OOO1234", "#"; "letters for noughts")]
#[test_case("l38l2345678", "#"; "letters for ones")]
#[test_case("O731-8514l234", "#"; "a landline with letters")]
#[test_case("o13812345678", "o#"; "behind a letter that looks like a digit")]
#[test_case("手机l38-l234-5678处", "手机#处"; "letters in groups")]
#[test_case("4301031990O1011234", "#"; "an identity number with a letter")]
#[test_case("430103l990O101123X办", "#办"; "an identity number with letters and its own")]
#[test_case("430103:19900101:1234", "#"; "an identity number with colons")]
#[test_case("0731:85141234", "#"; "a landline with a colon")]
#[test_case("0731；8514；1234", "#"; "a landline with semicolons")]
#[test_case("台胞证 01234567", "台胞证 #"; "a permit of eight digits")]
#[test_case("138 (1234) [5678]", "#]"; "with two kinds of brackets")]
fn a_number_of_a_person_is_taken_out(text: &str, published: &str) {
    assert_eq!(redact(text).replace(MARK, "#"), published);
}

#[test]
fn a_number_is_taken_out_whatever_mark_stands_between_its_groups() {
    for mark in [
        ":", "：", ";", "；", "+", "＋", "|", "｜", "=", "#", "至", "到", "和", "・", "ㆍ", "＿", "^", "&", "!", "\\",
        "’", "“", "％", "@", "→", "😀", "*", ",", "，", "、", "【", "「", "<", "[", "〔", " : ", " | ",
    ] {
        for number in [["138", "1234", "5678"], ["0731", "8514", "1234"], ["430103", "19900101", "1234"]] {
            let written = number.join(mark);
            assert_eq!(redact(&format!("电话{written}处")).replace(MARK, "#"), "电话#处", "{written}");
        }
    }
}

#[test_case("请拨打12345或12369反映"; "lines that serve everybody")]
#[test_case("2020-07-15 22:40至2020-07-16 06:00"; "moments")]
#[test_case("二〇二〇年七月十五日"; "a Chinese date")]
#[test_case("TS202000123、湘环评〔2020〕12号"; "numbers of documents")]
#[test_case("昼间62.1 dB(A)，夜间55.0 dB(A)，超标5.0 dB(A)"; "values")]
#[test_case("91430103MA4L1AB23C"; "a credit code")]
#[test_case("914301030558132456"; "a credit code of digits alone")]
#[test_case("罚款20000元，2020年1月1日前缴清"; "money")]
#[test_case("东经112.9876，北纬28.1234"; "coordinates")]
#[test_case("88888888MN0000000001"; "the number of a device")]
#[test_case("雨花亭街道8号3栋501室"; "an address")]
#[test_case("一、二、三、四、五、六、七、八、九号楼"; "a list of buildings")]
#[test_case("22点40分至次日6点，共3次，一二三楼"; "times and floors")]
#[test_case("联系电话：12345、12369；面积20000000平方米"; "an area behind telephone lines")]
#[test_case("①2020年7月15日，②22点40分，③62.1分贝"; "a list of facts")]
#[test_case("合格证编号A1234567"; "a certificate of a machine")]
#[test_case("1、3、5、6、7、8、9、10、11号楼"; "a list of buildings that is as long as a number")]
#[test_case("01:30、15:00、16:00"; "a list of times")]
#[test_case("0830、1200、1400，1300；1500；1600"; "times in four digits")]
#[test_case("来电：2020-07-15，20200715"; "a day after a word for a telephone")]
#[test_case("138：20201123"; "a number of a list and a day")]
#[test_case("国办发〔1998〕1234567号"; "a document of a year")]
#[test_case("依据《中华人民共和国噪声污染防治法》第38条、第1071条、第1185条"; "articles of a law")]
#[test_case("112°58′46″E，28°11′37″N；112.9876;28.1234"; "coordinates")]
#[test_case("1300×1450×1600mm"; "length, width and height")]
#[test_case("O3：160；PM10：138；CO：1.2；NO2：40"; "pollutants")]
#[test_case("138l/min，每日15000l，共20l"; "litres")]
#[test_case("工单85141234、20200715000123456"; "work orders")]
#[test_case("两三天后，一两次，洞口、拐角"; "words of every day")]
#[test_case("13:00:00至14:00:00，15:30:25.123"; "times to the second")]
#[test_case("130，1450，160；62.1+55.0=117.1"; "measurements")]
fn a_number_of_a_thing_stays(text: &str) {
    assert_eq!(redact(text), text);
}

/// A mobile or identity number as people write it: grouped, in full width.
fn written(digits: &str, separator: &str, size: usize, wide: bool) -> String {
    let wider = |digit: char| match wide {
        true => char::from_u32(digit as u32 - '0' as u32 + '０' as u32).unwrap_or(digit),
        false => digit,
    };
    let chars: Vec<char> = digits.chars().map(wider).collect();
    chars.chunks(size).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join(separator)
}

proptest! {
    #[test]
    fn no_mobile_number_passes_however_it_is_grouped(
        number in "1[3-9][0-9]{9}", separator in "[ \u{3000}\u{a0}－-]|", size in 2..11_usize, wide in proptest::bool::ANY,
        before in "[投诉人电话：，a-z ]{0,6}", after in "[先生反映，。 ]{0,6}",
    ) {
        let written = written(&number, &separator, size, wide);
        let redacted = redact(&format!("{before}{written}{after}"));
        prop_assert_eq!(redacted, format!("{before}{MARK}{after}"));
    }

    #[test]
    fn no_identity_number_passes_however_it_is_grouped(
        year in 1930..2020_u32, month in 1..13_u32, day in 1..29_u32, serial in "[0-9]{3}[0-9]",
        separator in "[ -]|", wide in proptest::bool::ANY,
    ) {
        let number = format!("430103{year}{month:02}{day:02}{serial}");
        let written = written(&number, &separator, 6, wide);
        prop_assert_eq!(redact(&format!("证号{written}。")), format!("证号{MARK}。"));
    }

    #[test]
    fn any_text_can_be_read_and_is_redacted_once_and_for_all(text in "[\\PC]{0,60}") {
        let once = redact(&text);
        prop_assert_eq!(redact(&once), once.clone());
    }
}
