//! Codes that are built by a rule: a field of such a type takes nothing else.

/// Kind of code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// 统一社会信用代码: 18 characters, check character verified (GB 32100-2015).
    Credit,
    /// 危险废物代码: eight digits that end in a category of the national list.
    Waste,
    /// 危险废物转移联单编号: 14 digits.
    Manifest,
    /// 非道路移动机械环保登记编码, by the loose pattern that every city's codes fit.
    Machine,
}

impl Code {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Credit, Self::Waste, Self::Manifest, Self::Machine];

    /// Name of the field type in register files.
    #[must_use]
    pub fn type_name(self) -> &'static str {
        ["credit_code", "waste_code", "manifest_number", "machine_code"][self as usize]
    }

    /// What it is called, Chinese.
    #[must_use]
    pub fn zh(self) -> &'static str {
        ["统一社会信用代码", "危险废物代码", "转移联单编号", "机械环保登记编码"][self as usize]
    }

    /// What it is called, English.
    #[must_use]
    pub fn en(self) -> &'static str {
        ["unified social credit code", "hazardous waste code", "transfer manifest number", "machine registration code"]
            [self as usize]
    }

    /// One that is built well.
    #[must_use]
    pub fn example(self) -> &'static str {
        ["91350100M000100Y43", "900-041-49", "20264301000123", "3-NA123456"][self as usize]
    }

    /// How it is built, Chinese.
    #[must_use]
    pub fn form_zh(self) -> &'static str {
        [
            "应为18位数字和大写字母（不用I、O、S、V、Z），请核对有无漏字、错字",
            "应为8位数字，末两位是《国家危险废物名录》的类别",
            "应为14位数字",
            "应以排放阶段（0至4、X或D）开头，其后6至10位数字和大写字母",
        ][self as usize]
    }

    /// A pattern that every well-built code fits, though not every code that fits it is one.
    #[must_use]
    pub fn pattern(self) -> &'static str {
        [
            "^[0-9A-HJ-NPQRTUWXYa-hj-npqrtuwxy]{18}$",
            "^(HW[0-9]{2} ?)?[0-9]{3}-?[0-9]{3}-?[0-9]{2}$",
            "^[0-9]{14}$",
            "^.?[0-4XD]-?[0-9A-Z]{6,10}$",
        ][self as usize]
    }
}
