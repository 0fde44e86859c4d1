//! The search finds whatever the visitor may open, by any words of it, and shows where they stand.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod office;

use bilan_records::catalogue::Role;
use office::{Answer, OTHER_CELL, Office, Signed};
use serde_json::json;
use test_case::test_case;

/// An office with a complaint, a case and a station, as a bureau would have them.
fn filled() -> Office {
    let office = Office::open();
    let mut complaint = office.complaint("工地打桩<b>扰民</b>");
    complaint["place"]["address"] = json!("芙蓉南路二段358号");
    complaint["handler_name"] = json!("郭建军");
    complaint["measures"] = json!("责令立即停止夜间施工，<script>alert(1)</script>约谈负责人。");
    office.enter("complaint", complaint);
    let mut fumes = office.complaint("夜间施工噪声（公众平台）");
    fumes["content"] = json!("楼下饭店油烟");
    office.enter("complaint", fumes);
    let mut case = office.least("enforcement_case");
    case.insert("number".to_owned(), json!("AJ-1"));
    case.insert("handler_name".to_owned(), json!("郭建军"));
    office.load("enforcement_case", case);
    let mut station = office.least("station");
    for (field, value) in [("number", "ZD-5"), ("code", "TXW05"), ("name", "大托河水质自动站")] {
        station.insert(field.to_owned(), json!(value));
    }
    office.load("station", station);
    office
}

/// What the page of the search says, without what stands around every page.
async fn search(office: &Office, who: &Signed, words: &str) -> Answer {
    let words: String = form_urlencoded::byte_serialize(words.as_bytes()).collect();
    let mut answer = office.get(who, &format!("/search?q={words}")).await;
    answer.is(200);
    answer.text = answer.text.split("<main").nth(1).unwrap().to_owned();
    answer
}

#[test_case("郭建军", &["承办人</span> <span class=\"passage\"><mark>郭建军</mark>", "AJ-1"]; "the name of a handler in every ledger that has it")]
#[test_case("芙蓉南路二段358号", &["问题地点</span> <span class=\"passage\"><mark>芙蓉南路二段358号</mark>"]; "an address")]
#[test_case("责令立即停止夜间施工", &["处理措施</span> <span class=\"passage\"><mark>责令立即停止夜间施工</mark>"]; "what was done")]
#[test_case("txw05", &["href=\"/stations/ZD-5\"", "站点编号</span> <span class=\"passage\"><mark>TXW05</mark>", "大托河水质自动站"]; "a station by its code")]
#[test_case("大托河", &["href=\"/stations/ZD-5\"", "<mark>大托河</mark>水质自动站"]; "a station by its name")]
#[test_case("空气质量日历", &["href=\"/air\"><mark>空气质量日历</mark></a>"]; "a page")]
#[test_case("点位排名", &["href=\"/air/ranking\""]; "a page that is opened from another")]
#[test_case("投诉", &["href=\"/records/complaint\"", "href=\"/figures/"]; "a ledger and figures by their names")]
#[tokio::test]
async fn what_a_person_types_is_found(words: &str, expected: &[&str]) {
    let office = filled();
    let page = search(&office, &office.sign_in(Role::Handler), words).await;
    for part in expected {
        page.says(part);
    }
}

#[tokio::test]
async fn what_is_called_by_the_words_stands_before_what_mentions_them() {
    let office = filled();
    let mut mention = office.complaint("夜间噪声");
    mention["content"] = json!("还在打桩");
    mention["received_at"] = json!("2020-07-20T22:40:00+08:00");
    let mention = office.enter("complaint", mention).number;
    let page = search(&office, &office.sign_in(Role::Handler), "打桩").await;
    page.says("工地<mark>打桩</mark>").says("还在<mark>打桩</mark>").says_not("公众平台");
    assert!(page.text.find("工地<mark>").unwrap() < page.text.find(&mention).unwrap());
    let page = search(&office, &office.sign_in(Role::Handler), &mention.to_lowercase()).await;
    page.says(&format!("<mark>{mention}</mark>"));
}

#[tokio::test]
async fn what_stands_in_a_record_is_shown_as_text_and_never_as_a_page() {
    let office = filled();
    let page = search(&office, &office.sign_in(Role::Handler), "alert 扰民").await;
    page.says("&#60;script&#62;<mark>alert</mark>(1)&#60;/script&#62;约谈").says("&#60;b&#62;<mark>扰民</mark>");
    page.says_not("<script>alert").says_not("<b>扰民");
    let page = search(&office, &office.sign_in(Role::Handler), "\"><img src=x onerror=alert(1)>").await;
    page.says_not("<img src=x");
}

#[tokio::test]
async fn personal_data_are_not_found_by_anybody_and_stand_in_no_passage() {
    let office = filled();
    for role in Role::ALL {
        let who = office.sign_in(role);
        for words in ["王小明", "13800001234", "138000"] {
            search(&office, &who, words).await.says_not("/records/complaint").says("没有找到");
        }
        search(&office, &who, "打桩").await.says_not("王小明").says_not("13800001234");
    }
}

#[tokio::test]
async fn a_grid_member_and_an_enterprise_find_and_count_nothing_of_others() {
    let office = filled();
    let mut far = office.complaint("别处暗渠");
    far["place"] = office.place_in(OTHER_CELL);
    let far = office.enter("complaint", far).number;
    search(&office, &office.sign_in(Role::Handler), "暗渠").await.says(&far).says("全部 1 条");
    for role in [Role::Grid, Role::Enterprise] {
        let who = office.sign_in(role);
        for words in ["暗渠", far.as_str()] {
            let page = search(&office, &who, words).await;
            page.says("没有找到").says_not("全部").says_not("in-complaint");
        }
    }
    let page = search(&office, &office.sign_in(Role::Grid), "工地").await;
    page.says("全部 1 条").says_not("别处");
    let outside = search(&office, &office.sign_in(Role::Enterprise), "空气").await;
    outside.says_not("href=\"/air\"").says_not("/figures/").says_not("/stations/");
}

#[tokio::test]
async fn everything_that_the_search_names_can_be_opened() {
    let office = filled();
    for role in Role::ALL {
        let who = office.sign_in(role);
        for words in ["空气", "监测", "数据", "报告", "账号", "通知", "年", "日志", "投诉"] {
            let page = search(&office, &who, words).await;
            for link in page.text.split("href=\"/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
                let address = format!("/{}", link.replace("&#38;", "&"));
                let status = office.get(&who, &address).await.status.as_u16();
                assert_eq!(status, 200, "{} is led to {address} by “{words}”", role.key());
            }
        }
    }
}

#[tokio::test]
async fn the_search_can_be_reached_on_a_phone_and_says_its_name_once() {
    let office = filled();
    let who = office.sign_in(Role::Handler);
    // Narrow screens show this link instead of the box.
    office.get(&who, "/").await.says("class=\"button-quiet top-search-link\" href=\"/search\"");
    let page = office.get(&who, "/search").await;
    page.says("name=\"q\"").says("autofocus").says("在您可以查看的全部台账");
    let body = page.text.split("<body").nth(1).unwrap();
    assert_eq!(body.matches("全局搜索").count(), 1, "{body}");
    assert_eq!(body.matches("type=\"search\"").count(), 1);
    search(&office, &who, "没有这样的词").await.says("没有找到与“没有这样的词”有关的内容").says_not("autofocus");
    search(&office, &who, "……").await.says("没有找到");
}
