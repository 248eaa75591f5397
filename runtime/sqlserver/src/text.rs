//! `char` and `varchar` of other code pages than those that `launchpod-tds` knows.

use encoding_rs::{
    BIG5, EUC_KR, Encoding, GBK, SHIFT_JIS, WINDOWS_874, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252,
    WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256, WINDOWS_1257, WINDOWS_1258,
};
use launchpod_tds::types::Collation;

/// The code page of a collation's text: of a SQL collation by its sort id ("SQL Server collation
/// name"), of a Windows collation by its locale's ANSI code page ([MS-LCID] 2.2). UTF-8 and what
/// isn't known are not among them: the latter is taken for Windows-1252.
pub(crate) fn encoding(collation: Collation) -> &'static Encoding {
    match collation.sort_id {
        0 => by_locale(collation.lcid()),
        80..=96 => WINDOWS_1250,
        104..=108 => WINDOWS_1251,
        112..=124 => WINDOWS_1253,
        128..=130 => WINDOWS_1254,
        136..=138 => WINDOWS_1255,
        144..=146 => WINDOWS_1256,
        152..=160 => WINDOWS_1257,
        _ => WINDOWS_1252,
    }
}

fn by_locale(lcid: u32) -> &'static Encoding {
    match (lcid & 0x3ff, lcid & 0xffff) {
        // Taiwan, Hong Kong, Macao; then China and Singapore.
        (0x04, 0x0404 | 0x0c04 | 0x1404) => BIG5,
        (0x04, _) => GBK,
        (0x11, _) => SHIFT_JIS,
        (0x12, _) => EUC_KR,
        (0x1e, _) => WINDOWS_874,
        // Serbian and Bosnian in Cyrillic letters, Azerbaijani and Uzbek likewise.
        (0x1a, 0x0c1a | 0x1c1a | 0x201a) | (0x2c, 0x082c) | (0x43, 0x0843) => WINDOWS_1251,
        (0x05 | 0x0e | 0x15 | 0x18 | 0x1a | 0x1b | 0x1c | 0x24 | 0x42, _) => WINDOWS_1250,
        (0x02 | 0x19 | 0x22 | 0x23 | 0x2f | 0x3f | 0x40 | 0x44 | 0x50 | 0x6d | 0x85, _) => {
            WINDOWS_1251
        }
        (0x08, _) => WINDOWS_1253,
        (0x1f | 0x2c | 0x43, _) => WINDOWS_1254,
        (0x0d, _) => WINDOWS_1255,
        (0x01 | 0x20 | 0x29 | 0x80 | 0x8c, _) => WINDOWS_1256,
        (0x25..=0x27, _) => WINDOWS_1257,
        (0x2a, _) => WINDOWS_1258,
        _ => WINDOWS_1252,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collations_have_their_code_page() {
        let windows = |lcid: u32| encoding(Collation { info: lcid | 0x00d0_0000, sort_id: 0 });
        assert_eq!(windows(0x0411).decode(b"\x93\xfa").0, "日");
        assert_eq!(windows(0x0404).decode(b"\xa4\xe9").0, "日");
        assert_eq!(windows(0x0804).decode(b"\xc8\xd5").0, "日");
        assert_eq!(windows(0x0419).decode(b"\xc4").0, "Д");
        assert_eq!(windows(0x0407).decode(b"\xe4").0, "ä");
        // SQL_Latin1_General_CP1_CI_AS, SQL_Latin1_General_CP1251_CI_AS.
        assert_eq!(encoding(Collation::default()), WINDOWS_1252);
        assert_eq!(encoding(Collation { info: 0x00d0_0419, sort_id: 106 }), WINDOWS_1251);
    }
}
