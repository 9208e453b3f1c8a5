//! Persons made from a seed: valid identity numbers, dates that follow one another, names from a small table.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use rust_xlsxwriter::Workbook;

/// Units the persons are spread over.
pub(crate) const UNITS: usize = 40;
/// Headings of all columns; a sheet of sixteen leaves the last ones out.
pub(crate) const HEADINGS: [&str; 21] = [
    "学工号",
    "姓名",
    "性别",
    "民族",
    "身份证号",
    "出生日期",
    "学历",
    "学位",
    "职称",
    "党籍状态",
    "入党时间",
    "转正时间",
    "手机号码",
    "行政职务",
    "参加工作时间",
    "所在党支部编码",
    "聘任时间",
    "研究方向",
    "申请入党时间",
    "确定为入党积极分子时间",
    "确定为发展对象时间",
];

const SURNAMES: &str = "王李張劉陳楊趙黃周吳徐孫胡朱高林何郭馬羅梁宋鄭謝韓唐馮于董蕭";
const GIVEN: &str = "偉芳娜敏靜麗強磊軍洋勇豔傑娟濤明超秀霞平剛桂英華玉蘭紅梅文斌輝波寧瑞雪晨宇佳欣怡然子涵浩博思遠若曦嘉銘志鵬建國春雨海燕雲飛";
const AREAS: [u32; 12] = [
    110_101, 310_104, 320_102, 330_106, 350_203, 370_202, 420_106, 430_104, 440_106, 510_107,
    610_113, 210_102,
];
const TITLES: [&str; 6] = ["教授", "副教授", "讲师", "助教", "实验师", "高级实验师"];
const FIELDS: [&str; 8] = [
    "船舶與海洋工程",
    "馬克思主義理論",
    "有機化學",
    "凝聚態物理",
    "比較文學",
    "計算機視覺",
    "會計學",
    "交通運輸規劃",
];
const POSTS: [&str; 5] = ["院長助理", "系主任", "實驗室主任", "教研室主任", "輔導員"];
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];

/// A generator whose numbers depend on the seed only.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = mixed ^ (mixed >> 31);
        usize::try_from(mixed % u64::try_from(limit).expect("small")).expect("small")
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }

    fn letter(&mut self, table: &str) -> char {
        let place = self.below(table.chars().count());
        table.chars().nth(place).expect("in the table")
    }
}

/// Returns the code of a unit.
pub(crate) fn unit_code(n: usize) -> String {
    format!("Z{n:03}")
}

/// Returns rows of cells in the order of [`HEADINGS`].
pub(crate) fn persons(count: usize, seed: u64) -> Vec<Vec<String>> {
    let mut rng = Rng(seed);
    let mut numbers = BTreeSet::new();
    (0..count).map(|n| person(n, &mut rng, &mut numbers)).collect()
}

fn person(n: usize, rng: &mut Rng, numbers: &mut BTreeSet<String>) -> Vec<String> {
    let (year, male) = (1958 + rng.below(40), rng.below(2) == 0);
    let (month, day) = (1 + rng.below(12), 1 + rng.below(28));
    let mut number = id_number(rng, year * 10_000 + month * 100 + day, male);
    while !numbers.insert(number.clone()) {
        number = id_number(rng, year * 10_000 + month * 100 + day, male);
    }
    let mut name = String::from(rng.letter(SURNAMES));
    for _letter in 0..=rng.below(2) {
        name.push(rng.letter(GIVEN));
    }
    let applied = year + 19 + rng.below(6);
    let mut on = |year: usize| format!("{year}-{:02}-{:02}", 1 + rng.below(12), 1 + rng.below(28));
    let dates = [applied, applied + 1, applied + 2, applied + 3, applied + 5].map(&mut on);
    let (started, granted) = (on(year + 24), on(year + 30));
    let [applied_on, activist_on, candidate_on, joined_on, full_on] = dates;
    vec![
        format!("{}", 10_000_000 + n * 3),
        name,
        if male { "男" } else { "女" }.to_owned(),
        rng.of(&["汉族", "汉族", "汉族", "汉族", "回族", "蒙古族"]).to_owned(),
        number,
        format!("{year}-{month:02}-{day:02}"),
        rng.of(&["博士研究生", "硕士研究生", "研究生"]).to_owned(),
        rng.of(&["博士", "经济学博士", "文学博士", "教育学博士"]).to_owned(),
        rng.of(&TITLES).to_owned(),
        if rng.below(20) == 0 { "预备党员" } else { "正式党员" }.to_owned(),
        joined_on,
        full_on,
        format!("1{}{:09}", 3 + rng.below(7), rng.below(1_000_000_000)),
        rng.of(&POSTS).to_owned(),
        started,
        unit_code(rng.below(UNITS)),
        granted,
        rng.of(&FIELDS).to_owned(),
        applied_on,
        activist_on,
        candidate_on,
    ]
}

fn id_number(rng: &mut Rng, birth: usize, male: bool) -> String {
    let area = AREAS[rng.below(AREAS.len())];
    let order = rng.below(499) * 2 + usize::from(male);
    let mut number = format!("{area}{birth}{order:03}");
    let digits = number.chars().filter_map(|digit| digit.to_digit(10));
    let sum: u32 = digits.zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    number.push(CHECK[usize::try_from(sum % 11).expect("small")]);
    number
}

/// Writes a workbook with the first `columns` columns.
pub(crate) fn write_xlsx(path: &Path, rows: &[Vec<String>], columns: usize) {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, heading) in HEADINGS.iter().take(columns).enumerate() {
        sheet.write_string(0, u16::try_from(column).expect("few"), *heading).expect("written");
    }
    for (row, cells) in rows.iter().enumerate() {
        let row = u32::try_from(row + 1).expect("few");
        for (column, cell) in cells.iter().take(columns).enumerate() {
            sheet.write_string(row, u16::try_from(column).expect("few"), cell).expect("written");
        }
    }
    book.save(path).expect("saved");
}

/// Writes a text file with all columns.
pub(crate) fn write_csv(path: &Path, rows: &[Vec<String>]) {
    let mut text = HEADINGS.join(",");
    for cells in rows {
        let _infallible = write!(text, "\n{}", cells.join(","));
    }
    std::fs::write(path, text).expect("written");
}
