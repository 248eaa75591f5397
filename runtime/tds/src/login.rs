//! LOGIN7, [MS-TDS] 2.2.6.4.

use crate::{
    error::{Problem, ProtocolError},
    password::Password,
    reader::Reader,
    version::TdsVersion,
};

const ELEMENT: &str = "LOGIN7";

/// The most bytes that a LOGIN7 message may have, for
/// [`MessageReader::set_limit`](crate::message::MessageReader::set_limit).
pub const MAX_LOGIN_LENGTH: usize = 128 * 1024 - 1;

/// Bytes up to the list of offsets and lengths.
const FIXED_LENGTH: usize = 36;

/// Feature ids of FEATUREEXT, [MS-TDS] 2.2.6.4.
pub mod feature {
    /// Resume a session on a new connection.
    pub const SESSION_RECOVERY: u8 = 0x01;
    /// Federated authentication.
    pub const FED_AUTH: u8 = 0x02;
    /// Always Encrypted.
    pub const COLUMN_ENCRYPTION: u8 = 0x04;
    /// UTF-8 collations: (var)char data may be UTF-8.
    pub const UTF8_SUPPORT: u8 = 0x0a;
    /// Ends the list.
    pub(crate) const TERMINATOR: u8 = 0xff;
}

/// Who logs in, from where, with which wishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The version of TDS that the client wants.
    pub tds_version: TdsVersion,
    /// The packet size that the client wants, header included; 0 leaves it to the server.
    pub packet_size: u32,
    /// The version of the client's driver.
    pub client_version: u32,
    /// The client's process.
    pub client_pid: u32,
    /// The client's time zone, minutes from UTC.
    pub time_zone: i32,
    /// The client's locale.
    pub client_lcid: u32,
    /// OptionFlags1 to 3 and TypeFlags.
    pub flags: LoginFlags,
    /// The client's machine.
    pub host_name: String,
    /// The login.
    pub user_name: String,
    /// Its password.
    pub password: Password,
    /// The client's program.
    pub app_name: String,
    /// The server as the client calls it.
    pub server_name: String,
    /// The client's driver.
    pub library: String,
    /// The language wanted for messages.
    pub language: String,
    /// The database to start in.
    pub database: String,
    /// The client's network address, or 0.
    pub client_id: [u8; 6],
    /// A database file to attach.
    pub attach_file: String,
    /// The client sent data for integrated (Windows) authentication.
    pub has_sspi: bool,
    /// The password that the login is to have from now on; empty unless the client asks for the
    /// change ([`LoginFlags::change_password`]).
    pub new_password: Password,
    /// What the client offers, in its order, without the terminator.
    pub features: Vec<Feature>,
}

/// One entry of FEATUREEXT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// One of [`feature`], or unknown.
    pub id: u8,
    /// The feature's own data.
    pub data: Vec<u8>,
}

/// The flag bytes of LOGIN7 that matter to a server; see [MS-TDS] 2.2.6.4 for all bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LoginFlags {
    /// OptionFlags1.
    pub option1: u8,
    /// OptionFlags2.
    pub option2: u8,
    /// TypeFlags.
    pub types: u8,
    /// OptionFlags3.
    pub option3: u8,
}

// === impl LoginFlags ===

impl LoginFlags {
    /// fDatabase: the login fails when the database can't be used.
    pub fn database_fatal(self) -> bool {
        self.option1 & 0x40 != 0
    }

    /// fLanguage: the login fails when the language can't be set.
    pub fn language_fatal(self) -> bool {
        self.option2 & 0x01 != 0
    }

    /// fODBC: the client wants ODBC's session options (ANSI settings, IMPLICIT_TRANSACTIONS off, TEXTSIZE 2147483647).
    pub fn odbc(self) -> bool {
        self.option2 & 0x02 != 0
    }

    /// fIntSecurity: integrated authentication.
    pub fn integrated_security(self) -> bool {
        self.option2 & 0x80 != 0
    }

    /// fReadOnlyIntent: the client will only read.
    pub fn read_only_intent(self) -> bool {
        self.types & 0x20 != 0
    }

    /// fChangePassword: the client wants its password changed.
    pub fn change_password(self) -> bool {
        self.option3 & 0x01 != 0
    }

    fn has_extension(self) -> bool {
        self.option3 & 0x10 != 0
    }
}

// === impl Login ===

impl Login {
    /// Reads a LOGIN7 message's payload.
    ///
    /// The payload still holds the passwords, obfuscated: it should be dropped soon.
    ///
    /// # Errors
    /// When a field lies outside the message, or when the client's numbers or characters
    /// have a representation that isn't served (big-endian, EBCDIC, VAX or ND5000).
    pub fn decode(payload: &[u8]) -> Result<Self, ProtocolError> {
        let mut reader = Reader::new(ELEMENT, payload);
        let length = reader.u32()? as usize;
        if length < FIXED_LENGTH || length > payload.len() {
            return Err(Reader::new(ELEMENT, payload).invalid("length", length as u64));
        }
        // What follows the login in its message isn't part of it.
        reader.limit(length);
        let tds_version = TdsVersion(reader.u32()?);
        let packet_size = reader.u32()?;
        let client_version = reader.u32()?;
        let client_pid = reader.u32()?;
        let _connection_id = reader.u32()?;
        let [option1, option2, types, option3] = reader.array()?;
        let flags = LoginFlags { option1, option2, types, option3 };
        // fByteOrder, fChar and fFloat.
        if option1 & 0x0f != 0 {
            return Err(reader.error(Problem::Unsupported {
                what: "a foreign representation of numbers or characters",
            }));
        }
        let time_zone = reader.i32()?;
        let client_lcid = reader.u32()?;
        debug_assert_eq!(reader.offset(), FIXED_LENGTH);

        let host_name = text(&mut reader)?;
        let user_name = text(&mut reader)?;
        let password = {
            let (mut at, units) = field(&mut reader)?;
            Password::reveal(at.bytes(2 * units)?)
        };
        let app_name = text(&mut reader)?;
        let server_name = text(&mut reader)?;
        let (extension, extension_length) = field(&mut reader)?;
        let library = text(&mut reader)?;
        let language = text(&mut reader)?;
        let database = text(&mut reader)?;
        let client_id = reader.array()?;
        let (_, sspi_length) = field(&mut reader)?;
        let attach_file = text(&mut reader)?;
        let mut sspi_long = 0;
        let mut new_password = Password::default();
        if tds_version.has_all_headers() {
            let (mut at, units) = field(&mut reader)?;
            if flags.change_password() {
                new_password = Password::reveal(at.bytes(2 * units)?);
            }
            sspi_long = reader.u32()?;
        }
        let features =
            if flags.has_extension() { features(extension, extension_length)? } else { Vec::new() };
        Ok(Self {
            tds_version,
            packet_size,
            client_version,
            client_pid,
            time_zone,
            client_lcid,
            flags,
            host_name,
            user_name,
            password,
            app_name,
            server_name,
            library,
            language,
            database,
            client_id,
            attach_file,
            has_sspi: flags.integrated_security() || sspi_length > 0 || sspi_long > 0,
            new_password,
            features,
        })
    }

    /// True when the client offers the feature.
    pub fn offers(&self, id: u8) -> bool {
        self.features.iter().any(|feature| feature.id == id)
    }

    /// True when the client brings, or will bring, a token of federated authentication.
    pub fn has_fed_auth(&self) -> bool {
        self.offers(feature::FED_AUTH)
    }

    /// The packet size to settle on, by what the client asks: `default` when it leaves it
    /// to the server, and always within [`PACKET_SIZES`](crate::packet::PACKET_SIZES).
    pub fn negotiated_packet_size(&self, default: usize) -> usize {
        let asked = if self.packet_size == 0 { default } else { self.packet_size as usize };
        asked.clamp(*crate::packet::PACKET_SIZES.start(), *crate::packet::PACKET_SIZES.end())
    }
}

/// An offset and a length of the list: a reader at the field, and the length.
fn field<'a>(reader: &mut Reader<'a>) -> Result<(Reader<'a>, usize), ProtocolError> {
    let offset = reader.u16()?;
    let length = reader.u16()?;
    // Clients leave the offset of what they don't send at any value.
    let at = if length == 0 { reader.clone() } else { reader.seek(offset.into())? };
    Ok((at, length.into()))
}

fn text(reader: &mut Reader<'_>) -> Result<String, ProtocolError> {
    let (mut at, units) = field(reader)?;
    at.text(units)
}

/// FEATUREEXT: the extension's field holds the offset of the list.
fn features(mut extension: Reader<'_>, length: usize) -> Result<Vec<Feature>, ProtocolError> {
    if length < 4 {
        return Err(extension.invalid("length of the extension", length as u64));
    }
    let offset = extension.u32()?;
    let mut list = extension.seek(offset as usize)?;
    list.enter("FEATUREEXT");
    let mut features = Vec::new();
    loop {
        let id = list.u8()?;
        if id == feature::TERMINATOR {
            return Ok(features);
        }
        let length = list.u32()?;
        let data = list.bytes(length as usize)?.to_vec();
        features.push(Feature { id, data });
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A LOGIN7 with all texts, the password `p`, and the features in the list.
    pub(crate) fn sample(features: &[(u8, &[u8])]) -> Vec<u8> {
        let obfuscated =
            String::from_utf16(&[u16::from_le_bytes([b'p'.rotate_left(4) ^ 0xa5, 0xa5])]).unwrap();
        let texts =
            ["host", "sa", &obfuscated, "app", "server", "", "driver", "us_english", "master"];
        let mut head = vec![0; 4];
        head.extend_from_slice(&TdsVersion::V7_4.0.to_le_bytes());
        head.extend_from_slice(&8000u32.to_le_bytes());
        head.extend_from_slice(&[1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
        head.extend_from_slice(&[0xe0, 0x03, 0x20, if features.is_empty() { 0 } else { 0x10 }]);
        head.extend_from_slice(&(-60i32).to_le_bytes());
        head.extend_from_slice(&0x409u32.to_le_bytes());
        assert_eq!(head.len(), FIXED_LENGTH);
        let mut data = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            let offset = (94 + data.len()) as u16;
            head.extend_from_slice(&offset.to_le_bytes());
            if index == 5 && !features.is_empty() {
                head.extend_from_slice(&4u16.to_le_bytes());
                data.extend_from_slice(&[0; 4]);
            } else {
                let units: Vec<u16> = text.encode_utf16().collect();
                head.extend_from_slice(&(units.len() as u16).to_le_bytes());
                data.extend(units.into_iter().flat_map(u16::to_le_bytes));
            }
        }
        head.extend_from_slice(&[1, 2, 3, 4, 5, 6]);
        head.extend_from_slice(&[0; 16]);
        assert_eq!(head.len(), 94);
        if !features.is_empty() {
            let pointer = usize::from(u16::from_le_bytes([head[56], head[57]])) - 94;
            let offset = (94 + data.len()) as u32;
            data[pointer..pointer + 4].copy_from_slice(&offset.to_le_bytes());
            for (id, content) in features {
                data.push(*id);
                data.extend_from_slice(&(content.len() as u32).to_le_bytes());
                data.extend_from_slice(content);
            }
            data.push(feature::TERMINATOR);
        }
        let mut login = [head, data].concat();
        let length = login.len() as u32;
        login[..4].copy_from_slice(&length.to_le_bytes());
        login
    }

    #[test]
    fn all_fields_are_read() {
        let login =
            Login::decode(&sample(&[(feature::UTF8_SUPPORT, &[1]), (0x42, b"abc")])).unwrap();
        assert_eq!(login.tds_version, TdsVersion::V7_4);
        assert_eq!(login.packet_size, 8000);
        assert_eq!((login.client_version, login.client_pid), (1, 2));
        assert_eq!((login.time_zone, login.client_lcid), (-60, 0x409));
        assert_eq!((login.host_name.as_str(), login.user_name.as_str()), ("host", "sa"));
        assert_eq!(login.password.expose(), "p");
        assert_eq!((login.app_name.as_str(), login.server_name.as_str()), ("app", "server"));
        assert_eq!((login.library.as_str(), login.language.as_str()), ("driver", "us_english"));
        assert_eq!((login.database.as_str(), login.attach_file.as_str()), ("master", ""));
        assert_eq!(login.client_id, [1, 2, 3, 4, 5, 6]);
        assert!(login.flags.database_fatal() && login.flags.language_fatal() && login.flags.odbc());
        assert!(login.flags.read_only_intent() && !login.flags.change_password());
        assert!(!login.has_sspi && !login.has_fed_auth());
        assert_eq!(login.features[1], Feature { id: 0x42, data: b"abc".to_vec() });
        assert!(login.offers(feature::UTF8_SUPPORT));
    }

    #[test]
    fn the_example_of_the_specification() {
        // [MS-TDS] 4.2, without its packet header.
        let head = [
            0x88, 0x00, 0x00, 0x00, 0x02, 0x00, 0x09, 0x72, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00,
            0x00, 0x07, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xe0, 0x03, 0x00, 0x00,
            0x00, 0x00, 0x00, 0x00, 0x09, 0x04, 0x00, 0x00, 0x5e, 0x00, 0x08, 0x00, 0x6e, 0x00,
            0x02, 0x00, 0x72, 0x00, 0x00, 0x00, 0x72, 0x00, 0x07, 0x00, 0x80, 0x00, 0x00, 0x00,
            0x80, 0x00, 0x00, 0x00, 0x80, 0x00, 0x04, 0x00, 0x88, 0x00, 0x00, 0x00, 0x88, 0x00,
            0x00, 0x00, 0x00, 0x50, 0x8b, 0xe2, 0xb7, 0x8f, 0x88, 0x00, 0x00, 0x00, 0x88, 0x00,
            0x00, 0x00, 0x88, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        ];
        let texts = "skostov1saOSQL-32ODBC".encode_utf16().flat_map(u16::to_le_bytes);
        let payload: Vec<u8> = head.into_iter().chain(texts).collect();
        let login = Login::decode(&payload).unwrap();
        assert_eq!(login.tds_version, TdsVersion::V7_2);
        assert_eq!(
            (login.packet_size, login.client_version, login.client_pid),
            (4096, 0x0700_0000, 0x100)
        );
        assert_eq!((login.host_name.as_str(), login.user_name.as_str()), ("skostov1", "sa"));
        assert_eq!((login.app_name.as_str(), login.library.as_str()), ("OSQL-32", "ODBC"));
        assert_eq!((login.password.expose(), login.database.as_str()), ("", ""));
        assert_eq!(login.client_id, [0x00, 0x50, 0x8b, 0xe2, 0xb7, 0x8f]);
    }

    #[test]
    fn other_authentication_is_reported() {
        let mut bytes = sample(&[(feature::FED_AUTH, &[4])]);
        bytes[25] |= 0x80;
        let login = Login::decode(&bytes).unwrap();
        assert!(login.has_sspi && login.has_fed_auth());
    }

    #[test]
    fn the_packet_size_is_settled() {
        let mut login = Login::decode(&sample(&[])).unwrap();
        for (asked, settled) in [(0, 4096), (1, 512), (512, 512), (8000, 8000), (u32::MAX, 32767)] {
            login.packet_size = asked;
            assert_eq!(login.negotiated_packet_size(4096), settled);
        }
    }

    #[test]
    fn offsets_and_lengths_are_hostile() {
        let good = sample(&[(feature::UTF8_SUPPORT, &[1])]);
        for cut in 0..good.len() {
            let mut bytes = good[..cut].to_vec();
            assert!(Login::decode(&bytes).is_err());
            if cut >= 4 {
                bytes[..4].copy_from_slice(&(cut as u32).to_le_bytes());
                assert!(Login::decode(&bytes).is_err(), "cut at {cut}");
            }
        }
        for at in (FIXED_LENGTH..94).step_by(2).filter(|at| !(72..78).contains(at)) {
            let mut bytes = good.clone();
            bytes[at..at + 2].copy_from_slice(&[0xff, 0xff]);
            let _ = Login::decode(&bytes);
        }
        let mut foreign = good;
        foreign[24] |= 1;
        assert!(Login::decode(&foreign).unwrap_err().is_unsupported());
    }
}
