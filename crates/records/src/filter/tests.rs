use sea_query::{Alias, Asterisk, PostgresQueryBuilder, Query, SqliteQueryBuilder};
use test_case::test_case;

use super::*;
use crate::catalogue::{Source, check};

fn catalogue() -> Catalogue {
    let enterprise = Source::new(
        "registers/enterprise.toml",
        r#"
key = "enterprise"
system = "grid"
label = { zh = "企业", en = "Enterprises" }
number = "E{seq:4}"
date = "opened_on"
title = "name"
list = ["number", "name"]
[permissions]
[fields.name]
type = "text"
label = { zh = "名称", en = "Name" }
[fields.industry]
type = "choice"
label = { zh = "行业", en = "Industry" }
choices = { printing = { zh = "印刷", en = "Printing" }, catering = { zh = "餐饮", en = "Catering" } }
[fields.opened_on]
type = "date"
label = { zh = "成立", en = "Opened" }
"#,
    );
    let complaint = Source::new(
        "registers/complaint.toml",
        r#"
key = "complaint"
system = "complaint"
label = { zh = "投诉", en = "Complaints" }
number = "TS{yyyy}{seq:5}"
date = "received_at"
title = "subject"
place = "place"
list = ["number", "state"]
[permissions]
[fields.subject]
type = "text"
label = { zh = "主题", en = "Subject" }
[fields.reporter]
type = "person"
personal = true
label = { zh = "投诉人", en = "Reporter" }
[fields.received_at]
type = "datetime"
label = { zh = "受理时间", en = "Received" }
[fields.due_on]
type = "date"
label = { zh = "期限", en = "Due" }
[fields.category]
type = "choice"
label = { zh = "类别", en = "Category" }
choices = { noise = { zh = "噪声", en = "Noise" }, waste_gas = { zh = "废气", en = "Waste gas" } }
[fields.sources]
type = "choices"
label = { zh = "来源", en = "Sources" }
choices = { site = { zh = "工地", en = "Site" }, shop = { zh = "门店", en = "Shop" } }
[fields.leq]
type = "decimal"
digits = 1
label = { zh = "等效声级", en = "Leq" }
[fields.repeated]
type = "yes_no"
label = { zh = "重复", en = "Repeated" }
[fields.place]
type = "place"
label = { zh = "地点", en = "Place" }
[fields.enterprise]
type = "reference"
to = "enterprise"
label = { zh = "企业", en = "Enterprise" }
[fields.measures]
type = "table"
label = { zh = "措施", en = "Measures" }
[fields.measures.fields.count]
type = "integer"
label = { zh = "数量", en = "Count" }
[workflow]
initial = "received"
[workflow.states.received]
label = { zh = "已受理", en = "Received" }
[workflow.states.closed]
label = { zh = "已办结", en = "Closed" }
closed = true
[workflow.steps.close]
label = { zh = "办结", en = "Close" }
from = ["received"]
to = "closed"
roles = ["handler"]
"#,
    );
    check(&[enterprise, complaint]).unwrap_or_else(|faults| panic!("{faults}"))
}

fn sql(filter: &str) -> String {
    let catalogue = catalogue();
    let filter = Filter::parse(filter, &catalogue.registers["complaint"], &catalogue).unwrap();
    let mut select = Query::select();
    select.column(Asterisk).from(Alias::new("r_complaint")).cond_where(filter.condition());
    let _ = select.to_string(PostgresQueryBuilder);
    let text = select.to_string(SqliteQueryBuilder);
    text.split_once(" WHERE ")
        .map(|(_, condition)| condition.to_owned())
        .unwrap_or_default()
        .replace("\"r_complaint\".", "")
}

#[test_case(r#"category = "noise""#, r#""category" = 'noise'"#; "choice")]
#[test_case(r#"category != "noise""#, r#""category" <> 'noise' OR "category" IS NULL"#; "not equal holds for empty")]
#[test_case(r#"not (category = "noise" and leq >= 60.5)"#, r#""category" <> 'noise' OR "category" IS NULL OR ("leq" < 605 OR "leq" IS NULL)"#; "negation is pushed down")]
#[test_case(r#"received_at >= "2020-03-01""#, r#""received_at" >= '2020-02-29T16:00:00.000000Z'"#; "a day begins in beijing")]
#[test_case(r#"received_at <= "2020-03-01""#, r#""received_at" < '2020-03-01T16:00:00.000000Z'"#; "until the end of the day")]
#[test_case(r#"received_at = "2020-03-01""#, r#""received_at" >= '2020-02-29T16:00:00.000000Z' AND "received_at" < '2020-03-01T16:00:00.000000Z'"#; "a whole day")]
#[test_case(r#"due_on < "2020-03-01""#, r#""due_on" < '2020-03-01'"#; "date")]
#[test_case(r#"closed = true"#, r#""state" IN ('closed')"#; "closed")]
#[test_case(r#"repeated"#, r#""repeated" = 1"#; "bare yes or no")]
#[test_case(r#"subject contains "50%_""#, r#""subject" LIKE '%50\%\_%' ESCAPE '\'"#; "wildcards are text")]
#[test_case(r#"sources contains "site""#, r#""sources" LIKE '%"site"%' ESCAPE '\'"#; "several choices")]
#[test_case(r#"place is empty"#, r#""place_lon" IS NULL AND "place_address" IS NULL"#; "place")]
#[test_case(r#"reporter is filled"#, r#""reporter" IS NOT NULL"#; "personal may be asked for presence")]
#[test_case(r#"measures is empty"#, r#""id" NOT IN (SELECT "other_"."parent" FROM "r_complaint__measures" AS "other_") OR "id" IS NULL"#; "no rows")]
#[test_case(r#"measures.count > 2"#, r#""id" IN (SELECT "other_"."parent" FROM "r_complaint__measures" AS "other_" WHERE "other_"."count" > 2)"#; "any row")]
#[test_case(r#"enterprise = "E0001""#, r#""enterprise" IN (SELECT "referred_"."id" FROM "r_enterprise" AS "referred_" WHERE "referred_"."number" IN ('E0001'))"#; "reference by number")]
#[test_case(r#"enterprise.industry = "printing""#, r#""enterprise" IN (SELECT "other_"."id" FROM "r_enterprise" AS "other_" WHERE "other_"."industry" = 'printing')"#; "one hop")]
fn a_filter_becomes_sql(filter: &str, expected: &str) {
    assert_eq!(sql(filter), expected);
}

#[test_case("category = \"noise\" and received_at >= \"2020-03-01\"", "类别为“噪声”，且受理时间不小于2020-03-01"; "choice and day")]
#[test_case("not (category = \"noise\" or reporter is empty)", "并非（类别为“噪声”，或投诉人为空）"; "nested")]
#[test_case("enterprise.industry in (\"printing\", \"catering\")", "企业的行业为“印刷”、“餐饮”之一"; "reference")]
#[test_case("closed = false", "未办结"; "closed")]
fn a_filter_is_said_in_words(filter: &str, words: &str) {
    let catalogue = catalogue();
    let filter = Filter::parse(filter, &catalogue.registers["complaint"], &catalogue).unwrap();
    assert_eq!(filter.words(&catalogue, crate::value::Language::Chinese), words);
}

#[test]
fn a_cell_means_everything_below_it() {
    let text = sql(r#"cell in "430103005""#);
    assert_eq!(text, "\"cell\" >= '430103005' AND \"cell\" < '430103005\u{10FFFF}'");
}

#[test_case(r#"categroy = "noise""#, r#"column 1: the register “complaint” has no field “categroy”; did you mean “category”?"#; "field")]
#[test_case(r#"category = "nosie""#, r#"column 12: “nosie” is no choice of this field; did you mean “noise”?"#; "choice")]
#[test_case(r#"state = "done""#, r#"column 9: “done” is no state of this field; known are: received, closed"#; "state")]
#[test_case(r#"category > "noise""#, r#"column 10: this operator cannot be used on “category”; it takes =, !=, in, is empty and is filled"#; "order of choices")]
#[test_case(r#"leq = "60""#, r#"column 7: a number field is compared with a number without quotes"#; "number in quotes")]
#[test_case(r#"due_on < "2020-02-30""#, r#"column 10: “2020-02-30” is not a date (like 2020-03-01); write it like "2020-03-01""#; "no such day")]
#[test_case(r#"reporter = "王""#, r#"column 1: “Reporter” is personal and stored encrypted; only “is empty” and “is filled” can be asked of it"#; "personal")]
#[test_case(r#"subject contains “施工”"#, r#"column 18: ““” has no meaning in a filter; write text in straight quotes: "…""#; "chinese quotes")]
#[test_case(r#"category = noise"#, r#"column 12: “noise” is not a value; write text in quotes: "noise""#; "text without quotes")]
#[test_case(r#"(closed = true"#, r#"column 15: the filter ends where “)”, “and” or “or” belongs"#; "open parenthesis")]
#[test_case(r#"enterprise.name.x = "a""#, r#"column 12: a name goes one reference far, not two"#; "two hops")]
#[test_case(r#"subject.x = "a""#, r#"column 1: “subject” is neither a reference nor a table, so “x” cannot follow it"#; "not a reference")]
#[test_case(r#"subject"#, r#"column 1: “subject” is not yes or no, so it needs an operator and a value; for example: subject is filled"#; "bare text")]
fn a_wrong_filter_says_where_and_what_instead(filter: &str, message: &str) {
    let catalogue = catalogue();
    let error = Filter::parse(filter, &catalogue.registers["complaint"], &catalogue).unwrap_err();
    assert_eq!(error.to_string(), message);
}

#[test_case(r#"类别 = "噪声""#, r#"category = "noise""#; "a choice")]
#[test_case(r#"类别 in ("噪声", "waste_gas")"#, r#"category in ("noise", "waste_gas")"#; "a list of choices")]
#[test_case(r#"企业.行业 = "印刷" and not 期限 is filled"#, r#"enterprise.industry = "printing" and not due_on is filled"#; "one reference far")]
#[test_case(r#"编号 contains "TS" and 网格 in "430103005""#, r#"number contains "TS" and cell in "430103005""#; "columns of the system")]
#[test_case(r#"Category = "Noise" and closed = 否"#, r#"category = "noise" and closed = false"#; "in English, and a no")]
fn people_write_a_condition_in_the_names_that_they_see(typed: &str, in_keys: &str) {
    let catalogue = catalogue();
    let register = &catalogue.registers["complaint"];
    let condition = |filter: Result<Filter, FilterError>| format!("{:?}", filter.unwrap().condition);
    assert_eq!(
        condition(Filter::typed(typed, register, &catalogue)),
        condition(Filter::parse(in_keys, register, &catalogue))
    );
    assert!(Filter::parse(typed, register, &catalogue).is_err(), "a file is written in keys");
}

#[test]
fn a_misspelt_name_is_answered_with_the_names_of_the_page() {
    let catalogue = catalogue();
    let register = &catalogue.registers["complaint"];
    let why = |typed: &str| Filter::typed(typed, register, &catalogue).unwrap_err().text(Language::Chinese);
    assert!(
        why(r#"受理时刻 = "2020-03-01""#).contains("没有字段“受理时刻”；是否指“受理时间”？"),
        "{}",
        why("受理时刻")
    );
    assert!(why(r#"污染类别 = "噪声""#).contains("可用的字段：主题、投诉人、受理时间"), "{}", why("污染类别"));
    let choice = why(r#"类别 = "噪音""#);
    assert!(choice.contains("没有“噪音”这个值") && choice.contains("噪声") && !choice.contains("noise"), "{choice}");
}

#[test]
fn nesting_without_end_is_refused() {
    let catalogue = catalogue();
    let text = format!("{}closed{}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(Filter::parse(&text, &catalogue.registers["complaint"], &catalogue).is_err());
    let text = "not ".repeat(900) + "closed";
    assert!(Filter::parse(&text, &catalogue.registers["complaint"], &catalogue).is_err());
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "[a-z_.\"'()<>=! 0-9\\-\\\\，。噪声]{0,60}") {
        let catalogue = catalogue();
        let _ = Filter::parse(&text, &catalogue.registers["complaint"], &catalogue);
    }

    #[test]
    fn a_filter_and_its_negation_share_every_record_out(
        parts in proptest::collection::vec(proptest::sample::select(vec![
            r#"category = "noise""#, r#"category != "waste_gas""#, "leq > 55.5", "leq is empty", "repeated",
            r#"due_on <= "2020-06-30""#, r#"subject contains "a""#, r#"category in ("noise", "waste_gas")"#,
            r#"sources contains "site""#, r#"cell in "43""#, "closed = false", r#"enterprise.industry = "printing""#,
            "measures.count > 1",
        ]), 1..4),
        ors in proptest::collection::vec(proptest::bool::ANY, 3),
    ) {
        let mut filter = parts[0].to_owned();
        for (part, or) in parts[1..].iter().zip(ors) {
            filter = format!("({filter}) {} {part}", if or { "or" } else { "and" });
        }
        let connection = sample_database();
        let count = |filter: &str| -> i64 {
            let condition = sql(filter);
            let sql = format!("SELECT count(*) FROM r_complaint WHERE {condition}");
            connection.query_row(&sql, [], |row| row.get(0)).unwrap()
        };
        proptest::prop_assert_eq!(count(&filter) + count(&format!("not ({filter})")), 6);
    }
}

fn sample_database() -> rusqlite::Connection {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    connection
        .execute_batch(
            r#"CREATE TABLE r_enterprise (id INTEGER PRIMARY KEY, number TEXT, industry TEXT);
            CREATE TABLE r_complaint__measures (parent INTEGER, position INTEGER, count INTEGER);
            CREATE TABLE r_complaint (id INTEGER PRIMARY KEY, number TEXT, state TEXT, cell TEXT, subject TEXT,
              reporter BLOB, received_at TEXT, due_on TEXT, category TEXT, sources TEXT, leq INTEGER, repeated INTEGER,
              enterprise INTEGER);
            INSERT INTO r_enterprise VALUES (1, 'E1', 'printing'), (2, 'E2', NULL);
            INSERT INTO r_complaint__measures VALUES (1, 1, 3), (2, 1, 1), (2, 2, NULL);
            INSERT INTO r_complaint VALUES
              (1, '1', 'received', '430103', 'abc', NULL, NULL, '2020-06-30', 'noise', '["site","shop"]', 600, 1, 1),
              (2, '2', 'closed', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
              (3, '3', 'closed', '11', 'b', NULL, NULL, '2020-07-01', 'waste_gas', '["shop"]', 555, 0, 2),
              (4, '4', NULL, '44', '', NULL, NULL, '2019-01-01', 'noise', '[]', 556, 0, 1),
              (5, '5', 'received', '', 'A', NULL, NULL, NULL, 'waste_gas', NULL, 0, NULL, NULL),
              (6, '6', 'received', '43', 'xax', NULL, NULL, '2021-01-01', NULL, '["site"]', NULL, 1, 2);"#,
        )
        .unwrap();
    connection
}
